"""Reporting: the form, what is asked while it is filled in, and the page with the number."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.cases.desk import desk
from townkeeper.cases.following import (
    PHOTOS_MAX,
    Filed,
    file_report,
    follow_by_key,
    join_case,
    spaced,
)
from townkeeper.cases.intake import Report
from townkeeper.cases.models import Case
from townkeeper.cases.publicity import public_cases, public_title, public_twins
from townkeeper.cases.twins import Twin
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.web.portal import kinds
from townkeeper.web.portal.limits import LOOKS, TOO_MANY, address_of, spend
from townkeeper.web.portal.maps import map_facts
from townkeeper.web.portal.reportform import ReportForm, is_outside, new_form_key
from townkeeper.web.portal.steps import what_next
from townkeeper.web.portal.uploads import keep, kept, take_photos
from townkeeper.web.stages import look_of
from townkeeper.web.wording import ago

REFUSED = 422
TWINS = 3
FIELDS: Mapping[str, str] = {
    "title": "words",
    "text": "words",
    "lon": "address",
    "place": "address",
    "category": "kind",
    "reporter_name": "name",
    "reporter_phone": "phone",
}
"""Fields of a report as this form calls them."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the form, or take what was sent; whatever is refused comes back as it was filled in."""
    if request.method != "POST":
        begin = {"form_key": new_form_key(), "use_photo": True}
        return _page(request, ReportForm(initial=begin), {})
    form = ReportForm(request.POST)
    form.is_valid()
    form.photos, problems = take_photos(
        request.FILES.getlist("photos"), kept(request.POST.get("kept", ""))
    )
    for problem in problems:
        form.add_error(None, photo_words(problem, has_others=bool(form.photos)))
    if request.POST.get("join"):
        return _join(request, form)
    form.check_whole()
    if form.errors:
        return _page(request, form, {}, status=REFUSED)
    twins = [] if form.cleaned_data["twins_seen"] else look_alike(form.report())
    if twins:
        return _page(request, form, {"twins": twins, "ask_twins": True})
    return _file(request, form)


def _file(request: HttpRequest, form: ReportForm) -> HttpResponse:
    try:
        spend("report", address_of(request), settings.REPORTS_PER_HOUR)
        key, report = form.cleaned_data["form_key"], form.report()
        filed = file_report(report, form_key=key, photos=form.photos)
        if filed.is_repeat and is_another(filed.case, report):
            # a page that came back with its old key: two matters must not become one
            filed = file_report(report, form_key=new_form_key(), photos=form.photos)
    except Problem as problem:
        return _refused(request, form, problem)
    return _to_sent(filed)


def photo_words(problem: Problem, *, has_others: bool) -> str:
    """Return what is wrong with one photo, which it is, and what would be right."""
    said = f"{problem.where}: {problem.message}" if problem.where else str(problem.message)
    advice = _("Choose another one for it, or send without it.")
    if has_others:
        advice = _("The other photos are kept. Choose another one for it, or send without it.")
    return " ".join(filter(None, (said, str(problem.hint), advice)))


def is_another(case: Case, report: Report) -> bool:
    """Whether a form sent again with the same key says something else than the case it opened."""
    said = [(case.text, report.text), (case.address, report.address)]
    return any(was.split() != now.split() for was, now in said)


def _join(request: HttpRequest, form: ReportForm) -> HttpResponse:
    """Put the sender to a running case instead of opening another ("I have it too")."""
    case = public_cases().filter(number=request.POST["join"][:40]).first()
    if case is None:
        raise Http404
    broken = [name for name in ("phone", "name", "website", "words") if name in form.errors]
    if broken:
        return _page(request, form, {}, status=REFUSED)
    given, anonymous = form.cleaned_data, form.cleaned_data["anonymous"]
    try:
        spend("report", address_of(request), settings.REPORTS_PER_HOUR)
        filed = join_case(
            case,
            form_key=given["form_key"],
            name="" if anonymous else given["name"],
            phone="" if anonymous else given["phone"],
            words=given["words"],
            photos=form.photos,
        )
    except Problem as problem:
        return _refused(request, form, problem)
    return _to_sent(filed)


def _refused(request: HttpRequest, form: ReportForm, problem: Problem) -> HttpResponse:
    field = FIELDS.get(problem.where, problem.where)
    hint = f" {problem.hint}" if problem.hint else ""
    error = forms.ValidationError(f"{problem.message}{hint}")
    form.add_error(field if field in form.fields else None, error)
    status = 429 if problem.code == TOO_MANY else REFUSED
    return _page(request, form, {}, status=status)


def _to_sent(filed: Filed) -> HttpResponse:
    query = urlencode({"n": filed.case.number, "k": filed.key})
    return HttpResponseRedirect(f"{reverse('portal:sent')}?{query}", status=303)


def _page(
    request: HttpRequest, form: ReportForm, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    chosen = form.data.get("kind_other") or form.data.get("kind") or ""
    key = form.cleaned_data.get("form_key") if form.is_bound else form.initial["form_key"]
    context = {
        "form": form,
        "form_key": key or new_form_key(),
        "chips": kinds.chips(chosen, form.groups),
        "groups": form.groups,
        "kept": keep(form.photos) if form.photos else "",
        "kept_count": len(form.photos),
        "use_photo": not form.is_bound or bool(form.data.get("use_photo")),
        "photos_max": PHOTOS_MAX,
        "map": map_facts(),
        "words_for_sending": json.dumps(sending_words(), ensure_ascii=False),
        "words_for_script": json.dumps(script_words(), ensure_ascii=False),
        **more,
    }
    return render(request, "portal/report.html", context, status=status)


def sending_words() -> dict[str, str]:
    """Return the phrases that `send.js` shows while a report is under way."""
    return {
        "sending": _("Sending: %(part)s per cent"),
        "arrived": _("Everything has arrived. One moment…"),
        "broke": _("The connection broke. Nothing is lost: stay on this page and send again."),
        "fault": _("The server could not take it. Nothing is lost: send again in a minute."),
    }


def script_words() -> dict[str, str]:
    """Return the phrases that `report.js` and `photo.js` show."""
    return {
        "remove": _("Remove photo %(n)s"),
        "photo": _("Photo %(n)s"),
        "fromPhoto": _("Place taken from the photo"),
        "fromPhone": _("Place taken from your phone"),
        "fromMap": _("Place chosen on the map"),
        "outside": _(
            "This position lies outside our area. Choose the area, or correct the position."
        ),
        "noPosition": _("Your position cannot be found. Write an address instead."),
        "tooMany": _("At most %(max)s photos."),
        "shrinking": _("Making the photos smaller…"),
        "unreadable": _(
            "%(name)s cannot be read as a photo and is left out. Choose a JPEG or PNG."
        ),
        "similar": _("Similar reports nearby"),
        "too": _("I have it too"),
        "look": _("Look at it"),
    }


def look_alike(said: Report) -> list[dict[str, Any]]:
    """Return running cases that may be the same thing, as the public may know them."""
    return [shown_twin(twin) for twin in public_twins(said, limit=TWINS)]


def shown_twin(twin: Twin) -> dict[str, Any]:
    """Return a twin in words: kind, street, state, how far and how long ago; nothing typed."""
    case = twin.case
    metres = twin.facts.metres
    far = _("%(metres)d m away") % {"metres": round(metres, -1)} if metres is not None else ""
    return {
        "number": case.number,
        "title": public_title(case),
        "state": str(look_of(case.stage).word),
        "far": far,
        "when": ago(case.opened_at, clock.now()),
        "href": reverse("portal:case", args=[case.number]),
    }


@require_POST
def look(request: HttpRequest) -> JsonResponse:
    """Answer while the form is filled in: likely kinds, likely twins, the area of the place."""
    try:
        spend("look", address_of(request), LOOKS)
    except Problem as problem:
        return JsonResponse({"message": str(problem.message)}, status=429)
    form = ReportForm(request.POST)
    form.is_valid()
    given = form.cleaned_data
    words = given.get("words") or ""
    point = form.point()
    said = Report(
        title=words[:200],
        text=words,
        category=given.get("category") or None,
        address=given.get("address") or "",
        lon=point[0] if point else None,
        lat=point[1] if point else None,
    )
    around = desk().register.area_at(*point, clock.today()) if point else None
    return JsonResponse(
        {
            "kinds": kinds.guessed_kinds(words),
            "twins": look_alike(said),
            "area": around.code if around else "",
            "outside": point is not None and is_outside(*point),
        }
    )


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Show number and key once more after sending, and what happens next with times."""
    number, key = request.GET.get("n", "")[:40], request.GET.get("k", "")[:40]
    case = public_cases().select_related("category", "area", "procedure").filter(number=number)
    found: Case | None = case.first()
    follow = follow_by_key(found, key) if found else None
    if found is None or follow is None:
        raise Http404
    address = reverse("portal:case", args=[found.number])
    context = {
        "case": found,
        "title": public_title(found),
        "key": spaced(key),
        "follow": follow,
        "href": f"{address}?{urlencode({'k': key})}",
        "next_steps": what_next(found),
    }
    return render(request, "portal/sent.html", context)

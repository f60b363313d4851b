"""Revisits on the way: what was drawn, the nearest first, and what was found there."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.inbox import MOST_MEASURED, spot_of
from townkeeper.cases.models import Case
from townkeeper.cases.presence import note_presence, point_of
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.globe import metres_between
from townkeeper.relapse.chains import chain_of
from townkeeper.relapse.models import Revisit
from townkeeper.relapse.revisiting import (
    NOTE_MAX,
    REOPENING,
    Finding,
    add_visit_photo,
    record_revisit,
    refusal_of_visit,
    visit_photos,
    waiting_for,
)
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, posts_for
from townkeeper.web.field.forms import PhotosField, PhotosInput, claims_in
from townkeeper.web.field.spots import Fix, distance_words, fix_query, read_fix
from townkeeper.web.field.taking import keep_one
from townkeeper.web.field.task import geo_link, shown_pairs
from townkeeper.web.office.casepage import outline_around, where_is
from townkeeper.web.office.rows import procedure_of

PAGE: Final = 50
REFUSED = 422
KIND: Final = "revisit-photo"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """One visit of the list."""

    visit: Revisit
    where: str
    distance: str
    href: str
    is_late: bool


@needs(Permission.RELAPSE_REVISIT_WORK)
@require_safe
def revisit_list(request: HttpRequest) -> HttpResponse:
    """Show the visits that wait for the person, by day or the nearest first."""
    fix, now = read_fix(request.GET), clock.now()
    waiting = waiting_for(posts_for(request))
    number = waiting.count()
    metres = dict(_nearest(request, fix)) if fix is not None else {}
    by_day = waiting.order_by("due_at", "pk").values_list("pk", flat=True)
    wanted = list(metres) if fix is not None else list(by_day[:PAGE])
    loaded = (
        Revisit.objects.visible_to(request.user)
        .filter(pk__in=wanted)
        .select_related("case__category", "case__area", "case__place", "fixer")
        .defer("case__area__outline", "fixer__outline")
    )
    found = {visit.pk: visit for visit in loaded}
    rows = [
        Row(
            visit=found[pk],
            where=where_is(found[pk].case),
            distance=distance_words(metres.get(pk)),
            href=reverse("field:revisit", args=[pk]) + fix_query(fix),
            is_late=found[pk].due_at < now,
        )
        for pk in wanted
        if pk in found
    ]
    context = {
        "rows": rows, "fix": fix, "list_url": reverse("field:revisits"), "total": number,
        "done": request.GET.get("done", "")[:40], "may_draw": False,
    }  # fmt: skip
    return render(request, "field/revisits.html", context)


def _nearest(request: HttpRequest, fix: Fix) -> list[tuple[int, float | None]]:
    columns = ("case__lon", "case__lat", "case__place__lon", "case__place__lat")
    rows = waiting_for(posts_for(request)).order_by("due_at", "pk")
    found: list[tuple[int, float | None]] = []
    for pk, *at in rows.values_list("pk", *columns)[:MOST_MEASURED]:
        there = spot_of(at)
        found.append((pk, metres_between(*fix.spot, *there) if there else None))
    far = float("inf")
    return sorted(found, key=lambda one: far if one[1] is None else one[1])[:PAGE]


class VisitForm(forms.Form):
    """What the visitor found."""

    photos = PhotosField(
        label=gettext_lazy("photo at the revisit"), required=False,
        widget=PhotosInput(attrs={"accept": "image/*", "capture": "environment", "multiple": True}),
    )  # fmt: skip
    claims = forms.CharField(required=False, max_length=10_000, widget=forms.HiddenInput)
    lat = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)
    lon = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)
    accuracy = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)
    result = forms.ChoiceField(
        label=gettext_lazy("What did you find?"), choices=Revisit.Result.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("In your words"), required=False, max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    reopen = forms.BooleanField(
        label=gettext_lazy("Ask for the old case to run again instead of opening a new one"),
        required=False,
    )


@needs(Permission.RELAPSE_REVISIT_WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def revisit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one visit, or record it."""
    visits = Revisit.objects.visible_to(request.user).select_related(
        "case__procedure", "case__category", "case__area", "case__place", "case__unit",
        "draw", "fixer", "unit", "new_case",
    )  # fmt: skip
    visit = visits.defer("case__procedure__definition", "case__area__outline").filter(pk=pk).first()
    if visit is None or not isinstance(request.user, User):
        raise Http404
    form = VisitForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if _recorded(form, visit, request.user):
            _tell(request, visit)
            return redirect(f"{reverse('field:revisits')}?done={visit.case.number}")
        return _page(request, visit, form, status=REFUSED)
    return _page(request, visit, form)


def _recorded(form: VisitForm, visit: Revisit, user: User) -> bool:
    """Keep the photos, then record the visit; what is wrong stands in the form."""
    is_whole = form.is_valid()
    data = form.cleaned_data
    claims = claims_in(data.get("claims", ""))
    known = {photo.file_id for photo in visit_photos(visit, user)}

    def keep(stored: StoredFile) -> None:
        if stored.pk not in known:
            add_visit_photo(visit, stored, actor=user)

    for place, file in enumerate(data.get("photos") or ()):
        claim = claims[place] if place < len(claims) else {}
        problem = keep_one(file, claim, user, keep)
        if problem is not None:
            form.add_error("photos", problem)
            is_whole = False
    if not is_whole:
        return False
    finding = Finding(
        result=data["result"],
        note=data["note"],
        evidence=[photo.pk for photo in visit_photos(visit, user)],
        reopen=data["reopen"],
    )
    fix = read_fix(data)
    try:
        done = record_revisit(visit, finding, actor=user)
        if fix is not None:
            note_presence(visit.case, fix.spot, actor=user, accuracy=fix.accuracy)
    except Problem as problem:
        where = problem.where if problem.where in form.fields else None
        form.add_error(where, f"{problem.message} {problem.hint}".strip())
        return False
    visit.new_case, visit.result, visit.is_reopened = done.new_case, done.result, done.is_reopened
    return True


def _tell(request: HttpRequest, visit: Revisit) -> None:
    if visit.new_case is not None:
        said = {"number": visit.new_case.number}
        messages.success(request, _("Recorded. A new case was opened: %(number)s.") % said)
    elif visit.is_reopened:
        messages.success(request, _("Recorded. The old case was asked to run again."))
    else:
        messages.success(request, _("Recorded."))


def _page(
    request: HttpRequest, visit: Revisit, form: VisitForm, *, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - the view saw to it
    case, fix = visit.case, read_fix(request.GET)
    why = refusal_of_visit(visit, request.user)
    at = point_of(case)
    chain = chain_of(case)
    days = max(0, int((clock.now() - visit.closed_at).total_seconds() // DAY))
    context: dict[str, Any] = {
        "visit": visit,
        "case": case,
        "form": form,
        "why_not": f"{why.message} {why.hint}".strip() if why else "",
        "where": where_is(case),
        "point": at,
        "outline": outline_around(case) if at else None,
        "geo": geo_link(at),
        "pairs": shown_pairs(case),
        "chain_words": chain.words if len(chain.links) > 1 else "",
        "days": days,
        "metres": settings.PHOTO_METRES,
        "can_reopen": _can_reopen(case),
        "is_verifying": True,
        "back_url": reverse("field:revisits") + fix_query(fix),
        "photo": {
            "kind": KIND, "field": form["photos"], "claims": form["claims"], "overlay": True,
            "kept": [] if visit.visited_at else visit_photos(visit, request.user), "needed": False,
        },
    }  # fmt: skip
    context["befores"] = [pair["after"] or pair["before"] for pair in context["pairs"]]
    return render(request, "field/revisit.html", context, status=status)


def _can_reopen(case: Case) -> bool:
    """Whether the case's procedure has a way back into running."""
    step = procedure_of(case).steps[case.step]
    return any(action.effect == REOPENING for action in step.actions.values())

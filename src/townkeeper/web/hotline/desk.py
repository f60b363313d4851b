"""The desk: one form by keyboard while a caller speaks, and the same form for what staff found."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from townkeeper.accounts.models import User
from townkeeper.calls.actions import (
    Done,
    add_to_case,
    answer_at_once,
    drop_call,
    hold_call,
    register_case,
)
from townkeeper.calls.callers import shift_of
from townkeeper.calls.models import HeldCall, ShiftNote
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import Report
from townkeeper.cases.models import Case
from townkeeper.cases.twins import find_twins
from townkeeper.files.actions import store_photo
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.suggestions.actions import record_choice
from townkeeper.suggestions.suggest import suggest
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, posts_for
from townkeeper.web.hotline.forms import CallForm, new_key, title_of
from townkeeper.web.hotline.live import Live, look, progress_of
from townkeeper.web.options import book_of

REFUSED: Final = 422
LABEL: Final = 24
HELD: Final = (
    "phone", "category", "where", "spot", "area", "text", "name", "anonymous", "urgency", "answer",
)  # fmt: skip
CHANNEL_OF: Final = {"inspector": "inspection", "verifier": "patrol", "operator": "hotline"}
opening = needs(Permission.CASES_CASE_OPEN)


@opening
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Show the form of a call; with a post register, answer, merge, hold or only look."""
    return _serve(request, is_call=True)


@opening
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Show the same form without the parts of a call, with a photo and a point."""
    return _serve(request, is_call=False)


@opening
@require_POST
def live(request: HttpRequest) -> HttpResponse:
    """Answer with what is known about the form so far; nothing is saved."""
    form = CallForm(request.POST, is_call=request.POST.get("is_call") == "1")
    context = {"live": look(form, _user(request)), "form": form, "is_live": True}
    return render(request, "hotline/_live.html", context)


@opening
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a held call away."""
    held = get_object_or_404(HeldCall.objects.visible_to(request.user), pk=pk)
    drop_call(held, actor=_user(request))
    messages.success(request, _("The held call is gone."))
    return redirect("hotline:desk")


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _serve(request: HttpRequest, *, is_call: bool) -> HttpResponse:
    if request.method == "POST":
        return _take(request, is_call=is_call)
    start: dict[str, Any] = {"key": new_key()}
    if not is_call:
        roles = [CHANNEL_OF.get(post.role.key, "") for post in posts_for(request)]
        start["channel"] = next(filter(None, roles), "window")
    held = None
    if is_call and request.GET.get("held", "").isdecimal():
        mine = HeldCall.objects.visible_to(request.user)
        held = get_object_or_404(mine, pk=int(request.GET["held"]))
        start |= {**held.data, "key": held.key}
    return show(request, CallForm(initial=start, is_call=is_call), held=held)


def _take(request: HttpRequest, *, is_call: bool) -> HttpResponse:
    """Do what a post asks for; whatever is refused comes back with everything typed."""
    form = CallForm(request.POST, request.FILES, is_call=is_call)
    wanted, _colon, which = request.POST.get("do", "register").partition(":")
    user = _user(request)
    if wanted in {"look", "kind"}:
        data = request.POST.copy()
        if wanted == "kind":
            data["category"] = which
        form = CallForm(initial=data.dict(), is_call=is_call)
        looked = CallForm(data, is_call=is_call)
        return show(request, form, live=look(looked, user))
    if wanted == "hold" and is_call:
        return _hold(request, form, user)
    if form.is_valid():
        try:
            done = _do(wanted, which, form, user)
        except Problem as problem:
            form.refuse(problem)
        else:
            return _told(request, done, is_call=is_call)
    return show(request, form, live=look(form, user), status=REFUSED, wanted=wanted)


def _do(wanted: str, which: str, form: CallForm, user: User) -> Done:
    """Register as was wanted; the photo is taken in first, so that a bad one saves nothing."""
    cases = Case.objects.visible_to(user)
    photo = _photo(form, user)
    report = form.report(cases)
    if photo is not None and report.lon is None and photo.lon is not None:
        report.lon, report.lat = photo.lon, photo.lat
    chosen_twin = ""
    if wanted == "answer":
        answer = form.cleaned_data.get("answer", "")
        done = answer_at_once(report, form.handling(), answer=answer, actor=user)
    elif wanted == "merge":
        main = cases.filter(number=which).select_related("main", "procedure").first()
        if main is None:
            raise Problem("case-unknown", _("There is no case %(n)s.") % {"n": which})
        found = _found(report, main, user)
        done = add_to_case(report, form.handling(), main=main, actor=user, found=found)
        chosen_twin = main.number
    else:
        done = register_case(report, form.handling(), actor=user)
    if not done.is_repeat:
        _after(done, form, user, photo=photo, twin=chosen_twin)
    return done


def _photo(form: CallForm, user: User) -> StoredFile | None:
    file = form.cleaned_data.get("photo")
    if file is None:
        return None
    try:
        return store_photo(file.read(), name=file.name, actor=user.username)
    except Problem as problem:
        raise Problem(problem.code, problem.message, where="photo", hint=problem.hint) from problem


def _found(report: Report, main: Case, user: User) -> dict[str, object]:
    """Return why the chosen case looked like a twin, if it still does."""
    twins = find_twins(report, among=Case.objects.visible_to(user).filter(pk=main.pk))
    return twins[0].found() if twins else {}


def _after(done: Done, form: CallForm, user: User, *, photo: StoredFile | None, twin: str) -> None:
    """Put the photo to the case, and down what was suggested and taken."""
    if photo is not None:
        add_evidence(done.case, kind="before-photo", actor=user, file=photo)
    shown = form.cleaned_data["offered"].split()
    if shown:
        text = form.cleaned_data["text"].strip()
        offers = [each.as_dict() for each in suggest(title_of(text), text)]
        offered = [each for each in offers if each["value"] in shown]
        chosen = form.cleaned_data["category"]
        record_choice(
            done.case, kind="category", offered=offered, chosen=chosen, actor=user.username
        )
    if twin:
        offer: list[dict[str, Any]] = [
            {"value": twin, "confidence": None, "reason": [], "model": "twins"}
        ]
        record_choice(done.case, kind="twin", offered=offer, chosen=twin, actor=user.username)


def _told(request: HttpRequest, done: Done, *, is_call: bool) -> HttpResponse:
    """Lead to an empty form that says what became of the last one."""
    if done.problem is not None:
        messages.warning(
            request,
            _("%(number)s is registered, but went no further: %(why)s")
            % {"number": done.case.number, "why": done.problem.message},
        )
    name = "hotline:desk" if is_call else "hotline:register"
    return redirect(f"{reverse(name)}?{urlencode({'done': done.case.number})}")


def _hold(request: HttpRequest, form: CallForm, user: User) -> HttpResponse:
    """Put the call aside exactly as it was typed; nothing is checked yet."""
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in HELD}
    typed["anonymous"] = "anonymous" in request.POST
    kind = book_of("categories").by_value.get(str(typed["category"]))
    words = title_of(str(typed["text"]))[:LABEL]
    label = " · ".join(filter(None, (kind.title if kind else "", words)))
    try:
        hold_call(
            request.POST.get("key", ""), typed, label=label or _("nothing typed yet"), actor=user
        )
    except Problem as problem:
        form.is_valid()
        form.refuse(problem)
        return show(request, form, live=look(form, user), status=REFUSED)
    messages.success(request, _("The call is held. It stands at the head of the desk."))
    return redirect("hotline:desk")


def show(
    request: HttpRequest,
    form: CallForm,
    *,
    live: Live | None = None,
    held: HeldCall | None = None,
    status: int = 200,
    wanted: str = "",
) -> HttpResponse:
    """Draw the page."""
    user, now = _user(request), clock.now()
    context: dict[str, Any] = {
        "form": form,
        "is_call": form.is_call,
        "live": live,
        "held": held,
        "wanted": wanted,
        "last": _last(request),
        "draft": f"call-held-{held.pk}" if held else "call" if form.is_call else "register",
    }
    if form.is_call:
        context |= {
            "holding": list(HeldCall.objects.visible_to(user).order_by("at")),
            "shift": shift_of(user.username, now),
            "note": ShiftNote.objects.visible_to(user)
            .filter(taken_at=None)
            .exclude(actor=user.username)
            .order_by("-at")
            .first(),
        }
    return render(request, "hotline/desk.html", context, status=status)


def _last(request: HttpRequest) -> dict[str, Any] | None:
    """Return the case that was just registered, with what its caller is told."""
    number = request.GET.get("done", "")
    if not number:
        return None
    case = (
        Case.objects.visible_to(request.user)
        .filter(number=number)
        .select_related("unit", "main", "main__unit", "category", "registration")
        .defer("unit__outline", "main__unit__outline")
        .first()
    )
    row = getattr(case, "registration", None)
    if case is None or row is None:
        return None
    return {"case": case, "row": row, "progress": progress_of(case.main or case)}

"""Acting from the field: one page per act, photos kept first, back to the list afterwards."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from townkeeper.cases.actions import advance_case
from townkeeper.cases.assigning import draft_answer, latest_draft
from townkeeper.cases.models import Case
from townkeeper.cases.presence import note_presence, point_of
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.model import Action
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.field.forms import FieldForm
from townkeeper.web.field.spots import read_fix
from townkeeper.web.field.taking import keep_photos, kept_photos
from townkeeper.web.field.task import Opened, doings, open_case, shown_pairs, strip_of
from townkeeper.web.office.casepage import where_is
from townkeeper.web.office.rows import procedure_of, step_title

REFUSED = 422
MOVED = "case-moved-on"


@needs(Permission.CASES_CASE_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Show the form of one act, or do it."""
    opened = open_case(request, number)
    wanted = procedure_of(opened.case).steps[opened.case.step].actions.get(action)
    if wanted is None:
        messages.warning(request, _("The case has moved on; this is not possible any more."))
        return redirect("field:task", number)
    if request.method != "POST":
        return _page(request, opened, _form(opened, wanted))
    form = _form(opened, wanted, request)
    if _done(form, opened, wanted):
        messages.success(request, _("Done: %(what)s") % {"what": title_of(wanted)})
        back = "field:verifications" if opened.is_verifying else "field:tasks"
        return redirect(f"{reverse(back)}?{urlencode({'done': number})}")
    return _page(request, opened, form, status=REFUSED)


def title_of(action: Action) -> str:
    """Return an action's title in the page's language."""
    return say(action.title) or action.name.replace("_", " ")


def _form(opened: Opened, action: Action, request: HttpRequest | None = None) -> FieldForm:
    case = opened.case
    start: dict[str, Any] = {"version": case.version}
    draft = latest_draft(case)
    start |= {"answer": draft, "draft": draft}
    parts: dict[str, Any] = {
        "action": action,
        "procedure": procedure_of(case),
        "verifying": opened.is_verifying,
    }
    if request is None:
        return FieldForm(initial=start, **parts)
    return FieldForm(request.POST.copy(), request.FILES, **parts)


def _done(form: FieldForm, opened: Opened, action: Action) -> bool:
    """Keep what was photographed and drafted, then act; what is wrong stands in the form."""
    case, user = opened.case, opened.user
    is_whole = form.is_valid()
    if opened.own:
        is_whole = keep_photos(form, case, user, opened.mine) and is_whole
    try:
        if opened.own and form.reports:
            draft_answer(case, form.cleaned_data.get("draft", ""), actor=user)
        if not is_whole:
            return False
        fix = read_fix(form.cleaned_data) if opened.is_verifying else None
        if fix is not None and opened.own:
            note_presence(case, fix.spot, actor=user, accuracy=fix.accuracy)
        advance_case(
            case,
            action.name,
            actor=user,
            given=replace(form.given(), task=opened.mine.pk if opened.mine else None),
            seen_version=form.cleaned_data["version"],
        )
    except Problem as problem:
        form.add_error(None, f"{problem.message} {problem.hint}".strip())
        if problem.code == MOVED:
            _renew_version(form, case)
        return False
    return True


def _renew_version(form: FieldForm, case: Case) -> None:
    """Let the person press once more, now that the page shows what happened meanwhile."""
    case.refresh_from_db(fields=["version"])
    form.data[form.add_prefix("version")] = str(case.version)  # type: ignore[index]


def _page(
    request: HttpRequest, opened: Opened, form: FieldForm, *, status: int = 200
) -> HttpResponse:
    case, mine = opened.case, opened.mine
    doing = next((each for each in doings(opened) if each.name == form.action.name), None)
    kept = kept_photos(case, form.kinds, mine)
    context = {
        "case": case,
        "mine": mine,
        "form": form,
        "title": title_of(form.action),
        "doing": doing,
        "why_not": _why_not(opened, doing is not None, doing.why_not if doing else ""),
        "photo_fields": [
            {
                "kind": kind,
                "field": form[f"file-{kind}"],
                "claims": form[f"claims-{kind}"],
                "kept": [each for each in kept if each.kind == kind],
                "needed": kind in form.needed,
                "overlay": kind.startswith("after"),
            }
            for kind in form.kinds
        ],
        "plain_fields": [
            field for field in form if not field.is_hidden and not field.name.startswith("file-")
        ],
        "befores": [pair["before"] for pair in shown_pairs(case) if pair["before"]],
        "pairs": shown_pairs(case) if opened.is_verifying else [],
        "point": point_of(case),
        "metres": settings.PHOTO_METRES,
        "where": where_is(case),
        "strip": strip_of(mine),
        "state_title": step_title(case),
        "is_verifying": opened.is_verifying,
        "back_name": "field:verification" if opened.is_verifying else "field:task",
        "uses_units": "other" in form.fields,
    }
    return render(request, "field/act.html", context, status=status)


def _why_not(opened: Opened, is_known: bool, why: str) -> str:  # noqa: FBT001 - two facts
    """Say why the form is not offered, such as that whoever fixed it does not verify it."""
    if why or is_known:
        return why
    unit = next((t.unit.title for t in opened.tasks if not t.is_done and t.unit), "–")
    return _("This is now with %(unit)s; there is nothing for you to do.") % {"unit": unit}

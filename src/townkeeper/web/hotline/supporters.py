"""One call back to somebody who has it too: the answer to read, told or not reached."""

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from townkeeper.accounts.models import User
from townkeeper.calls.backlog import NOTE_MAX, note_not_reached, note_told
from townkeeper.calls.numbers import masked
from townkeeper.calls.supporters import find_listener
from townkeeper.cases.models import Case
from townkeeper.cases.privacy import Shown, may_show, show_supporter
from townkeeper.cases.records import Follow
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.hotline.callbacks import AgainForm

REFUSED: Final = 422


@needs(Permission.CASES_CASE_OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def callback(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Show one call to somebody who has it too, and put down how it went."""
    follow, user = _follow(request, number, pk)
    wanted = request.POST.get("do", "")
    again = AgainForm(request.POST) if wanted == "again" else AgainForm()
    try:
        if wanted == "show":
            shown = show_supporter(follow, actor=user, reason=_("Call back about the answer"))
            return _show(request, follow, again, shown=shown)
        if wanted == "told":
            note_told(follow, note=request.POST.get("note", "")[:NOTE_MAX], actor=user)
            messages.success(request, _("%(number)s: told.") % {"number": follow.case.number})
        elif wanted == "again" and again.is_valid():
            when = again.when(clock.now())
            note = again.cleaned_data["note"]
            note_not_reached(follow.case, retry_at=when, note=note, actor=user, follow=follow)
            messages.success(request, _when(follow.case.number, when))
        else:
            return _show(request, follow, again, status=REFUSED if wanted else 200)
    except Problem as problem:
        if wanted != "again":
            messages.error(request, str(problem.message))
            return _show(request, follow, again, status=REFUSED)
        name = problem.where if problem.where in again.fields else None
        again.add_error(name, f"{problem.message} {problem.hint}".strip())
        return _show(request, follow, again, status=REFUSED)
    return redirect(f"{reverse('hotline:callbacks')}?tab=too")


def _when(number: str, when: datetime | None) -> str:
    if when is None:
        return _("%(number)s is not called again.") % {"number": number}
    time = timezone.localtime(when).strftime("%m-%d %H:%M")
    return _("%(number)s is called again at %(time)s.") % {"number": number, "time": time}


def _follow(request: HttpRequest, number: str, pk: int) -> tuple[Follow, User]:
    cases = Case.objects.visible_to(request.user).filter(number=number)
    found = Follow.objects.filter(pk=pk, part=Follow.Part.SUPPORTER, case__in=cases)
    related = "case", "case__category", "case__unit", "case__main", "case__procedure"
    follow = found.select_related(*related).defer("case__unit__outline").first()
    if follow is None or not isinstance(request.user, User):
        raise Http404
    return follow, request.user


def _show(
    request: HttpRequest,
    follow: Follow,
    again: AgainForm,
    *,
    shown: Shown | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = {
        "case": follow.case,
        "waiting": find_listener(follow, clock.now()),
        "masked_phone": masked(follow.phone),
        "again": again,
        "bad": again if again.errors else None,
        "shown": shown,
        "may_show": isinstance(user, User) and may_show(follow.case, user),
        "attempts": follow.callbacks.order_by("-pk"),
    }
    return render(request, "hotline/callback_too.html", context, status=status)

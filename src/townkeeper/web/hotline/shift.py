"""The shift sheet: own figures of the day, held calls, and the note to the next shift."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from townkeeper.accounts.models import User
from townkeeper.calls.actions import NOTE_MAX, leave_note, take_over
from townkeeper.calls.callers import registered_today, shift_of
from townkeeper.calls.models import CallBack, HeldCall, Registration, ShiftNote
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.stages import look_of

NOTES = 10
REFUSED = 422
opening = needs(Permission.CASES_CASE_OPEN)


@opening
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest) -> HttpResponse:
    """Show the sheet; a post leaves a note."""
    user, text, refused = _user(request), "", ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            leave_note(text, actor=user)
        except Problem as problem:
            refused = str(problem.message)
        else:
            messages.success(request, _("The note is left for the next shift."))
            return redirect("hotline:shift")
    now = clock.now()
    shift = shift_of(user.username, now)
    context = {
        "figures": [
            *((label, shift.registered.get(key, 0)) for key, label in Registration.Result.choices),
            *((label, shift.callbacks.get(key, 0)) for key, label in CallBack.Result.choices),
        ],
        "shift": shift,
        "holding": list(HeldCall.objects.visible_to(user).order_by("at")),
        "rows": [(case, look_of(case.stage)) for case in registered_today(user.username, now)],
        "notes": list(ShiftNote.objects.visible_to(user).order_by("-at")[:NOTES]),
        "text": text,
        "refused": refused,
        "most": NOTE_MAX,
        "me": user.username,
    }
    return render(request, "hotline/shift.html", context, status=REFUSED if refused else 200)


@opening
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a note over."""
    note = get_object_or_404(ShiftNote.objects.visible_to(request.user), pk=pk)
    try:
        take_over(note, actor=_user(request))
    except Problem as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("Taken over."))
    return redirect("hotline:shift")


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user

"""My notices: the alarms of which my role is told, with what I have read."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.models import Alarm, Case
from townkeeper.cases.notices import Notice, mark_read, notices_for
from townkeeper.web.access import posts_for, signed_in
from townkeeper.web.board.alarms import role_names
from townkeeper.web.clockwords import late_words, roles_line, rung_words


@signed_in
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List a person's notices, newest first; `all` shows also those whose clock has stopped."""
    everything = request.GET.get("show") == "all"
    notices = notices_for(_person(request), posts_for(request), only_open=not everything)
    roles = role_names()
    context = {
        "rows": [_row(notice, roles) for notice in notices],
        "new": sum(not notice.is_read for notice in notices),
        "tabs": [
            {"label": _("Running"), "href": request.path, "current": not everything, "count": None},
            {"label": _("All"), "href": "?show=all", "current": everything, "count": None},
        ],
    }
    return render(request, "board/notices.html", context)


def _row(notice: Notice, roles: dict[str, str]) -> dict[str, Any]:
    alarm = notice.alarm
    rule = rung_words(alarm.rule)
    return {
        "notice": notice,
        "alarm": alarm,
        "rule": _("Nobody has decided: %(rule)s") % {"rule": rule} if alarm.ask_id else rule,
        "told": roles_line(alarm.tell, roles),
        "late": late_words(alarm.due_at, alarm.at),
    }


@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(_person(request))
    messages.success(request, _("All notices are marked as read."))
    return redirect("board:notices")


@signed_in
@require_safe
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and go to its case."""
    alarm = Alarm.objects.filter(
        pk=pk, case__in=Case.objects.visible_to(request.user)
    ).select_related("case")
    found = alarm.first()
    if found is None:
        raise Http404
    mark_read(_person(request), found.pk)
    return redirect("office:case", found.case.number)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - `signed_in` has looked
    return request.user

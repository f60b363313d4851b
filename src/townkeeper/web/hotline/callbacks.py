"""Calls back: who waits for the answer, what is told, what the reporter says of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.accounts.models import User
from townkeeper.calls.backlog import (
    NOTE_MAX,
    Key,
    Page,
    Waiting,
    find_waiting,
    note_not_reached,
    record_judgement,
    waiting_calls,
)
from townkeeper.calls.supporters import Listeners, waiting_supporters
from townkeeper.cases.models import Case, CaseQuerySet, Judgement
from townkeeper.cases.privacy import Shown, may_show, show_reporter
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.exports import Sheet, links, send_sheet
from townkeeper.web.wording import full_time

REFUSED: Final = 422
PAGE: Final = 200
COMMENT_MAX: Final = 2_000
MORNING: Final = 9
RETRIES: Final = {"1h": timedelta(hours=1), "3h": timedelta(hours=3)}
opening = needs(Permission.CASES_CASE_OPEN)


class CallForm(forms.Form):
    """How a call back went."""

    verdict = forms.ChoiceField(
        label=_("What the reporter says of the answer"), choices=Judgement.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the reporter said.")},
    )  # fmt: skip
    comment = forms.CharField(
        label=_("In the reporter's words"), required=False, max_length=COMMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    reopen = forms.BooleanField(
        label=_("Asks that the matter be taken up again (a supervisor decides)"), required=False
    )


class AgainForm(forms.Form):
    """When to call again, or why not."""

    retry = forms.ChoiceField(
        label=_("Call again"),
        choices=[
            ("1h", _("in an hour")),
            ("3h", _("in three hours")),
            ("morning", _("tomorrow at nine")),
            ("at", _("at this time")),
            ("no", _("not again")),
        ],
    )
    at = forms.CharField(
        label=_("Time"), required=False, max_length=20,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), required=False, max_length=NOTE_MAX)

    def when(self, now: datetime) -> datetime | None:
        """Return when to call again in the site's zone; None for not again."""
        said, local = self.cleaned_data["retry"], timezone.localtime(now)
        if said in RETRIES:
            return now + RETRIES[said]
        if said == "morning":
            day = local + timedelta(days=1)
            return day.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        return self.cleaned_data["at"] if said == "at" else None

    def clean_at(self) -> datetime | None:
        """Read a time of the site, as the browser's own field writes it."""
        text = self.cleaned_data["at"].strip()
        if self.cleaned_data.get("retry") != "at":
            return None
        try:
            found = parse_datetime(text)
        except ValueError:
            found = None
        if found is None:
            raise forms.ValidationError(
                _now("Write day and time, such as %(example)s.") % {"example": "2026-11-05 09:30"}
            )
        return found if timezone.is_aware(found) else timezone.make_aware(found)


@opening
@require_safe
def backlog(request: HttpRequest) -> HttpResponse:
    """List who is to be called, the first due first."""
    tab = _tab(request)
    after = _key(request.GET.get("after", ""))
    page = _page(Case.objects.visible_to(request.user), clock.now(), tab, after)
    base = reverse("hotline:callbacks")
    context = {
        "rows": page.rows,
        "tab": tab,
        "tabs": [
            {"label": label, "href": f"{base}?tab={name}" if name else base, "current": name == tab}
            for name, label in (
                ("", _now("to call now")),
                ("later", _now("called in vain, again later")),
                ("too", _now("they have it too")),
            )
        ],
        "next_url": _next(base, page.following, tab),
        "first_url": base if request.GET.get("after") else "",
        "page_actions": links(*(_file(form, tab) for form in ("xlsx", "csv"))),
    }
    return render(request, "hotline/callbacks.html", context)


def _tab(request: HttpRequest) -> str:
    """Return which list is asked for: now, later, or whoever has it too."""
    asked = request.GET.get("tab", "")
    return asked if asked in {"later", "too"} else ""


def _page(
    cases: CaseQuerySet, now: datetime, tab: str, after: Key | None, size: int = 30
) -> Page | Listeners:
    if tab == "too":
        return waiting_supporters(cases, now=now, size=size, after=after)
    return waiting_calls(cases, now=now, size=size, after=after, later=tab == "later")


def _file(form: str, tab: str) -> str:
    link = reverse(f"hotline:callbacks-{form}")
    return f"{link}?tab={tab}" if tab else link


@opening
@require_safe
def backlog_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send the whole list as a table; numbers stay masked."""
    tab = _tab(request)
    columns = (
        Column(_now("Number")), Column(_now("Title")), Column(_now("Category")),
        Column(_now("Reporter")), Column(_now("Closed")), Column(_now("Can judge until")),
        Column(_now("Attempts")), Column(_now("Next attempt")),
    )  # fmt: skip
    rows = _cells(Case.objects.visible_to(request.user), clock.now(), tab)
    sheet = Sheet("call-backs", _now("Call-backs"), columns, rows)
    back = reverse("hotline:callbacks")
    return send_sheet(request, sheet, form, back=back, csv_url=_file("csv", tab))


def _cells(cases: CaseQuerySet, now: datetime, tab: str) -> Iterator[list[Cell]]:
    key: Key | None = None
    while True:
        page = _page(cases, now, tab, key, PAGE)
        for row in page.rows:
            case = row.case
            yield [
                case.number,
                case.title,
                case.category.title if case.category else "",
                row.masked_phone,
                full_time(case.closed_at) if case.closed_at else "",
                full_time(row.due_at),
                row.tries,
                full_time(row.retry_at) if row.retry_at else "",
            ]
        key = page.following
        if key is None:
            return


def _next(base: str, key: Key | None, tab: str) -> str:
    if key is None:
        return ""
    asked = {"after": f"{key[0].isoformat()}~{key[1]}"} | ({"tab": tab} if tab else {})
    return f"{base}?{urlencode(asked)}"


def _key(text: str) -> Key | None:
    """Read the place in the list from an address; nonsense is the beginning."""
    at, _tilde, pk = text.partition("~")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    if moment is None or timezone.is_naive(moment) or not pk.isdecimal():
        return None
    return moment, int(pk)


@opening
@require_http_methods(["GET", "HEAD", "POST"])
def callback(request: HttpRequest, number: str) -> HttpResponse:
    """Show one call: the answer to read, the judgement to put down, or when to call again."""
    case, user = _case(request, number)
    waiting = find_waiting(case, clock.now())
    if request.method != "POST":
        return _show(request, case, waiting)
    wanted = request.POST.get("do", "")
    if wanted == "show":
        return _reveal(request, case, waiting, user)
    judged = CallForm(request.POST) if wanted == "judged" else CallForm()
    again = AgainForm(request.POST) if wanted == "again" else AgainForm()
    form: forms.Form = judged if wanted == "judged" else again
    if form.is_valid():
        try:
            told = _put_down(case, wanted, judged, again, user)
        except Problem as problem:
            name = problem.where if problem.where in form.fields else None
            form.add_error(name, f"{problem.message} {problem.hint}".strip())
        else:
            messages.success(request, told)
            return redirect("hotline:callbacks")
    return _show(request, case, waiting, judged=judged, again=again, status=REFUSED)


def _put_down(case: Case, wanted: str, judged: CallForm, again: AgainForm, user: User) -> str:
    if wanted == "judged":
        data = judged.cleaned_data
        record_judgement(
            case, verdict=data["verdict"], comment=data["comment"], reopen=data["reopen"],
            actor=user,
        )  # fmt: skip
        return _now("The judgement stands with %(number)s.") % {"number": case.number}
    when = again.when(clock.now())
    note_not_reached(case, retry_at=when, note=again.cleaned_data["note"], actor=user)
    if when is None:
        return _now("%(number)s is not called again.") % {"number": case.number}
    return _now("%(number)s is called again at %(time)s.") % {
        "number": case.number,
        "time": timezone.localtime(when).strftime("%m-%d %H:%M"),
    }


def _reveal(request: HttpRequest, case: Case, waiting: Waiting | None, user: User) -> HttpResponse:
    """Show the number in full, once, with an entry in the history."""
    try:
        shown = show_reporter(case, actor=user, reason=_now("Call back about the answer"))
    except Problem as problem:
        messages.error(request, str(problem.message))
        return _show(request, case, waiting, status=REFUSED)
    return _show(request, case, waiting, shown=shown)


def _case(request: HttpRequest, number: str) -> tuple[Case, User]:
    case = (
        Case.objects.visible_to(request.user)
        .filter(number=number)
        .select_related("reporter", "category", "unit", "main", "procedure")
        .defer("unit__outline")
        .first()
    )
    if case is None or not isinstance(request.user, User):
        raise Http404
    return case, request.user


def _show(
    request: HttpRequest,
    case: Case,
    waiting: Waiting | None,
    *,
    judged: CallForm | None = None,
    again: AgainForm | None = None,
    shown: Shown | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = {
        "case": case,
        "waiting": waiting,
        "reporter": getattr(case, "reporter", None),
        "judged": judged or CallForm(),
        "again": again or AgainForm(),
        "bad": judged if judged is not None and judged.errors else again,
        "shown": shown,
        "may_show": isinstance(user, User) and may_show(case, user),
        "attempts": case.callbacks.filter(follow=None).order_by("-pk"),
    }
    return render(request, "hotline/callback.html", context, status=status)

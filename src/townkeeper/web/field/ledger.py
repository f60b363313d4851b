"""The unit's account of a period on a page, on paper, and as a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from typing_extensions import override

from townkeeper.cases.account import Line, account_lines
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.exports import Answer, Sheet, links, send_sheet
from townkeeper.web.field.units import chosen_unit, own_units
from townkeeper.web.journal_words import OUTCOMES
from townkeeper.web.office.casepage import where_is
from townkeeper.web.office.rows import step_title
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import full_time

SHOWN: Final = 100
WIDE: Final = frozenset({1, 4})
"""Title and place."""
LONGEST: Final = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Return its first instant in the site's zone."""
        return timezone.make_aware(datetime.combine(self.first, time()))

    @property
    def until(self) -> datetime:
        """Return the first instant after it."""
        return timezone.make_aware(datetime.combine(self.last + timedelta(days=1), time()))

    @override
    def __str__(self) -> str:
        return f"{self.first:%F} – {self.last:%F}"


def read_period(request: HttpRequest) -> tuple[Period, str]:
    """Read `from` and `to`; this month where they say nothing, with words where they are wrong."""
    today = clock.today()
    usual = Period(today.replace(day=1), today)
    given = (request.GET.get("from", ""), request.GET.get("to", ""))
    if not any(given):
        return usual, ""
    try:
        first = date.fromisoformat(given[0]) if given[0] else usual.first
        last = date.fromisoformat(given[1]) if given[1] else usual.last
    except ValueError:
        return usual, _("A day is written like 2026-11-05. This month is shown instead.")
    if last < first or last - first > LONGEST:
        return usual, _("The last day is before the first. This month is shown instead.")
    return Period(first, last), ""


@needs(Permission.CASES_CASE_VIEW)
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the first lines of an account, and where the whole of it is."""
    units = own_units(request)
    if not units:
        raise Http404
    unit, (period, wrong) = chosen_unit(request, units), read_period(request)
    lines = list(islice(_lines(unit, period), SHOWN + 1))
    query = urlencode({"unit": unit.code, "from": f"{period.first:%F}", "to": f"{period.last:%F}"})
    files = [f"{reverse('field:ledger-file', args=[form])}?{query}" for form in ("xlsx", "csv")]
    context = {
        "unit": unit,
        "units": units,
        "period": period,
        "wrong": wrong,
        "columns": [{"label": column.title, "css": ""} for column in columns()],
        "rows": [
            [
                {"text": cell, "href": _href(line) if place == 0 else "", "css": _css(place)}
                for place, cell in enumerate(cells(line))
            ]
            for line in lines[:SHOWN]
        ],
        "has_more": len(lines) > SHOWN,
        "shown": min(len(lines), SHOWN),
        "page_actions": links(*files),
        "board_url": f"{reverse('field:board')}?{urlencode({'unit': unit.code})}",
    }
    return render(request, "field/ledger.html", context)


@needs(Permission.CASES_CASE_VIEW)
@require_safe
def ledger_file(request: HttpRequest, form: str) -> Answer:
    """Send the whole account as a workbook or CSV."""
    if form not in {"xlsx", "csv"}:
        raise Http404
    unit, (period, _wrong) = chosen_unit(request, own_units(request)), read_period(request)
    sheet = Sheet(
        name=f"account-{unit.code}",
        title=_("Account of work"),
        columns=columns(),
        rows=(cells(line) for line in _lines(unit, period)),
        facts=[(_("Unit"), unit.title), (_("Period"), str(period))],
    )
    back = f"{reverse('field:ledger')}?{request.GET.urlencode()}"
    csv_url = f"{reverse('field:ledger-file', args=['csv'])}?{request.GET.urlencode()}"
    return send_sheet(request, sheet, form, back=back, csv_url=csv_url)


def _lines(unit: Unit, period: Period) -> Iterator[Line]:
    units = list(Unit.objects.under(unit).values_list("pk", flat=True))
    return account_lines(units, period.since, period.until, now=clock.now())


def _css(place: int) -> str:
    """Return the class of a column: texts get room, numbers and times do not break."""
    return "wide" if place in WIDE else "nw"


def _href(line: Line) -> str:
    return reverse("office:case", args=[line.case.number])


def columns() -> list[Column]:
    """Return the heads of the account."""
    return [
        Column(title)
        for title in (
            _("Number"), _("Title"), _("Category"), _("Channel"), _("Place"), _("Unit"),
            _("Part"), _("Came in"), _("Due"), _("Signed"), _("By"), _("Reported done"),
            _("In time"), _("Sent back"), _("State"), _("Closed"), _("Outcome"), _("Origin"),
        )
    ]  # fmt: skip


def cells(line: Line) -> list[Cell]:
    """Return one line of the account; nothing of whoever reported."""
    task, case = line.task, line.case
    in_time = {True: _("yes"), False: _("no"), None: ""}[line.in_time]
    return [
        case.number,
        case.title,
        case.category.title if case.category else "",
        channel_words(case.channel),
        where_is(case),
        task.unit.title if task.unit else "",
        _("assisting") if task.part == "assist" else _("in the lead"),
        full_time(task.opened_at),
        full_time(task.due_at) if task.due_at else "",
        full_time(task.signed_at) if task.signed_at else "",
        str(task.assignee) if task.assignee else "",
        full_time(task.done_at) if task.done_at else "",
        in_time,
        int(case.counts.get("rework", 0)),
        step_title(case) or str(look_of(case.stage).word),
        full_time(case.closed_at) if case.closed_at else "",
        str(OUTCOMES.get(case.outcome, case.outcome)),
        case.get_origin_display(),
    ]

"""How long people waited for an answer, in working days: what a reply channel is judged by."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from townkeeper.calendars.actions import current
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.models import Case, Stage


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Times from report to answer; a working day is counted from the day after the report."""

    answered: int
    waiting: int
    """Cases that have not ended and have no answer."""
    unanswered: int
    """Closed without a word."""
    median: float | None
    p90: float | None
    longest: int | None
    """Working days."""
    median_days: float | None
    p90_days: float | None
    """Calendar days, parts of days too."""
    years: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as data."""
        return asdict(self)


def answer_times(
    *, system: str = "", since: datetime | None = None, until: datetime | None = None
) -> AnswerTimes:
    """Return how long cases opened in a period waited for their answer.

    `system` restricts to what was imported from one system. Working days are counted as in
    administrative practice: the day of the report is not counted, the day of the answer is, so an
    answer on the same or the following free day took 0, on the next working day 1. The calendar is
    the one in force today. Cases that were voided or merged are left out.
    """
    cases = Case.objects.exclude(stage__in=[Stage.VOIDED, Stage.MERGED])
    if system:
        cases = cases.filter(external_system=system)
    if since is not None:
        cases = cases.filter(opened_at__gte=since)
    if until is not None:
        cases = cases.filter(opened_at__lt=until)
    waiting = cases.filter(closed_at=None).count()
    closed = cases.exclude(closed_at=None)
    said = closed.exclude(answer="").values_list("opened_at", "closed_at")
    rows = [(start, end) for start, end in said if end is not None]
    silent = closed.filter(answer="").count()
    if not rows:
        return AnswerTimes(0, waiting, silent, None, None, None, None, None)
    days = working_days(current(), rows)
    exact = np.array([(end - start) / timedelta(days=1) for start, end in rows])
    zone = ZoneInfo(settings.TIME_ZONE)
    years = np.array([start.astimezone(zone).year for start, _end in rows])
    median, p90 = _middle(days)
    return AnswerTimes(
        answered=len(rows),
        waiting=waiting,
        unanswered=silent,
        median=median,
        p90=p90,
        longest=int(days.max()),
        median_days=round(float(np.quantile(exact, 0.5)), 1),
        p90_days=round(float(np.quantile(exact, 0.9)), 1),
        years=tuple(_year(int(year), days[years == year]) for year in np.unique(years)),
    )


def _middle(days: np.ndarray[Any, np.dtype[np.int64]]) -> tuple[float, float]:
    """Return median and ninetieth percentile, days that occurred and no mean of two."""
    found = np.quantile(days, [0.5, 0.9], method="inverted_cdf")
    return float(found[0]), float(found[1])


def _year(year: int, days: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    median, p90 = _middle(days)
    return {"year": year, "answered": len(days), "median": median, "p90": p90}


def working_days(
    calendar: WorkCalendar, pairs: list[tuple[datetime, datetime]]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the working days of each pair: after the first one's day, up to the second one's."""
    days = [(calendar.local_date(a), calendar.local_date(b)) for a, b in pairs]
    first = min(start for start, _end in days)
    last = max(end for _start, end in days)
    span = (last - first).days + 1
    works = [calendar.is_working_day(first + timedelta(days=n)) for n in range(span)]
    upto = np.cumsum(works)

    def place(on: date) -> int:
        return (on - first).days

    return np.array([upto[place(end)] - upto[place(start)] for start, end in days], dtype=np.int64)

"""What parts two versions of a calendar: the days that differ, and the spans they lie in."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from townkeeper.calendars.worktime import EARLIEST, LATEST, WorkCalendar

Span = tuple[datetime, datetime]
DAY = timedelta(days=1)


def changed_days(before: WorkCalendar, after: WorkCalendar) -> Mapping[date, str]:
    """Return the named days on which the versions are open at other hours, in order, with names."""
    names: dict[date, str] = {}
    for day in sorted({*before.days, *after.days}):
        if before.spans_of(day) != after.spans_of(day):
            rule = after.days.get(day) or before.days.get(day)
            names[day] = rule.name if rule else ""
    return names


def changed_spans(before: WorkCalendar, after: WorkCalendar) -> list[Span]:
    """Return the spans of time in which the versions count differently; none where they agree.

    A clock that lies wholly outside all of them ends at the same time under both, and its end is
    known as surely: counting a limit reads the days from its start to its end and no others.
    """
    if before.hours != after.hours or before.zone != after.zone:
        return [_span(EARLIEST, LATEST, after)]
    spans: list[tuple[date, date]] = []
    for day in changed_days(before, after):
        if spans and spans[-1][1] == day:
            spans[-1] = (spans[-1][0], day + DAY)
        else:
            spans.append((day, day + DAY))
    if before.known_until != after.known_until:
        known = sorted(min(each.known_until, LATEST) for each in (before, after))
        spans.append((known[0], known[1] + DAY if known[1] < LATEST else LATEST))
    return [_span(first, end, after) for first, end in spans]


def _span(first: date, end: date, calendar: WorkCalendar) -> Span:
    begin, finish = (datetime.combine(day, time(), calendar.zone) for day in (first, end))
    return begin, finish

"""Checks that limits can be read, and that somebody could meet them."""

from collections.abc import Iterator
from itertools import pairwise

from townkeeper.calendars.hours import WeeklyHours
from townkeeper.calendars.limits import Kind, Limit, LimitError
from townkeeper.calendars.program import CalendarFile
from townkeeper.duties.program import CategoriesFile, CategoryUse
from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.check_duties import uses_in
from townkeeper.programs.findings import Finding
from townkeeper.programs.folder import Folder
from townkeeper.programs.reader import Document, Place

HOUR = 3600
DAY_MINUTES = 24 * 60
WEEK = 7
BOUND = (Kind.WORKING_TIME, Kind.WORKING_DAYS, Kind.SAME_DAY)
"""Kinds that need opening hours."""


def read_limit(text: str) -> Limit | None:
    """Return the limit, or None if it is none."""
    try:
        return Limit.parse(text)
    except LimitError:
        return None


def limit_finding(document: Document, place: Place, text: str) -> Finding | None:
    """Return why a text is not a limit, in all languages."""
    try:
        Limit.parse(text)
    except LimitError as error:
        said = {tag: error.in_words(tag) for tag in LANGUAGES}
        return document.find("limit-wrong", *place, reason=said)
    return None


def day_hours(hours: WeeklyHours) -> float:
    """Return the hours of an ordinary working day: the mean over the open days."""
    open_days = [sum(span.closes - span.opens for span in spans) for spans in hours.values()]
    open_days = [minutes for minutes in open_days if minutes]
    return sum(open_days) / len(open_days) / 60 if open_days else 0.0


def working_hours(text: str, hours: WeeklyHours) -> float | None:
    """Return a limit in working hours, or None where it depends on the moment or the category.

    Calendar time counts by its share of the week: `7d` is a week of working hours.
    """
    limit = read_limit(text)
    if limit is None or limit.kind in (Kind.CLOCK, Kind.SAME_DAY, Kind.NONE):
        return None
    per_day = day_hours(hours)
    weekly = sum(span.closes - span.opens for spans in hours.values() for span in spans) / 60
    if limit.kind is Kind.WORKING_TIME:
        return limit.amount / HOUR
    if limit.kind is Kind.WORKING_DAYS:
        return limit.amount * per_day
    days = limit.amount if limit.kind is Kind.DAYS else limit.amount / HOUR / 24
    return days * weekly / WEEK


def longest_closed(hours: WeeklyHours) -> int:
    """Return the longest closed stretch of an ordinary week, in minutes."""
    spans = sorted(
        (day * DAY_MINUTES + span.opens, day * DAY_MINUTES + span.closes)
        for day, day_spans in hours.items()
        for span in day_spans
    )
    if not spans:
        return WEEK * DAY_MINUTES
    wrapped = [*spans, (spans[0][0] + WEEK * DAY_MINUTES, 0)]
    return max(after[0] - before[1] for before, after in pairwise(wrapped))


def check_limits(folder: Folder) -> Iterator[Finding]:
    """Yield limits of categories that are none, or that nobody can meet."""
    part = folder.part("categories.yaml", CategoriesFile)
    if part is None:
        return
    document = folder.documents["categories.yaml"]
    classes = {use.key for use in part.classes if use.limit}
    for place, use in uses_in(part):
        if use.promise and (wrong := limit_finding(document, (*place, "promise"), use.promise)):
            yield wrong
        if use.limit is None:
            parent = getattr(use, "parent", None) or use.key[: use.key.find("/") + 3]
            if parent not in classes and use.key not in classes:
                yield document.find("limit-none", *place, category=use.key)
        elif wrong := limit_finding(document, (*place, "limit"), use.limit):
            yield wrong
        else:
            yield from _possible(folder, document, (*place, "limit"), use)


def _possible(
    folder: Folder, document: Document, place: Place, use: CategoryUse
) -> Iterator[Finding]:
    calendar = folder.part("calendar.yaml", CalendarFile)
    limit = read_limit(use.limit or "")
    if calendar:
        yield from _against(document, place, use, calendar.hours)
    elif limit and limit.kind in BOUND and _never_open(folder):
        yield document.find("limit-no-hours", *place, limit=use.limit, category=use.key)


def _never_open(folder: Folder) -> bool:
    """Whether the calendar has no open hour; its schema refuses it, we say what follows."""
    document = folder.documents.get("calendar.yaml")
    data = document.data if document and isinstance(document.data, dict) else {}
    hours = data.get("hours")
    return isinstance(hours, dict) and not any(hours.values())


def _against(
    document: Document, place: Place, use: CategoryUse, hours: WeeklyHours
) -> Iterator[Finding]:
    limit = read_limit(use.limit or "")
    if limit is None:
        return
    params = {"limit": {tag: limit.title(tag) for tag in LANGUAGES}, "category": use.key}
    if limit.kind is Kind.CLOCK and use.outside_hours is None:
        inside = any(
            span.opens < limit.amount <= span.closes for spans in hours.values() for span in spans
        )
        if not inside:
            yield document.find("limit-outside-hours", *place, **params)
    if limit.kind is Kind.ELAPSED and limit.amount // 60 < longest_closed(hours):
        gap = round(longest_closed(hours) / 60)
        yield document.find("limit-elapsed-closed", *place, gap=gap, **params)

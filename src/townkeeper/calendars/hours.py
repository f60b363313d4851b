"""Opening hours as people write them (`mon-fri: 08:30-12:00, 14:00-18:00`), checked and exact."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from townkeeper.calendars.words import HOURS_ERRORS

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 1440
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})")
_DAYS: Final = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?")


class Fault(StrEnum):
    """What can be wrong with written hours; the key of its message."""

    NO_SPAN = "no-span"
    NO_TIME = "no-time"
    BACKWARDS = "backwards"
    OVERLAP = "overlap"
    NO_WEEKDAY = "no-weekday"
    WEEK_BACKWARDS = "week-backwards"
    TWICE = "twice"
    NEVER_OPEN = "never-open"


class HoursError(ValueError):
    """Says which hours are wrong and how to write them, in any of the languages."""

    def __init__(self, code: Fault, text: str = "", other: str = "") -> None:
        """Keep the parts, so that the message exists in every language."""
        self.code = code
        self.text = text
        self.other = other
        super().__init__(self.in_words("en"))

    def in_words(self, lang: str) -> str:
        return HOURS_ERRORS[lang][self.code].format(text=self.text, other=self.other)


class Span(NamedTuple):
    """An open stretch of one day, in minutes after local midnight; 24:00 is 1440."""

    opens: int
    closes: int

    def text(self) -> str:
        return f"{clock(self.opens)}-{clock(self.closes)}"


Spans = tuple[Span, ...]
WeeklyHours = Mapping[int, Spans]
"""Weekday (Monday is 0) → its open spans in order; a missing weekday is closed."""


def clock(minutes: int) -> str:
    """Write minutes after midnight as `08:30`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_spans(text: str | Iterable[str]) -> Spans:
    """Read `08:30-12:00, 14:00-18:00`, or a list of such; empty means closed.

    Errors: `HoursError` for a time that is none, a span that does not end after it begins (one over
    midnight is written as two, `22:00-24:00` and `00:00-06:00` of the next day), an overlap.
    """
    parts = re.split(r"[,;、]", text) if isinstance(text, str) else list(text)
    spans = tuple(_span(part) for part in parts if part.strip())
    for before, after in pairwise(spans):
        if after.opens < before.closes:
            raise HoursError(Fault.OVERLAP, after.text(), before.text())
    return spans


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise HoursError(Fault.NO_SPAN, text)
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    span = Span(hour * 60 + minute, end_hour * 60 + end_minute)
    if minute > 59 or end_minute > 59 or span.closes > DAY_MINUTES:  # noqa: PLR2004 - a clock
        raise HoursError(Fault.NO_TIME, text)
    if span.opens >= span.closes:
        raise HoursError(Fault.BACKWARDS, text)
    return span


def weekly_hours(written: Mapping[str, str | Iterable[str]]) -> dict[int, Spans]:
    """Read `{"mon-fri": "08:30-12:00, 14:00-18:00", "sat": "09:00-12:00"}`; `daily` is every day.

    Errors: `HoursError` for an unknown weekday, one written twice, or a week without any open time.
    """
    week: dict[int, Spans] = {}
    for days, text in written.items():
        spans = parse_spans(text)
        for day in _weekdays(days):
            if day in week:
                raise HoursError(Fault.TWICE, WEEKDAYS[day])
            week[day] = spans
    if not any(week.values()):
        raise HoursError(Fault.NEVER_OPEN)
    return {day: spans for day, spans in sorted(week.items()) if spans}


def _weekdays(text: str) -> Iterable[int]:
    plain = text.strip().lower()
    if plain == "daily":
        return range(7)
    match = _DAYS.fullmatch(plain)
    names = [name for name in match.groups() if name] if match else []
    if not names or any(name not in WEEKDAYS for name in names):
        raise HoursError(Fault.NO_WEEKDAY, text)
    first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
    if last < first:
        raise HoursError(Fault.WEEK_BACKWARDS, text)
    return range(first, last + 1)


def every_day(text: str) -> dict[int, Spans]:
    """Duty hours that hold on all seven days, such as `07:00-22:00` for city cleaning."""
    return weekly_hours({"daily": text})


def written_hours(week: WeeklyHours) -> dict[str, list[str]]:
    """Write weekly hours as the JSON that `weekly_hours` reads."""
    return {WEEKDAYS[day]: [span.text() for span in week[day]] for day in sorted(week) if week[day]}

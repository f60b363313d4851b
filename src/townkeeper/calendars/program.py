"""The part of a program that says when people work: `calendar.yaml`."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from townkeeper.calendars.actions import (
    DEFAULT,
    OFFICE_HOURS,
    Holidays,
    change_calendar,
    content_of,
    current_version,
    seed_calendar,
)
from townkeeper.calendars.hours import WEEKDAYS, HoursError, Spans, parse_spans, weekly_hours
from townkeeper.calendars.models import Calendar, CalendarVersion
from townkeeper.calendars.statutory import DayEntry
from townkeeper.kit.schema import Change, ShortKey, Sourced, Texts, plain, tagged

PROGRAM: Final = "program"
"""How the source of a day begins that a program brought; the next load may take it out again."""


def _reason(error: HoursError) -> PydanticCustomError:
    languages = {lang: error.in_words(lang) for lang in ("zh-Hant", "zh-Hans", "en")}
    return PydanticCustomError("hours", "{reason}", {"reason": str(error), "in_words": languages})


def _week(value: object) -> object:
    """Accept one text for `mon-fri: …` as well as a mapping by weekdays."""
    if isinstance(value, str):
        days, _colon, spans = value.partition(":")
        value = {days: spans} if days.strip()[:1].isalpha() else {"mon-fri": value}
    if not isinstance(value, dict):
        return value
    try:
        return weekly_hours(value)
    except HoursError as error:
        raise _reason(error) from error


def _spans(value: object) -> object:
    if value is None or not isinstance(value, str | list):
        return value
    try:
        return parse_spans(value)
    except HoursError as error:
        raise _reason(error) from error


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = "unknown time zone {zone}; write it as Asia/Shanghai"
        raise PydanticCustomError("time_zone", message, {"zone": value}) from error
    return value


def _weekday(value: object) -> object:
    return WEEKDAYS.index(value) if value in WEEKDAYS else value


Week = Annotated[dict[int, Spans], BeforeValidator(_week)]
OpenSpans = Annotated[Spans | None, BeforeValidator(_spans)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Annotated[int, BeforeValidator(_weekday), Field(ge=0, le=6)]


class LocalDay(Sourced):
    """A day that only this place keeps differently: a local day off, a day with other hours."""

    date: date
    working: bool
    name: Texts
    hours: OpenSpans = None

    def entry(self) -> DayEntry:
        return DayEntry(
            self.date,
            is_working=self.working,
            name=plain(self.name),
            hours=self.hours if self.working else None,
            source=f"{PROGRAM} {self.source}".strip(),
            is_local=True,
        )


class CalendarSpec(Sourced):
    """One calendar: its hours, its zone, whose holidays it keeps, its local days."""

    title: Texts | None = None
    time_zone: Zone = "Asia/Shanghai"
    hours: Week = Field(default_factory=lambda: dict(OFFICE_HOURS))
    makeup_weekday: Weekday = 0
    holidays: Holidays = "cn"
    days: list[LocalDay] = []


class CalendarFile(CalendarSpec):
    """`calendar.yaml`: the calendar of the place, and others by key, such as one for cleaning."""

    others: dict[ShortKey, CalendarSpec] = {}
    market_days: Any = None
    """Market days move patrols, not deadlines: calendars pass over them."""


@transaction.atomic
def apply(spec: CalendarFile, *, actor: str, code: str = DEFAULT) -> list[Change]:
    """Bring the calendars to what the program says; loading the same again changes nothing.

    Statutory days and the days that an office entered stay; local days of an earlier load go.
    """
    specs: Mapping[str, CalendarSpec] = {code: spec, **spec.others}
    changes = [_apply_one(key, one, actor=actor) for key, one in specs.items()]
    return [change for change in changes if change is not None]


def _apply_one(code: str, spec: CalendarSpec, *, actor: str) -> Change | None:
    title = tagged(spec.title) if spec.title else {}
    existing = Calendar.objects.filter(code=code).first()
    before = current_version(code) if existing else None
    if existing is None:
        seed_calendar(
            code,
            actor=actor,
            time_zone=spec.time_zone,
            hours=spec.hours,
            holidays=spec.holidays,
            makeup_weekday=spec.makeup_weekday,
            title=title,
        )
    elif title and existing.title != title:
        existing.title = title
        existing.save(update_fields=["title"])
    after = _bring(code, spec, actor=actor)
    if before is None:
        return Change("calendar", "added", code, title)
    fields = _changed(before, after)
    return Change("calendar", "changed", code, title, fields) if fields else None


def _bring(code: str, spec: CalendarSpec, *, actor: str) -> CalendarVersion:
    wanted = [day.entry() for day in spec.days]
    named = {entry.date for entry in wanted}
    known = content_of(current_version(code)).days
    return change_calendar(
        code,
        actor=actor,
        note=spec.source or PROGRAM,
        days=wanted,
        without=[
            on
            for on, entry in known.items()
            if entry.source.startswith(PROGRAM) and on not in named
        ],
        hours=spec.hours,
        time_zone=spec.time_zone,
        makeup_weekday=spec.makeup_weekday,
        holidays=spec.holidays,
    )


def _changed(before: CalendarVersion, after: CalendarVersion) -> tuple[str, ...]:
    if before.pk == after.pk:
        return ()
    fields = [
        name
        for name in ("hours", "makeup_weekday", "time_zone", "known_until")
        if getattr(before, name) != getattr(after, name)
    ]
    if content_of(before).days != content_of(after).days:
        fields.append("days")
    return tuple(fields)

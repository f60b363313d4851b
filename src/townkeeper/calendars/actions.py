"""Everything that changes a calendar, each change a new version, and the calendars in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.hours import Spans, WeeklyHours, parse_spans, weekly_hours, written_hours
from townkeeper.calendars.models import Calendar, CalendarVersion, Day
from townkeeper.calendars.statutory import DayEntry, Notice, is_late, package_days, read_notices
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

DEFAULT: Final = "default"
OFFICE_HOURS: Final = weekly_hours({"mon-fri": "08:30-12:00, 14:00-18:00"})
"""The usual hours of an office; a program's `calendar.yaml` sets its own."""
ALARM_DAYS: Final = 60
"""Fewer known working days than this, and limits begin to reach past the last announced day."""
NOTED_DAYS: Final = 100

Holidays = Literal["cn", "none"]
"""Statutory holidays of China, or none: duty that goes on whatever is announced."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version of a calendar says."""

    hours: WeeklyHours
    days: Mapping[date, DayEntry]
    time_zone: str
    known_until: date | None
    makeup_weekday: int = 0

    def calendar(self, version: str = "") -> WorkCalendar:
        return WorkCalendar(
            self.hours,
            {on: entry.rule() for on, entry in self.days.items()},
            time_zone=self.time_zone,
            known_until=self.known_until or date.max,
            makeup_weekday=self.makeup_weekday,
            version=version,
        )


@dataclass(frozen=True, slots=True)
class CalendarAlarm:
    """A calendar whose known days run out; somebody must import the next notice."""

    code: str
    title: Mapping[str, str]
    days_left: int
    known_until: date


# What is in force


def current_version(code: str = DEFAULT) -> CalendarVersion:
    """Return the newest version. Errors: `Problem` where there is no such calendar."""
    version = CalendarVersion.objects.filter(calendar__code=code).order_by("-number").first()
    if version is None:
        raise _missing(code)
    return version


def _missing(code: str) -> Problem:
    return Problem(
        "calendar-missing",
        _("There is no calendar “%(code)s” here.") % {"code": code},
        where="calendar",
        hint=_("Load a program, or seed the calendar."),
    )


def current(code: str = DEFAULT) -> WorkCalendar:
    """Return the calendar in force; its `version` is the id of its `CalendarVersion`."""
    version = current_version(code)
    return _kept(version.pk, version.digest)


def calendar_of(version_id: int) -> WorkCalendar:
    """Return the calendar as it was in one version. Errors: `CalendarVersion.DoesNotExist`."""
    digest = CalendarVersion.objects.values_list("digest", flat=True).get(pk=version_id)
    return _kept(version_id, digest)


@lru_cache(maxsize=16)
def _kept(version_id: int, digest: str) -> WorkCalendar:  # noqa: ARG001 - an id alone may be reused
    version = CalendarVersion.objects.get(pk=version_id)
    return content_of(version).calendar(str(version_id))


def content_of(version: CalendarVersion) -> Content:
    """Read what a version says."""
    return Content(
        hours=weekly_hours(version.hours),
        days={day.date: _entry(day) for day in version.days.all()},
        time_zone=version.time_zone,
        known_until=version.known_until,
        makeup_weekday=version.makeup_weekday,
    )


def _entry(day: Day) -> DayEntry:
    return DayEntry(
        day.date,
        is_working=day.is_working,
        name=day.name,
        hours=None if day.hours is None else parse_spans(day.hours),
        source=day.source,
        is_local=day.is_local,
    )


def known_days_left(code: str, today: date) -> int | None:
    """Count the working days after today that are announced; None where no notice is needed."""
    version = current_version(code)
    if version.known_until is None:
        return None
    calendar = _kept(version.pk, version.digest)
    days = (version.known_until - today).days
    return sum(calendar.is_working_day(today + timedelta(days=n)) for n in range(1, days + 1))


def calendar_alarms(today: date) -> list[CalendarAlarm]:
    """List the calendars with fewer than 60 announced working days left."""
    alarms = []
    for calendar in Calendar.objects.order_by("code"):
        left = known_days_left(calendar.code, today)
        known_until = current_version(calendar.code).known_until
        if left is not None and known_until is not None and left < ALARM_DAYS:
            alarms.append(CalendarAlarm(calendar.code, calendar.title, left, known_until))
    return alarms


# What changes


@transaction.atomic
def seed_calendar(
    code: str = DEFAULT,
    *,
    actor: str,
    time_zone: str = "Asia/Shanghai",
    hours: WeeklyHours | None = None,
    holidays: Holidays = "cn",
    makeup_weekday: int = 0,
    title: Mapping[str, str] | None = None,
) -> CalendarVersion:
    """Make a calendar from the package's holidays; one that exists is left as it is."""
    if Calendar.objects.filter(code=code).exists():
        return current_version(code)
    content = Content(
        hours=hours or OFFICE_HOURS,
        days={},
        time_zone=time_zone,
        known_until=None,
        makeup_weekday=makeup_weekday,
    )
    content = _with_holidays(content, holidays)
    calendar = Calendar.objects.create(code=code, title=dict(title or {}), time_zone=time_zone)
    return _write(calendar, content, before=None, actor=actor, note="seeded")


@transaction.atomic
def change_calendar(
    calendar: Calendar | str,
    *,
    actor: str,
    note: str = "",
    days: Iterable[DayEntry] = (),
    without: Iterable[date] = (),
    hours: WeeklyHours | None = None,
    time_zone: str | None = None,
    makeup_weekday: int | None = None,
    known_until: date | None = None,
    holidays: Holidays | None = None,
    seen: int | None = None,
) -> CalendarVersion:
    """Make the next version: days added or replaced, days taken out, other hours.

    `holidays="cn"` also takes in what years the package knows beyond the calendar's own; `"none"`
    takes all statutory days out, for duty that no notice changes.
    What stays the same makes no new version. Due times keep the version they were counted with.
    `seen` is the number of the version that the person was looking at; another since is told.
    """
    code = calendar if isinstance(calendar, str) else calendar.code
    row = Calendar.objects.select_for_update().filter(code=code).first()
    if row is None:
        raise _missing(code)
    before = current_version(code)
    if seen is not None and before.number != seen:
        raise Problem(
            "page-old",
            _("Somebody else has changed this since the page was opened. Nothing was saved."),
            hint=_("Open the page again, look at what changed, and enter your change once more."),
        )
    after = content_after(
        before, days=days, without=without, hours=hours, time_zone=time_zone,
        makeup_weekday=makeup_weekday, known_until=known_until, holidays=holidays,
    )  # fmt: skip
    if after.calendar().digest == before.digest:
        return before
    return _write(row, after, before=before, actor=actor, note=note)


def content_after(
    before: CalendarVersion,
    *,
    days: Iterable[DayEntry] = (),
    without: Iterable[date] = (),
    hours: WeeklyHours | None = None,
    time_zone: str | None = None,
    makeup_weekday: int | None = None,
    known_until: date | None = None,
    holidays: Holidays | None = None,
) -> Content:
    """Return what the version after such a change would say; nothing is written."""
    content = _with_holidays(content_of(before), holidays)
    gone = set(without)
    table = {on: entry for on, entry in content.days.items() if on not in gone}
    table |= {entry.date: entry for entry in days}
    return replace(
        content,
        days=dict(sorted(table.items())),
        hours=hours or content.hours,
        time_zone=time_zone or content.time_zone,
        known_until=known_until or content.known_until,
        makeup_weekday=content.makeup_weekday if makeup_weekday is None else makeup_weekday,
    )


def _with_holidays(content: Content, holidays: Holidays | None) -> Content:
    if holidays is None:
        return content
    if holidays == "none":
        days = {on: entry for on, entry in content.days.items() if entry.is_local}
        return replace(content, days=days, known_until=None)
    entries, last = package_days()
    since = content.known_until or date.min
    if last <= since:
        return content
    news = {entry.date: entry for entry in entries if entry.date > since}
    days = dict(sorted({**news, **content.days}.items()))
    return replace(content, days=days, known_until=last)


def _write(
    calendar: Calendar,
    content: Content,
    *,
    before: CalendarVersion | None,
    actor: str,
    note: str,
) -> CalendarVersion:
    digest = content.calendar().digest
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=before.number + 1 if before else 1,
        created_at=clock.now(),
        hours=written_hours(content.hours),
        time_zone=content.time_zone,
        makeup_weekday=content.makeup_weekday,
        known_until=content.known_until,
        note=note,
        digest=digest,
    )
    Day.objects.bulk_create(
        [_row(version, entry) for entry in content.days.values()], batch_size=500
    )
    if calendar.time_zone != content.time_zone:
        calendar.time_zone = content.time_zone
        calendar.save(update_fields=["time_zone"])
    data = _told(version, content, before)
    act = "calendar.changed" if before else "calendar.seeded"
    record(subject=f"calendar:{calendar.code}", act=act, actor=actor, data=data)
    touch_registers()
    return version


def _told(
    version: CalendarVersion, content: Content, before: CalendarVersion | None
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "number": version.number,
        "note": version.note,
        "digest": version.digest,
        "hours": version.hours,
        "time_zone": content.time_zone,
        "makeup_weekday": content.makeup_weekday,
        "known_until": content.known_until,
        "day_count": len(content.days),
    }
    if before:
        data |= _differences(content_of(before).days, content.days)
    return data


def _row(version: CalendarVersion, entry: DayEntry) -> Day:
    return Day(
        version=version,
        date=entry.date,
        is_working=entry.is_working,
        name=entry.name,
        hours=None if entry.hours is None else _written(entry.hours),
        source=entry.source,
        is_local=entry.is_local,
    )


def _written(spans: Spans) -> list[str]:
    return [span.text() for span in spans]


def _differences(
    before: Mapping[date, DayEntry], after: Mapping[date, DayEntry]
) -> dict[str, object]:
    """List for the journal which days changed; the digest vouches for a list too long to keep."""
    changed = [
        {
            "date": on,
            "is_working": entry.is_working,
            "name": entry.name,
            "hours": None if entry.hours is None else _written(entry.hours),
        }
        for on, entry in sorted(after.items())
        if on not in before or before[on].rule() != entry.rule()
    ]
    removed = [on for on in sorted(before) if on not in after]
    return {
        "days": changed[:NOTED_DAYS],
        "days_changed": len(changed),
        "removed": removed[:NOTED_DAYS],
        "days_removed": len(removed),
    }


@transaction.atomic
def import_holidays(
    source: Path | Mapping[str, Any] | Iterable[Mapping[str, Any]],
    *,
    actor: str,
    code: str = DEFAULT,
) -> CalendarVersion:
    """Take in yearly notices (the form of holiday-cn): each is the whole truth about its year.

    Local days stay. A year without days is not announced and changes nothing. The known days grow
    only year by year: a notice for 2028 does not make an unannounced 2027 known.
    """
    notices = [notice for notice in read_notices(source) if notice.days]
    change = holiday_change(notices, current_version(code))
    return change_calendar(code, actor=actor, note=note_of(notices), **change)


def note_of(notices: Iterable[Notice]) -> str:
    """Return what the version that takes in some notices is called."""
    years = ", ".join(str(notice.year) for notice in notices)
    return f"holidays of {years}" if years else ""


def holiday_change(notices: Iterable[Notice], version: CalendarVersion) -> dict[str, Any]:
    """Return what notices change, as arguments of `change_calendar` and `content_after`."""
    notices = list(notices)
    content = content_of(version)
    known_until = content.known_until
    entries: dict[date, DayEntry] = {}
    for notice in notices:
        entries |= {entry.date: entry for entry in notice.days}
        if known_until is not None and notice.year == known_until.year + 1:
            known_until = date(notice.year, 12, 31)
    kept_local = {on for on, entry in content.days.items() if entry.is_local}
    return {
        "days": [entry for on, entry in entries.items() if on not in kept_local],
        "without": _withdrawn(content.days, entries, notices),
        "known_until": known_until,
    }


def _withdrawn(
    known: Mapping[date, DayEntry], entries: Mapping[date, DayEntry], notices: Iterable[Notice]
) -> list[date]:
    """Find the days of the noticed years that their notice no longer names."""
    years = {notice.year for notice in notices}
    return [
        on
        for on, entry in known.items()
        if on.year in years
        and on not in entries
        and not entry.is_local
        and (not is_late(on) or on.year + 1 in years)
    ]

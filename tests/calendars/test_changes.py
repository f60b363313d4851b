"""What parts two versions of a calendar: the spans outside which nothing can have moved."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from townkeeper.calendars.changes import changed_days, changed_spans
from townkeeper.calendars.hours import weekly_hours
from townkeeper.calendars.worktime import EARLIEST, LATEST, DayRule, WorkCalendar

ZONE = "Asia/Shanghai"
HOURS = weekly_hours({"mon-fri": "08:30-12:00, 14:00-18:00"})
OFF = DayRule(is_working=False, name="停電")


def calendar(days=None, *, hours=HOURS, zone=ZONE, known=date(2026, 12, 31)):
    return WorkCalendar(hours, days, time_zone=zone, known_until=known)


def midnight(year, month, day):
    return datetime(year, month, day, tzinfo=ZoneInfo(ZONE))


def test_equal_versions_differ_nowhere():
    days = {date(2026, 11, 3): OFF}
    assert changed_spans(calendar(days), calendar(days)) == []
    assert changed_days(calendar(days), calendar(days)) == {}


def test_days_that_differ_and_lie_together_are_one_span():
    after = calendar({date(2026, 11, day): OFF for day in (3, 4, 6)})
    assert changed_spans(calendar(), after) == [
        (midnight(2026, 11, 3), midnight(2026, 11, 5)),
        (midnight(2026, 11, 6), midnight(2026, 11, 7)),
    ]
    assert changed_spans(after, calendar()) == changed_spans(calendar(), after)
    assert list(changed_days(calendar(), after).values()) == ["停電"] * 3


def test_a_day_off_that_was_free_anyway_changes_nothing():
    assert changed_spans(calendar(), calendar({date(2026, 11, 7): OFF})) == []


def test_a_later_notice_touches_what_was_provisional():
    spans = changed_spans(calendar(), calendar(known=date(2027, 12, 31)))
    assert spans == [(midnight(2026, 12, 31), midnight(2028, 1, 1))]
    (begin, end) = changed_spans(calendar(), calendar(known=date.max))[0]
    assert (begin, end.date()) == (midnight(2026, 12, 31), LATEST)


@pytest.mark.parametrize(
    "after",
    [calendar(hours=weekly_hours({"mon-fri": "09:00-17:00"})), calendar(zone="Asia/Tokyo")],
    ids=["hours", "zone"],
)
def test_other_hours_or_another_zone_change_everything(after):
    ((begin, end),) = changed_spans(calendar(), after)
    assert (begin.date(), end.date()) == (EARLIEST, LATEST)

"""`calendar.yaml`: what may stand in it, what it does, and that a second load changes nothing."""

from datetime import date

import pytest
import yaml
from pydantic import ValidationError

from townkeeper.calendars.actions import change_calendar, current, current_version, seed_calendar
from townkeeper.calendars.hours import every_day, parse_spans
from townkeeper.calendars.models import Calendar
from townkeeper.calendars.program import CalendarFile, apply
from townkeeper.calendars.statutory import DayEntry

WRITTEN = """
title: {zh-Hant: 機關工作日曆, zh-Hans: 机关工作日历, en: Office calendar}
source: 篇2 L95
time_zone: Asia/Shanghai
hours:
  mon-fri: 08:30-12:00, 14:00-18:00
makeup_weekday: fri
days:
  - {date: 2026-11-05, working: false, name: {zh-Hant: 停電}, source: 篇2 L96}
  - {date: 2026-11-07, working: true, name: 集中整治, hours: "09:00-12:00"}
others:
  cleaning: {hours: {daily: "07:00-22:00"}, holidays: none}
market_days:
  - {unit: "511011101", days: [2, 5, 8]}
"""


def spec(text=WRITTEN, **changes):
    return CalendarFile.model_validate(yaml.safe_load(text) | changes)


@pytest.mark.django_db
def test_a_program_makes_its_calendars():
    changes = apply(spec(), actor="test")
    assert [(change.what, change.act, change.key) for change in changes] == [
        ("calendar", "added", "default"),
        ("calendar", "added", "cleaning"),
    ]
    assert Calendar.objects.get(code="default").title["en"] == "Office calendar"
    calendar = current()
    assert not calendar.is_working_day(date(2026, 11, 5))
    assert calendar.spans_of(date(2026, 11, 7)) == parse_spans("09:00-12:00")
    assert calendar.makeup_weekday == 4
    assert not calendar.is_working_day(date(2026, 10, 1))
    assert current("cleaning").hours == every_day("07:00-22:00")
    assert current("cleaning").is_working_day(date(2026, 10, 1))


@pytest.mark.django_db
def test_loading_again_changes_nothing():
    apply(spec(), actor="test")
    number = current_version().number
    assert apply(spec(), actor="test") == []
    assert current_version().number == number


@pytest.mark.django_db
def test_a_changed_program_changes_only_its_own():
    seed_calendar(actor="test")
    apply(spec(), actor="test")
    office = DayEntry(date(2026, 11, 12), is_working=False, name="office", is_local=True)
    change_calendar("default", actor="office", days=[office])
    new = spec(hours="09:00-17:00", days=[], title={"en": "Offices"}, makeup_weekday=0)
    (change,) = apply(new, actor="test")
    assert (change.act, change.fields) == ("changed", ("hours", "makeup_weekday", "days"))
    calendar = current()
    assert calendar.is_working_day(date(2026, 11, 5))
    assert not calendar.is_working_day(date(2026, 11, 12))
    assert calendar.hours[0] == parse_spans("09:00-17:00")
    assert Calendar.objects.get(code="default").title == {"en": "Offices"}


@pytest.mark.django_db
def test_another_zone_and_no_holidays_for_a_place_elsewhere():
    seed_calendar(actor="test")
    boston = CalendarFile.model_validate(
        {"time_zone": "America/New_York", "holidays": "none", "hours": "mon-fri: 08:00-17:00"}
    )
    (change,) = apply(boston, actor="test")
    assert change.fields == ("hours", "time_zone", "known_until", "days")
    assert current().zone.key == "America/New_York"
    assert current().is_working_day(date(2026, 10, 1))
    assert apply(boston, actor="test") == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hours": {"mon-fri": "18:00-08:30"}}, "ends before it begins"),
        ({"hours": 8}, "valid dictionary"),
        ({"time_zone": "Shanghai"}, "unknown time zone"),
        ({"makeup_weekday": "someday"}, "valid integer"),
        ({"holidays": "us"}, "'cn' or 'none'"),
        ({"hour": "x"}, "Extra inputs"),
        ({"days": [{"date": "2026-11-07", "working": True, "name": "x", "hours": "9-5"}]},
         "is not an opening time"),
        ({"days": [{"date": "2026-11-07", "working": True, "name": "x", "hours": 5}]}, "tuple"),
    ],
)  # fmt: skip
def test_mistakes_are_named(changes, says):
    with pytest.raises(ValidationError, match=says):
        spec(**changes)


def test_defaults_are_the_usual_office():
    plain = CalendarFile.model_validate({})
    assert plain.hours[4] == parse_spans("08:30-12:00, 14:00-18:00")
    assert (plain.time_zone, plain.holidays, plain.makeup_weekday) == ("Asia/Shanghai", "cn", 0)
    assert 5 not in plain.hours


@pytest.mark.django_db
def test_only_what_is_different_is_named():
    apply(spec(), actor="test")
    (change,) = apply(spec(makeup_weekday="mon"), actor="test")
    assert change.fields == ("makeup_weekday",)
    version = current_version()
    assert str(version).endswith("@3")
    assert str(version.calendar) == "default"
    assert str(version.days.get(date=date(2026, 11, 5))) == "2026-11-05 停電"

"""Calendars in the database: seeded, changed, imported, versioned, journaled, and alarming."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from townkeeper.calendars import statutory
from townkeeper.calendars.actions import (
    calendar_alarms,
    calendar_of,
    change_calendar,
    content_of,
    current,
    current_version,
    import_holidays,
    known_days_left,
    seed_calendar,
)
from townkeeper.calendars.hours import every_day, parse_spans, weekly_hours
from townkeeper.calendars.limits import Limit
from townkeeper.calendars.models import Calendar, CalendarVersion
from townkeeper.calendars.statutory import DayEntry
from townkeeper.journal.actions import registers_stamp, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem

pytestmark = pytest.mark.django_db

AFTER_NOTICE = datetime(2026, 12, 31, 2, tzinfo=UTC)
"""31 December 2026, 10:00 in Shanghai: two working days lead into 2027."""
NOTICE_2027 = {
    "year": 2027,
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-04", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-09", "isOffDay": False},
    ],
}


def seeded():
    return seed_calendar(actor="test")


@contextmanager
def refused(code):
    with pytest.raises(Problem) as caught:
        yield caught
    assert caught.value.code == code


def test_seeding_makes_one_version_and_says_so():
    before = registers_stamp()
    version = seeded()
    assert (version.number, version.known_until, version.time_zone) == (
        1, date(2026, 12, 31), "Asia/Shanghai",
    )  # fmt: skip
    assert registers_stamp() > before
    entry = Entry.objects.get(subject="calendar:default")
    assert (entry.act, entry.actor) == ("calendar.seeded", "test")
    assert json.loads(entry.data)["digest"] == version.digest
    assert not verify_journal("calendar:default").problems


def test_seeding_again_leaves_what_an_office_changed():
    seeded()
    changed = change_calendar("default", actor="office", hours=weekly_hours({"mon": "09:00-10:00"}))
    assert seeded() == changed
    assert CalendarVersion.objects.count() == 2


def test_the_calendar_in_force_is_the_versioned_one():
    version = seeded()
    calendar = current()
    assert calendar.version == str(version.pk)
    assert calendar.digest == version.digest
    assert current() is calendar
    assert calendar_of(version.pk) is calendar
    assert calendar.is_working_day(date(2026, 10, 10))
    assert not calendar.is_working_day(date(2026, 10, 1))
    assert calendar.add(datetime(2026, 9, 30, 9, tzinfo=UTC), Limit.parse("2wh")).at == datetime(
        2026, 10, 8, 1, 30, tzinfo=UTC
    )


def test_current_asks_the_database_once(django_assert_num_queries):
    seeded()
    current()
    with django_assert_num_queries(1):
        current()


def test_no_calendar_is_said_plainly():
    with refused("calendar-missing"):
        current("nowhere")
    with refused("calendar-missing"):
        change_calendar("nowhere", actor="test")
    with pytest.raises(CalendarVersion.DoesNotExist):
        calendar_of(4711)


def test_a_change_is_a_new_version_beside_the_old():
    first = seeded()
    closed, drill = date(2026, 11, 5), date(2026, 11, 6)
    second = change_calendar(
        Calendar.objects.get(code="default"),
        actor="office",
        note="停電與演練",
        days=[
            DayEntry(closed, is_working=False, name="停電", source="office", is_local=True),
            DayEntry(
                drill, is_working=True, name="演練", hours=parse_spans("10:00-12:00"), is_local=True
            ),
        ],
        without=[date(2026, 10, 1)],
    )
    assert (second.number, second.note) == (2, "停電與演練")
    assert not current().is_working_day(closed)
    assert current().spans_of(drill) == parse_spans("10:00-12:00")
    assert current().is_working_day(date(2026, 10, 1))
    assert calendar_of(first.pk).is_working_day(closed)
    assert not calendar_of(first.pk).is_working_day(date(2026, 10, 1))
    assert content_of(second).calendar().digest == second.digest
    data = json.loads(Entry.objects.filter(subject="calendar:default").latest("seq").data)
    assert [day["date"] for day in data["days"]] == ["2026-11-05", "2026-11-06"]
    assert data["days"][1]["hours"] == ["10:00-12:00"]
    assert (data["removed"], data["days_changed"]) == (["2026-10-01"], 2)


def test_nothing_changed_is_no_version():
    version = seeded()
    assert change_calendar("default", actor="office", note="again") == version
    assert Entry.objects.filter(subject="calendar:default").count() == 1


def test_zone_and_weekday_are_part_of_a_version():
    first = seeded()
    second = change_calendar(
        "default", actor="office", time_zone="Asia/Urumqi", makeup_weekday=4,
        known_until=date(2027, 12, 31),
    )  # fmt: skip
    assert Calendar.objects.get(code="default").time_zone == "Asia/Urumqi"
    assert current().zone.key == "Asia/Urumqi"
    assert calendar_of(first.pk).zone.key == "Asia/Shanghai"
    assert (second.makeup_weekday, second.known_until) == (4, date(2027, 12, 31))


def test_duty_hours_need_no_notice():
    seed_calendar("cleaning", actor="test", hours=every_day("07:00-22:00"), holidays="none")
    calendar = current("cleaning")
    assert calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.add(AFTER_NOTICE, Limit.parse("10wd")).provisional
    assert known_days_left("cleaning", date(2026, 12, 31)) is None
    assert calendar_alarms(date(2026, 12, 31)) == []


def test_statutory_days_can_be_taken_out_and_in_again():
    seeded()
    local = DayEntry(date(2026, 11, 5), is_working=False, name="停電", is_local=True)
    full = change_calendar("default", actor="office", days=[local])
    none = change_calendar("default", actor="office", holidays="none")
    assert (none.known_until, none.days.count()) == (None, 1)
    again = change_calendar("default", actor="office", holidays="cn")
    assert again.digest == full.digest


def test_a_newer_package_brings_its_years(monkeypatch):
    entries, _last = statutory.package_days()
    old = [entry for entry in entries if entry.date.year < 2026]
    with monkeypatch.context() as patch:
        patch.setattr(
            "townkeeper.calendars.actions.package_days", lambda: (old, date(2025, 12, 31))
        )
        assert seeded().known_until == date(2025, 12, 31)
    newer = change_calendar("default", actor="test", holidays="cn")
    assert newer.known_until == date(2026, 12, 31)
    assert newer.digest == seed_calendar("other", actor="test").digest


def test_alarm_when_the_known_days_run_out():
    seeded()
    assert known_days_left("default", date(2026, 12, 29)) == 2
    assert known_days_left("default", date(2027, 3, 1)) == 0
    assert calendar_alarms(date(2026, 10, 9)) == []
    (alarm,) = calendar_alarms(date(2026, 10, 10))
    assert (alarm.code, alarm.days_left, alarm.known_until) == (
        "default", 59, date(2026, 12, 31),
    )  # fmt: skip


def test_a_year_not_announced_is_provisional_until_its_notice_comes():
    seeded()
    limit = Limit.parse("2wd")
    assert current().add(AFTER_NOTICE, limit).provisional
    unannounced = {"year": 2027, "papers": [], "days": []}
    assert import_holidays(unannounced, actor="office") == current_version()
    assert current().known_until == date(2026, 12, 31)
    assert import_holidays(NOTICE_2027, actor="office").number == 2
    due = current().add(AFTER_NOTICE, limit)
    # 1 and 4 January are off: the two working days are the 5th and the 6th.
    assert due.at == datetime(2027, 1, 6, 10, tzinfo=UTC)
    assert not due.provisional
    assert current().days[date(2027, 1, 1)].name == "New Year's Day"
    assert import_holidays([NOTICE_2027], actor="office").number == 2


def test_known_days_grow_year_by_year():
    seeded()
    later = NOTICE_2027 | {"year": 2028, "days": [
        {"name": "元旦", "date": "2028-01-01", "isOffDay": True}]}  # fmt: skip
    assert import_holidays(later, actor="office").known_until == date(2026, 12, 31)
    assert import_holidays([later, NOTICE_2027], actor="office").known_until == date(2028, 12, 31)


def test_a_notice_is_the_whole_truth_about_its_year_but_not_about_local_days():
    seeded()
    import_holidays(NOTICE_2027, actor="office")
    local = DayEntry(date(2027, 1, 9), is_working=False, name="停電", is_local=True)
    change_calendar("default", actor="office", days=[local])
    corrected = {"year": 2027, "days": NOTICE_2027["days"][:1] + NOTICE_2027["days"][2:]}
    import_holidays(corrected, actor="office")
    calendar = current()
    assert calendar.is_working_day(date(2027, 1, 4))
    assert not calendar.is_working_day(date(2027, 1, 1))
    assert not calendar.is_working_day(date(2027, 1, 9))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[1]", "holidays-form"),
        ('{"year": 2027}', "holidays-form"),
        ('{"year": 2027, "days": [1]}', "holidays-form"),
        ('{"year": 2027, "days": [{"isOffDay": true, "date": "tomorrow"}]}', "holidays-form"),
        ('{"year": 2027, "days": [{"isOffDay": true, "date": "2025-01-01"}]}', "holidays-year"),
        ("{", "holidays-unreadable"),
        ("元旦".encode("gb18030"), "holidays-unreadable"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, content, code):
    seeded()
    path = tmp_path / "2027.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with refused(code) as caught:
        import_holidays(path, actor="office")
    assert caught.value.where.startswith("2027.json")
    assert current_version().number == 1


def test_no_file_and_an_empty_folder(tmp_path):
    seeded()
    with refused("file-missing"):
        import_holidays(tmp_path / "2027.json", actor="office")
    with refused("holidays-none"):
        import_holidays(tmp_path, actor="office")


def test_the_seed_equals_the_published_notices(shared_data):
    """Every day 2007–2026: all twenty files together agree with the package, without exception.

    A file names also the December days of the year before (2007-12-29 is in 2008.json), so that a
    file alone differs from the package on five such days; together none is left.
    """
    seeded()
    calendar = current()
    folder = shared_data / "holidays"
    told = {}
    for path in sorted(folder.glob("20*.json")):
        for row in json.loads(path.read_text(encoding="utf-8"))["days"]:
            told[date.fromisoformat(row["date"])] = not row["isOffDay"]
    day, different = date(2007, 1, 1), []
    while day <= date(2026, 12, 31):
        if calendar.is_working_day(day) != told.get(day, day.weekday() < 5):
            different.append(day)
        day += timedelta(days=1)
    assert different == []
    assert json.loads((folder / "2027.json").read_text(encoding="utf-8"))["days"] == []


def test_the_published_notices_can_be_imported_and_move_no_day(shared_data):
    seeded()
    before = current()
    version = import_holidays(shared_data / "holidays", actor="office")
    assert version.number == 2
    assert version.known_until == date(2026, 12, 31)
    after = current()
    day = date(2004, 1, 1)
    while day <= date(2027, 12, 31):
        assert before.is_working_day(day) == after.is_working_day(day), day
        day += timedelta(days=1)
    assert import_holidays(shared_data / "holidays", actor="office") == version

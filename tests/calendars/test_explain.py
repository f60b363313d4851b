"""Every due time tells how it came about, correctly and in three languages."""

import json
import string
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings

from tests.calendars.test_worktime import (
    CALENDAR,
    CALENDARS,
    LIMITS,
    OFFICE,
    PAUSES,
    STARTS,
    at,
    pauses_from,
)
from townkeeper.calendars.explain import Step, explain, in_words
from townkeeper.calendars.hours import weekly_hours
from townkeeper.calendars.limits import Kind, Limit
from townkeeper.calendars.words import (
    LANGUAGES,
    NAMES,
    STEPS,
    say_date,
    say_duration,
    say_name,
    say_time,
)
from townkeeper.calendars.worktime import DayRule, WorkCalendar


def story(start, limit, *pauses, calendar=CALENDAR):
    spans = [(at(a), at(b) if b else None) for a, b in pauses]
    return explain(calendar, at(start), Limit.parse(limit), spans)


def codes(*args, **kwargs):
    return [step.code for step in story(*args, **kwargs)]


def test_a_due_time_over_the_holiday_in_words():
    steps = story("2026-09-30 12:30", "9wh", ("2026-09-30 16:00", "2026-10-08 10:00"))
    assert in_words(steps, "zh-Hant") == [
        "開始時間：2026年9月30日（星期三）12:30。",
        "時限：9 工作時。",
        "只計工作時間。",
        "當時正值休息時段，由 2026年9月30日（星期三）14:00 起計。",
        (
            "2026年9月30日（星期三）16:00 至 2026年10月8日（星期四）10:00 暫停計時，"
            "扣除 3 小時 30 分。"
        ),
        "2026年9月30日（星期三）：計 2 小時，尚餘 7 小時。",
        "2026年10月1日（星期四）至2026年10月7日（星期三）不計：國慶節。",
        "2026年10月8日（星期四）：計 6 小時，尚餘 1 小時。",
        "2026年10月9日（星期五）：計最後 1 小時，至 2026年10月9日（星期五）09:30。",
        "截止時間：2026年10月9日（星期五）09:30。",
    ]
    assert in_words(steps, "en")[-2:] == [
        "Fri 9 Oct 2026: the last 1 h, until Fri 9 Oct 2026 at 09:30.",
        "It is due on Fri 9 Oct 2026 at 09:30.",
    ]
    assert in_words(steps, "zh-Hans")[6] == (
        "2026年10月1日（星期四）至2026年10月7日（星期三）不计：国庆节。"
    )


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2026-09-28 09:00", None),
        ("2026-09-28 07:00", "early"),
        ("2026-09-28 12:00", "break"),
        ("2026-09-28 18:00", "closed"),
        ("2026-10-02 09:00", "off"),
    ],
)
def test_why_counting_begins_later(start, reason):
    told = codes(start, "1wh")
    assert told == ["start", "limit", "working-time", *([reason] if reason else []),
                    "worked-last", "due"]  # fmt: skip


def test_long_ordinary_stretches_are_one_step():
    steps = story("2026-09-18 20:00", "70wh")
    assert [step.code for step in steps] == [
        "start", "limit", "working-time", "closed", "rest", "makeup", "worked", "worked-days",
        "rests", "worked-last", "due",
    ]  # fmt: skip
    run = steps[7].params
    assert (run["days"], run["used"]) == (8, timedelta(hours=8 * 7.5))
    assert codes("2026-11-02 09:00", "60wh").count("worked-days") == 1


def test_working_days_are_numbered():
    assert codes("2026-10-08 09:00", "5wd") == [
        "start", "limit", "working-days", "counted", "makeup", "counted", "rest", "counted",
        "counted", "own-hours", "counted", "due",
    ]  # fmt: skip
    long = story("2026-11-02 09:00", "9wd")
    assert [step.code for step in long][3:] == ["counted-days", "counted", "due"]
    assert (long[3].params["from_n"], long[3].params["to_n"], long[4].params["n"]) == (1, 8, 9)
    paused = codes("2026-11-02 09:00", "1wd", ("2026-11-03 09:00", "2026-11-04 09:00"))
    assert paused[3:] == ["paused-days", "paused-day", "counted", "due"]


def test_calendar_days_roll_over_days_off():
    assert codes("2026-09-28 09:00", "1d") == ["start", "limit", "days", "calendar-days", "due"]
    rolled = story("2026-09-28 09:00", "3d")[-2]
    assert rolled.params == {
        "on": date(2026, 10, 1), "name": "National Day", "to": date(2026, 10, 8),
    }  # fmt: skip
    stood = story("2026-11-02 09:00", "1d", ("2026-11-03 17:00", "2026-11-03 20:00"))[-2]
    assert stood.in_words("zh-Hant").startswith("2026年11月3日（星期二）不是工作日（計時暫停）")


def test_same_day_clock_and_plain_time():
    assert codes("2026-09-28 09:00", "same-day")[2:] == ["same-day", "due"]
    assert codes("2026-09-28 18:00", "same-day")[2:] == ["same-day", "next-day", "due"]
    assert codes("2026-09-27 18:00", "same-day")[2:] == ["same-day", "next-day-off", "due"]
    assert codes("2026-09-28 18:00", "20:30")[2:] == ["clock", "due"]
    assert codes("2026-09-28 18:00", "24h")[2:] == ["elapsed", "due"]
    paused = story("2026-09-28 18:00", "24h", ("2026-09-28 19:00", "2026-09-28 20:00"))
    assert paused[3].params["taken"] == timedelta(hours=1)


def test_no_due_time_says_why():
    assert codes("2026-09-28 18:00", "none") == ["start", "none"]
    for limit in ("4wh", "2wd", "3d", "24h", "same-day", "20:30"):
        assert codes("2026-09-28 18:00", limit, ("2026-09-28 19:00", None))[-1] == "stopped"
    assert codes("2026-09-28 00:00", "4wh", ("2026-09-28 00:00", None))[-2:] == ["early", "stopped"]


def test_a_provisional_due_time_says_so():
    assert codes("2026-12-31 15:00", "1wd")[-2:] == ["provisional", "due"]
    said = story("2026-12-31 15:00", "1wd")[-2].in_words("en")
    assert said.startswith("Days off after Thu 31 Dec 2026 are not announced yet")


def test_a_weekly_closed_weekday_and_an_unnamed_day_off():
    calendar = WorkCalendar(
        weekly_hours({"mon-tue": "08:30-18:00", "thu-sat": "08:30-24:00"}),
        {date(2026, 9, 29): DayRule(is_working=False)},
        time_zone="Asia/Shanghai",
        known_until=date.max,
    )
    rests = [s for s in story("2026-09-28 17:00", "2wd", calendar=calendar) if s.code == "rest"]
    assert [step.params["name"] for step in rests] == ["regular day off"] * 2
    last = story("2026-09-30 09:00", "1wd", calendar=calendar)
    assert last[-1].params["at"] == at("2026-10-02 00:00")
    assert last[-2].params["on"] == date(2026, 10, 1)


def test_steps_are_plain_json():
    steps = story("2026-09-30 12:30", "9wh", ("2026-09-30 16:00", "2026-10-08 10:00"))
    plain = json.loads(json.dumps([step.as_dict() for step in steps]))
    assert plain[0] == {"code": "start", "at": "2026-09-30T12:30:00+08:00"}
    assert plain[1] == {"code": "limit", "limit": "9wh"}
    assert plain[4]["taken"] == 12_600
    assert Step("counted", {"on": date(2026, 1, 2), "n": 1}).as_dict()["n"] == 1


def test_dates_times_lengths_and_names_in_words():
    assert say_date(date(2026, 11, 22), "en") == "Sun 22 Nov 2026"
    assert say_time(datetime(2026, 1, 1, 8, 5, 9, tzinfo=UTC), "en") == "Thu 1 Jan 2026 at 08:05:09"
    assert say_duration(timedelta(hours=1, minutes=1, seconds=1), "zh-Hans") == "1 小时 1 分 1 秒"
    assert say_duration(timedelta(), "en") == "0 min"
    assert say_name("国庆节、中秋节", "zh-Hant") == "國慶節、中秋節"
    assert say_name("国庆节、中秋节", "en") == "National Day / Mid-autumn Festival"
    assert say_name("甜城大集", "en") == "甜城大集"


def test_every_language_says_every_step_with_the_same_figures():
    def fields(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    for code, text in STEPS["en"].items():
        for lang in LANGUAGES:
            assert fields(STEPS[lang][code]) == fields(text), (lang, code)
    assert {frozenset(STEPS[lang]) for lang in LANGUAGES} == {frozenset(STEPS["en"])}
    assert all(all(row) for row in NAMES)


@settings(deadline=None, max_examples=150)
@given(start=STARTS, limit=LIMITS, offsets=PAUSES)
def test_the_story_adds_up(start, limit, offsets):
    pauses = pauses_from(start, offsets)
    for calendar in CALENDARS:
        result = calendar.due(start, limit, pauses)
        steps = explain(calendar, start, limit, pauses)
        for lang in LANGUAGES:
            assert all(in_words(steps, lang))
        json.dumps([step.as_dict() for step in steps])
        if result.at is None:
            assert steps[-1].code in {"none", "stopped"}
            continue
        assert steps[-1].params["at"] == result.at
        assert ("provisional" in {step.code for step in steps}) is result.provisional
        if limit.kind is Kind.WORKING_TIME:
            used = [step.params["used"] for step in steps if "used" in step.params]
            assert sum(used, timedelta()) == timedelta(seconds=limit.amount)
        if limit.kind is Kind.WORKING_DAYS:
            assert steps[-2 - result.provisional].params["n"] == limit.amount


def test_ten_years_are_told_briefly():
    calendar = WorkCalendar(OFFICE, time_zone="Asia/Shanghai", known_until=date.max)
    assert len(story("2026-11-02 09:00", "2500wd", calendar=calendar)) < 10
    assert len(story("2026-11-02 09:00", "18000wh", calendar=calendar)) < 10

"""Opening hours: reading them, writing them, and refusing what cannot be."""

import pytest

from townkeeper.calendars.hours import (
    Fault,
    HoursError,
    Span,
    every_day,
    parse_spans,
    weekly_hours,
    written_hours,
)
from townkeeper.calendars.words import HOURS_ERRORS, LANGUAGES


def test_reads_spans_as_people_write_them():
    expected = (Span(510, 720), Span(840, 1080))
    assert parse_spans("08:30-12:00, 14:00-18:00") == expected
    assert parse_spans(["8:30-12:00", "14:00–18:00"]) == expected
    assert parse_spans("８：３０至12:00、14:00~18:00") == expected
    assert parse_spans("") == ()
    assert parse_spans("00:00-24:00") == (Span(0, 1440),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("morning", "is not an opening time"),
        ("08:70-12:00", "has a time that is none"),
        ("08:00-24:30", "has a time that is none"),
        ("22:00-06:00", "over midnight"),
        ("08:00-08:00", "over midnight"),
        ("08:00-12:00, 11:00-14:00", "begins before"),
        ("14:00-18:00, 08:00-12:00", "in order"),
    ],
)
def test_refuses_hours_that_cannot_be(text, says):
    with pytest.raises(HoursError, match=says):
        parse_spans(text)


def test_reads_and_writes_a_week():
    week = weekly_hours({"mon-thu": "08:30-18:00", "fri": ["08:30-12:00"], "sat": ""})
    assert sorted(week) == [0, 1, 2, 3, 4]
    assert week[4] == (Span(510, 720),)
    assert weekly_hours(written_hours(week)) == week
    assert weekly_hours({"daily": "07:00-22:00"}) == every_day("07:00-22:00")
    assert len(every_day("07:00-22:00")) == 7


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ({"xyz": "08:00-09:00"}, "not a weekday"),
        ({"mon-xyz": "08:00-09:00"}, "not a weekday"),
        ({"fri-mon": "08:00-09:00"}, "backwards"),
        ({"mon-fri": "08:00-09:00", "mon": ""}, "written twice"),
        ({"mon": ""}, "no open time"),
        ({}, "no open time"),
        ({"weekdays!": "08:00-09:00"}, "not a weekday"),
    ],
)
def test_refuses_a_week_that_cannot_be(week, says):
    with pytest.raises(HoursError, match=says):
        weekly_hours(week)


def test_every_language_says_every_fault():
    assert {frozenset(HOURS_ERRORS[lang]) for lang in LANGUAGES} == {frozenset(map(str, Fault))}
    with pytest.raises(HoursError) as caught:
        parse_spans("morning")
    assert caught.value.in_words("zh-Hant") == "“morning” 不是工作時段；請寫如 08:30-12:00"

"""Working time: the rules as tables, a slow reference, and what must hold for any calendar."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars import reference
from townkeeper.calendars.hours import HoursError, every_day, parse_spans, weekly_hours
from townkeeper.calendars.limits import Kind, Limit
from townkeeper.calendars.worktime import DayRule, Due, OutOfRangeError, WorkCalendar

OFFICE = weekly_hours({"mon-fri": "08:30-12:00, 14:00-18:00"})
DAYS = {
    # National Day 2026 with its make-up Saturday, New Year 2027 not yet announced.
    date(2026, 9, 20): DayRule(is_working=True, name="National Day"),
    **{date(2026, 10, n): DayRule(is_working=False, name="National Day") for n in range(1, 8)},
    date(2026, 10, 10): DayRule(is_working=True, name="National Day"),
    date(2026, 10, 14): DayRule(
        is_working=True, name="flood drill", hours=parse_spans("10:00-12:00"), is_local=True
    ),
    date(2026, 10, 15): DayRule(is_working=False, name="power cut", is_local=True),
}


def office(**changes):
    given = {"time_zone": "Asia/Shanghai", "known_until": date(2026, 12, 31)} | changes
    return WorkCalendar(OFFICE, DAYS, **given)


CALENDAR = office()
BOSTON = WorkCalendar(
    weekly_hours({"mon-fri": "08:00-17:00", "sat": "09:00-12:30"}),
    {date(2026, 10, 12): DayRule(is_working=False, name="Columbus Day")},
    time_zone="America/New_York",
    known_until=date.max,
)
ROUND_THE_CLOCK = WorkCalendar(
    every_day("00:00-24:00"), time_zone="America/New_York", known_until=date.max
)
CALENDARS = (CALENDAR, BOSTON, ROUND_THE_CLOCK)


def at(text, calendar=CALENDAR):
    return datetime.fromisoformat(text).replace(tzinfo=calendar.zone)


def due(start, limit, pauses=(), calendar=CALENDAR):
    spans = [(at(a, calendar), at(b, calendar) if b else None) for a, b in pauses]
    result = calendar.due(at(start, calendar), Limit.parse(limit), spans).at
    return result and f"{result.astimezone(calendar.zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "limit", "ends"),
    [
        ("2026-09-28 09:00", "4wh", "2026-09-28 15:00"),
        ("2026-09-28 14:00", "4wh", "2026-09-28 18:00"),  # 18:00 stays 18:00
        ("2026-09-28 08:30", "3.5wh", "2026-09-28 12:00"),
        ("2026-09-28 12:00", "1wh", "2026-09-28 15:00"),
        ("2026-09-28 18:00", "1wh", "2026-09-29 09:30"),
        ("2026-09-28 03:00", "30wmin", "2026-09-28 09:00"),
        ("2026-09-30 17:00", "2wh", "2026-10-08 09:30"),  # over the holiday
        ("2026-10-09 17:30", "1wh", "2026-10-10 09:00"),  # into a make-up Saturday
        ("2026-10-13 17:30", "2wh", "2026-10-14 11:30"),  # local hours
        ("2026-10-14 11:00", "2wh", "2026-10-16 09:30"),  # a local day off
        ("2026-09-28 09:00", "1wd", "2026-09-29 18:00"),
        ("2026-09-28 23:00", "1wd", "2026-09-29 18:00"),
        ("2026-09-30 00:00", "1wd", "2026-10-08 18:00"),
        ("2026-09-30 09:00", "3wd", "2026-10-10 18:00"),
        ("2026-09-19 09:00", "1wd", "2026-09-20 18:00"),
        ("2026-10-13 09:00", "1wd", "2026-10-14 12:00"),
        ("2026-09-30 09:00", "24h", "2026-10-01 09:00"),
        ("2026-09-28 09:00", "1d", "2026-09-29 18:00"),
        ("2026-09-28 09:00", "7d", "2026-10-08 18:00"),  # the last day is a holiday
        ("2026-09-28 09:00", "same-day", "2026-09-28 18:00"),
        ("2026-09-28 18:00", "same-day", "2026-09-29 18:00"),
        ("2026-10-02 10:00", "same-day", "2026-10-08 18:00"),
        ("2026-10-02 10:00", "20:30", "2026-10-02 20:30"),
        ("2026-10-02 20:30", "20:30", "2026-10-03 20:30"),
        ("2026-10-02 20:30", "none", None),
    ],
)
def test_the_counting_rules(start, limit, ends):
    assert due(start, limit) == ends
    many = CALENDAR.add_many(
        np.array([at(start).astimezone(UTC).replace(tzinfo=None)], "M8[us]"), Limit.parse(limit)
    )
    assert (
        np.isnat(many[0])
        if ends is None
        else many[0] == np.datetime64(at(ends).astimezone(UTC).replace(tzinfo=None), "us")
    )


@pytest.mark.parametrize(
    ("start", "limit", "pauses", "ends"),
    [
        ("2026-09-28 09:00", "4wh", [("2026-09-28 10:00", "2026-09-28 11:00")], "2026-09-28 16:00"),
        ("2026-09-28 09:00", "4wh", [("2026-09-28 20:00", None)], "2026-09-28 15:00"),
        ("2026-09-28 09:00", "4wh", [("2026-09-28 15:00", None)], "2026-09-28 15:00"),
        ("2026-09-28 09:00", "4wh", [("2026-09-28 10:00", None)], None),
        # two that overlap count once, one before the start does not count
        (
            "2026-09-28 09:00", "4wh",
            [("2026-09-28 10:30", "2026-09-28 11:00"), ("2026-09-28 10:00", "2026-09-28 10:45"),
             ("2026-09-27 10:00", "2026-09-28 08:45")],
            "2026-09-28 16:00",
        ),
        # a day counts when the clock runs at its end
        ("2026-09-21 09:00", "2wd", [("2026-09-22 10:00", "2026-09-22 16:00")], "2026-09-23 18:00"),
        ("2026-09-21 09:00", "2wd", [("2026-09-22 10:00", "2026-09-23 09:00")], "2026-09-24 18:00"),
        ("2026-09-21 09:00", "2wd", [("2026-09-22 10:00", "2026-09-22 18:00")], "2026-09-24 18:00"),
        ("2026-09-21 09:00", "2wd", [("2026-09-23 18:00", None)], "2026-09-23 18:00"),
        ("2026-09-21 09:00", "2wd", [("2026-09-23 17:00", None)], None),
        ("2026-09-21 09:00", "1h", [("2026-09-21 09:30", "2026-09-22 09:30")], "2026-09-22 10:00"),
        ("2026-09-21 09:00", "2d", [("2026-09-22 09:00", "2026-09-23 09:00")], "2026-09-24 18:00"),
        ("2026-09-21 09:00", "2d", [("2026-09-22 09:00", None)], None),
        ("2026-09-21 09:00", "2d", [("2026-09-23 09:00", "2026-09-23 20:00")], "2026-09-24 18:00"),
        ("2026-09-21 09:00", "same-day", [("2026-09-21 17:00", "2026-09-22 09:00")],
         "2026-09-22 18:00"),
        ("2026-09-21 09:00", "20:30", [("2026-09-21 20:00", "2026-09-21 21:00")],
         "2026-09-22 20:30"),
        # an open one swallows what comes after it
        ("2026-09-21 09:00", "4wh",
         [("2026-09-21 10:00", None), ("2026-09-21 11:00", "2026-09-21 12:00")], None),
    ],
)  # fmt: skip
def test_suspension_is_taken_out(start, limit, pauses, ends):
    assert due(start, limit, pauses) == ends


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="before it begins"):
        due("2026-09-28 09:00", "4wh", [("2026-09-28 11:00", "2026-09-28 10:00")])


@pytest.mark.parametrize(
    ("start", "limit", "share", "pauses", "warns"),
    [
        ("2026-09-28 09:00", "5wh", 0.8, [], "2026-09-28 15:00"),
        ("2026-09-28 09:00", "5wh", 1.0, [], "2026-09-28 16:00"),
        ("2026-09-28 09:00", "5wh", 0.8, [("2026-09-28 10:00", None)], None),
        ("2026-09-28 09:00", "5wh", 0.8, [("2026-09-28 15:00", None)], "2026-09-28 15:00"),
        ("2026-09-28 09:00", "10h", 0.5, [], "2026-09-28 14:00"),
        # 6.5 working hours are left of Monday and Tuesday has 7.5: half of 14 is Tuesday 09:00
        ("2026-09-28 09:30", "1wd", 0.5, [], "2026-09-29 09:00"),
        ("2026-09-28 09:30", "1wd", 0.5, [("2026-09-28 10:00", None)], None),
        ("2026-09-28 08:30", "20:30", 0.5, [], "2026-09-28 14:30"),
        ("2026-09-28 08:30", "none", 0.5, [], None),
    ],
)
def test_warning_points(start, limit, share, pauses, warns):
    spans = [(at(a), at(b) if b else None) for a, b in pauses]
    result = CALENDAR.warn_at(at(start), Limit.parse(limit), share, spans)
    assert result == (at(warns) if warns else None)


def test_a_share_lies_between_nothing_and_all():
    for share in (0, -1, 1.01):
        with pytest.raises(ValueError, match="share"):
            CALENDAR.warn_at(at("2026-09-28 09:00"), Limit.parse("4wh"), share)


def test_how_much_is_used():
    start, limit = at("2026-09-28 09:00"), Limit.parse("4wh")
    used = CALENDAR.used_share
    assert used(start, limit, start) == 0.0
    assert used(start, limit, at("2026-09-28 08:00")) == 0.0
    assert used(start, limit, at("2026-09-28 11:00")) == 0.5
    assert used(start, limit, at("2026-09-28 15:00")) == 1.0
    assert used(start, limit, at("2026-09-28 17:00")) == 1.5
    stopped = [(at("2026-09-28 10:00"), None)]
    assert used(start, limit, at("2026-09-29 10:00"), stopped) == 0.25
    # Suspended until Tuesday 10:00, two days are 1 + 6 + 7.5 working hours, of which 1 has run.
    assert used(start, Limit.parse("2wd"), at("2026-09-29 10:00"), stopped) == 1 / 14.5
    assert used(start, Limit.parse("none"), at("2026-09-29 10:00")) == 0.0
    assert used(start, Limit.parse("20:30"), at("2026-09-28 14:45")) == 0.5


def test_beyond_the_announced_days_a_result_is_provisional():
    start = at("2026-12-31 15:00")
    assert CALENDAR.add(start, Limit.parse("3wh")) == Due(at("2026-12-31 18:00"))
    for limit in ("4wh", "1wd", "1d"):
        assert CALENDAR.add(start, Limit.parse(limit)).provisional, limit
    for limit in ("24h", "14:00", "same-day"):
        assert not CALENDAR.add(start, Limit.parse(limit)).provisional, limit
    assert CALENDAR.is_provisional(at("2027-01-01 00:01"))
    assert not CALENDAR.is_provisional(at("2027-01-01 00:00"))
    assert not BOSTON.is_provisional(at("2031-01-01 00:00"))
    assert not BOSTON.add(start, Limit.parse("1wd")).provisional


def test_days():
    assert CALENDAR.is_working_day(date(2026, 10, 10))
    assert not CALENDAR.is_working_day(date(2026, 10, 11))
    assert CALENDAR.next_working_day(date(2026, 9, 30)) == date(2026, 10, 8)
    assert CALENDAR.local_date(datetime(2026, 9, 30, 17, tzinfo=UTC)) == date(2026, 10, 1)
    with pytest.raises(OutOfRangeError):
        CALENDAR.next_working_day(date(2200, 12, 30))


def test_a_make_up_day_takes_the_hours_of_its_weekday():
    week = weekly_hours({"mon-thu": "08:30-18:00", "fri": "08:30-12:00"})
    saturday = date(2026, 10, 10)
    for weekday, hours in ((0, "08:30-18:00"), (4, "08:30-12:00"), (6, "08:30-18:00")):
        calendar = WorkCalendar(
            week, DAYS, time_zone="Asia/Shanghai", known_until=date.max, makeup_weekday=weekday
        )
        assert calendar.spans_of(saturday) == parse_spans(hours)


def test_versions_differ_by_content():
    assert office().digest == CALENDAR.digest
    assert office().version == CALENDAR.digest[:16]
    assert office(known_until=date(2027, 12, 31)).digest != CALENDAR.digest
    assert office(version="7").version == "7"


def test_refuses_what_is_no_instant_or_no_year():
    limit = Limit.parse("4wh")
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.add(datetime(2026, 9, 28, 9), limit)
    for year in (1900, 2200):
        with pytest.raises(OutOfRangeError):
            CALENDAR.add(
                datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=364 * (year > 2000)), limit
            )
    with pytest.raises(OutOfRangeError):
        CALENDAR.add(datetime(2199, 1, 1, tzinfo=UTC), Limit.parse("2500wd"))
    with pytest.raises(OutOfRangeError):
        CALENDAR.add_many(np.array([2**62], dtype="M8[us]"), limit)
    with pytest.raises(HoursError):
        WorkCalendar({}, time_zone="Asia/Shanghai", known_until=date.max)


def test_the_table_grows_both_ways_as_far_as_needed():
    calendar = office()
    early = datetime(1999, 3, 1, 1, tzinfo=UTC)  # a Monday, 09:00
    late = datetime(2050, 3, 7, 1, tzinfo=UTC)  # a Monday, 09:00
    hour = Limit.parse("1wh")
    assert calendar.add(early, hour).at == early + timedelta(hours=1)
    assert calendar.add(late, hour).at == late + timedelta(hours=1)
    assert office().add(late, hour).at == late + timedelta(hours=1)
    ten_years = office().add(datetime(2036, 3, 3, 1, tzinfo=UTC), Limit.parse("2500wd")).at
    assert ten_years.year == 2045
    assert office().elapsed(early, late) == calendar.elapsed(early, late)


def test_summer_time_shortens_and_lengthens_a_night():
    day = Limit.parse("24wh")
    before = datetime(2026, 3, 7, 12, tzinfo=ROUND_THE_CLOCK.zone)
    assert due("2026-03-07 12:00", "24wh", calendar=ROUND_THE_CLOCK) == "2026-03-08 13:00"
    assert due("2026-10-31 12:00", "24wh", calendar=ROUND_THE_CLOCK) == "2026-11-01 11:00"
    assert ROUND_THE_CLOCK.elapsed(before, ROUND_THE_CLOCK.add(before, day).at) == 86_400
    night = WorkCalendar(
        every_day("02:00-03:00"), time_zone="America/New_York", known_until=date.max
    )
    assert due("2026-03-07 12:00", "1wh", calendar=night) == "2026-03-09 03:00"
    assert not night.elapsed(before, before + timedelta(hours=20))


def test_a_span_that_begins_in_the_skipped_hour_begins_where_the_skip_ends():
    early = WorkCalendar(
        every_day("02:30-05:00"), time_zone="America/New_York", known_until=date.max
    )
    assert due("2026-03-08 00:00", "1wh", calendar=early) == "2026-03-08 04:00"
    assert due("2026-03-08 00:00", "02:30", calendar=early) == "2026-03-08 03:00"
    assert due("2026-03-09 00:00", "1wh", calendar=early) == "2026-03-09 03:30"
    # An end in the hour that comes twice is the first one.
    late = WorkCalendar(
        every_day("00:00-01:30"), time_zone="America/New_York", known_until=date.max
    )
    night = datetime(2026, 11, 1, tzinfo=late.zone)
    assert late.elapsed(night, night + timedelta(hours=12)) == 90 * 60


def test_elapsed_is_signed_and_whole():
    a, b = at("2026-09-28 09:00"), at("2026-09-29 09:00") + timedelta(microseconds=1)
    assert CALENDAR.elapsed(a, b) == 27_000
    assert CALENDAR.elapsed(b, a) == -27_000
    us = np.array([x.astimezone(UTC).replace(tzinfo=None) for x in (a, b)], "M8[us]")
    assert CALENDAR.elapsed_many(us, us[::-1]).tolist() == [27_000, -27_000]
    assert CALENDAR.elapsed_many(us[:0], us[:0]).tolist() == []
    with pytest.raises(ValueError, match="both ends"):
        CALENDAR.elapsed_many(us, np.array([us[0], "NaT"], "M8[us]"))


def test_many_with_gaps_and_many_limits():
    start = np.datetime64("2026-09-28T01:00", "us")
    starts = np.array([start, "NaT", start], "M8[us]")
    four, two_days, none = (Limit.parse(text) for text in ("4wh", "2wd", "none"))
    ends = CALENDAR.add_many(starts, four)
    assert np.isnat(ends).tolist() == [False, True, False]
    each = CALENDAR.due_many(starts, [four, four, two_days])
    assert each[0] == ends[0]
    assert each[2] == np.datetime64("2026-09-30T10:00", "us")
    coded = CALENDAR.due_many(starts, [two_days, four, none], codes=np.array([1, 0, 2]))
    assert coded[0] == ends[0]
    assert np.isnat(coded[1:]).all()
    assert np.isnat(CALENDAR.add_many(starts[1:2], four)).all()


# Properties

MINUTES = st.integers(0, 60 * 24 * 120)
STARTS = MINUTES.map(lambda n: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=n))
LIMITS = st.one_of(
    st.integers(1, 2000).map(lambda n: Limit(Kind.WORKING_TIME, n * 60)),
    st.integers(1, 3000).map(lambda n: Limit(Kind.ELAPSED, n * 60)),
    st.integers(1, 15).map(lambda n: Limit(Kind.WORKING_DAYS, n)),
    st.integers(1, 20).map(lambda n: Limit(Kind.DAYS, n)),
    st.integers(0, 1439).map(lambda n: Limit(Kind.CLOCK, n)),
    st.sampled_from([Limit(Kind.SAME_DAY), Limit(Kind.NONE)]),
)
OFFSETS = st.tuples(st.integers(-600, 9000), st.one_of(st.none(), st.integers(0, 4000)))
PAUSES = st.lists(OFFSETS, max_size=3)
ANY_CALENDAR = st.sampled_from(CALENDARS)


def pauses_from(start, offsets):
    """Pauses relative to a start; an open one only as the last, as it happens in life."""
    minutes = timedelta(minutes=1)
    ordered = sorted(offsets, key=lambda pause: pause[0])
    return [
        (
            start + a * minutes,
            None if n is None and i == len(ordered) - 1 else start + (a + (n or 0)) * minutes,
        )
        for i, (a, n) in enumerate(ordered)
    ]


@settings(deadline=None, max_examples=60)
@given(calendar=ANY_CALENDAR, start=STARTS, limit=LIMITS, offsets=PAUSES)
def test_due_equals_the_reference(calendar, start, limit, offsets):
    if limit.kind is Kind.WORKING_TIME:
        limit = Limit(limit.kind, min(limit.amount, 500 * 60))
    pauses = pauses_from(start, offsets)
    assert calendar.due(start, limit, pauses).at == reference.due(calendar, start, limit, pauses)


@settings(deadline=None, max_examples=40)
@given(calendar=ANY_CALENDAR, a=STARTS, minutes=st.integers(0, 20_000))
def test_elapsed_equals_the_reference(calendar, a, minutes):
    b = a + timedelta(minutes=minutes)
    expected = reference.elapsed(calendar, a, b)
    assert calendar.elapsed(a, b) == expected
    assert calendar.elapsed(b, a) == -expected


@settings(deadline=None)
@given(calendar=ANY_CALENDAR, starts=st.lists(STARTS, min_size=1, max_size=20), limit=LIMITS)
def test_many_equal_one_by_one(calendar, starts, limit):
    naive = np.array([start.replace(tzinfo=None) for start in starts], "M8[us]")
    many = calendar.add_many(naive, limit)
    for start, end in zip(starts, many, strict=True):
        one = calendar.add(start, limit).at
        assert (
            np.isnat(end) if one is None else end == np.datetime64(one.replace(tzinfo=None), "us")
        )
    back = calendar.elapsed_many(naive, np.roll(naive, 1))
    assert back.tolist() == [
        calendar.elapsed(a, b) for a, b in zip(starts, starts[-1:] + starts[:-1], strict=True)
    ]


@settings(deadline=None)
@given(calendar=ANY_CALENDAR, start=STARTS, seconds=st.integers(1, 3_600_000))
def test_adding_and_measuring_are_inverse(calendar, start, seconds):
    end = calendar.add(start, Limit(Kind.WORKING_TIME, seconds)).at
    assert calendar.elapsed(start, end) == seconds
    assert calendar.elapsed(start, end - timedelta(microseconds=1)) == seconds - 1


@settings(deadline=None)
@given(calendar=ANY_CALENDAR, a=STARTS, b=STARTS, limit=LIMITS)
def test_starting_later_never_ends_earlier(calendar, a, b, limit):
    first, second = (calendar.add(start, limit).at for start in sorted((a, b)))
    assert limit.kind is Kind.NONE or first <= second
    assert limit.kind is Kind.NONE or first > min(a, b)


@settings(deadline=None)
@given(calendar=ANY_CALENDAR, start=STARTS, limit=LIMITS, offsets=PAUSES,
       share=st.floats(0.01, 1))  # fmt: skip
def test_the_warning_comes_before_the_end_and_at_its_share(calendar, start, limit, offsets, share):
    pauses = pauses_from(start, offsets)
    warns, ends = (
        calendar.warn_at(start, limit, share, pauses),
        calendar.due(start, limit, pauses).at,
    )
    if warns is None:
        assert ends is None
        return
    assert start < warns
    assert ends is None or warns <= ends
    assert calendar.used_share(start, limit, warns, pauses) == pytest.approx(share, abs=1e-6)
    if ends is not None:
        assert calendar.used_share(start, limit, ends, pauses) == pytest.approx(1)
    # Less than the share a moment before: it is the first such instant.
    assert calendar.used_share(start, limit, warns - timedelta(seconds=1), pauses) < share


@settings(deadline=None)
@given(start=STARTS, limit=LIMITS, offsets=PAUSES)
def test_provisional_exactly_when_the_calendar_may_still_move_it(start, limit, offsets):
    result = CALENDAR.due(start, limit, pauses_from(start, offsets))
    beyond = result.at is not None and result.at > at("2027-01-01 00:00")
    assert result.provisional is (beyond and limit.is_calendar_bound)


@settings(deadline=None)
@given(start=STARTS, limit=LIMITS, offsets=PAUSES)
def test_a_pause_never_brings_the_end_forward(start, limit, offsets):
    plain = CALENDAR.add(start, limit).at
    paused = CALENDAR.due(start, limit, pauses_from(start, offsets)).at
    assert plain is None or paused is None or paused >= plain

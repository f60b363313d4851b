"""Cases and properties for the escalation ladder and the count back from a due time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.calendars.hours import weekly_hours
from townkeeper.calendars.limits import Kind, Limit
from townkeeper.calendars.worktime import DayRule, WorkCalendar
from townkeeper.cases._climb import Climber, climb, moments_of, set_next, times_of
from townkeeper.cases.ladder import (
    RungError,
    Ticking,
    climbed,
    first_alarm,
    next_alarm,
    point_of,
    rungs_of,
    rungs_of_asks,
    told,
)
from townkeeper.procedures.model import Procedure, Rung, Step

CALENDAR = WorkCalendar(
    weekly_hours({"mon-fri": "08:30-12:00, 14:00-18:00"}),
    {date(2026, 11, 5): DayRule(is_working=False, name="運動會", is_local=True)},
    time_zone="Asia/Shanghai",
    known_until=date(2027, 12, 31),
)
ZONE = CALENDAR.zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def ticking(start: str, limit: str, *extra: str, pauses=()) -> Ticking:
    due, begin = at(start), at(start)
    for text in (limit, *extra):
        begin = due
        due = CALENDAR.due(begin, Limit.parse(text), pauses).at
    return Ticking(at(start), (limit, *extra), due, pauses=pauses)


@pytest.mark.parametrize(
    ("limit", "end", "expected"),
    [
        ("1wh", "2026-11-03 10:00", "2026-11-03 09:00"),
        ("1.5wh", "2026-11-03 10:00", "2026-11-03 08:30"),  # at the opening, not at 18:00 before
        ("2wh", "2026-11-03 15:00", "2026-11-03 11:00"),
        ("1wh", "2026-11-03 15:00", "2026-11-03 14:00"),
        ("8wh", "2026-11-06 10:00", "2026-11-04 09:30"),  # over the day off
        ("1wd", "2026-11-03 18:00", "2026-11-02 18:00"),
        ("1wd", "2026-11-02 10:00", "2026-10-30 18:00"),
        ("1wd", "2026-11-06 18:00", "2026-11-04 18:00"),
        ("1wd", "2026-11-07 03:00", "2026-11-06 18:00"),
        ("3d", "2026-11-08 09:00", "2026-11-04 18:00"),  # the 5th is a day off: the close before
        ("24h", "2026-11-08 09:00", "2026-11-07 09:00"),
    ],
)
def test_back_from_an_end(limit: str, end: str, expected: str):
    assert CALENDAR.before(at(end), Limit.parse(limit)) == at(expected)


def test_a_stop_is_taken_out_of_the_count_back():
    pauses = [(at("2026-11-03 09:00"), at("2026-11-03 11:00"))]
    assert CALENDAR.before(at("2026-11-03 11:30"), Limit.parse("1wh"), pauses) == at(
        "2026-11-03 08:30"
    )
    over_closing = [(at("2026-11-02 17:00"), at("2026-11-03 09:00"))]
    assert CALENDAR.before(at("2026-11-03 18:00"), Limit.parse("1wd"), over_closing) == at(
        "2026-10-30 18:00"
    )


@pytest.mark.parametrize("limit", ["same-day", "20:30", "none"])
def test_nothing_lies_no_length_before(limit: str):
    with pytest.raises(ValueError, match="before"):
        CALENDAR.before(at("2026-11-03 10:00"), Limit.parse(limit))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)),
    st.integers(1, 200),
    st.lists(st.integers(1, 5000), max_size=4),
)
def test_a_limit_from_there_ends_where_the_count_back_began(
    start: datetime, halves: int, gaps: list[int]
):
    moments = [start.replace(tzinfo=UTC)]
    for gap in gaps:
        moments.append(moments[-1] + timedelta(minutes=gap))
    pauses = list(zip(moments[1::2], moments[2::2], strict=False))
    limit = Limit.parse(f"{halves * 30}wmin")
    end = CALENDAR.due(moments[0], limit, pauses).at
    assert end is not None
    back = CALENDAR.before(end, limit, pauses)
    assert CALENDAR.due(back, limit, pauses).at == end
    assert back >= min(moments[0], end)


def test_the_rungs_in_their_order():
    rungs = tuple(map(Rung, ("80%", "due-1wh", "due", "due+4wh", "due+1wd")))
    clock = ticking("2026-11-02 09:00", "2wd")
    found, rung, following = climbed(rungs, 0, clock, CALENDAR, at("2026-11-30 09:00"))
    assert [when for _, when in found] == [
        at("2026-11-04 11:36"),
        at("2026-11-04 17:00"),
        at("2026-11-04 18:00"),
        at("2026-11-06 14:30"),
        at("2026-11-06 18:00"),
    ]
    assert (rung, following) == (5, None)


def test_a_rung_is_not_reached_before_the_one_below_it():
    rungs = (Rung("80%"), Rung("due-1wh"), Rung("due"))
    clock = ticking("2026-11-03 09:00", "30wmin")
    assert next_alarm(rungs, 1, clock, CALENDAR) == at("2026-11-03 09:00")  # before it began
    found, rung, following = climbed(rungs, 0, clock, CALENDAR, at("2026-11-03 09:25"))
    assert found == [(0, at("2026-11-03 09:24")), (1, at("2026-11-03 09:24"))]
    assert (rung, following) == (2, at("2026-11-03 09:30"))


def test_an_extension_warns_at_its_own_share():
    clock = ticking("2026-11-02 14:00", "1wh", "2wh")
    assert first_alarm((Rung("50%"),), clock, CALENDAR) == at("2026-11-02 16:00")


def test_a_clock_that_stands_rings_no_bell():
    clock = ticking("2026-11-02 14:00", "4wh", pauses=[(at("2026-11-02 15:00"), None)])
    assert first_alarm((Rung("80%"),), clock, CALENDAR) is None
    late = Ticking(at("2026-11-02 09:00"), ("1wh",), at("2026-11-02 10:00"), pauses=clock.pauses)
    assert next_alarm((Rung("due+1wd"),), 0, late, CALENDAR) is None


def test_after_due_a_stop_is_taken_out_too():
    pauses = [(at("2026-11-02 11:00"), at("2026-11-02 17:00"))]
    late = Ticking(at("2026-11-02 09:00"), ("1wh",), at("2026-11-02 10:00"), pauses=pauses)
    assert next_alarm((Rung("due+2wh"),), 0, late, CALENDAR) == at("2026-11-02 18:00")


def test_without_a_limit_there_is_no_alarm():
    assert (
        first_alarm((Rung("80%"), Rung("due")), Ticking(at("2026-11-02 09:00")), CALENDAR) is None
    )


def test_a_share_of_a_due_time_that_was_given():
    given_due = Ticking(at("2026-11-02 08:30"), (), at("2026-11-03 18:00"))
    assert first_alarm((Rung("50%"),), given_due, CALENDAR) == at("2026-11-02 18:00")
    no_room = Ticking(at("2026-11-07 08:30"), (), at("2026-11-07 18:00"))
    assert first_alarm((Rung("50%"),), no_room, CALENDAR) == at("2026-11-07 18:00")


def test_the_tasks_own_warning_point_is_taken():
    clock = Ticking(
        at("2026-11-02 09:00"), ("4wh",), at("2026-11-02 15:00"), at("2026-11-02 11:11"), warn=0.8
    )
    assert first_alarm((Rung("80%"),), clock, CALENDAR) == at("2026-11-02 11:11")
    assert first_alarm((Rung("75%"),), clock, CALENDAR) == at("2026-11-02 12:00")


def procedure(**fields) -> Procedure:
    return Procedure(key="p", title={}, start="a", **fields)


def test_whose_ladder_counts():
    own, common = (Rung("90%"),), (Rung("due"),)
    both = procedure(steps={"a": Step("a", ladder=own), "b": Step("b")}, ladder=common)
    assert rungs_of(both, "a") == own
    assert rungs_of_asks(both, "a") == common  # the step's speaks of those who work there
    assert rungs_of(both, "b") == rungs_of_asks(both, "b") == common
    bare = procedure(steps={"a": Step("a", warn=0.8), "b": Step("b")})
    assert [rung.at for rung in rungs_of(bare, "a")] == ["80%", "due"]
    assert [rung.at for rung in rungs_of(bare, "b")] == ["due"]
    assert [rung.at for rung in rungs_of_asks(bare, "a")] == ["due"]
    assert [rung.at for rung in rungs_of(bare, "gone")] == ["due"]


def test_who_is_told():
    rung = Rung("due", tell=("performer", "supervisor", "handler"))
    assert told(rung, "handler") == ["handler", "supervisor"]
    assert told(rung, "") == ["supervisor", "handler"]


@pytest.mark.parametrize("text", ["", "0%", "101%", "soon", "due-", "due+4x", "due 1wh"])
def test_what_is_no_time_of_a_rung(text: str):
    with pytest.raises(RungError):
        point_of(text)


@given(st.integers(1, 60), st.integers(0, 20_000), st.integers(0, 4))
def test_looking_often_or_seldom_finds_the_same(hours: int, later: int, first: int):
    rungs = tuple(map(Rung, ("50%", "80%", "due-1wh", "due", "due+4wh")))
    clock = ticking("2026-11-02 09:00", f"{hours}wh")
    end = clock.start + timedelta(minutes=later)
    once, rung, following = climbed(rungs, first, clock, CALENDAR, end)
    often, number = [], first
    for minutes in range(0, later + 1, 500):
        found, number, _ = climbed(
            rungs, number, clock, CALENDAR, clock.start + timedelta(minutes=minutes)
        )
        often += found
    found, number, _ = climbed(rungs, number, clock, CALENDAR, end)
    assert [n for n, _ in often + found] == [n for n, _ in once]
    assert number == rung
    assert all(a <= b for (_, a), (_, b) in pairwise(once))
    assert following is None or following > end


LADDERS = [
    tuple(map(Rung, ("50%", "80%", "due-1wh", "due", "due+4wh", "due+1wd"))),
    tuple(
        map(Rung, ("due-1wd", "due-2d", "due-3h", "due", "due+24h", "due+same-day", "due+20:30"))
    ),
]
MOMENTS = st.datetimes(
    datetime(2026, 10, 1),
    datetime(2027, 2, 1),
    timezones=st.just(UTC),
)
LIMITS = ("4wh", "30wmin", "2wd", "24h", "7d", "same-day", "20:30")


@given(
    st.lists(
        st.tuples(
            MOMENTS, st.sampled_from(LIMITS), st.integers(0, 2), st.booleans(), st.integers(0, 3)
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(LADDERS),
    MOMENTS,
)
def test_many_at_once_are_as_one_by_one(rows, rungs, now: datetime):
    climbers, expected = [], []
    for start, limit, extended, stopped, rung in rows:
        pauses = ((start, start + timedelta(minutes=77)),) if stopped else ()
        extra = ("1wd",) * extended
        due = start
        for text in (limit, *extra):
            due = CALENDAR.due(due, Limit.parse(text), pauses).at
        clock = Ticking(start, (limit, *extra), due, pauses=pauses)
        at_rung = next_alarm(rungs, rung, clock, CALENDAR)
        expected.append(climbed(rungs, rung, clock, CALENDAR, now))
        climbers.append(Climber(None, clock, rungs, rung, at_rung))
    first = [replace(each, next_at=None) for each in climbers]
    set_next(first, CALENDAR)
    assert [each.next_at for each in first] == [each.next_at for each in climbers]
    climb(climbers, CALENDAR, now)
    assert [(c.reached, c.rung, c.next_at) for c in climbers] == expected


@given(st.lists(MOMENTS, min_size=1, max_size=8), st.sampled_from(LIMITS), st.floats(0.05, 1))
def test_warning_points_of_many(starts: list[datetime], limit: str, share: float):
    parsed = Limit.parse(limit)
    many = moments_of(CALENDAR.warn_many(times_of(starts), parsed, share))
    assert many == [CALENDAR.warn_at(start, parsed, share) for start in starts]
    if parsed.kind in {Kind.WORKING_TIME, Kind.WORKING_DAYS, Kind.ELAPSED, Kind.DAYS}:
        back = moments_of(CALENDAR.before_many(times_of(starts), parsed))
        assert back == [CALENDAR.before(start, parsed) for start in starts]

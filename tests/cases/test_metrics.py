"""The metrics against hand-made cases, and against the slow way of counting on random ones."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases.metrics_dice import Dice
from tests.cases.metrics_world import (
    UNITS,
    Case,
    Task,
    number,
    slow_counts,
    slow_hours,
    t,
    tables,
    window,
)
from townkeeper.cases.metrics import (
    Subjects,
    all_facts,
    cases_behind,
    figures,
    lines_behind,
    metrics,
    month_window,
    value_of,
)

A, B, C = 1, 2, 3
UNIT = Subjects("unit")
COUNTS = [key for key, metric in metrics().items() if metric.kind == "count"]


def work(unit: int | None, opened: str, due: str | None, done: str | None = None, **more) -> Task:
    more = {key: t(value) if key == "sent_back" else value for key, value in more.items()}
    return Task(unit, t(opened), t(due), t(done), **more)


def closed(*tasks: Task, at: str, outcome: str = "fixed", **more) -> Case:
    return Case(tasks[-1].unit, list(tasks), "closed", t(at), outcome, **more)


def running(*tasks: Task, **more) -> Case:
    return Case(tasks[-1].unit, list(tasks), **more)


DUE_ON_TIME = {
    "due_count": 1, "handled_count": 1, "on_time_count": 1, "reported_count": 1,
    "closing_due_count": 1, "closed_count": 1, "closed_on_time_count": 1, "ended_count": 1,
}  # fmt: skip
DUE_LATE = {
    "due_count": 1, "handled_count": 1, "late_count": 1, "reported_count": 1,
    "closing_due_count": 1, "closed_count": 1, "ended_count": 1,
}  # fmt: skip
DUE_OPEN = {"due_count": 1, "overdue_count": 1, "closing_due_count": 1}
ENDED_LATER = {"ended_count": 0}
"""Closed in another month than the one it was due in."""
FILED = {"filed_count": 1, "valid_count": 1}
STANDING = {"backlog_count": 1}
LATE_STANDING = {"backlog_count": 1, "overdue_backlog_count": 1}

# name, case, data time, what unit A gets, what unit B gets
EXAMPLES = [
    (
        "done in time",
        closed(work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"), at="09-02 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    (
        "due time exactly met",
        closed(work(A, "09-01 09:00", "09-03 09:00", "09-03 09:00"), at="09-03 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    (
        "one second late",
        closed(work(A, "09-01 09:00", "09-03 09:00", "09-03 09:00:01"), at="09-03 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_LATE},
        {},
    ),
    (
        "open and not yet due",
        running(work(A, "09-28 09:00", "10-03 09:00")),
        "09-30 12:00",
        {**FILED, **STANDING},
        {},
    ),
    (
        "open, due at the very data time",
        running(work(A, "09-28 09:00", "09-30 12:00")),
        "09-30 12:00",
        {**FILED, **STANDING},
        {},
    ),
    (
        "overdue and still open",
        running(work(A, "09-01 09:00", "09-03 09:00")),
        "10-15 00:00",
        {**FILED, **DUE_OPEN, **LATE_STANDING},
        {},
    ),
    (
        "overdue, done after the data time",
        closed(work(A, "09-01 09:00", "09-03 09:00", "10-20 09:00"), at="10-20 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_OPEN, **LATE_STANDING},
        {},
    ),
    (
        "overdue, done in the next month",
        closed(work(A, "09-01 09:00", "09-30 09:00", "10-02 09:00"), at="10-02 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_LATE, **ENDED_LATER, **LATE_STANDING},
        {},
    ),
    (
        "finished early, before the month in which it is due",
        closed(work(A, "08-28 09:00", "09-03 09:00", "08-30 09:00"), at="08-30 12:00"),
        "10-15 00:00",
        {**DUE_ON_TIME, **ENDED_LATER},
        {},
    ),
    (
        "due in another month",
        closed(work(A, "09-28 09:00", "10-03 09:00", "09-29 09:00"), at="09-29 12:00"),
        "10-15 00:00",
        {**FILED, "ended_count": 1},
        {},
    ),
    (
        "the month's edges are the town's own",
        running(work(A, "08-30 09:00", "09-01 00:00")),
        "10-15 00:00",
        {**DUE_OPEN, **LATE_STANDING},
        {},
    ),
    (
        "voided before it was due",
        Case(
            A,
            [work(A, "09-01 09:00", "09-20 09:00", "09-02 09:00", result="voided")],
            "voided",
            t("09-02 09:00"),
        ),
        "10-15 00:00",
        {"filed_count": 1, "voided_count": 1},
        {},
    ),
    (
        "voided after it was due",
        Case(
            A,
            [work(A, "09-01 09:00", "09-03 09:00", "09-10 09:00", result="voided")],
            "voided",
            t("09-10 09:00"),
        ),
        "10-15 00:00",
        {"filed_count": 1, "voided_count": 1},
        {},
    ),
    (
        "refused at acceptance",
        Case(
            A,
            [Task(None, t("09-01 09:00"), stage="intake", done=t("09-01 10:00"))],
            "voided",
            t("09-01 10:00"),
        ),
        "10-15 00:00",
        {},
        {},
    ),
    (
        "suspended",
        running(work(A, "09-01 09:00", None, stops=[(t("09-02 09:00"), None)])),
        "10-15 00:00",
        {**FILED, "suspended_count": 1},
        {},
    ),
    (
        "suspended after the due time",
        running(work(A, "09-01 09:00", "09-03 09:00", stops=[(t("09-04 09:00"), None)])),
        "10-15 00:00",
        {**FILED, **DUE_OPEN, "suspended_count": 1},
        {},
    ),
    (
        "suspended and resumed",
        closed(
            work(
                A,
                "09-01 09:00",
                "09-20 09:00",
                "09-19 09:00",
                stops=[(t("09-02 09:00"), t("09-18 09:00"))],
            ),
            at="09-19 12:00",
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    (
        "reworked within the month",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", sent_back="09-02 15:00"),
            work(A, "09-02 15:00", "09-04 15:00", "09-03 09:00"),
            at="09-03 12:00",
            events=[("rework", A, t("09-02 15:00"))],
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, "rework_count": 1, "rework_times": 1},
        {},
    ),
    (
        "reworked, the second time late",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", sent_back="09-02 15:00"),
            work(A, "09-02 15:00", "09-04 15:00", "09-05 09:00"),
            at="09-05 12:00",
            events=[("rework", A, t("09-02 15:00"))],
        ),
        "10-15 00:00",
        {**FILED, **DUE_LATE, "rework_count": 1, "rework_times": 1},
        {},
    ),
    (
        "sent back and left open",
        running(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", sent_back="09-02 15:00"),
            work(A, "09-02 15:00", "09-04 15:00"),
            events=[("rework", A, t("09-02 15:00"))],
        ),
        "10-15 00:00",
        {
            **FILED,
            **DUE_OPEN,
            **LATE_STANDING,
            "reported_count": 1,
            "rework_count": 1,
            "rework_times": 1,
        },
        {},
    ),
    (
        "reworked, the second limit in the next month",
        closed(
            work(A, "09-25 09:00", "09-29 09:00", "09-28 09:00", sent_back="09-30 15:00"),
            work(A, "09-30 15:00", "10-09 15:00", "10-03 09:00"),
            at="10-03 12:00",
            events=[("rework", A, t("09-30 15:00"))],
        ),
        "10-15 00:00",
        {
            **FILED,
            "due_count": 1,
            "handled_count": 1,
            "on_time_count": 1,
            "reported_count": 1,
            "rework_count": 1,
            "rework_times": 1,
            **STANDING,
        },
        {},
    ),
    (
        "no limit at all",
        closed(work(A, "09-01 09:00", None, "09-20 09:00"), at="09-20 12:00"),
        "10-15 00:00",
        {**FILED, "no_limit_count": 1, "ended_count": 1},
        {},
    ),
    (
        "moved to B before it was due",
        closed(
            work(A, "09-01 09:00", "09-05 09:00", "09-02 09:00", result="passed-on"),
            Task(None, t("09-02 09:00"), t("09-02 13:00"), t("09-02 11:00"), stage="dispute"),
            work(B, "09-02 11:00", "09-06 11:00", "09-05 09:00"),
            at="09-05 12:00",
            events=[("evasion", A, t("09-02 09:00"))],
        ),
        "10-15 00:00",
        {"evasion_count": 1},
        {**FILED, **DUE_ON_TIME},
    ),
    (
        "moved to B after it was due",
        closed(
            work(A, "09-01 09:00", "09-05 09:00", "09-08 09:00", result="passed-on"),
            work(B, "09-08 11:00", "09-12 11:00", "09-09 09:00"),
            at="09-09 12:00",
        ),
        "10-15 00:00",
        {"due_count": 1, "overdue_count": 1},
        {**FILED, **DUE_ON_TIME},
    ),
    (
        "sent back to A by the arbiter",
        closed(
            work(A, "09-01 09:00", "09-05 09:00", "09-02 09:00", result="passed-on"),
            work(A, "09-02 11:00", "09-06 11:00", "09-05 09:00"),
            at="09-05 12:00",
            events=[("evasion", A, t("09-02 09:00"))],
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, "evasion_count": 1},
        {},
    ),
    (
        "only the assistant is late",
        closed(
            work(B, "09-01 09:00", "09-03 09:00", "09-09 09:00", part="assist"),
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"),
            at="09-09 12:00",
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME},
        {"assist_due_count": 1},
    ),
    (
        "the assistant's work called off in time",
        closed(
            work(B, "09-01 09:00", "09-03 09:00", "09-02 09:00", part="assist", result="cancelled"),
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"),
            at="09-02 12:00",
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    (
        "checked slowly",
        closed(work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"), at="10-10 12:00"),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, **ENDED_LATER},
        {},
    ),
    (
        "reported and not yet checked",
        Case(A, [work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00")], "verifying"),
        "10-15 00:00",
        {
            **FILED,
            "due_count": 1,
            "handled_count": 1,
            "on_time_count": 1,
            "reported_count": 1,
            "closing_due_count": 1,
        },
        {},
    ),
    (
        "closed as cannot be solved",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"),
            at="09-02 12:00",
            outcome="unsolvable",
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, "unsolved_count": 1},
        {},
    ),
    (
        "extended",
        closed(
            work(A, "09-01 09:00", "09-13 09:00", "09-12 09:00"),
            at="09-12 12:00",
            extensions=[(A, t("09-02 09:00"))],
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, "extension_count": 1},
        {},
    ),
    (
        "found by a patrol",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00"), at="09-02 12:00", channel="patrol"
        ),
        "10-15 00:00",
        {**FILED, **DUE_ON_TIME, "self_found_count": 1},
        {},
    ),
    (
        "filed after the data time",
        running(work(A, "09-20 09:00", "09-25 09:00")),
        "09-15 00:00",
        {},
        {},
    ),
]


def moved(case: Case, place: int) -> Case:
    """The same case in units of its own, so that one world can hold every example."""
    case = deepcopy(case)

    def shift(unit: int | None) -> int | None:
        return None if unit is None else unit + 10 * place

    case.unit = shift(case.unit)
    for task in case.tasks:
        task.unit = shift(task.unit)
    case.events = [(kind, shift(unit), at) for kind, unit, at in case.events]
    case.extensions = [(shift(unit), at) for unit, at in case.extensions]
    for ask in case.asks:
        ask.unit = shift(ask.unit)
    return case


@cache
def example_figures(until: str) -> tuple[list[Case], dict]:
    cases = number([moved(example[1], place) for place, example in enumerate(EXAMPLES)])
    codes = {
        unit + 10 * place: f"{code}{place}"
        for place in range(len(EXAMPLES))
        for unit, code in UNITS.items()
    }
    subjects = Subjects("unit", codes)
    return cases, figures(tables(cases), window(until), subjects, wanted=COUNTS)


@pytest.mark.parametrize("place", range(len(EXAMPLES)), ids=[e[0] for e in EXAMPLES])
def test_worked_examples(place: int) -> None:
    _name, case, until, of_a, of_b = EXAMPLES[place]
    _cases, found = example_figures(until)
    for unit, expected in (("A", of_a), ("B", of_b)):
        counted = {
            key: v.numerator for key, v in found.get(f"{unit}{place}", {}).items() if v.numerator
        }
        wanted = {key: times for key, times in expected.items() if times}
        assert counted == wanted
        slow = slow_counts(number([deepcopy(case)]), window(until), unit)
        assert {key: len(v) for key, v in slow.items()} == wanted


def test_ownerless_cases_are_counted_for_the_whole() -> None:
    cases = number(
        [
            Case(None, [work(None, "09-01 09:00", "09-03 09:00")]),
            Case(None, [work(None, "09-01 09:00", "09-03 09:00")], "closed", t("09-20 09:00")),
        ]
    )
    found = figures(tables(cases), window(), wanted=["ownerless_count", "due_count"])
    assert {key: v.numerator for key, v in found["*"].items()} == {
        "ownerless_count": 1, "due_count": 2,
    }  # fmt: skip


def test_of_nothing_there_is_no_rate() -> None:
    rates = [metric for metric in metrics().values() if metric.kind == "rate"]
    for metric in rates:
        value = value_of(metric, {})
        assert (value.value, value.numerator, value.denominator) == (None, 0, 0)
    cases = number([running(work(A, "09-01 09:00", None))])
    found = figures(tables(cases), window(), UNIT)["A"]
    assert found["on_time_rate"].value is None
    assert found["handling_hours_median"].value is None
    assert found["no_limit_count"].value == 1


def test_figures_follow_the_assessed_unit_and_count_a_case_once() -> None:
    case = closed(
        work(B, "09-01 09:00", "09-05 09:00", "09-08 09:00", result="passed-on"),
        work(C, "09-08 11:00", "09-12 11:00", "09-09 09:00"),
        at="09-09 12:00",
    )
    # two teams of one bureau: the bureau had the case once, and was late
    found = figures(tables(number([case])), window(), Subjects("unit", {B: "bureau", C: "bureau"}))
    counted = {k: v.numerator for k, v in found["bureau"].items() if k in COUNTS and v.numerator}
    assert counted == {**FILED, **DUE_LATE}


def test_every_metric_is_named_in_three_languages() -> None:
    for metric in metrics().values():
        for texts in (metric.names, metric.definition):
            assert set(texts) == {"zh-Hant", "zh-Hans", "en"}
            assert all(texts.values())
        if metric.kind == "count":
            fact, column = metric.fact.split(".")
            assert fact in all_facts(), column
        if metric.kind == "rate":
            assert set(metric.counts) <= set(COUNTS)


def test_a_month_is_the_towns_month() -> None:
    w = window()
    assert w.start.isoformat() == "2026-08-31T16:00:00+00:00"
    assert w.end.isoformat() == "2026-09-30T16:00:00+00:00"
    december = month_window("2026-12", until=t("12-31 00:00"), zone=w.start.tzinfo)
    assert december.end - december.start == timedelta(days=31)
    with pytest.raises(ValueError, match=r"unconverted|does not match"):
        month_window("2026-13", until=t("10-15 00:00"), zone=w.start.tzinfo)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_engine_counts_as_the_slow_way(seed: int) -> None:
    dice = Dice(seed)
    cases = number([dice.case() for _ in range(60)])
    until = dice.time()
    world = tables(cases)
    w = month_window("2026-09", until=until, zone=window().start.tzinfo)
    for subjects, names in ((UNIT, ["A", "B"]), (Subjects(), ["*"])):
        lines = lines_behind(world, w, subjects, wanted=COUNTS)
        for name in names:
            slow = slow_counts(cases, w, name)
            for key in COUNTS:
                behind = lines.get(name, {}).get(key, ())
                assert sorted(behind) == sorted(slow.get(key, [])), (name, key)
    found = figures(world, w, UNIT)
    for name in ("A", "B"):
        slow = slow_counts(cases, w, name)
        got = found.get(name, {})
        for key in COUNTS:
            counted = got[key].numerator if got else 0
            assert counted == len(slow.get(key, [])), (name, key)
        median = slow_hours(cases, w, name)
        value = got["handling_hours_median"].value if got else None
        assert (value is None) == (median is None)
        if median is not None:
            assert abs(value - Decimal(median)) <= Decimal("0.05")


def test_the_cases_behind_a_figure_are_as_many_as_the_figure() -> None:
    cases = number([example[1] for example in EXAMPLES])
    world, w = tables(cases), window()
    wanted = ["on_time_rate", "rework_rate", "evasion_count", "filed_count"]
    for unit, got in figures(world, w, UNIT, wanted=wanted).items():
        for key, value in got.items():
            behind = cases_behind(world, key, unit, w, UNIT)
            assert len(behind.numerator) == value.numerator
            assert len(behind.denominator) == (value.denominator or 0)

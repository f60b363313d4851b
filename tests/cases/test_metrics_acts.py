"""The metrics of what is asked for, put aside, promised and judged, against hand-made cases."""

from copy import deepcopy
from functools import cache

import pytest

from tests.cases.metrics_world import UNITS, Ask, Case, Task, number, slow_counts, t, tables, window
from tests.cases.test_metrics import (
    COUNTS,
    DUE_LATE,
    DUE_ON_TIME,
    DUE_OPEN,
    FILED,
    LATE_STANDING,
    STANDING,
    A,
    B,
    closed,
    moved,
    running,
    work,
)
from townkeeper.cases.metrics import Subjects, figures

OCTOBER = "10-15 00:00"
IN_TIME = work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00")
SHELF = Task(None, t("09-02 09:00"), t("12-01 09:00"), stage="shelved")


def asked(
    effect: str, at: str, decided: str | None = None, result: str = "accepted", **more
) -> Ask:
    more = {key: t(value) if key == "due" else value for key, value in more.items()}
    return Ask(effect, A, t(at), t(decided), result, **more)


def merged(*tasks: Task, at: str, undone: str | None = None, stage: str = "merged", **more) -> Case:
    return Case(A, list(tasks), stage, merges=[(t(at), t(undone))], **more)


# name, case, data time, what unit A gets, what unit B gets
EXAMPLES = [
    # --- duplicates ---
    (
        "merged before it was due",
        merged(
            work(A, "09-01 09:00", "09-20 09:00", "09-02 09:00", result="cancelled"),
            at="09-02 09:00",
            promise=t("09-20 18:00"),
        ),
        OCTOBER,
        {"merged_count": 1},
        {},
    ),
    (
        "merged after it was due, and answered with its main case",
        merged(
            work(A, "09-01 09:00", "09-03 09:00", "09-10 09:00", result="cancelled"),
            at="09-10 09:00",
            closed=t("09-12 09:00"),
            outcome="fixed",
        ),
        OCTOBER,
        {"merged_count": 1},
        {},
    ),
    (
        "a merge taken back",
        merged(
            work(A, "09-01 09:00", "09-28 09:00"),
            at="09-02 09:00",
            undone="09-10 09:00",
            stage="handling",
        ),
        OCTOBER,
        {**FILED, **DUE_OPEN, **LATE_STANDING},
        {},
    ),
    # --- cannot be solved now ---
    (
        "shelved before it was due",
        Case(
            A,
            [work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", result="passed-on"), SHELF],
            "shelved",
        ),
        OCTOBER,
        {**FILED, "shelved_count": 1},
        {},
    ),
    (
        "shelved after it was due",
        Case(
            A,
            [work(A, "08-30 09:00", "09-01 09:00", "09-02 09:00", result="passed-on"), SHELF],
            "shelved",
        ),
        OCTOBER,
        {**DUE_OPEN, "shelved_count": 1},
        {},
    ),
    (
        "shelved, then ended as unsolvable",
        Case(
            A,
            [
                work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", result="passed-on"),
                Task(None, t("09-02 09:00"), t("12-01 09:00"), t("09-20 09:00"), stage="shelved"),
            ],
            "closed",
            t("09-20 09:00"),
            "unsolvable",
        ),
        OCTOBER,
        {**FILED, "unsolved_count": 1, "ended_count": 1},
        {},
    ),
    (
        "shelved, then taken up again",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", result="passed-on"),
            Task(None, t("09-02 09:00"), t("12-01 09:00"), t("09-20 09:00"), stage="shelved"),
            work(A, "09-20 09:00", "09-24 09:00", "09-23 09:00"),
            at="09-23 12:00",
        ),
        OCTOBER,
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    # --- extensions and stops ---
    (
        "extended, by the extended limit on time",
        closed(
            work(A, "09-01 09:00", "09-13 09:00", "09-12 09:00"),
            at="09-12 12:00",
            extensions=[(A, t("09-02 10:00"))],
            asks=[asked("extension", "09-02 09:00", "09-02 10:00", task=0)],
        ),
        OCTOBER,
        {
            **FILED,
            **DUE_ON_TIME,
            "extension_asked_count": 1,
            "extension_count": 1,
            "extended_count": 1,
        },
        {},
    ),
    (
        "an extension refused",
        closed(
            work(A, "09-01 09:00", "09-03 09:00", "09-12 09:00"),
            at="09-12 12:00",
            asks=[asked("extension", "09-02 09:00", "09-02 10:00", "rejected", task=0)],
        ),
        OCTOBER,
        {**FILED, **DUE_LATE, "extension_asked_count": 1, "extension_refused_count": 1},
        {},
    ),
    (
        "an extension that nobody decided before the work was done",
        closed(
            IN_TIME,
            at="09-02 12:00",
            asks=[asked("extension", "09-01 10:00", "09-02 09:00", "left", task=0)],
        ),
        OCTOBER,
        {**FILED, **DUE_ON_TIME, "extension_asked_count": 1},
        {},
    ),
    (
        "a stop asked for twice and granted once",
        running(
            work(A, "09-01 09:00", None, stops=[(t("09-03 09:00"), None)]),
            asks=[
                asked("stop", "09-01 10:00", "09-01 11:00", "rejected"),
                asked("stop", "09-03 08:00", "09-03 09:00"),
            ],
        ),
        OCTOBER,
        {**FILED, "stop_asked_count": 2, "stop_count": 1, "suspended_count": 1},
        {},
    ),
    # --- disputes ---
    (
        "a dispute upheld in time",
        closed(
            work(A, "09-01 09:00", "09-05 09:00", "09-02 11:00", result="passed-on"),
            work(B, "09-02 11:00", "09-06 11:00", "09-05 09:00"),
            at="09-05 12:00",
            events=[("evasion", A, t("09-02 09:00"))],
            asks=[asked("dispute", "09-02 09:00", "09-02 11:00", due="09-02 13:00")],
        ),
        OCTOBER,
        {
            "evasion_count": 1,
            "dispute_count": 1,
            "dispute_upheld_count": 1,
            "dispute_ruled_count": 1,
        },
        {**FILED, **DUE_ON_TIME},
    ),
    (
        "a dispute rejected, and the ruling late",
        closed(
            work(A, "09-01 09:00", "09-05 09:00", "09-05 08:00"),
            at="09-05 12:00",
            events=[("evasion", A, t("09-02 09:00"))],
            asks=[asked("dispute", "09-02 09:00", "09-03 11:00", "rejected", due="09-02 13:00")],
        ),
        OCTOBER,
        {
            **FILED,
            **DUE_ON_TIME,
            "evasion_count": 1,
            "dispute_count": 1,
            "dispute_rejected_count": 1,
            "dispute_ruled_count": 1,
            "dispute_late_count": 1,
        },
        {},
    ),
    (
        "a dispute that nobody rules: the first receiver stays responsible",
        running(
            work(A, "09-01 09:00", "09-05 09:00"),
            events=[("evasion", A, t("09-02 09:00"))],
            asks=[asked("dispute", "09-02 09:00", due="09-02 13:00")],
        ),
        OCTOBER,
        {
            **FILED,
            **DUE_OPEN,
            **LATE_STANDING,
            "evasion_count": 1,
            "dispute_count": 1,
            "dispute_late_count": 1,
        },
        {},
    ),
    # --- reopening ---
    (
        "reopened and closed again in the month: once, and late",
        closed(
            IN_TIME,
            work(A, "09-10 09:00", "09-12 09:00", "09-13 09:00"),
            at="09-13 12:00",
            asks=[asked("reopening", "09-09 09:00", "09-10 09:00")],
        ),
        OCTOBER,
        {**FILED, **DUE_LATE, "ended_reopened_count": 1, "reopened_count": 1},
        {},
    ),
    (
        "reopened in the next month",
        running(
            IN_TIME,
            work(A, "10-02 09:00", "10-20 09:00"),
            asks=[asked("reopening", "10-01 09:00", "10-02 09:00")],
        ),
        OCTOBER,
        {
            **FILED,
            "due_count": 1,
            "handled_count": 1,
            "on_time_count": 1,
            "reported_count": 1,
            "ended_count": 1,
            "ended_reopened_count": 1,
        },
        {},
    ),
    (
        "reopened after the data time",
        running(
            IN_TIME,
            work(A, "10-20 09:00", "10-22 09:00"),
            asks=[asked("reopening", "10-19 09:00", "10-20 09:00")],
        ),
        OCTOBER,
        {
            **FILED,
            "due_count": 1,
            "handled_count": 1,
            "on_time_count": 1,
            "closing_due_count": 1,
            "reported_count": 1,
            "ended_count": 1,
        },
        {},
    ),
    (
        "reopening refused",
        closed(
            IN_TIME,
            at="09-02 12:00",
            asks=[asked("reopening", "09-09 09:00", "09-10 09:00", "rejected")],
        ),
        OCTOBER,
        {**FILED, **DUE_ON_TIME},
        {},
    ),
    # --- what reporters say ---
    (
        "satisfied",
        closed(
            IN_TIME,
            at="09-02 12:00",
            judgements=[(t("09-04 09:00"), "satisfied")],
            is_answered=True,
        ),
        OCTOBER,
        {**FILED, **DUE_ON_TIME, "answered_count": 1, "judged_count": 1, "satisfied_count": 1},
        {},
    ),
    (
        "dissatisfied, done anew by B, then partly satisfied",
        closed(
            IN_TIME,
            work(B, "09-10 09:00", "09-12 09:00", "09-11 09:00"),
            at="09-11 12:00",
            asks=[asked("reopening", "09-09 09:00", "09-10 09:00")],
            judgements=[(t("09-04 09:00"), "dissatisfied"), (t("09-20 09:00"), "partly")],
            is_answered=True,
        ),
        OCTOBER,
        {
            "due_count": 1,
            "handled_count": 1,
            "on_time_count": 1,
            "reported_count": 1,
            "ended_count": 1,
            "ended_reopened_count": 1,
            "reopened_count": 1,
            "answered_count": 1,
            "judged_count": 1,
        },
        {**FILED, **DUE_ON_TIME, "answered_count": 1, "judged_count": 1, "satisfied_count": 1},
    ),
    # --- the public promise ---
    (
        "a promise kept, exactly",
        closed(IN_TIME, at="09-05 18:00", promise=t("09-05 18:00")),
        OCTOBER,
        {**FILED, **DUE_ON_TIME, "promise_due_count": 1, "promise_kept_count": 1},
        {},
    ),
    (
        "a promise broken by a slow check",
        closed(IN_TIME, at="09-05 18:01", promise=t("09-05 18:00")),
        OCTOBER,
        {**FILED, **DUE_ON_TIME, "promise_due_count": 1},
        {},
    ),
    (
        "a promise broken, the case still open",
        running(work(A, "09-28 09:00", "10-10 09:00"), promise=t("09-29 18:00")),
        "10-05 00:00",
        {**FILED, **STANDING, "promise_due_count": 1},
        {},
    ),
    (
        "closed in time, but that was taken back",
        closed(
            IN_TIME,
            work(A, "09-10 09:00", "09-12 09:00", "09-11 09:00"),
            at="09-11 12:00",
            promise=t("09-05 18:00"),
            asks=[asked("reopening", "09-09 09:00", "09-10 09:00")],
        ),
        OCTOBER,
        {
            **FILED,
            **DUE_ON_TIME,
            "ended_reopened_count": 1,
            "reopened_count": 1,
            "promise_due_count": 1,
        },
        {},
    ),
    (
        "put aside: the promise is not kept all the same",
        Case(
            A,
            [work(A, "09-01 09:00", "09-03 09:00", "09-02 09:00", result="passed-on"), SHELF],
            "shelved",
            promise=t("09-05 18:00"),
        ),
        OCTOBER,
        {**FILED, "shelved_count": 1, "promise_due_count": 1},
        {},
    ),
    (
        "a voided case has no promise",
        Case(A, [IN_TIME], "voided", t("09-02 12:00"), promise=t("09-05 18:00")),
        OCTOBER,
        {"filed_count": 1, "voided_count": 1},
        {},
    ),
    # --- assistants ---
    (
        "the assistant's work called off by the lead's report, after it was due",
        closed(
            work(B, "09-01 09:00", "09-02 09:00", "09-03 08:00", part="assist", result="cancelled"),
            work(A, "09-01 09:00", "09-03 09:00", "09-03 08:00"),
            at="09-03 12:00",
        ),
        OCTOBER,
        {**FILED, **DUE_ON_TIME},
        {"assist_due_count": 1},
    ),
]


@cache
def found_in(until: str) -> dict:
    cases = number([moved(example[1], place) for place, example in enumerate(EXAMPLES)])
    codes = {
        unit + 10 * place: f"{code}{place}"
        for place in range(len(EXAMPLES))
        for unit, code in UNITS.items()
    }
    return figures(tables(cases), window(until), Subjects("unit", codes), wanted=COUNTS)


@pytest.mark.parametrize("place", range(len(EXAMPLES)), ids=[e[0] for e in EXAMPLES])
def test_worked_examples_of_acts(place: int) -> None:
    _name, case, until, of_a, of_b = EXAMPLES[place]
    for unit, expected in (("A", of_a), ("B", of_b)):
        found = found_in(until).get(f"{unit}{place}", {})
        assert {key: v.numerator for key, v in found.items() if v.numerator} == expected
        slow = slow_counts(number([deepcopy(case)]), window(until), unit)
        assert {key: len(v) for key, v in slow.items()} == expected

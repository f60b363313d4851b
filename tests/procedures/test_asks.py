"""Asks: who may, until when, on what grounds, and what a decision does; one table per rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.procedures.walk import load
from townkeeper.procedures.bpmn import bpmn
from townkeeper.procedures.diagram import svg
from townkeeper.procedures.language import parse, to_data
from townkeeper.procedures.limits import comes_before, is_limit, is_window, rung_at
from townkeeper.procedures.model import Ask, Context, Ground, RefusedError, Rung, State, TaskState
from townkeeper.procedures.transition import SUPPLIABLE, advance, decide, effect_of, options

PROBLEM = load("problem")
LEAD = TaskState("1", "handling", "CG", "lead", performer="handler")
HELP = TaskState("2", "handling", "JT", "assist", performer="handler")
HANDLING = State("handling", (LEAD, HELP))
LEADER = Context(
    "zhang", frozenset({"handler"}), frozenset({"CG"}), reason="not our road", clause="2011, 4",
    named="SW",
)  # fmt: skip
HELPER = replace(LEADER, actor="liu", units=frozenset({"JT"}))
ARBITER = Context("wu", frozenset({"arbiter"}))
DISPUTED = replace(HANDLING, asked=frozenset({"dispute"}), askers={"dispute": "zhang"})
CLOSED = State("closed")
REPORTER = Context("reporter", frozenset({"reporter"}), reason="still there")
ASKED_AGAIN = replace(CLOSED, asked=frozenset({"reopen"}), askers={"reopen": "reporter"})
SUPERVISOR = Context("sun", frozenset({"supervisor"}), office="Z")


def refused(state, action, context, procedure=PROBLEM):
    with pytest.raises(RefusedError) as caught:
        advance(procedure, state, action, context)
    return caught.value


def denied(state, action, context, *, accepted=True):
    with pytest.raises(RefusedError) as caught:
        decide(PROBLEM, state, action, accepted, context)
    return caught.value.code


# --- disputes ---


@pytest.mark.parametrize(("who", "task"), [(LEADER, "1"), (HELPER, "2")])
def test_a_dispute_only_asks_and_is_counted_at_once(who, task):
    changes = advance(PROBLEM, HANDLING, "dispute", who)
    assert (changes.step, changes.task, changes.closes, changes.opens) == ("handling", task, (), ())
    assert changes.asks == Ask("arbiter", 2, "4wh")
    assert (changes.counts, changes.effect) == (("evasion",), "dispute")


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (replace(LEADER, reason=" "), "reason-missing"),
        (replace(LEADER, clause=" "), "clause-missing"),
        (replace(LEADER, named=""), "unit-missing"),
        (replace(LEADER, late=frozenset({"dispute"})), "too-late"),
        (replace(LEADER, units=frozenset()), "not-unit"),
    ],
)
def test_a_dispute_is_refused(context, code):
    error = refused(HANDLING, "dispute", context)
    assert error.code == code
    assert (code in SUPPLIABLE) == (code not in {"too-late", "not-unit"})
    if code == "too-late":
        assert error.params["within"] == "4wh"


def test_a_window_that_closed_after_the_asking_does_not_stop_the_ruling():
    late = replace(ARBITER, task="1", duty=(("SW", "lead"),), late=frozenset({"dispute"}))
    assert decide(PROBLEM, DISPUTED, "dispute", accepted=True, context=late).opens


def test_an_upheld_dispute_gives_the_case_to_the_other_unit_and_counts_no_second_time():
    ruling = replace(ARBITER, task="1", duty=(("SW", "lead"), ("JT", "assist")))
    changes = decide(PROBLEM, DISPUTED, "dispute", accepted=True, context=ruling)
    assert changes.closes == (("1", "dispute"), ("2", "cancelled"))
    assert [(task.unit, task.role) for task in changes.opens] == [("SW", "lead"), ("JT", "assist")]
    assert (changes.counts, changes.clears, changes.effect) == ((), ("dispute",), "dispute")


def test_a_rejected_dispute_leaves_the_case_where_it_is():
    changes = decide(PROBLEM, DISPUTED, "dispute", accepted=False, context=ARBITER)
    assert (changes.step, changes.closes, changes.opens) == ("handling", (), ())
    assert (changes.clears, changes.effect) == (("dispute",), "dispute")


def test_an_assistants_upheld_dispute_moves_only_its_own_part():
    ruling = replace(ARBITER, task="2", named="SW")
    changes = decide(PROBLEM, DISPUTED, "dispute", accepted=True, context=ruling)
    assert changes.closes == (("2", "dispute"),)
    assert [(task.unit, task.role, task.limit) for task in changes.opens] == [
        ("SW", "assist", "by-category")
    ]
    assert changes.step == "handling"


@pytest.mark.parametrize("named", ["CG", ""])
def test_an_assistants_part_goes_to_nobody_twice(named):
    """The unit named has its task already, or the arbiter finds that no help is needed."""
    ruling = replace(ARBITER, task="2", named=named)
    changes = decide(PROBLEM, DISPUTED, "dispute", accepted=True, context=ruling)
    assert (changes.closes, changes.opens) == ((("2", "dispute"),), ())


def test_the_last_open_part_never_goes_to_nobody():
    alone = replace(DISPUTED, tasks=(replace(LEAD, done=True), HELP))
    assert denied(alone, "dispute", replace(ARBITER, task="2")) == "unit-missing"


@pytest.mark.parametrize(
    ("state", "context", "code"),
    [
        (DISPUTED, replace(ARBITER, actor="zhang"), "same-person"),
        (DISPUTED, replace(ARBITER, roles=frozenset({"handler"})), "not-performer"),
        (HANDLING, ARBITER, "not-asked"),
    ],
)
def test_who_may_not_rule(state, context, code):
    assert denied(state, "dispute", context, accepted=False) == code


# --- lawful grounds ---


@pytest.mark.parametrize(
    ("ground", "evidence", "code"),
    [
        ("", "document", "ground-missing"),
        ("rain", "document", "ground-missing"),
        ("weather", "", "evidence-missing"),
        ("weather", "site-photo", "evidence-missing"),
        ("force-majeure", "document", "evidence-missing"),
    ],
)
def test_the_clock_stops_for_lawful_grounds_with_their_proof_only(ground, evidence, code):
    context = replace(LEADER, ground=ground, evidence=frozenset(evidence.split()))
    assert refused(HANDLING, "suspend", context).code == code


def test_a_lawful_stop_waits_for_its_decider():
    context = replace(LEADER, ground="weather", evidence=frozenset({"document"}))
    changes = advance(PROBLEM, HANDLING, "suspend", context)
    assert (changes.asks, changes.effect) == (Ask("supervisor", 3, "2wh"), "stop")
    assert changes.pauses == ()


def test_grounds_are_read_in_three_ways_and_written_back():
    read = {
        "plain": ["rain", "flood"],
        "titled": {"rain": "Rain", "flood": {"evidence": "document"}},
        "listed": [{"name": "rain", "title": {"en": "Rain"}}, "flood"],
    }
    data = {"procedure": "p", "start": "a", "steps": {"a": {"actions": {
        name: {"grounds": grounds} for name, grounds in read.items()
    }}}}  # fmt: skip
    procedure = parse(data)
    actions = procedure.steps["a"].actions
    assert list(actions["plain"].grounds) == ["rain", "flood"]
    assert actions["titled"].grounds["rain"] == Ground("rain", {"und": "Rain"})
    assert actions["titled"].grounds["flood"].evidence == ("document",)
    assert actions["listed"].grounds["rain"].title == {"en": "Rain"}
    for brief in (True, False):
        assert parse(to_data(procedure, brief=brief)) == procedure


# --- the end, and after it ---


def test_an_ended_case_can_be_asked_to_run_again():
    changes = advance(PROBLEM, CLOSED, "reopen", REPORTER)
    assert changes.asks == Ask("supervisor", 2, "1wd")
    assert (changes.step, changes.final, changes.reopens) == ("closed", False, False)
    assert (changes.counts, changes.effect) == ((), "reopening")


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (replace(REPORTER, reason=""), "reason-missing"),
        (replace(REPORTER, late=frozenset({"reopen"})), "too-late"),
        (replace(REPORTER, roles=frozenset({"handler"})), "not-performer"),
    ],
)
def test_reopening_is_refused(context, code):
    assert refused(CLOSED, "reopen", context).code == code


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (replace(CLOSED, used={"reopen": 2}), "used-up"),
        (ASKED_AGAIN, "already-asked"),
        (State("voided"), "closed"),
    ],
)
def test_not_every_end_can_be_reopened(state, code):
    assert refused(state, "reopen", REPORTER).code == code


def test_a_granted_reopening_gives_work_to_the_units_named_by_the_caller():
    ruling = replace(SUPERVISOR, duty=(("CG", "lead"),))
    changes = decide(PROBLEM, ASKED_AGAIN, "reopen", accepted=True, context=ruling)
    assert (changes.step, changes.reopens, changes.final) == ("handling", True, False)
    assert [task.unit for task in changes.opens] == ["CG"]
    assert (changes.counts, changes.clears) == (("reopened",), ("reopen",))


def test_a_refused_reopening_leaves_the_end():
    changes = decide(PROBLEM, ASKED_AGAIN, "reopen", accepted=False, context=SUPERVISOR)
    assert (changes.step, changes.reopens, changes.counts) == ("closed", False, ())


def test_nobody_grants_their_own_reopening():
    mine = replace(ASKED_AGAIN, askers={"reopen": "sun"})
    assert denied(mine, "reopen", SUPERVISOR) == "same-person"


def test_options_of_an_ended_case_are_its_asks():
    ((action, why),) = options(PROBLEM, CLOSED, replace(REPORTER, reason=""))
    assert (action.name, why.code) == ("reopen", "reason-missing")
    assert options(PROBLEM, State("refused"), REPORTER) == []


def test_what_waits_for_better_days_is_reviewed_again_and_again():
    task = TaskState("7", "shelved", "Z", performer="supervisor")
    state = State("shelved", (task,))
    boss = replace(SUPERVISOR, units=frozenset({"Z"}), reason="no money", duty=(("CG", "lead"),))
    kept = advance(PROBLEM, state, "keep", boss)
    assert (kept.step, kept.closes, kept.counts) == ("shelved", (("7", "keep"),), ("reviews",))
    assert [(new.unit, new.limit) for new in kept.opens] == [("Z", "90d")]
    assert [new.unit for new in advance(PROBLEM, state, "resume", boss).opens] == ["CG"]
    assert refused(state, "end", boss).code == "answer-missing"
    ended = advance(PROBLEM, state, "end", replace(boss, answer="not before the new road"))
    assert (ended.final, ended.outcome) == (True, "unsolvable")


# --- words and ladders ---


@pytest.mark.parametrize(
    ("step", "action", "effect"),
    [
        ("handling", "extend", "extension"),
        ("handling", "suspend", "stop"),
        ("handling", "report", None),
        ("closed", "reopen", "reopening"),
    ],
)
def test_effects(step, action, effect):
    assert effect_of(PROBLEM.steps[step].actions[action]) == effect


def test_an_effect_follows_from_what_an_action_does_to_the_clock():
    data = {"procedure": "p", "start": "a", "steps": {"a": {"actions": {
        "more": {"extends": "same"}, "hold": {"pauses": True}, "note": {},
    }}}}  # fmt: skip
    actions = parse(data).steps["a"].actions
    assert [effect_of(action) for action in actions.values()] == ["extension", "stop", None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("80%", (0.8, 0, "")),
        ("due", (None, 0, "")),
        ("due-1wh", (None, -1, "1wh")),
        ("due+1wd", (None, 1, "1wd")),
        ("0%", None),
        ("100%", None),
        ("due+", None),
        ("due+0wh", None),
        ("due+same-day", None),
        ("due+by-category", None),
        ("soon", None),
    ],
)
def test_rungs_are_read(text, found):
    assert rung_at(text) == found


RUNGS = ["50%", "80%", "due-2wh", "due-1wh", "due", "due+4wh", "due+1wd", "due+2wd"]


@given(st.sampled_from(RUNGS), st.sampled_from(RUNGS))
def test_rungs_are_in_order_exactly_as_written_here(one, other):
    if {one[-1], other[-1]} == {"%", "h"} and "+" not in one + other:
        return  # a share and a length before the due time cannot be compared
    assert comes_before(one, other) == (RUNGS.index(one) < RUNGS.index(other))


def test_a_share_and_a_length_are_not_compared():
    assert comes_before("80%", "due-1wh")
    assert comes_before("due-1wh", "80%")
    assert not comes_before("due+1h", "80%")
    assert comes_before("due+1wd", "due+1d")
    assert comes_before("nonsense", "due")


@pytest.mark.parametrize("text", ["4wh", "15d", "same-day", "20:30"])
def test_windows(text):
    assert is_window(text)
    assert is_limit(text)


@pytest.mark.parametrize("text", ["by-category", "none", "0d", "soon"])
def test_no_windows(text):
    assert not is_window(text)


def test_ladders_of_the_program():
    ladder = PROBLEM.steps["handling"].ladder
    assert ladder[0] == Rung("80%", ("handler",))
    assert ladder[2] == Rung("due+4wh", ("supervisor",), "red", "overdue")
    assert PROBLEM.ladder[0].tell == ("performer",)
    assert not PROBLEM.steps["verifying"].ladder


def test_pictures_and_bpmn_say_windows_ladders_and_reopening():
    picture = svg(PROBLEM, "zh-Hant", names={"arbiter": "仲裁人"})
    assert "權責異議（4 工作小時內）（仲裁人決定）" in picture
    document = bpmn(PROBLEM, "en", names={"supervisor": "Supervision"})
    assert "action: Ask to reopen (Supervision) → Handling (15 days)" in document
    assert "at due+1wd: leader" in document

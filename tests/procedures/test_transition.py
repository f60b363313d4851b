"""What an action does to a case: one table per rule of the transition function."""

from dataclasses import replace

import pytest

from tests.procedures.walk import load
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Context, RefusedError, State, TaskState
from townkeeper.procedures.transition import BEGIN, SUPPLIABLE, advance, begin, decide, options

PROBLEM = load("problem")
HANDLER = Context("zhang", frozenset({"handler"}), frozenset({"CG"}))
LEAD = TaskState("1", "handling", "CG", "lead", performer="handler")
HELP = TaskState("2", "handling", "JT", "assist", performer="handler")
HANDLING = State("handling", (LEAD, HELP))
PARALLEL = {
    "procedure": "parallel",
    "start": "work",
    "steps": {
        "work": {
            "performer": "hand",
            "unit": "same",
            "limit": "5wd",
            "warn": 0.5,
            "actions": {
                "done": "after",
                "leave": "end",
                "note": {"counts": "notes"},
                "hold": {"pauses": True, "grounds": ["rain"]},
                "go": {"resumes": True},
                "close": {"to": "end", "ends": "task", "ask": "boss"},
                "lift": {"to": "end", "performer": "boss"},
            },
            "branches": {
                "a": {"unit": "A", "role": "lead", "evidence": "document"},
                "b": {"unit": "duty", "performer": "other", "limit": "2wd"},
                "c": {},
            },
        },
        "after": {"performer": "hand", "unit": "same", "actions": {"done": "end"}},
        "end": {"final": True},
    },
}


def parallel(join="all"):
    data = {**PARALLEL, "steps": {**PARALLEL["steps"]}}
    data["steps"]["work"] = {**PARALLEL["steps"]["work"], "join": join}
    return parse(data)


def branches(*done, paused=()):
    rows = (("a", "A", "lead", "hand"), ("b", "B", "assist", "other"), ("c", "C", "assist", "hand"))
    return State(
        "work",
        tuple(
            TaskState(name, "work", unit, role, name, who, name in done, name in paused)
            for name, unit, role, who in rows
        ),
    )


def hand(*units, **given):
    return replace(Context("li", frozenset({"hand"}), frozenset(units)), **given)


def refused(procedure, state, action, context):
    with pytest.raises(RefusedError) as caught:
        advance(procedure, state, action, context)
    return caught.value


def test_begin_opens_the_first_step():
    changes = begin(PROBLEM, Context("wang", frozenset(), office="511011"))
    assert (changes.action, changes.step, changes.closes) == (BEGIN, "intake", ())
    (task,) = changes.opens
    assert (task.unit, task.performer, task.limit, task.warn) == (
        "511011",
        "operator",
        "30wmin",
        0.8,
    )


@pytest.mark.parametrize(
    ("duty", "tasks"),
    [
        ((("CG", "lead"), ("JT", "assist")), [("CG", "lead"), ("JT", "assist")]),
        ((("CG", "assist"), ("CG", "lead"), ("CG", "assist")), [("CG", "lead")]),
        ((), [("", "lead")]),
        ((("", "lead"),), [("", "lead")]),
        ((("JT", "assist"),), [("", "lead"), ("JT", "assist")]),
    ],
)
def test_a_duty_step_opens_a_task_for_each_unit_and_a_loud_one_without_owner(duty, tasks):
    state = State("filed", (TaskState("1", "filed", "Z"),))
    context = Context("chen", frozenset({"dispatcher"}), frozenset({"Z"}), duty=duty)
    changes = advance(PROBLEM, state, "dispatch", context)
    assert [(task.unit, task.role) for task in changes.opens] == tasks
    assert {task.limit for task in changes.opens} == {"by-category"}
    assert changes.closes == (("1", "dispatch"),)
    assert not changes.final


def test_the_leads_report_ends_the_step_and_cancels_the_assistants():
    changes = advance(
        PROBLEM, HANDLING, "report", replace(HANDLER, evidence=frozenset({"after-photo"}))
    )
    assert changes.step == "verifying"
    assert changes.closes == (("1", "report"), ("2", "cancelled"))
    assert changes.task == "1"


def test_an_assistants_report_ends_only_its_own_task():
    helper = Context(
        "liu", frozenset({"handler"}), frozenset({"JT"}), evidence=frozenset({"after-photo"})
    )
    changes = advance(PROBLEM, HANDLING, "report", helper)
    assert (changes.step, changes.closes, changes.opens) == ("handling", (("2", "report"),), ())
    assert not changes.final


def test_a_dispatcher_acts_on_the_whole_step_and_needs_no_unit():
    context = Context(
        "chen", frozenset({"dispatcher"}), reason="wrong unit", duty=(("SW", "lead"),)
    )
    changes = advance(PROBLEM, HANDLING, "redispatch", context)
    assert changes.closes == (("1", "cancelled"), ("2", "cancelled"))
    assert [task.unit for task in changes.opens] == ["SW"]
    assert changes.task is None


def test_without_owner_only_others_move_the_case_on():
    state = State("handling", (replace(LEAD, unit=""),))
    assert refused(PROBLEM, state, "report", HANDLER).code == "no-owner"
    dispatcher = Context("chen", frozenset({"dispatcher"}), reason="none", duty=(("CG", "lead"),))
    assert advance(PROBLEM, state, "redispatch", dispatcher).opens[0].unit == "CG"


@pytest.mark.parametrize(
    ("action", "context", "code"),
    [
        ("fly", HANDLER, "unknown-action"),
        ("report", replace(HANDLER, roles=frozenset({"operator"})), "not-performer"),
        ("report", replace(HANDLER, units=frozenset({"XX"})), "not-unit"),
        ("report", replace(HANDLER, units=frozenset({"CG", "JT"})), "task-missing"),
        ("report", replace(HANDLER, task="9"), "task-missing"),
        ("report", replace(HANDLER, task="2"), "not-unit"),
        ("report", HANDLER, "evidence-missing"),
        ("dispute", replace(HANDLER, reason="  "), "reason-missing"),
        ("resume", HANDLER, "not-paused"),
    ],
)
def test_refusals(action, context, code):
    error = refused(PROBLEM, HANDLING, action, context)
    assert error.code == code
    assert code in str(error)


def test_a_closed_case_takes_no_action():
    assert refused(PROBLEM, State("closed"), "pass", HANDLER).code == "closed"


def test_a_step_without_open_task_is_refused_not_crashed():
    assert refused(PROBLEM, State("intake"), "file", HANDLER).code == "not-performer"


def test_the_fixer_does_not_verify():
    task = TaskState("3", "verifying", "ZX", performer="verifier")
    state = State("verifying", (task,), performed={"handling": frozenset({"zhang"})})
    both = Context("zhang", frozenset({"handler", "verifier"}), frozenset({"ZX"}), answer="done")
    error = refused(PROBLEM, state, "pass", both)
    assert (error.code, error.params["steps"]) == ("same-person", ("handling",))
    assert advance(PROBLEM, state, "pass", replace(both, actor="he")).outcome == "fixed"


def test_closing_needs_an_answer():
    state = State("verifying", (TaskState("3", "verifying", "", performer="verifier"),))
    verifier = Context("he", frozenset({"verifier"}))
    assert refused(PROBLEM, state, "pass", verifier).code == "answer-missing"
    changes = advance(PROBLEM, state, "pass", replace(verifier, answer="done"))
    assert (changes.final, changes.outcome, changes.opens) == (True, "fixed", ())
    partly = replace(verifier, answer="half", reason="rain")
    assert advance(PROBLEM, state, "pass_partly", partly).outcome == "partly"


def test_an_ask_waits_is_counted_and_is_decided_by_another():
    asking = replace(HANDLER, reason="rain")
    changes = advance(PROBLEM, HANDLING, "extend", asking)
    assert (changes.asks.decider, changes.asks.times, changes.step) == (
        "supervisor",
        1,
        "handling",
    )
    assert (changes.task, changes.extends, changes.closes) == ("1", (), ())
    waiting = replace(HANDLING, asked=frozenset({"extend"}), askers={"extend": "zhang"})
    assert refused(PROBLEM, waiting, "extend", asking).code == "already-asked"
    spent = replace(HANDLING, used={"extend": 1})
    assert refused(PROBLEM, spent, "extend", asking).code == "used-up"
    boss = Context("sun", frozenset({"supervisor"}), task="1")
    granted = decide(PROBLEM, waiting, "extend", accepted=True, context=boss)
    assert (granted.extends, granted.clears, granted.step) == (
        (("1", "same"),),
        ("extend",),
        "handling",
    )
    denied = decide(PROBLEM, waiting, "extend", accepted=False, context=boss)
    assert (denied.extends, denied.clears) == ((), ("extend",))


@pytest.mark.parametrize(
    ("state", "action", "context", "code"),
    [
        (HANDLING, "extend", Context("s", frozenset({"supervisor"})), "not-asked"),
        (HANDLING, "report", Context("s", frozenset({"supervisor"})), "not-asked"),
        (
            replace(HANDLING, asked=frozenset({"extend"})),
            "extend",
            Context("s", frozenset({"handler"})),
            "not-performer",
        ),
        (
            replace(HANDLING, asked=frozenset({"extend"}), askers={"extend": "s"}),
            "extend",
            Context("s", frozenset({"supervisor"})),
            "same-person",
        ),
    ],
)
def test_decisions_refused(state, action, context, code):
    with pytest.raises(RefusedError) as caught:
        decide(PROBLEM, state, action, accepted=True, context=context)
    assert caught.value.code == code


def test_a_granted_suspension_pauses_and_resume_starts_again():
    waiting = replace(HANDLING, asked=frozenset({"suspend"}))
    boss = Context("sun", frozenset({"supervisor"}))
    assert decide(PROBLEM, waiting, "suspend", accepted=True, context=boss).pauses == ("1", "2")
    one = decide(PROBLEM, waiting, "suspend", accepted=True, context=replace(boss, task="2"))
    assert one.pauses == ("2",)
    paused = State("handling", (replace(LEAD, paused=True), HELP))
    again = refused(PROBLEM, paused, "suspend", replace(HANDLER, reason="rain"))
    assert again.code == "already-paused"
    assert advance(PROBLEM, paused, "resume", HANDLER).resumes == ("1",)
    assert advance(PROBLEM, paused, "resume", boss).resumes == ("1",)


def test_a_granted_ask_that_leads_on_ends_the_step():
    waiting = replace(HANDLING, asked=frozenset({"give_up", "extend"}))
    boss = Context("sun", frozenset({"supervisor"}), office="Z")
    changes = decide(PROBLEM, waiting, "give_up", accepted=True, context=boss)
    assert (changes.final, changes.step, changes.effect) == (False, "shelved", "unsolvable")
    assert [(task.unit, task.limit) for task in changes.opens] == [("Z", "90d")]
    assert changes.closes == (("1", "cancelled"), ("2", "cancelled"))
    assert changes.clears == ("extend", "give_up")


def test_branches_open_side_by_side():
    context = hand(duty=(("X", "lead"), ("Y", "assist")))
    changes = begin(parallel(), context)
    assert [(t.branch, t.unit, t.role, t.performer, t.limit) for t in changes.opens] == [
        ("a", "A", "lead", "hand", "5wd"),
        ("b", "Y", "assist", "other", "2wd"),
        ("c", "same", "assist", "hand", "5wd"),
    ]
    assert [task.unit for task in begin(parallel(), hand()).opens] == ["A", "", "same"]


@pytest.mark.parametrize(
    ("join", "done", "branch", "step", "closes"),
    [
        ("all", (), "c", "work", (("c", "done"),)),
        ("all", ("a", "b"), "c", "after", (("c", "done"),)),
        ("any", (), "c", "after", (("c", "done"), ("a", "cancelled"), ("b", "cancelled"))),
        ("lead", (), "c", "work", (("c", "done"),)),
        ("lead", (), "a", "after", (("a", "done"), ("b", "cancelled"), ("c", "cancelled"))),
        ("lead", ("c",), "a", "after", (("a", "done"), ("b", "cancelled"))),
    ],
)
def test_joins(join, done, branch, step, closes):
    context = hand("A", "C", task=branch, evidence=frozenset({"document"}))
    changes = advance(parallel(join), branches(*done), "done", context)
    assert (changes.step, changes.closes) == (step, closes)


def test_a_lead_join_of_assistants_only_waits_for_all():
    state = State("work", tuple(replace(task, role="assist") for task in branches("a").tasks))
    changes = advance(parallel("lead"), state, "done", hand("C"))
    assert changes.step == "work"


def test_a_branch_has_its_own_evidence_and_performer():
    error = refused(parallel(), branches(), "done", hand("A"))
    assert (error.code, error.params["kinds"]) == ("evidence-missing", ("document",))
    assert refused(parallel(), branches(), "done", hand("B", task="b")).code == "not-performer"
    unowned = State("work", (replace(branches().tasks[1], unit=""),))
    other = Context("o", frozenset({"other"}))
    assert refused(parallel(), unowned, "done", other).code == "no-owner"
    office = State("work", (replace(branches().tasks[2], unit=""),))
    assert advance(parallel(), office, "done", hand()).step == "after"


def test_same_means_the_unit_before():
    state = State("work", (branches().tasks[2],))
    assert advance(parallel(), state, "done", hand("C")).opens[0].unit == "C"


@pytest.mark.parametrize(("lead", "unit"), [("lead", "A"), ("assist", "same")])
def test_same_after_one_without_a_task_is_the_leaders(lead, unit):
    data = {**PARALLEL, "steps": {**PARALLEL["steps"]}}
    data["steps"]["work"] = {
        **PARALLEL["steps"]["work"],
        "actions": {"done": "end", "move": {"to": "after", "performer": "boss"}},
    }
    tasks = tuple(
        replace(task, role=lead if task.key == "a" else "assist") for task in branches().tasks
    )
    changes = advance(parse(data), State("work", tasks), "move", Context("b", frozenset({"boss"})))
    assert changes.opens[0].unit == unit


def test_pauses_need_a_lawful_ground_and_touch_ones_own_clock():
    procedure = parallel()
    assert refused(procedure, branches(), "hold", hand("A")).code == "ground-missing"
    rain = hand("A", ground="rain")
    assert advance(procedure, branches(), "hold", rain).pauses == ("a",)
    both = hand("A", "C", ground="rain")
    assert advance(procedure, branches(), "hold", both).pauses == ("a", "b", "c")
    assert advance(procedure, branches(paused=("a",)), "go", hand("A", "C")).resumes == ("a",)


def test_a_note_changes_nothing_but_a_counter():
    changes = advance(parallel(), branches(), "note", hand("A"))
    assert (changes.step, changes.closes, changes.counts) == ("work", (), ("notes",))


def test_a_decision_about_one_of_several_tasks_names_it():
    state = replace(branches(), asked=frozenset({"close"}))
    boss = Context("b", frozenset({"boss"}))
    with pytest.raises(RefusedError) as caught:
        decide(parallel(), state, "close", accepted=True, context=boss)
    assert caught.value.code == "task-missing"
    changes = decide(parallel(), state, "close", accepted=True, context=replace(boss, task="c"))
    assert (changes.step, changes.closes, changes.clears) == ("work", (("c", "close"),), ("close",))


def test_kinds_limit_and_change():
    data = {
        "procedure": "kinds",
        "start": "work",
        "kinds": {"now": "即辦", "joint": "聯辦"},
        "steps": {
            "work": {
                "performer": "hand",
                "actions": {"quick": {"to": "end", "kinds": ["now"]}, "join": {"becomes": "joint"}},
            },
            "end": {"final": True, "outcome": "good"},
        },
    }
    procedure = parse(data)
    state = State("work", (TaskState("1", "work", "A"),))
    assert refused(procedure, state, "quick", hand("A", kind="joint")).code == "wrong-kind"
    assert advance(procedure, state, "quick", hand("A", kind="now")).outcome == "good"
    assert advance(procedure, state, "quick", hand("A")).final
    assert advance(procedure, state, "join", hand("A")).kind == "joint"


def test_options_say_what_is_possible_and_why_not():
    found = {
        action.name: refused_error and refused_error.code
        for action, refused_error in options(PROBLEM, HANDLING, HANDLER)
    }
    assert found == {
        "report": "evidence-missing",
        "dispute": "reason-missing",
        "extend": "reason-missing",
        "suspend": "ground-missing",
        "resume": "not-paused",
        "give_up": "ground-missing",
        "not_ours": "not-performer",
        "redispatch": "not-performer",
        "void": "not-performer",
    }
    assert found["report"] in SUPPLIABLE
    assert found["void"] not in SUPPLIABLE
    state = State("intake", (TaskState("1", "intake", "A"),))
    offered = options(PROBLEM, state, Context("w", frozenset({"operator"}), frozenset({"A"})))
    assert [refusal for action, refusal in offered if action.name == "file"] == [None]

"""One language for four domains: each procedure walked from its start to each of its ends."""

import pytest

from tests.procedures.walk import Walk, load
from townkeeper.procedures.model import Context, RefusedError

DUTY = (("CG", "lead"), ("JT", "assist"))
DISPUTE = {"reason": "not our road", "clause": "duties 2011, 4", "named": "SW"}


def walk(key, **given):
    return Walk(load(key), Context("opener", frozenset(), office="WIN", **given))


def problem_in_handling():
    case = walk("problem")
    case.act("file", "operator")
    case.act("dispatch", "dispatcher", duty=DUTY)
    return case


def lead(case):
    return next(task.key for task in case.state.tasks if task.role == "lead")


def test_problem_fixed_after_one_rework():
    case = problem_in_handling()
    case.act("report", "handler", task=lead(case), evidence="after-photo")
    case.act("fail", "verifier", reason="still there", duty=DUTY)
    case.act("report", "handler", task=lead(case), evidence="after-photo")
    changes = case.act("pass", "verifier", answer="cleaned")
    assert (changes.final, changes.outcome, case.counted) == (True, "fixed", ["rework"])


def test_problem_disputed_extended_suspended_then_unsolvable():
    case = problem_in_handling()
    case.act("dispute", "handler", task=lead(case), **DISPUTE)
    assert [task.unit for task in case.state.tasks] == ["CG", "JT"]
    case.rule("dispute", "arbiter", task=lead(case), duty=(("SW", "lead"),))
    case.act("extend", "handler", reason="needs a crane")
    case.rule("extend", "supervisor")
    assert case.changes.extends == (("t5", "same"),)
    case.act("suspend", "handler", reason="flood", ground="weather", evidence="document")
    case.rule("suspend", "supervisor")
    assert case.state.tasks[0].paused
    with pytest.raises(RefusedError, match="used-up"):
        case.act("extend", "handler", reason="again")
    case.act("resume", "handler")
    case.act("give_up", "handler", reason="river bed", ground="technical")
    assert case.rule("give_up", "supervisor").step == "shelved"
    assert case.act("keep", "supervisor", reason="river still high").opens[0].limit == "90d"
    changes = case.act("end", "supervisor", reason="never", answer="cannot be done before spring")
    assert changes.outcome == "unsolvable"
    assert case.counted == ["evasion", "shelved", "reviews"]


def test_problem_refused_voided_partly_and_not_ours():
    case = walk("problem")
    assert case.act("refuse", "operator", reason="no place given").outcome == "refused"
    case = walk("problem")
    case.act("file", "operator")
    case.act("send_back", "dispatcher", reason="which street?")
    case.act("file", "operator")
    assert case.act("void", "supervisor", reason="double").outcome == "voided"
    case = problem_in_handling()
    case.act("report", "handler", task=lead(case), evidence="after-photo")
    assert case.act("pass_partly", "verifier", reason="rest in May", answer="x").outcome == "partly"
    case = problem_in_handling()
    case.act("dispute", "handler", task=lead(case), **DISPUTE)
    given = {"reason": "railway", "clause": "Railway Act 29", "answer": "x"}
    assert case.act("not_ours", "arbiter", **given).outcome == "not-ours"
    assert not case.state.asked


def test_problem_without_owner_is_taken_on_by_the_dispatcher():
    case = walk("problem")
    case.act("file", "operator")
    case.act("dispatch", "dispatcher")
    assert [task.unit for task in case.state.tasks] == [""]
    case.act("redispatch", "dispatcher", reason="named by the head", duty=DUTY)
    assert [task.unit for task in case.state.tasks] == ["CG", "JT"]


@pytest.mark.parametrize(
    ("kind", "acts"),
    [
        ("now", [("settle", "acceptor", {"answer": "yes"})]),
        (
            "promised",
            [
                ("accept", "acceptor", {}),
                ("forward", "reviewer", {}),
                ("approve", "chief", {"evidence": "certificate", "answer": "yes"}),
            ],
        ),
        (
            "sent-up",
            [
                ("send-up", "acceptor", {}),
                ("reported", "chief", {"evidence": "document"}),
                ("replied", "chief", {}),
                ("deliver", "acceptor", {"answer": "yes"}),
            ],
        ),
        ("returned", [("return", "acceptor", {"reason": "not for us", "answer": "no"})]),
    ],
)
def test_approval_kinds(kind, acts):
    case = walk("approval")
    for action, role, given in acts:
        case.act(action, role, **given)
    assert case.changes.final
    assert case.kind == kind


def test_approval_supplemented_once_then_accepted():
    case = walk("approval")
    case.act("ask-papers", "acceptor", reason="plan and deed")
    assert case.kind == "supplement"
    case.act("supplied", "acceptor", evidence="document")
    with pytest.raises(RefusedError, match="used-up"):
        case.act("ask-papers", "acceptor", reason="one more")
    case.act("accept", "acceptor")
    case.act("send-back", "reviewer", reason="unclear")
    assert case.counted == ["rework"]


def test_approval_in_parallel_with_a_lawful_stop_and_a_silent_branch():
    case = walk("approval")
    case.act("accept-joint", "acceptor")
    assert [task.unit for task in case.state.tasks] == [
        "planning",
        "housing",
        "environment",
        "fire",
    ]
    with pytest.raises(RefusedError, match="ground-missing"):
        case.act("stop", "department", task=case.task("environment"), reason="rain", ground="rain")
    stop = {"reason": "notice 12", "ground": "expert-review"}
    case.act("stop", "department", task=case.task("environment"), **stop)
    assert [task.paused for task in case.state.tasks] == [False, False, True, False]
    case.act("agree", "fire-officer")
    case.act("object", "department", task=case.task("building"), reason="too high")
    case.act("go-on", "department", task=case.task("environment"))
    case.act("deem", "supervisor", task=case.task("environment"), reason="overdue")
    assert case.state.step == "joint"
    case.act("agree", "department", task=case.task("planning"), evidence="minutes")
    assert case.state.step == "approving"
    with pytest.raises(RefusedError, match="same-person"):
        case.act("approve", "chief", actor="acceptor", evidence="certificate", answer="yes")
    case.act("extend", "chief", reason="complex")
    assert case.rule("extend", "head").extends == (("t6", "10wd"),)
    assert case.act("reject", "chief", reason="art. 38", answer="no").outcome == "rejected"
    assert case.counted == ["silent"]


def test_an_applicant_withdraws_from_all_branches_at_once():
    case = walk("approval")
    case.act("accept-joint", "acceptor")
    changes = case.act("withdraw", "acceptor", reason="no longer", answer="noted")
    assert [outcome for _, outcome in changes.closes] == ["cancelled"] * 4
    assert changes.outcome == "returned"


def test_works_with_milestones_counted_back_from_the_date():
    case = walk("works")
    case.act("ready", "owner", evidence="document expert-opinion")
    case.act("again", "owner", reason="one bidder")
    case.act("award", "owner", evidence="document")
    assert [new.limit for new in case.changes.opens] == ["60d", "150d", "200d"]
    assert [new.unit for new in case.changes.opens] == ["WIN", "WIN", "environment"]
    case.act("progress", "builder", task=case.task("groundwork"), evidence="site-photo")
    case.act("delay", "builder", task=case.task("structure"), reason="steel")
    case.rule("delay", "commander", task=case.task("structure"))
    assert case.changes.extends == ((case.task("structure"), "15d"),)
    case.act("halt", "safety-officer", reason="flood", ground="flood")
    assert all(task.paused for task in case.state.tasks)
    case.act("restart", "safety-officer")
    case.act("reach", "builder", task=case.task("groundwork"), evidence="site-photo")
    seen = "site-photo measurement"
    case.act("reach", "builder", task=case.task("structure"), evidence=seen)
    case.act("reach", "protection-officer", evidence="measurement")
    case.act("submit", "owner", evidence="score-sheet")
    case.act("fail", "inspector", reason="drainage")
    case.act("done", "builder", evidence="after-photo")
    changes = case.act("pass", "inspector", evidence="score-sheet certificate")
    assert (changes.final, changes.outcome) == (True, "completed")
    assert case.counted == ["retender", "delay", "rework"]


def test_works_dropped_only_with_the_commanders_word():
    case = walk("works")
    case.act("drop", "owner", reason="no land")
    assert case.state.step == "preparing"
    case.rule("drop", "commander", accepted=False)
    assert not case.state.asked
    case.act("drop", "owner", reason="still no land")
    assert case.rule("drop", "commander").outcome == "dropped"


def test_support_of_a_pupil_in_two_rounds():
    case = walk("support", opener="3B")
    case.act("plan", "class-teacher", evidence="document")
    for _ in range(2):
        case.act("talk", "class-teacher", evidence="talk-record")
        case.act("finish", "subject-teacher")
        assert case.state.step == "supporting"
        guidance = case.task("guidance")
        case.act("finish", "class-teacher", task=guidance, evidence="talk-record")
        assert case.state.step == "reviewing"
        if not case.counted.count("rounds"):
            case.act("again", "head-of-teaching", reason="fractions")
    changes = case.act("worked", "head-of-teaching", evidence="score-sheet")
    assert (changes.outcome, case.counted) == ("worked", ["talks", "rounds", "talks"])


def test_support_ends_otherwise():
    case = walk("support")
    assert case.act("strike", "class-teacher", reason="by mistake").outcome == "not-needed"
    case = walk("support")
    case.act("plan", "class-teacher", evidence="document")
    assert case.act("moved", "class-teacher", reason="family moved").outcome == "moved"

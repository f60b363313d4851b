"""The reporter's judgement and what follows: reopening, by a person, within the window."""

from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import decide_ask, options_for
from townkeeper.cases.judging import closings, judge_answer, judge_until
from townkeeper.cases.models import Case, Judgement, Merge, Stage
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NINE = make.MONDAY
CLOSED = NINE + 3 * HOUR
LAST = NINE + 15 * DAY + 9 * HOUR
"""When the office closes fifteen days later."""


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def closed(people, at=NINE, **fields):
    case = make.opened(at, **fields)
    make.do(case, "file", people["operator"], at)
    make.do(case, "dispatch", people["dispatcher"], at)
    return closed_again(case, people, at)


def closed_again(case, people, at):
    make.photo(case, people["CGJ"], at + HOUR)
    make.do(case, "report", people["CGJ"], at + 2 * HOUR)
    return make.do(case, "pass", people["verifier"], at + 3 * HOUR, answer="已清理。")


@pytest.fixture
def case(people):
    """Closed at noon on Monday with an answer."""
    return closed(people)


def judged(case, people, at=CLOSED + DAY, *, who="operator", verdict="dissatisfied", **given):
    actor = people[who] if who else None
    with clock.at(at, "live"):
        return judge_answer(
            case, verdict=verdict, actor=actor, **{"comment": "又堆起來了", **given}
        )


def refused(function, *given, **named):
    with pytest.raises(Problem) as caught:
        function(*given, **named)
    return caught.value


def reopened(case, people, at=CLOSED + 2 * DAY, *, accepted=True, **given):
    with clock.at(at, "live"):
        ask = case.asks.get(decided_at=None)
        return decide_ask(
            ask, accepted=accepted, actor=people["supervisor"], reason="屬實", **given
        )


def test_a_judgement_is_put_down_once_for_the_closing(case, people):
    found = judged(case, people, verdict="satisfied", channel="hotline")
    assert (found.closing, found.verdict, found.channel, found.actor) == (
        1, "satisfied", "hotline", "operator",
    )  # fmt: skip
    case.refresh_from_db()
    assert (case.stage, case.closed_at, case.due_at is not None) == (Stage.CLOSED, CLOSED, True)
    assert Entry.objects.get(subject=case.subject, act="case.judged").actor == "operator"
    assert refused(judged, case, people).code == "judged-already"
    assert verify_journal().problems == []


def test_the_reporter_judges_without_an_account(case, people):
    found = judged(case, people, who=None, reopen=True)
    assert found.actor == "reporter"
    assert case.asks.get().actor == "reporter"


def test_dissatisfaction_asks_and_a_person_decides(case, people, units):
    judged(case, people, reopen=True)
    case.refresh_from_db()
    ask = case.asks.get()
    assert (case.stage, case.closed_at) == (Stage.CLOSED, CLOSED), "asking alone reopens nothing"
    assert (ask.effect, ask.decider, ask.reason) == ("reopening", "supervisor", "又堆起來了")
    assert ask.due_at is not None
    found = reopened(case, people)
    assert (found.stage, found.closed_at, found.outcome) == (Stage.HANDLING, None, "")
    assert (found.unit, found.counts["reopened"], found.counts["closings"]) == (
        units["CGJ"], 1, 1,
    )  # fmt: skip
    open_now = case.tasks.filter(done_at=None).order_by("-part")
    assert [(t.unit.code, t.part) for t in open_now] == [("CGJ", "lead"), ("S1", "assist")]
    assert found.due_at == open_now[0].due_at > CLOSED + 2 * DAY
    granted = Entry.objects.get(subject=case.subject, act="case.granted")
    assert '"reopened"' in granted.data
    assert verify_journal().problems == []


def test_a_refused_wish_leaves_the_end_as_it_was(case, people):
    before = (case.due_at, case.closed_at, case.outcome)
    judged(case, people, reopen=True)
    found = reopened(case, people, accepted=False)
    assert (found.due_at, found.closed_at, found.outcome) == before
    assert found.stage == Stage.CLOSED
    assert found.counts.get("reopened") is None


def test_a_reopened_case_is_judged_anew_and_goes_on_three_times_at_most(case, people):
    judged(case, people, reopen=True)
    reopened(case, people)
    again = closed_again(Case.objects.get(pk=case.pk), people, CLOSED + 3 * DAY)
    assert (closings(again), again.counts["closings"]) == (2, 2)
    assert judged(again, people, CLOSED + 4 * DAY, reopen=True).closing == 2
    reopened(again, people, CLOSED + 4 * DAY)
    third = closed_again(Case.objects.get(pk=case.pk), people, CLOSED + 7 * DAY)
    problem = refused(judged, third, people, CLOSED + 8 * DAY, reopen=True)
    assert problem.code == "used-up"
    assert judged(third, people, CLOSED + 8 * DAY).closing == 3
    assert Judgement.objects.filter(case=case).count() == 3


def test_old_evidence_does_not_close_a_reopened_case(case, people):
    judged(case, people, reopen=True)
    found = reopened(case, people)
    lead = found.tasks.get(done_at=None, part="lead")
    problem = refused(make.do, case, "report", people["CGJ"], CLOSED + 3 * DAY, task=lead.pk)
    assert problem.code == "evidence-missing"


def test_the_window_is_counted_from_the_closing_by_the_server(case, people):
    with clock.at(CLOSED + DAY, "live"):
        assert judge_until(case) == LAST
    problem = refused(judged, case, people, LAST + HOUR)
    assert problem.code == "too-late"
    assert "2026-11-17 18:00" in str(problem.message)
    given = {"reason": "又來了"}
    late = refused(make.do, case, "reopen", people["operator"], LAST + HOUR, **given)
    assert (late.code, "2026-11-17 18:00" in str(late.message)) == ("too-late", True)
    assert make.do(case, "reopen", people["operator"], LAST, **given).is_ended


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verdict": "angry"}, "verdict-unknown"),
        ({"verdict": "satisfied", "reopen": True}, "satisfied"),
        ({"reopen": True, "comment": " "}, "reason-missing"),
        ({"who": "CGJ"}, "same-person"),
        ({"who": "verifier"}, "same-person"),
        ({"who": "leader"}, "not-performer"),
    ],
)
def test_judgements_refused(case, people, changes, code):
    assert refused(judged, case, people, **changes).code == code
    assert not Judgement.objects.exists()
    assert not case.asks.exists()


def test_what_was_not_answered_cannot_be_judged(people):
    running = make.opened()
    assert refused(judged, running, people).code == "not-answered"
    make.do(running, "refuse", people["operator"], NINE, reason="不是問題")
    assert refused(judged, running, people).code == "not-answered"
    assert judge_until(running) is None


def test_a_wish_already_asked_for_is_not_asked_twice(case, people):
    make.do(case, "reopen", people["supervisor"], CLOSED + HOUR, reason="抽查發現")
    assert judged(case, people, reopen=True).verdict == "dissatisfied"
    assert case.asks.count() == 1
    with clock.at(CLOSED + 2 * DAY, "live"):
        own = refused(decide_ask, case.asks.get(), accepted=True, actor=people["supervisor"])
    assert own.code == "same-person"


def test_a_reopening_may_name_other_units(case, people, units):
    judged(case, people, reopen=True)
    found = reopened(case, people, units=(("S1", "lead"),))
    assert found.unit == units["S1"]


def test_the_reporter_of_a_merged_case_judges_the_main_answer(case, people):
    twin = make.opened(NINE + HOUR)
    Case.objects.filter(pk=twin.pk).update(
        main=case, stage=Stage.MERGED, closed_at=CLOSED, answer=case.answer
    )
    Merge.objects.create(case=twin, main=case, at=NINE + HOUR, actor="operator")
    twin.refresh_from_db()
    refusal = refused(make.do, twin, "file", people["operator"], CLOSED)
    assert (refusal.code, case.number in str(refusal.message)) == ("merged", True)
    found = judged(twin, people, reopen=True)
    assert (found.case, found.closing) == (twin, 1)
    assert case.asks.get().effect == "reopening"
    assert not twin.asks.exists()
    assert judged(case, people, verdict="satisfied").case == case, "each reporter for their own"
    assert refused(judged, twin, people).code == "judged-already"
    assert verify_journal().problems == []


def test_options_of_a_closed_case(case, people):
    with clock.at(CLOSED + DAY, "live"):
        ((action, why),) = options_for(case, actor=people["operator"])
        assert (action.name, why.code) == ("reopen", "reason-missing")
        ((_action, why),) = options_for(case, actor=people["CGJ"])
        assert why.code == "not-performer"

"""Disputes: who keeps the case, what is said, who rules, what follows, what is remembered."""

from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.disputes import (
    dispute_records,
    precedents_for,
    precedents_of,
    state_on,
)
from townkeeper.cases.extracts import event_rows, task_rows
from townkeeper.cases.models import Ask, Case, Stage
from townkeeper.duties.models import Category
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import close_unit

HOUR = timedelta(hours=1)
NINE = make.MONDAY
WORDS = {"reason": "不屬我局", "clause": "職責登記第3條", "other": "GSJ"}


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def case(people):
    """Refuse in street S1, dispatched at nine: CGJ leads until 14:00, S1 assists."""
    return handled(people)


def handled(people, at=NINE, **fields):
    found = make.opened(at, **fields)
    make.do(found, "file", people["operator"], at)
    return make.do(found, "dispatch", people["dispatcher"], at)


def lead(case):
    return case.tasks.filter(done_at=None, part="lead").latest("pk")


def disputed(case, people, at=NINE + HOUR, who="CGJ", **changes):
    make.do(case, "dispute", people[who], at, **{**WORDS, **changes})
    return case.asks.get(decided_at=None)


def ruled(ask, people, at=NINE + 2 * HOUR, *, accepted=True, **given):
    given = {"reason": "查職責登記", **given}
    with clock.at(at, "live"):
        return decide_ask(ask, accepted=accepted, actor=people["arbiter"], **given)


def refused(function, *given, at=NINE + HOUR, **named):
    with clock.at(at, "live"), pytest.raises(Problem) as caught:
        function(*given, **named)
    return caught.value


def test_until_the_ruling_the_first_receiver_keeps_case_and_clock(case, people, units):
    before = lead(case)
    ask = disputed(case, people)
    case.refresh_from_db()
    assert (case.stage, case.unit, case.due_at) == (Stage.HANDLING, units["CGJ"], before.due_at)
    assert lead(case).due_at == before.due_at
    assert (ask.effect, ask.unit, ask.other) == ("dispute", units["CGJ"], units["GSJ"])
    assert (ask.clause, ask.decider, ask.limit) == ("職責登記第3條", "arbiter", "4wh")
    assert ask.due_at == NINE + 7 * HOUR  # 10:00 and four working hours: two before noon
    assert case.counts["evasion"] == 1
    assert Case.objects.ownerless().count() == 0


def test_an_upheld_dispute_moves_the_case_and_keeps_its_assistants(case, people, units):
    ask = disputed(case, people)
    found = ruled(ask, people)
    ask.refresh_from_db()
    assert (ask.is_accepted, ask.ruled, ask.decision) == (True, units["GSJ"], "查職責登記")
    assert found.unit == units["GSJ"]
    open_now = case.tasks.filter(done_at=None).order_by("part")
    assert [(t.unit.code, t.part, t.opened_at) for t in open_now] == [
        ("S1", "assist", NINE + 2 * HOUR),
        ("GSJ", "lead", NINE + 2 * HOUR),
    ]
    assert case.tasks.get(outcome="dispute").unit == units["CGJ"]
    assert found.counts["evasion"] == 1, "the ruling does not count again"
    assert verify_journal().problems == []


def test_the_arbiter_may_name_a_third_unit(case, people, units):
    ask = disputed(case, people)
    found = ruled(ask, people, units=(("S2", "lead"), ("CGJ", "assist")))
    ask.refresh_from_db()
    assert (found.unit, ask.ruled) == (units["S2"], units["S2"])
    assert {t.unit.code for t in case.tasks.filter(done_at=None)} == {"S2", "CGJ"}


def test_a_rejected_dispute_leaves_everything_where_it_is(case, people, units):
    before = lead(case)
    ask = disputed(case, people)
    found = ruled(ask, people, accepted=False)
    ask.refresh_from_db()
    assert (ask.is_accepted, ask.ruled) == (False, units["CGJ"])
    assert (found.unit, lead(case).pk, lead(case).due_at) == (
        units["CGJ"], before.pk, before.due_at,
    )  # fmt: skip


def test_an_assistants_dispute_moves_only_its_own_part(case, people, units):
    before = lead(case)
    ask = disputed(case, people, who="S1", other="S2")
    found = ruled(ask, people)
    ask.refresh_from_db()
    assert (found.unit, lead(case).pk) == (units["CGJ"], before.pk)
    assert ask.ruled == units["S2"]
    assert {t.unit.code for t in case.tasks.filter(done_at=None)} == {"S2", "CGJ"}
    assert found.due_at == before.due_at


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        ({"clause": " "}, NINE + HOUR, "clause-missing"),
        ({"reason": ""}, NINE + HOUR, "reason-missing"),
        ({"other": ""}, NINE + HOUR, "unit-missing"),
        ({"other": "NOBODY"}, NINE + HOUR, "unit-unknown"),
        ({"other": "CGJ"}, NINE + HOUR, "own-unit"),
        ({}, NINE + 8 * HOUR, "too-late"),
    ],
)
def test_a_dispute_that_is_refused(case, people, changes, at, code):
    version = case.version
    problem = refused(disputed, case, people, at, **changes)
    assert problem.code == code
    if code == "too-late":
        assert "2026-11-02 15:00" in str(problem.message)
    case.refresh_from_db()
    assert (case.version, case.asks.count()) == (version, 0)


def test_a_closed_unit_is_refused_with_its_successor(case, people, units):
    close_unit(units["GSJ"], on=NINE.date(), actor="test", successor=units["S2"])
    problem = refused(disputed, case, people)
    assert (problem.code, "西林街道" in str(problem.hint)) == ("unit-closed", True)


def test_a_ruling_names_existing_units_only(case, people):
    ask = disputed(case, people)
    problem = refused(ruled, ask, people, units=(("NOBODY", "lead"),), at=NINE + 2 * HOUR)
    assert problem.code == "unit-unknown"
    assert refused(ruled, ask, people, units=(("S2", "assist"),)).code == "one-lead"
    ask.refresh_from_db()
    assert ask.decided_at is None


@pytest.mark.parametrize("accepted", [True, False])
def test_a_ruling_gives_its_reasons(case, people, accepted):
    ask = disputed(case, people)
    assert refused(ruled, ask, people, accepted=accepted, reason=" ").code == "reason-missing"


def test_only_an_arbiter_rules_and_once(case, people):
    ask = disputed(case, people)
    problem = refused(decide_ask, ask, accepted=True, actor=people["CGJ"], reason="x")
    assert problem.code == "not-performer"
    ruled(ask, people)
    assert refused(ruled, ask, people).code == "ask-decided"


def test_twice_in_a_case_and_never_again(case, people):
    ruled(disputed(case, people), people, accepted=False)
    ruled(disputed(case, people, at=NINE + 2 * HOUR), people, at=NINE + 2 * HOUR, accepted=False)
    assert refused(disputed, case, people).code == "used-up"


def test_what_was_reported_meanwhile_leaves_the_dispute_behind(case, people):
    ask = disputed(case, people)
    make.photo(case, people["CGJ"], NINE + 2 * HOUR)
    make.do(case, "report", people["CGJ"], NINE + 2 * HOUR, task=lead(case).pk)
    ask.refresh_from_db()
    assert (ask.decided_at, ask.is_accepted) == (NINE + 2 * HOUR, None)
    record = dispute_records(NINE, NINE + 9 * HOUR)["CGJ"]
    assert (record.raised, record.left, record.upheld, record.rejected) == (1, 1, 0, 0)


def test_not_ours_is_the_arbiters_word(case, people):
    disputed(case, people)
    given = {"reason": "屬市局", "clause": "市級事權清單", "answer": "已轉市局"}
    assert refused(make.do, case, "not_ours", people["CGJ"], NINE, **given).code == "not-performer"
    done = make.do(case, "not_ours", people["arbiter"], NINE + 2 * HOUR, **given)
    assert (done.stage, done.outcome, done.answer) == (Stage.CLOSED, "not-ours", "已轉市局")


# --- the other unit ---


def test_the_unit_named_says_its_word_and_the_journal_keeps_it(case, people):
    ask = disputed(case, people)
    with clock.at(NINE + HOUR, "live"):
        state_on(ask, actor=people["GSJ"], text=" 不屬我局管轄 ")
    assert (ask.statement, ask.stated_by, ask.stated_at) == (
        "不屬我局管轄", "handler-gsj", NINE + HOUR,
    )  # fmt: skip
    with clock.at(NINE + 2 * HOUR, "live"):
        state_on(ask, actor=people["GSJ"], text="同意接辦")
    assert ask.statement == "同意接辦"
    assert Entry.objects.filter(subject=case.subject, act="case.statement").count() == 2
    assert verify_journal().problems == []


def test_a_statement_tells_the_arbiter_with_an_old_page(case, people):
    ask = disputed(case, people)
    case.refresh_from_db()
    seen = case.version
    with clock.at(NINE + HOUR, "live"):
        state_on(ask, actor=people["GSJ"], text="不屬我局")
    problem = refused(decide_ask, ask, accepted=True, actor=people["arbiter"], seen_version=seen)
    assert problem.code == "case-moved-on"


@pytest.mark.parametrize(
    ("who", "text", "code"),
    [("GSJ", "  ", "text-missing"), ("CGJ", "x", "not-unit"), ("supervisor", "x", "not-unit")],
)
def test_statements_refused(case, people, who, text, code):
    ask = disputed(case, people)
    assert refused(state_on, ask, actor=people[who], text=text).code == code


def test_a_statement_comes_too_late_after_the_ruling(case, people):
    ask = disputed(case, people)
    ruled(ask, people)
    problem = refused(state_on, ask, actor=people["GSJ"], text="x", at=NINE + 2 * HOUR)
    assert problem.code == "ask-decided"


def test_an_extension_is_no_dispute(case, people):
    make.do(case, "extend", people["CGJ"], NINE + HOUR, reason="量大")
    problem = refused(state_on, case.asks.get(), actor=people["GSJ"], text="x")
    assert problem.code == "not-dispute"


# --- precedents and figures ---


def test_rulings_are_precedents_near_ones_first(people, units):
    numbers = {}
    for name, hours, fields in (
        ("here, old", 0, {"area": "S1"}),
        ("far, new", 26, {"area": "S2"}),
        ("here, new", 24, {"area": "S1"}),
    ):
        each = handled(people, NINE + hours * HOUR, **fields)
        numbers[name] = each.number
        ask = disputed(each, people, NINE + hours * HOUR)
        ruled(ask, people, NINE + (hours + 1) * HOUR, accepted=name != "here, old")
    refuse = Category.objects.get(key="matter/06010")
    found = precedents_for(refuse, units["S1"])
    assert [p.number for p in found] == [
        numbers["here, new"], numbers["here, old"], numbers["far, new"],
    ]  # fmt: skip
    first = found[0]
    assert (first.unit, first.other, first.ruled) == ("區城管局", "區工商局", "區工商局")
    assert (first.is_upheld, found[1].is_upheld) == (True, False)
    assert (first.clause, first.decision, first.far, first.kin) == (
        "職責登記第3條", "查職責登記", 0, 0,
    )  # fmt: skip
    assert len(precedents_for(refuse, units["S1"], limit=1)) == 1
    again = handled(people, NINE + 30 * HOUR)
    assert [p.number for p in precedents_of(again)] == [p.number for p in found]
    assert len(precedents_of(Case.objects.get(number=first.number))) == 2


def test_precedents_of_the_parent_category_come_after(case, people, units):
    ruled(disputed(case, people), people)
    child = Category.objects.create(
        key="matter/06010/1", kind="matter", name="裝修垃圾", parent=case.category, limit="4wh"
    )
    assert [p.kin for p in precedents_for(child, units["S1"])] == [1]
    other = Category.objects.get(key="matter/09022")
    assert precedents_for(other, units["S1"]) == []
    assert precedents_for(None, None) == []


def test_who_argues_and_who_is_right(people):
    for accepted in (True, False, False):
        each = handled(people)
        ruled(disputed(each, people), people, accepted=accepted)
    disputed(handled(people), people)
    record = dispute_records(NINE, NINE + 9 * HOUR)["CGJ"]
    assert (record.raised, record.upheld, record.rejected, record.waiting) == (4, 1, 2, 1)
    assert dispute_records(NINE - 9 * HOUR, NINE) == {}
    assert not Ask.objects.filter(effect="dispute", unit=None).exists()


def test_the_window_never_outlasts_the_clock_of_the_task(people):
    Category.objects.filter(key="matter/06010").update(limit="2wh")
    make.touch_registers()
    short = handled(people)
    problem = refused(disputed, short, people, NINE + 3 * HOUR, at=NINE)
    assert (problem.code, "2026-11-02 11:00" in str(problem.message)) == ("too-late", True)


# --- what analytics is told ---


def events(case):
    rows = event_rows(None)
    return [(kind, unit, when) for pk, _opened, kind, unit, when in rows if pk == case.pk]


@pytest.mark.parametrize("accepted", [True, False, None])
def test_a_dispute_is_one_evasion_whatever_is_ruled(case, people, units, accepted):
    ask = disputed(case, people)
    if accepted is not None:
        ruled(ask, people, accepted=accepted)
    found = [(kind, unit) for kind, unit, _when in events(case)]
    assert found == [("evasion", units["CGJ"].pk)]


def test_an_upheld_dispute_in_time_leaves_the_first_units_figures(case, people, units):
    ruled(disputed(case, people), people)
    rows = {row[3]: (row[9], row[8] <= row[7] if row[8] else None) for row in task_rows(None)
            if row[0] == case.pk and row[5] == "lead" and row[4] == "handling"}  # fmt: skip
    assert rows == {units["CGJ"].pk: ("passed-on", True), units["GSJ"].pk: (None, None)}


def test_an_upheld_dispute_after_the_due_time_leaves_the_first_unit_late(case, people, units):
    ruled(disputed(case, people), people, NINE + 26 * HOUR)
    (row,) = [row for row in task_rows(None) if row[3] == units["CGJ"].pk]
    assert (row[9], row[8] > row[7]) == ("passed-on", True)


def test_a_reopening_counts_for_the_unit_that_closed_when_it_is_granted(case, people, units):
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + HOUR, task=lead(case).pk)
    make.do(case, "pass", people["verifier"], NINE + 2 * HOUR, answer="已清理")
    make.do(case, "reopen", people["operator"], NINE + 3 * HOUR, reason="又來了")
    assert events(case) == []
    with clock.at(NINE + 5 * HOUR, "live"):
        decide_ask(case.asks.get(), accepted=True, actor=people["supervisor"])
    ((kind, unit, _when),) = events(case)
    assert (kind, unit) == ("reopened", units["CGJ"].pk)

"""A case from the report to its end, by the people who do it, through the real actions."""

from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import decide_ask, options_for
from townkeeper.cases.models import Case, Stage
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def handling(people):
    """A case in the hands of its unit, dispatched at 09:20."""
    case = make.opened()
    make.do(case, "file", people["operator"], make.MONDAY + 10 * MIN)
    return make.do(case, "dispatch", people["dispatcher"], make.MONDAY + 20 * MIN)


def acts(case):
    return list(Entry.objects.filter(subject=case.subject).values_list("act", flat=True))


def test_opening_names_owner_clock_and_first_task(people):
    case = make.opened()
    task = case.tasks.get()
    assert case.number == "DX20261102-0001"
    assert (case.step, case.stage) == ("intake", Stage.INTAKE)
    assert case.unit.code == "CGJ"
    assert (task.unit.code, task.performer, task.limit) == ("ZLB", "operator", "30wmin")
    assert task.due_at == make.MONDAY + 30 * MIN
    assert case.due_at == task.due_at
    assert acts(case) == ["case.opened"]


def test_the_straight_road(handling, people):
    case = handling
    lead, assist = case.tasks.filter(step="handling").order_by("-part")
    assert (lead.unit.code, lead.limit) == ("CGJ", "4wh")
    assert assist.unit.code == "S1"
    # 09:20 + 2 h 40 min until noon, the rest from 14:00
    assert lead.due_at == make.MONDAY + 6 * HOUR + 20 * MIN
    make.photo(case, people["CGJ"], make.MONDAY + 2 * HOUR)
    case = make.do(case, "report", people["CGJ"], make.MONDAY + 2 * HOUR)
    assert case.stage == Stage.VERIFYING
    case = make.do(
        case, "pass", people["verifier"], make.MONDAY + 3 * HOUR, answer="已清理，謝謝。"
    )
    assert case.stage == Stage.CLOSED
    assert case.outcome == "fixed"
    assert case.answer == "已清理，謝謝。"
    assert case.due_at == lead.due_at
    assert case.closed_at == make.MONDAY + 3 * HOUR
    assert not case.tasks.filter(done_at=None).exists()
    assert acts(case) == [
        "case.opened",
        "case.file",
        "case.dispatch",
        "case.evidence",
        "case.report",
        "case.pass",
    ]
    assert verify_journal().problems == []


@pytest.mark.parametrize(
    ("action", "who", "given", "code"),
    [
        ("report", "CGJ", {}, "evidence-missing"),
        ("report", "GSJ", {}, "not-unit"),
        ("report", "operator", {}, "not-performer"),
        ("dispute", "CGJ", {}, "reason-missing"),
        ("pass", "verifier", {}, "unknown-action"),
    ],
)
def test_what_the_procedure_refuses(handling, people, action, who, given, code):  # noqa: PLR0917
    before = acts(handling)
    with pytest.raises(Problem) as refused:
        make.do(handling, action, people[who], make.MONDAY + HOUR, **given)
    assert refused.value.code == code
    assert str(refused.value)
    assert acts(handling) == before


def test_rework_goes_back_to_the_same_units_and_is_counted(handling, people):
    make.photo(handling, people["CGJ"], make.MONDAY + HOUR)
    make.do(handling, "report", people["CGJ"], make.MONDAY + HOUR)
    case = make.do(handling, "fail", people["verifier"], make.MONDAY + 2 * HOUR, reason="還有一堆")
    assert (case.step, case.counts["rework"]) == ("handling", 1)
    again = case.tasks.filter(step="handling", done_at=None)
    assert sorted(task.unit.code for task in again) == ["CGJ", "S1"]


def test_the_fixer_does_not_verify(handling, people, units):
    fixer = people["CGJ"]
    make.photo(handling, fixer, make.MONDAY + HOUR)
    make.do(handling, "report", fixer, make.MONDAY + HOUR)
    role = people["verifier"].posts.get().role
    fixer.posts.create(unit=units["ZLB"], role=role, scope=units["D"])
    with pytest.raises(Problem) as refused:
        make.do(handling, "pass", fixer, make.MONDAY + 2 * HOUR, answer="好了")
    assert refused.value.code == "same-person"


def test_nobody_on_duty_is_loud_and_counted(people):
    case = make.opened(category="local/nobody")
    assert case.unit is None
    make.do(case, "file", people["operator"], make.MONDAY + MIN)
    case = make.do(case, "dispatch", people["dispatcher"], make.MONDAY + 2 * MIN)
    assert case.unit is None
    assert list(Case.objects.ownerless()) == [case]
    entry = Entry.objects.get(subject=case.subject, act="case.dispatch")
    assert '"ownerless":true' in entry.data
    case = make.do(
        case,
        "redispatch",
        people["dispatcher"],
        make.MONDAY + 3 * MIN,
        reason="臨時指定",
        units=(("GSJ", "lead"),),
    )
    assert case.unit.code == "GSJ"
    assert not Case.objects.ownerless().exists()


def test_suspension_stops_the_clock_and_gives_the_time_back(handling, people):
    due = handling.due_at
    given = {"reason": "暴雨", "ground": "weather", "evidence": frozenset({"document"})}
    case = make.do(handling, "suspend", people["CGJ"], make.MONDAY + HOUR, **given)
    assert case.due_at == due, "asking alone stops nothing"
    ask = case.asks.get()
    with clock.at(make.MONDAY + HOUR + 10 * MIN, "live"):
        case = decide_ask(ask, accepted=True, actor=people["supervisor"])
    assert case.due_at is None
    paused = make.MONDAY + HOUR + 10 * MIN
    case = make.do(case, "resume", people["CGJ"], paused + HOUR)
    assert case.due_at == due + HOUR


def test_extension_adds_the_limit_once(handling, people):
    due = handling.due_at
    make.do(handling, "extend", people["CGJ"], make.MONDAY + HOUR, reason="量大")
    with clock.at(make.MONDAY + 2 * HOUR, "live"):
        case = decide_ask(handling.asks.get(), accepted=True, actor=people["supervisor"])
    # 15:20 plus 4 working hours: 2 h 40 min today, the rest tomorrow morning
    assert case.due_at == due + timedelta(days=1) - 5 * HOUR - 30 * MIN
    with pytest.raises(Problem) as refused:
        make.do(handling, "extend", people["CGJ"], make.MONDAY + 3 * HOUR, reason="還是多")
    assert refused.value.code == "used-up"


def test_an_act_from_an_old_page_is_told(handling, people):
    seen = handling.version
    make.photo(handling, people["CGJ"], make.MONDAY + HOUR)
    make.do(handling, "report", people["CGJ"], make.MONDAY + HOUR)
    from townkeeper.cases.actions import Given, advance_case

    with pytest.raises(Problem) as refused:
        advance_case(
            handling, "dispute", actor=people["CGJ"], given=Given(reason="x"), seen_version=seen
        )
    assert refused.value.code == "case-moved-on"
    assert "handler-cgj" in str(refused.value)


def test_options_say_what_is_possible_and_why_not(handling, people):
    shown = {
        action.name: why.code if why else None
        for action, why in options_for(handling, actor=people["CGJ"])
    }
    assert shown["report"] == "evidence-missing"
    assert shown["redispatch"] == "not-performer"


def test_people_see_what_is_theirs(handling, people):
    other = make.opened(category="matter/09022", area="S2")
    visible = {
        who: set(Case.objects.visible_to(people[who]).values_list("number", flat=True))
        for who in ("CGJ", "S1", "S2", "GSJ", "dispatcher")
    }
    assert visible["dispatcher"] == {handling.number, other.number}
    assert visible["CGJ"] == {handling.number}
    assert visible["S1"] == {handling.number}
    assert visible["S2"] == {other.number}
    assert visible["GSJ"] == set()

"""The sweep: every rung rings once, whatever is late, killed, done twice or set back."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.alarms import alarms_for, alarms_of
from townkeeper.cases.models import Alarm, Ask, Case, Pause, Task
from townkeeper.cases.sweep import sweep
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.procedures.model import Procedure, Rung

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


LADDER = (
    Rung("80%", ("performer",), "yellow"),
    Rung("due", ("performer", "supervisor"), "red"),
    Rung("due+4wh", ("supervisor",), counts="overdue"),
)


def with_ladder() -> Procedure:
    """The district's procedure, every clock of it under one ladder."""
    procedure = make.problem()
    steps = {name: replace(step, ladder=()) for name, step in procedure.steps.items()}
    return replace(procedure, steps=steps, ladder=LADDER)


@pytest.fixture
def units(db):
    units = make.town()
    install_procedure(with_ladder(), actor="test")
    return units


@pytest.fixture
def people(units):
    return make.staff(units)


def rang(case: Case) -> list[str]:
    return list(case.alarms.order_by("pk").values_list("rule", flat=True))


def only_task(case: Case) -> Task:
    return case.tasks.get(done_at=None)


def test_each_rung_once_and_in_the_journal(people):
    case = make.opened()  # intake: 30 working minutes
    task = only_task(case)
    assert task.next_at == MONDAY + 24 * MINUTE
    assert sweep(now=MONDAY + 23 * MINUTE).alarms == 0
    swept = sweep(now=MONDAY + 24 * MINUTE)
    assert (swept.alarms, swept.tasks, swept.missed) == (1, 1, 0)
    assert swept.first[0].number == case.number
    assert sweep(now=MONDAY + 25 * MINUTE).alarms == 0
    assert sweep(now=MONDAY + 30 * MINUTE).alarms == 1
    first, second = case.alarms.order_by("pk")
    assert (first.rule, first.card) == ("80%", "yellow")
    assert (first.due_at, first.at) == (MONDAY + 24 * MINUTE, MONDAY + 24 * MINUTE)
    assert second.rule == "due"
    assert "supervisor" in second.tell
    entries = Entry.objects.filter(subject=case.subject, act="case.alarm").order_by("seq")
    assert [entry.actor for entry in entries] == ["system", "system"]
    assert '"rule":"80%"' in entries[0].data
    assert verify_journal().problems == []
    case.refresh_from_db()
    assert case.version == 1  # whoever looks at the page may still act


def test_what_was_missed_for_a_week_rings_in_order_and_says_when(people):
    case = make.opened()
    week = MONDAY + timedelta(days=7)
    swept = sweep(now=week)
    alarms = list(case.alarms.order_by("pk"))
    assert [alarm.rung for alarm in alarms] == [0, 1, 2]
    assert swept.missed == 3
    assert all(alarm.at == week and alarm.due_at < week for alarm in alarms)
    assert all(a.due_at <= b.due_at for a, b in pairwise(alarms))
    assert sweep(now=week + HOUR).alarms == 0
    assert verify_journal().problems == []


def test_the_clock_an_hour_back(people):
    case = make.opened()
    sweep(now=MONDAY + 24 * MINUTE)
    assert sweep(now=MONDAY - 36 * MINUTE).alarms == 0
    assert sweep(now=MONDAY + 24 * MINUTE).alarms == 0
    assert sweep(now=MONDAY + HOUR).alarms >= 1
    assert rang(case).count("80%") == 1
    assert rang(case).count("due") == 1


def test_a_task_that_ended_rings_no_more(people):
    case = make.opened()
    make.do(case, "file", people["operator"], MONDAY + MINUTE)
    make.do(case, "dispatch", people["dispatcher"], MONDAY + 2 * MINUTE)
    sweep(now=MONDAY + 50 * MINUTE)
    assert rang(case) == []


def test_a_stopped_clock_rings_when_it_runs_again(people):
    case = make.opened()
    task = only_task(case)
    # even where whoever stopped it forgot to take the alarm off
    stop = Pause.objects.create(task=task, since=MONDAY + 10 * MINUTE)
    assert sweep(now=MONDAY + HOUR).alarms == 0
    task.refresh_from_db()
    assert (task.next_at, task.rung) == (None, 0)
    Pause.objects.filter(pk=stop.pk).update(until=MONDAY + HOUR)
    Task.objects.filter(pk=task.pk).update(
        due_at=MONDAY + 80 * MINUTE, next_at=MONDAY + 74 * MINUTE
    )
    sweep(now=MONDAY + 74 * MINUTE)
    assert rang(case) == ["80%"]
    sweep(now=MONDAY + 80 * MINUTE)
    assert rang(case) == ["80%", "due"]


def test_what_a_rung_counts(people):
    case = make.opened()
    sweep(now=MONDAY + 30 * MINUTE)
    case.refresh_from_db()
    assert "overdue" not in case.counts
    stamp = case.updated_at
    sweep(now=MONDAY + timedelta(days=1))
    sweep(now=MONDAY + timedelta(days=2))
    case.refresh_from_db()
    assert case.counts["overdue"] == 1
    assert case.updated_at > stamp  # extracts read what changed by it


def test_a_rung_that_rang_before_a_stop_does_not_ring_again(people):
    case = make.opened()
    sweep(now=MONDAY + 24 * MINUTE)
    task = only_task(case)
    # a clock that runs on after a stop begins its ladder at the lowest rung
    Task.objects.filter(pk=task.pk).update(rung=0, next_at=MONDAY + 26 * MINUTE)
    assert sweep(now=MONDAY + 27 * MINUTE).alarms == 0
    task.refresh_from_db()
    assert task.rung == 1
    sweep(now=MONDAY + 30 * MINUTE)
    assert rang(case)[:2] == ["80%", "due"]
    assert verify_journal().problems == []


def test_an_extension_warns_anew(people):
    case = make.opened()
    sweep(now=MONDAY + 30 * MINUTE)
    before = rang(case)
    task = only_task(case)
    later = MONDAY + 60 * MINUTE
    Task.objects.filter(pk=task.pk).update(
        extensions=["30wmin"], due_at=later, rung=0, next_at=later - 6 * MINUTE
    )
    sweep(now=later)
    assert rang(case) == [*before, *before]
    assert list(case.alarms.order_by("pk").values_list("turn", flat=True)) == [0, 0, 1, 1]


def test_an_ask_that_nobody_decides(units):
    case = make.opened()
    ask = Ask.objects.create(
        case=case,
        task=only_task(case),
        action="extend",
        actor="handler-s1",
        unit=units["S1"],
        decider="supervisor",
        asked_at=MONDAY,
        limit="1wh",
        due_at=MONDAY + HOUR,
        next_at=MONDAY + 48 * MINUTE,
    )
    swept = sweep(now=MONDAY + HOUR)
    first, second = Alarm.objects.filter(ask=ask).order_by("pk")
    assert swept.asks == 1
    assert (first.task_id, first.unit.code, first.tell) == (None, "S1", ["supervisor"])
    assert second.due_at == MONDAY + HOUR
    Ask.objects.filter(pk=ask.pk).update(rung=0, next_at=MONDAY + HOUR)
    assert sweep(now=MONDAY + HOUR).alarms == 0
    Ask.objects.filter(pk=ask.pk).update(rung=2, next_at=MONDAY + HOUR, decided_at=MONDAY + HOUR)
    assert sweep(now=MONDAY + timedelta(days=9)).asks == 0


def test_small_batches_come_to_the_same(people):
    cases = [make.opened(MONDAY + n * MINUTE) for n in range(7)]
    swept = sweep(now=MONDAY + 2 * HOUR, batch=2)
    assert swept.tasks == 7
    assert all(rang(case)[:2] == ["80%", "due"] for case in cases)
    assert verify_journal().problems == []


def test_a_clock_that_cannot_be_reckoned_does_not_hold_up_the_others(people):
    broken, fine = make.opened(), make.opened()
    task = only_task(broken)
    Pause.objects.create(task=task, since=MONDAY, until=MONDAY + MINUTE)
    Task.objects.filter(pk=task.pk).update(limit="soon", warn_at=None)
    now = MONDAY + timedelta(days=3)
    assert sweep(now=now).alarms == len(rang(fine)) > 0
    assert rang(broken) == []
    assert only_task(broken).next_at == now + HOUR
    assert sweep(now=now).tasks == 0
    assert sweep(now=now + HOUR).alarms == 0
    assert verify_journal().problems == []


def test_who_is_told_what(people):
    case = make.opened()
    sweep(now=MONDAY + 30 * MINUTE)
    with clock.at(MONDAY + 30 * MINUTE, "live"):
        told = {name: [a.rule for a in alarms_for(person)] for name, person in people.items()}
        assert told["operator"] == ["due", "80%"]
        assert told["supervisor"] == ["due"]
        assert told["S1"] == told["leader"] == []
        make.do(case, "file", people["operator"], MONDAY + 31 * MINUTE)
        assert alarms_for(people["operator"]) == []  # what is done needs no telling
        assert len(alarms_for(people["operator"], only_open=False)) == 2
    assert [alarm.rule for alarm in alarms_of(case)] == ["80%", "due"]


def test_a_unit_is_told_of_its_own_clocks_only(people):
    stalls = make.opened(category="matter/09022")
    others = make.opened(category="matter/09022", area="S2")
    for case in (stalls, others):
        make.do(case, "file", people["operator"], MONDAY)
        make.do(case, "dispatch", people["dispatcher"], MONDAY)
    when = MONDAY + timedelta(days=2, hours=9)
    sweep(now=when)
    with clock.at(when, "live"):
        assert {alarm.case_id for alarm in alarms_for(people["S1"])} == {stalls.pk}
        assert {alarm.case_id for alarm in alarms_for(people["supervisor"])} == {
            stalls.pk,
            others.pk,
        }

"""Open due times follow a changed calendar or rule, with a reason; nothing moves silently."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.calendars.actions import change_calendar, current_version
from townkeeper.calendars.hours import weekly_hours
from townkeeper.calendars.statutory import DayEntry
from townkeeper.cases import recompute as module
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.models import Ask, Case, Pause, Task
from townkeeper.cases.promise import promised, stops_of_case
from townkeeper.cases.recompute import follow_calendars, preview, recompute
from townkeeper.cases.sweep import sweep
from townkeeper.duties.models import Category
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.procedures.model import Rung

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 11, 3)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def units(db, monkeypatch):
    monkeypatch.setattr(module, "_followed", [])
    units = make.town()
    procedure = make.problem()
    intake = replace(procedure.steps["intake"], limit="2wd", warn=0.8, ladder=())
    ladder = (
        Rung("80%", ("performer",)),
        Rung("due", ("performer",)),
        Rung("due+1wd", ("leader",)),
    )
    steps = {name: replace(step, ladder=()) for name, step in procedure.steps.items()}
    changed = replace(procedure, steps=steps | {"intake": intake}, ladder=ladder, limit="3wd")
    install_procedure(changed, actor="test")
    return units


def holiday(on: date = TUESDAY, name: str = "停電"):
    entry = DayEntry(on, is_working=False, name=name, is_local=True)
    return change_calendar("default", actor="test", note="全區停電", days=[entry])


def entries(case: Case) -> list[dict]:
    found = Entry.objects.filter(subject=case.subject, act="case.due-moved").order_by("seq")
    return [msgspec.json.decode(entry.data) for entry in found]


def only(case: Case) -> Task:
    return case.tasks.get(done_at=None)


def test_a_new_day_off_moves_task_case_and_promise_with_a_reason(units):
    case = make.opened()
    before = only(case)
    assert before.due_at == datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
    version = holiday()
    seen = preview()
    assert (seen.cases, seen.moved, seen.later, seen.earlier) == (1, 1, 2, 0)
    assert seen.most_later == DAY
    assert {each.what for each in seen.first} == {"task", "promise"}
    assert entries(case) == []
    found = recompute(actor="admin")
    assert found.moved == 1
    task = only(case)
    case.refresh_from_db()
    assert task.due_at == case.due_at == before.due_at + DAY
    assert case.promise_due_at == datetime(2026, 11, 6, 10, 0, tzinfo=UTC)
    assert task.warn_at == case.warn_at
    assert task.warn_at > before.warn_at
    assert task.next_at == task.warn_at
    assert task.calendar == version
    assert case.version == 1
    (said,) = entries(case)
    assert said["cause"] == {
        "calendar": "default",
        "version": version.number,
        "before": version.number - 1,
        "digest": version.digest[:16],
        "note": "全區停電",
        "days": [{"date": "2026-11-03", "name": "停電", "working": False}],
    }
    assert [each["clock"] for each in said["moved"]] == ["task", "promise"]
    assert said["moved"][0]["old"] == before.due_at.isoformat()
    assert verify_journal().problems == []


def test_what_does_not_move_gets_no_entry(units):
    case = make.opened()
    old = only(case).calendar_id
    version = holiday(date(2026, 12, 24))
    assert recompute(actor="admin").moved == 0
    assert entries(case) == []
    task = only(case)
    assert task.calendar_id == old  # it was not counted anew: the day lies beyond its end
    assert recompute(actor="admin", everything=True).moved == 0
    assert only(case).calendar_id == version.pk


def test_a_given_due_time_never_moves(units):
    case = make.opened()
    Task.objects.update(is_given=True)
    due = only(case).due_at
    holiday()
    recompute(actor="admin")
    assert only(case).due_at == due


def test_an_ask_follows_too(units):
    case = make.opened()
    ask = Ask.objects.create(
        case=case, task=only(case), action="extend", actor="a", decider="supervisor",
        asked_at=MONDAY, limit="1wd", due_at=datetime(2026, 11, 3, 10, 0, tzinfo=UTC),
    )  # fmt: skip
    holiday()
    recompute(actor="admin")
    ask.refresh_from_db()
    assert ask.due_at == datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
    assert ask.next_at is not None
    assert "ask" in [each["clock"] for each in entries(case)[0]["moved"]]


def test_stops_and_extensions_are_counted_as_by_an_act(units):
    case = make.opened()
    task = only(case)
    Pause.objects.create(task=task, since=MONDAY + HOUR, until=MONDAY + 26 * HOUR)
    Task.objects.filter(pk=task.pk).update(extensions=["1wd"])
    assert recompute(actor="admin").touched == 0
    recompute(actor="admin", everything=True)
    task.refresh_from_db()
    case.refresh_from_db()
    # the stop takes no close of a counted day; Tuesday, Wednesday, and one more for the extension
    assert task.due_at == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    assert case.promise_due_at == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    calendar, stops = module.calendar_of(task.calendar_id), stops_of_case([task])
    assert promised(case.promise, case.opened_at, calendar, stops).due_at == case.promise_due_at


def test_a_clock_that_stands_stays_without_a_due_time(units):
    case = make.opened()
    Pause.objects.create(task=only(case), since=MONDAY + HOUR)
    Task.objects.update(due_at=None, warn_at=None, next_at=None)
    Case.objects.update(due_at=None, warn_at=None, promise_due_at=None)
    holiday()
    assert recompute(actor="admin").moved == 0
    assert only(case).next_at is None


def test_an_alarm_that_rang_too_early_rings_again_in_time(units):
    case = make.opened()
    due = only(case).due_at
    sweep(now=due)
    rang = list(case.alarms.order_by("pk").values_list("rule", "turn"))
    assert rang == [("80%", 0), ("due", 0)]
    holiday()
    with clock.at(due + HOUR, "live"):
        recompute(actor="admin")
    task = only(case)
    assert (task.rung, task.moves) == (0, 1)
    sweep(now=task.due_at)
    again = list(case.alarms.order_by("pk").values_list("rule", "turn"))
    assert again == [*rang, ("80%", 1), ("due", 1)]


def test_background_work_follows_a_calendar_once(units):
    case = make.opened()
    assert follow_calendars().moved == 0
    holiday()
    assert follow_calendars().moved == 1
    assert follow_calendars().cases == 0
    assert entries(case)[0]["cause"]["note"] == "全區停電"
    assert Entry.objects.get(subject=case.subject, act="case.due-moved").actor == "system"


def test_limits_only_where_it_is_asked_for(units):
    case = make.opened(category="matter/09022")
    staff = make.staff(units)
    make.do(case, "file", staff["operator"], MONDAY)
    make.do(case, "dispatch", staff["dispatcher"], MONDAY)
    task = only(case)
    Category.objects.filter(key="matter/09022").update(limit="4wh")
    touch_registers()
    assert recompute(actor="admin").moved == 0
    assert preview(limits=True).earlier == 1
    found = recompute(actor="admin", limits=True)
    assert found.moved == 1
    changed = only(case)
    assert (task.limit, changed.limit) == ("2wd", "4wh")
    assert changed.due_at < task.due_at
    (said,) = entries(case)
    assert said["cause"]["limits"] is True
    assert said["moved"][0]["limit"] == ["2wd", "4wh"]
    assert current_version().number == said["cause"]["version"]


def test_small_batches_come_to_the_same(units):
    cases = [make.opened(MONDAY + n * HOUR) for n in range(7)]
    holiday()
    found = recompute(actor="admin", batch=2)
    assert (found.cases, found.moved, found.clocks) == (7, 7, 14)
    assert found.as_dict()["most_later_s"] == 86_400
    assert all(len(entries(case)) == 1 for case in cases)
    assert verify_journal().problems == []


def test_a_lawful_stop_moves_the_promise_and_a_resumption_counts_it(units):
    staff = make.staff(units)
    case = make.opened()
    make.do(case, "file", staff["operator"], MONDAY)
    make.do(case, "dispatch", staff["dispatcher"], MONDAY)
    task = case.tasks.get(done_at=None, part="lead")
    before = Case.objects.get(pk=case.pk).promise_due_at
    Pause.objects.create(task=task, since=MONDAY + HOUR)
    make.do(case, "resume", staff["CGJ"], MONDAY + 34 * HOUR)
    case.refresh_from_db()
    assert before == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    assert case.promise_due_at == datetime(2026, 11, 6, 10, 0, tzinfo=UTC)


def test_what_no_changed_day_touches_is_passed_over_and_comes_to_the_same(units):
    dice = random.Random(7)  # noqa: S311 - not for secrets
    limits = ["2wd", "4wh", "24h", "7d", "same-day", "20:30"]
    for number in range(24):
        case = make.opened(MONDAY + timedelta(hours=dice.randrange(24 * 40)))
        Task.objects.filter(case=case).update(limit=limits[number % len(limits)])
    make.opened(MONDAY).asks.create(
        action="extend", actor="a", decider="supervisor", asked_at=MONDAY, limit="1wd"
    )
    recompute(actor="admin", everything=True)
    looked = []
    for _round in range(6):
        day = TUESDAY + timedelta(days=dice.randrange(45))
        known_until = date(2026, 11, 20) if dice.random() < 0.3 else None
        entry = DayEntry(day, is_working=dice.random() < 0.3, name="臨時")
        change_calendar("default", actor="test", days=[entry], known_until=known_until)
        passed, whole = preview(), preview(everything=True)
        assert replace(passed, touched=0) == replace(whole, touched=0)
        looked.append((passed.touched, whole.touched))
        recompute(actor="admin")
        assert preview(everything=True).moved == 0
    assert sum(few for few, _all in looked) < 0.8 * sum(every for _few, every in looked)


def test_other_hours_touch_every_clock(units):
    make.opened()
    change_calendar("default", actor="test", hours=weekly_hours({"mon-fri": "09:00-17:00"}))
    assert (preview().touched, preview().moved) == (1, 1)
    assert recompute(actor="admin").earlier == 2

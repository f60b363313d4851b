"""Several sweeps on one queue, people acting meanwhile, and a sweep killed in the middle."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections, transaction

from tests import make
from tests.make import MONDAY
from townkeeper.calendars.actions import change_calendar
from townkeeper.calendars.statutory import DayEntry
from townkeeper.cases.models import Alarm, Case, Task
from townkeeper.cases.numbers import forget_numbers
from townkeeper.cases.recompute import recompute
from townkeeper.cases.sweep import sweep
from townkeeper.journal.actions import record, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

ROOT = Path(__file__).parents[2]
LATER = MONDAY + timedelta(days=3)


@pytest.fixture
def people(transactional_db):
    forget_numbers()
    return make.staff(make.town())


def at_once(calls):
    gate = threading.Barrier(len(calls))

    def run(call):
        try:
            gate.wait(20)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_on_one_queue_ring_each_alarm_once(people):
    cases = [make.opened(MONDAY + timedelta(minutes=n)) for n in range(24)]
    found = at_once([lambda: sweep(now=LATER, batch=3)] * 3)
    rest = sweep(now=LATER)  # what one passed over because another held it
    rungs = Counter(Alarm.objects.values_list("task", "turn", "rung"))
    assert sum(each.alarms for each in (*found, rest)) == len(rungs) == sum(rungs.values())
    assert {task for task, _, _ in rungs} == set(Task.objects.values_list("pk", flat=True))
    assert Entry.objects.filter(act="case.alarm").count() == len(rungs)
    assert sweep(now=LATER).alarms == 0
    assert len(rungs) >= 2 * len(cases)
    assert verify_journal().problems == []


@pytest.mark.django_db(transaction=True)
def test_several_lanes_come_to_the_same_and_keep_the_origin(people):
    cases = [make.opened(MONDAY + timedelta(minutes=n)) for n in range(12)]
    with clock.at(LATER, "simulated"):
        swept = sweep(batch=2, lanes=3)
    rest = sweep(now=LATER)
    assert swept.alarms + rest.alarms == Alarm.objects.count() >= 2 * len(cases)
    assert swept.alarms == Entry.objects.filter(act="case.alarm", origin="simulated").count()
    assert len(swept.first) == min(20, swept.alarms)
    assert verify_journal().problems == []


@pytest.mark.django_db(transaction=True)
def test_a_recount_in_lanes_moves_each_case_once(people):
    cases = [make.opened(MONDAY + timedelta(minutes=n)) for n in range(12)]
    day_off = DayEntry(MONDAY.date(), is_working=False, name="停電", is_local=True)
    change_calendar("default", actor="test", days=[day_off])
    found = recompute(actor="test", batch=2, lanes=3)
    told = Entry.objects.filter(act="case.due-moved")
    assert (found.moved, found.busy) == (len(cases), 0)
    assert sorted(told.values_list("subject", flat=True)) == sorted(c.subject for c in cases)
    assert verify_journal().problems == []


@pytest.mark.django_db(transaction=True)
def test_people_act_while_the_sweep_runs(people):
    cases = [make.opened(MONDAY + timedelta(minutes=n)) for n in range(8)]

    def act():
        for case in cases:
            make.do(case, "file", people["operator"], LATER)

    def look():
        return sum(sweep(now=LATER, batch=2).alarms for _ in range(4))

    at_once([act, look])
    sweep(now=LATER)
    assert Case.objects.filter(step="intake").count() == 0
    assert max(Counter(Alarm.objects.values_list("task", "turn", "rung")).values(), default=1) == 1
    assert verify_journal().problems == []


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_is_left_for_the_next_round(people):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the sweep waits for it")
    held, free = make.opened(), make.opened()
    began, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                record(subject=held.subject, act="case.note", actor="test", data={})
                began.set()
                done.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert began.wait(20)
        first = sweep(now=LATER)
        done.set()
        holding.result(30)
    assert {fired.number for fired in first.first} == {free.number}
    second = sweep(now=LATER)
    assert {fired.number for fired in second.first} == {held.number}


CHILD = """
import json, sys
import django
django.setup()
from datetime import datetime
from django.core.management import call_command
from townkeeper.cases import sweep as module
from townkeeper.cases.models import Case
from townkeeper.journal.actions import verify_journal
call_command("migrate", verbosity=0)
if not Case.objects.exists():
    from tests import make
    make.town()
    for n in range(200):
        make.opened()
print("ready", flush=True)
once = module._sweep_batch
def told(*given):
    size = once(*given)
    print("batch", size, flush=True)
    return size
module._sweep_batch = told
swept = module.sweep(now=datetime.fromisoformat(sys.argv[1]), batch=10)
print(json.dumps({"alarms": swept.alarms, "problems": len(verify_journal().problems)}), flush=True)
"""


@pytest.mark.slow
def test_kill_in_the_middle_of_a_sweep_then_go_on(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {
        "TOWNKEEPER_HOME": str(tmp_path / "home"),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    words = [sys.executable, "-c", CHILD, LATER.isoformat()]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(6)]
        process.kill()
        process.wait()
    assert lines == ["ready\n", *["batch 10\n"] * 5]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    database = sqlite_of(tmp_path)
    assert report["problems"] == 0
    assert database["tasks"] == 200
    assert database["alarms"] == database["different"] == database["entries"]
    assert 0 < report["alarms"] < database["alarms"]


def sqlite_of(folder: Path) -> dict[str, int]:
    import sqlite3

    ask = {
        "tasks": "SELECT COUNT(DISTINCT task_id) FROM cases_alarm",
        "alarms": "SELECT COUNT(*) FROM cases_alarm",
        "different": "SELECT COUNT(DISTINCT task_id * 9999 + turn * 99 + rung) FROM cases_alarm",
        "entries": "SELECT COUNT(*) FROM journal_entry WHERE act = 'case.alarm'",
    }
    with sqlite3.connect(folder / "home" / "townkeeper.sqlite3") as database:
        found = {name: database.execute(text).fetchone()[0] for name, text in ask.items()}
    database.close()
    return found

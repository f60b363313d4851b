"""Deadline sweep and recount of due times over 100,000 open cases.

Each measurement is one call in a process of its own database copy: a sweep in which every clock
reaches a rung (the first, whose next rung needs no calendar; the second, whose next one does; one
that raises a counter of the case), a sweep in which none does, several sweeps at once, and a
recount after a new day off. The floor is the same number of rows written by plain SQL, one
statement for each table, in one transaction on the same copy. `plans` prints the query plans.

    PYTHONPATH=src:. .venv/bin/python -m bench.sweep plans postgresql
    PYTHONPATH=src:. .venv/bin/python -m bench.sweep measure postgresql recount
"""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = {False: (120_000, 100_000), True: (4_000, 1_000)}
PLANNED = (300_000, 100_000)
"""A million tasks: the size at which query plans are looked at."""
FUTURE = timedelta(days=10)
FOUR_HOURS = timedelta(hours=18.5)
"""From half past three yesterday to ten today: four working hours."""


def run(quick=False):
    """Return the rows of the benchmark for both databases."""
    return [row for database in ("sqlite", "postgresql") for row in measured(database, quick=quick)]


def measured(database, part="", quick=False):
    from bench.dataset import dataset  # noqa: PLC0415

    cases, open_cases = SIZES[quick]
    with dataset(cases, database=database, open_cases=open_cases) as environ:
        words = [sys.executable, "-m", "bench.sweep", "child", database, part]
        done = subprocess.run(
            words, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def child(database, part=""):
    import django  # noqa: PLC0415

    django.setup()
    rows = Bench(database).rows(part)
    print(json.dumps(rows))


class Bench:
    """Measures on the database of this process."""

    def __init__(self, database):
        from bench._lives import AS_OF  # noqa: PLC0415

        self.database, self.now, self.found = database, AS_OF, []

    def rows(self, part=""):
        self.restore()  # the town's times are rough; from here on they are the product's
        if part != "recount":
            self.sweeps()
        if part != "sweep":
            self.recounts()
        return self.found

    def sweeps(self):
        self.arm(self.now + 2 * FUTURE, rung=0, due=self.now + 3 * FUTURE)
        self.sweep("sweep, no clock reaches a rung")
        for rung, due, says in (
            (0, self.now + FUTURE, "first rung of every clock"),
            (1, self.now, "second rung of every clock, the next by the calendar"),
            (2, self.now - FOUR_HOURS, "a rung that counts, of every clock"),
        ):
            self.arm(self.now, rung=rung, due=due)
            self.sweep(f"sweep, {says}")
        for percent in (1, 5):
            due = self.now + FUTURE
            self.arm(self.now, rung=0, due=due, moves=10 + percent, every=100 // percent)
            self.sweep(f"sweep, {percent} % of the clocks reach a rung")
        if self.database == "postgresql":
            self.arm(self.now, rung=0, due=self.now + FUTURE, moves=2)
            self.sweep("sweep, first rung, one lane", lanes=1)
        self.arm(self.now, rung=0, due=self.now + 2 * FUTURE, moves=1)
        self.several(2)
        self.restore()

    def recounts(self):
        from townkeeper.cases.recompute import preview, recompute  # noqa: PLC0415

        def again(**how):
            return recompute(actor="bench", lanes=2, **how)

        self.holiday()
        self.timed("recount after a new day off, preview", preview)
        self.timed("recount after a new day off", again)
        self.timed("recount, nothing has changed", again)
        self.timed("recount of every clock, nothing has changed", lambda: again(everything=True))

    def restore(self):
        """Give every clock its own times again, as the product counts them, without a measure."""
        from townkeeper.cases.recompute import recompute  # noqa: PLC0415

        recompute(actor="bench", everything=True, lanes=2)
        self.vacuum()

    def holiday(self):
        """Take the first working days after the present off: most open clocks run through them."""
        from townkeeper.calendars.actions import change_calendar  # noqa: PLC0415
        from townkeeper.calendars.statutory import DayEntry  # noqa: PLC0415

        day = self.now.date() + timedelta(days=1)
        days = [
            DayEntry(day + timedelta(days=n), is_working=False, name="停水", is_local=True)
            for n in range(4)
        ]
        change_calendar("default", actor="bench", note="bench", days=days)

    def arm(self, at, *, rung, due, moves=0, every=1):
        """Let the leading clock of every open case, where it runs, reach a rung at one time.

        Or that of every so many cases; the others then reach theirs long afterwards.
        """
        from django.db.models.functions import Mod  # noqa: PLC0415

        from townkeeper.cases.models import Pause, Task  # noqa: PLC0415

        stopped = Pause.objects.filter(until=None).values("task")
        running = Task.objects.filter(done_at=None, limit__gt="")
        running.update(next_at=None)
        leading = running.filter(part="lead").exclude(pk__in=stopped)
        leading.update(next_at=at, rung=rung, due_at=due, warn_at=None, moves=moves)
        if every > 1:
            others = leading.annotate(place=Mod("pk", every)).exclude(place=0)
            others.update(next_at=at + FUTURE)
        if rung > 1:  # only handling has a third rung; elsewhere the second one counts
            leading.exclude(stage="handling").update(rung=1)
        self.vacuum()

    def sweep(self, name, lanes=2):
        """One call of the sweep, with as many lanes as the background work has."""
        from townkeeper.cases.sweep import sweep  # noqa: PLC0415

        swept, seconds = self.clocked(lambda: sweep(now=self.now, lanes=lanes))
        note = f"{swept.tasks + swept.asks} clocks, {swept.alarms} alarms"
        self.add(name, seconds, note, self.floor_alarms(swept.alarms, counts="counts" in name))

    def several(self, workers):
        """Sweep with several processes at once."""
        words = [sys.executable, "-m", "bench.sweep", "worker"]
        begin = time.perf_counter()
        going = [
            subprocess.Popen(words, env=os.environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        said = [json.loads(each.communicate()[0].splitlines()[-1]) for each in going]
        wall = time.perf_counter() - begin
        alarms = sum(each["alarms"] for each in said)
        seconds = max(each["end"] for each in said) - min(each["begin"] for each in said)
        note = f"{alarms} alarms by {workers} processes; {wall:.1f} s with starting them"
        self.add(f"sweep, first rung, {workers} processes", seconds, note, None)

    def timed(self, name, call):
        found, seconds = self.clocked(call)
        note = f"{found.cases} cases, {found.touched} counted, {found.moved} moved"
        floor = None
        if found.moved and "preview" not in name:
            floor = self.floor_recount(found.moved)
        self.add(name, seconds, note, floor)

    def clocked(self, call):
        begin = time.perf_counter()
        result = call()
        return result, time.perf_counter() - begin

    def add(self, name, seconds, note, floor):
        row = {
            "name": f"{self.database}: {name}",
            "value": round(seconds, 2),
            "unit": "s",
            "note": f"{note}; load {os.getloadavg()[0]:.1f}",
        }
        if floor:
            row |= {"reference": round(floor, 2), "ratio": round(seconds / floor, 2)}
        self.found.append(row)
        print(row, file=sys.stderr, flush=True)

    # The floor

    def floor_alarms(self, count, *, counts):
        """Write the rows of so many alarms with plain SQL, and take them back."""
        if not count:
            return None
        tasks = "SELECT id FROM cases_task WHERE done_at IS NULL AND part = 'lead'"
        chosen = f"{tasks} ORDER BY id LIMIT {count}"
        statements = [
            (
                "INSERT INTO cases_alarm (case_id, task_id, rung, turn, rule, card, tell, unit_id, due_at, at)"
                f" SELECT case_id, id, 9, 9, '80%', 'yellow', '[\"handler\"]', unit_id, opened_at, opened_at"
                f" FROM cases_task WHERE id IN ({chosen})"
            ),
            self._entries(chosen),
            self._chains(chosen),
            f"UPDATE cases_task SET next_at = opened_at, rung = rung + 1 WHERE id IN ({chosen})",
        ]
        if counts:
            statements.append(
                "UPDATE cases_case SET counts = '{\"overdue\": 1}', updated_at = opened_at"
                f" WHERE id IN (SELECT case_id FROM cases_task WHERE id IN ({chosen}))"
            )
        return self._undone(statements)

    def floor_recount(self, count):
        tasks = "SELECT id FROM cases_task WHERE done_at IS NULL AND part = 'lead'"
        chosen = f"{tasks} ORDER BY id LIMIT {count}"
        return self._undone(
            [
                self._entries(chosen),
                self._chains(chosen),
                (
                    "UPDATE cases_task SET due_at = opened_at, warn_at = opened_at, next_at = opened_at,"
                    f" rung = 0, moves = 0 WHERE id IN ({chosen})"
                ),
                (
                    "UPDATE cases_case SET due_at = opened_at, warn_at = opened_at, updated_at = opened_at"
                    f" WHERE id IN (SELECT case_id FROM cases_task WHERE id IN ({chosen}))"
                ),
            ]
        )

    def _entries(self, chosen):
        data = "x" * 230
        return (
            "INSERT INTO journal_entry (subject, seq, time, actor, act, origin, data, hash)"
            " SELECT 'case:' || c.number, h.length + 100 + t.id % 7, t.opened_at, 'system', 'case.alarm',"
            f" 'live', '{data}', h.head FROM cases_task t JOIN cases_case c ON c.id = t.case_id"
            " JOIN journal_chain h ON h.subject = 'case:' || c.number"
            f" WHERE t.id IN ({chosen}) ON CONFLICT DO NOTHING"
        )

    def _chains(self, chosen):
        return (
            "UPDATE journal_chain SET length = length + 1, head = head WHERE subject IN"
            " (SELECT 'case:' || c.number FROM cases_task t JOIN cases_case c ON c.id = t.case_id"
            f" WHERE t.id IN ({chosen}))"
        )

    def _undone(self, statements):
        with undone() as cursor:
            begin = time.perf_counter()
            for statement in statements:
                cursor.execute(statement)
            return time.perf_counter() - begin

    def sql(self, statement):
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(statement)

    def vacuum(self):
        """Clear away what the preparation left, as a day between two sweeps would."""
        if self.database == "postgresql":
            self.sql("VACUUM ANALYZE cases_task")
            self.sql("VACUUM cases_case")
            self.sql("VACUUM journal_chain")
            self.sql("CHECKPOINT")
        else:
            self.sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def undone():
    """A cursor in a transaction that is taken back."""
    from django.db import connection, transaction  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        yield cursor
        transaction.set_rollback(True)


def worker():
    import django  # noqa: PLC0415

    django.setup()
    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.cases.sweep import sweep  # noqa: PLC0415

    begin = time.time()
    swept = sweep(now=AS_OF)
    print(json.dumps({"alarms": swept.alarms, "begin": begin, "end": time.time()}))


def plans(database):
    """Print how the database finds the clocks that are due, at full size."""
    from bench.dataset import dataset  # noqa: PLC0415

    cases, open_cases = PLANNED
    with dataset(cases, database=database, open_cases=open_cases) as environ:
        words = [sys.executable, "-m", "bench.sweep", "explain", database]
        subprocess.run(words, env=environ, cwd=ROOT, check=True)


def explain(database):
    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection, transaction  # noqa: PLC0415

    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.cases._claims import statement  # noqa: PLC0415
    from townkeeper.cases.imports.bulk import moment_writer  # noqa: PLC0415

    head = "EXPLAIN (ANALYZE, BUFFERS) " if database == "postgresql" else "EXPLAIN QUERY PLAN "
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), COUNT(*) FILTER (WHERE done_at IS NULL) FROM cases_task")
        print("tasks, open ones:", cursor.fetchone())
        for what in ("task", "ask"):
            for now, says in ((AS_OF, "due now"), (AS_OF - timedelta(days=9000), "nothing due")):
                print(f"-- {what}, {says}")
                cursor.execute(head + statement(what), [moment_writer()(now), 5000])
                for row in cursor.fetchall():
                    print("  ", row[-1])


if __name__ == "__main__":
    {"child": child, "plans": plans, "explain": explain, "measure": measured}.get(
        sys.argv[1], lambda *_: worker()
    )(*sys.argv[2:4])

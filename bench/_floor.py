"""The floor of a case life: the rows that a real life wrote, recorded and written again by plain SQL.

On PostgreSQL one prepared statement an act through psycopg, on SQLite one transaction an act through
`sqlite3`. Nothing is decided, reckoned or hashed; only numbers and row ids are fresh each time.
"""

import pickle
import re
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]*)\) (?:SELECT|VALUES \() ?([^()]*)")
UPDATE = re.compile(r"UPDATE (\w+) SET .*?WHERE (?:\w+\.)?(id|subject) = (\$\d+|%s)")
SEEN = re.compile(r"FROM cases_case, ok WHERE cases_case.id = \$(\d+)")
MADE = re.compile(r"r\d+ AS \(INSERT INTO (\w+)")
IDS = {"case_id": "cases_case", "rowid": "cases_case", "task_id": "cases_task"}


@dataclass
class Step:
    """One statement, which of its values are fresh in each life, and the ids it brings."""

    sql: str
    values: list
    slots: dict = field(default_factory=dict)
    """Place → ("number",), ("subject",) or (table, the id that it was when recorded)."""
    made: list = field(default_factory=list)
    """(table, recorded id) of each id in its answer."""


def record(live):
    """Live one life and return its writes: a list of acts, each a list of steps."""
    from django.db import connection  # noqa: PLC0415

    return record_postgresql(live) if connection.vendor == "postgresql" else record_sqlite(live)


def record_postgresql(live):
    from townkeeper.cases import _save, _wire, _write  # noqa: PLC0415

    acts, real = [], _write.execute

    def keeping(statement, parameters, *, is_reading=False):
        row = real(statement, parameters, is_reading=is_reading)
        if not is_reading:
            texts = [
                None if value is None else _wire._bytes(value).decode() for value in parameters
            ]
            step = Step(statement, texts)
            step.made = [("cases_case", int(row[0]))]
            step.made += zip(MADE.findall(statement), map(int, row[1:]), strict=True)
            acts.append([step])
        return row

    _write.execute = _save.execute = keeping
    try:
        live()
    finally:
        _write.execute = _save.execute = real
    return finished(acts)


def record_sqlite(live):
    from django.db import connection  # noqa: PLC0415

    acts = []

    def keeping(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("BEGIN"):
            acts.append([])
        elif sql.startswith(("INSERT", "UPDATE")) and acts:
            step = Step(sql, list(params[0] if many else params))
            if found := INSERT.match(sql):
                step.made = [(found[1], context["cursor"].lastrowid)]
            acts[-1].append(step)
        return result

    with connection.execute_wrapper(keeping):
        live()
    return finished([act for act in acts if any("journal_entry" in step.sql for step in act)])


def finished(acts):
    """Say of each step which values are fresh; a first task's id is asked for on PostgreSQL."""
    number = next(v for step in acts[0] for v in step.values if str(v).startswith("case:"))[5:]
    for step in (step for act in acts for step in act):
        for at, value in enumerate(step.values):
            if value == number:
                step.slots[at] = ("number",)
            elif value == f"case:{number}":
                step.slots[at] = ("subject",)
        for at, table in places(step.sql):
            if step.values[at] is not None:
                step.slots[at] = (table, int(step.values[at]))
    return acts


def places(sql):
    """Yield the places of values that are ids of rows of this case, with their tables."""
    at = {"next": 0}

    def place(mark):
        if mark.startswith("$"):
            return int(mark[1:]) - 1
        at["next"] += 1
        return at["next"] - 1

    for _table, names, marks in INSERT.findall(sql):
        columns = [name.strip(' "') for name in names.split(",")]
        given = re.findall(r"\$\d+|%s", marks)
        if len(given) == len(columns):
            for column, mark in zip(columns, given, strict=True):
                where = place(mark)
                if column in IDS:
                    yield where, IDS[column]
    for mark in SEEN.findall(sql):
        yield int(mark) - 1, "cases_case"
    for table, column, mark in UPDATE.findall(sql):
        if column == "id":
            where = place(mark) if mark.startswith("$") else sql.count("%s") - 1
            yield where, table


# --- replaying ---


class Replay:
    """Writes the recorded rows again, life after life."""

    def __init__(self, acts, serial):
        self.acts, self.serial = acts, serial

    def live(self):
        self.serial += 1
        number, ids = f"F{self.serial}", {}
        for n, act in enumerate(self.acts):
            self.write(act, number, ids)
            if n == 0:
                self.look(ids)

    def values(self, step, number, ids):
        given = list(step.values)
        for at, slot in step.slots.items():
            if slot == ("number",):
                given[at] = number
            elif slot == ("subject",):
                given[at] = f"case:{number}"
            else:
                given[at] = str(ids[slot]) if isinstance(given[at], str) else ids[slot]
        return given

    def look(self, ids):
        """The opening returns the case only: the first task is asked for."""


class PostgresReplay(Replay):
    def __init__(self, acts, serial, dsn):
        import psycopg  # noqa: PLC0415

        super().__init__(acts, serial)
        self.link = psycopg.connect(dsn, autocommit=True, prepare_threshold=2)
        self.cursor = psycopg.RawCursor(self.link)
        slots = (slot for act in acts for step in act for slot in step.slots.values())
        self.first = next(slot for slot in slots if slot[0] == "cases_task")

    def write(self, act, number, ids):
        for step in act:
            row = self.cursor.execute(step.sql, self.values(step, number, ids)).fetchone()
            for made, pk in zip(step.made, row, strict=True):
                ids[made] = pk
                ids["case"] = ids.get("case", pk)

    def look(self, ids):
        text = "SELECT id FROM cases_task WHERE case_id = $1"
        ids[self.first] = self.cursor.execute(text, [ids["case"]]).fetchone()[0]


class SqliteReplay(Replay):
    def __init__(self, acts, serial, path):
        super().__init__(acts, serial)
        self.link = sqlite3.connect(path, isolation_level=None, timeout=20)
        for line in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536"):
            self.link.execute(f"PRAGMA {line}")
        for step in (step for act in acts for step in act):
            step.sql = step.sql.replace("%s", "?")

    def write(self, act, number, ids):
        self.link.execute("BEGIN IMMEDIATE")
        for step in act:
            cursor = self.link.execute(step.sql, self.values(step, number, ids))
            for made in step.made:
                ids[made] = cursor.lastrowid
        self.link.execute("COMMIT")


def replay(plan, target, serial):
    """Replay the plan in a file for as many seconds as each line of the input says."""
    acts = pickle.loads(Path(plan).read_bytes())
    made = PostgresReplay if target.startswith("postgresql:") else SqliteReplay
    work = made(acts, serial, target)
    for _warm in range(12):
        work.live()
    serve(work.live)


def serve(live):
    """Live for as many seconds as each line of the input says; one line of figures each."""
    import json  # noqa: PLC0415

    print("ready", flush=True)
    for line in sys.stdin:
        times, cpu = [], time.process_time()
        until = time.perf_counter() + float(line)
        while (begin := time.perf_counter()) < until:
            live()
            times.append(time.perf_counter() - begin)
        print(json.dumps({"times": times, "cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    replay(sys.argv[1], sys.argv[2], int(sys.argv[3]))

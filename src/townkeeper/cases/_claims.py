"""Takes the clocks whose next rung is reached, so that of two sweeps only one has each.

On PostgreSQL one statement locks the clock, its case and the head of the case's chain, and passes
over whatever somebody else holds: nobody waits, so nothing can lock up in a circle. On SQLite the
transaction is the only writer.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from django.db import connection

from townkeeper.cases.imports.bulk import is_postgresql, moment_writer

What = Literal["task", "ask"]

TASKS: Final = """
SELECT t.id, t.case_id, c.number, c.procedure_id, t.step, c.counts, t.performer, t.unit_id,
 {t.opened_at}, t."limit", t.extensions, {t.due_at}, {t.warn_at}, {t.next_at}, t.rung, t.moves,
 t.calendar_id, h.length, h.head,
 EXISTS (SELECT 1 FROM cases_pause p WHERE p.task_id = t.id)
FROM cases_task t JOIN cases_case c ON c.id = t.case_id
 JOIN journal_chain h ON h.subject = 'case:' || c.number
WHERE t.done_at IS NULL AND t.next_at IS NOT NULL AND t.next_at <= %s
ORDER BY t.next_at LIMIT %s"""
ASKS: Final = """
SELECT a.id, a.case_id, c.number, c.procedure_id, COALESCE(t.step, c.step), c.counts, a.decider,
 COALESCE(a.unit_id, t.unit_id, c.unit_id), {a.asked_at}, a."limit", '[]', {a.due_at}, NULL,
 {a.next_at}, a.rung, 0, NULL, h.length, h.head, FALSE
FROM cases_ask a JOIN cases_case c ON c.id = a.case_id
 JOIN journal_chain h ON h.subject = 'case:' || c.number
 LEFT JOIN cases_task t ON t.id = a.task_id
WHERE a.decided_at IS NULL AND a.next_at IS NOT NULL AND a.next_at <= %s
ORDER BY a.next_at LIMIT %s"""
STATEMENTS: Final = {"task": TASKS, "ask": ASKS}
LOCKS: Final = {
    "task": " FOR UPDATE OF c, t, h SKIP LOCKED",
    "ask": " FOR UPDATE OF c, a, h SKIP LOCKED",
}


@dataclass(slots=True)
class Claimed:
    """A clock that is ours until the end of the transaction."""

    id: int
    case_id: int
    number: str
    procedure_id: int
    step: str
    counts: str
    performer: str
    unit_id: int | None
    opened_at: datetime
    limit: str
    extensions: list[str]
    due_at: datetime | None
    warn_at: datetime | None
    next_at: datetime
    rung: int
    turn: int
    calendar_id: int | None
    length: int
    head: bytes
    has_pauses: bool


def statement(what: What) -> str:
    """Return the claiming statement of the database in use."""
    return as_read(STATEMENTS[what]) + (LOCKS[what] if is_postgresql() else "")


MOMENT: Final = re.compile(r"\{(\w+\.\w+)\}")


def as_read(text: str) -> str:
    """Put in the columns of times, which stand in braces.

    They are read as text: what Django and the driver do to make a time of a column takes as long as
    everything else that is done with a row.
    """
    return MOMENT.sub(r"\1::text" if is_postgresql() else r"\1 || ''", text)


def claim(what: What, now: datetime, batch: int) -> list[Claimed]:
    """Take up to `batch` clocks whose next rung is reached, inside the caller's transaction."""
    stored_now: Any = moment_writer()(now.astimezone(UTC))
    with connection.cursor() as cursor:
        cursor.execute(statement(what), [stored_now, batch])
        rows: list[Any] = cursor.fetchall()
    read = read_moment()
    claimed = []
    for row in rows:
        extensions = [] if row[10] == "[]" else msgspec.json.decode(row[10])
        claimed.append(
            Claimed(
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                row[5],
                row[6],
                row[7],
                read(row[8]),
                row[9],
                extensions,
                read(row[11]),
                read(row[12]),
                read(row[13]),
                row[14],
                row[15] + len(extensions),
                row[16],
                row[17],
                bytes(row[18]),
                bool(row[19]),
            )
        )
    return claimed


def read_moment() -> Callable[[Any], Any]:
    """Return the function that reads a time as `as_read` has the database give it."""
    return _with_zone if is_postgresql() else _without_zone


def _with_zone(moment: str | None) -> Any:  # noqa: ANN401 - None where there is none
    """Read PostgreSQL's text; Django's connections are in UTC."""
    return None if moment is None else datetime.fromisoformat(moment)


def _without_zone(moment: str | None) -> Any:  # noqa: ANN401 - None where there is none
    """Read what Django's SQLite backend writes: UTC without a zone."""
    return None if moment is None else datetime.fromisoformat(moment + "+00:00")


Pauses = tuple[tuple[datetime, datetime | None], ...]


def pauses_of(task_ids: Sequence[int]) -> dict[int, Pauses]:
    """Return the stops of tasks."""
    read = read_moment()
    found: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    ask = as_read("SELECT task_id, {p.since}, {p.until} FROM cases_pause p WHERE task_id")
    for task_id, since, until in _selected(f"{ask} {{}} ORDER BY p.since", task_ids):
        found[task_id].append((read(since), read(until)))
    return {task_id: tuple(stops) for task_id, stops in found.items()}


def alarms_before(what: What, ids: Sequence[int]) -> set[tuple[int, int, int]]:
    """Return (clock, turn, rung) of alarms that have rung already."""
    ask = f"SELECT {what}_id, turn, rung FROM cases_alarm WHERE {what}_id {{}}"
    return {(row[0], row[1], row[2]) for row in _selected(ask, ids)}


def _selected(ask: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Ask once for all of them: at worst the table is read once, whatever the planner believes."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(ask.format("= ANY(%s)"), [list(ids)])
        else:
            many = json.dumps(list(ids))
            cursor.execute(ask.format("IN (SELECT value FROM json_each(%s))"), [many])
        return list(cursor.fetchall())

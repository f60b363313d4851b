"""Reads running cases with their open clocks for a recount, locked where they will be written."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from django.db import connection

from townkeeper.cases._claims import as_read, read_moment
from townkeeper.cases._recount import CaseRow, ClockRow
from townkeeper.cases.imports.bulk import is_postgresql

CASE: Final = """c.id, c.number, c.procedure_id, c.category_id, {c.opened_at}, {c.due_at},
 {c.warn_at}, c.promise, {c.promise_due_at}, h.length, h.head"""
CASE_COLUMNS: Final = 11
TASKS: Final = f"""
SELECT {CASE}, t.id, t.step, COALESCE(u.code, ''), t.part, t.branch, {{t.opened_at}},
 t."limit", t.extensions, {{t.due_at}}, {{t.warn_at}}, {{t.next_at}}, t.rung, t.moves,
 t.calendar_id, t.is_provisional, t.is_given
FROM cases_task t JOIN cases_case c ON c.id = t.case_id
 JOIN journal_chain h ON h.subject = 'case:' || c.number
 LEFT JOIN units_unit u ON u.id = t.unit_id
WHERE t.case_id [chosen] AND t.done_at IS NULL ORDER BY t.id"""
ASKS: Final = """
SELECT a.case_id, a.id, COALESCE(t.step, c.step), a.action, {a.asked_at}, a."limit", {a.due_at},
 {a.next_at}, a.rung
FROM cases_ask a JOIN cases_case c ON c.id = a.case_id LEFT JOIN cases_task t ON t.id = a.task_id
WHERE a.case_id [chosen] AND a.decided_at IS NULL ORDER BY a.id"""
STOPS: Final = """
SELECT t.case_id, t.id, t.part, {p.since}, {p.until}
FROM cases_pause p JOIN cases_task t ON t.id = p.task_id
WHERE t.case_id [chosen] ORDER BY p.since, p.id"""
Read = Callable[[Any], Any]


def open_cases() -> list[int]:
    """Return the cases that have an open task, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT case_id FROM cases_task WHERE done_at IS NULL ORDER BY 1")
        return [int(row[0]) for row in cursor.fetchall()]


def read_cases(ids: Sequence[int], *, lock: bool) -> list[CaseRow]:
    """Read cases with their open tasks, asks and stops.

    With `lock` they stay ours until the end of the transaction; those that somebody else is
    writing to are left out.
    """
    read = read_moment()
    cases: dict[int, CaseRow] = {}
    tasks: dict[int, ClockRow] = {}
    for row in _chosen(TASKS, ids, lock=lock):
        if row[0] not in cases:
            cases[row[0]] = _case(row, read)
        tasks[row[CASE_COLUMNS]] = _task(row, read)
        cases[row[0]].clocks.append(tasks[row[CASE_COLUMNS]])
    held = list(cases)
    for row in _chosen(ASKS, held):
        cases[row[0]].clocks.append(_ask(row, read))
    for case_id, task_id, part, since, until in _chosen(STOPS, held):
        stop = (read(since), read(until))
        if task_id in tasks:
            tasks[task_id].pauses = (*tasks[task_id].pauses, stop)
        if part == "lead":
            cases[case_id].stops.append(stop)
    return list(cases.values())


def _chosen(ask: str, ids: Sequence[int], *, lock: bool = False) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    ask = as_read(ask)
    with connection.cursor() as cursor:
        if is_postgresql():
            locks = " FOR UPDATE OF c, t, h SKIP LOCKED" if lock else ""
            cursor.execute(ask.replace("[chosen]", "= ANY(%s)") + locks, [list(ids)])
        else:
            chosen = "IN (SELECT value FROM json_each(%s))"
            cursor.execute(ask.replace("[chosen]", chosen), [json.dumps(list(ids))])
        return list(cursor.fetchall())


def _case(row: Sequence[Any], read: Read) -> CaseRow:
    return CaseRow(
        id=row[0],
        number=row[1],
        procedure_id=row[2],
        category_id=row[3],
        opened_at=read(row[4]),
        due_at=read(row[5]),
        warn_at=read(row[6]),
        promise=row[7],
        promise_due_at=read(row[8]),
        length=row[9],
        head=bytes(row[10]),
    )


def _task(row: Sequence[Any], read: Read) -> ClockRow:
    pk, step, unit, part, branch, start, limit, extensions, *rest = row[CASE_COLUMNS:]
    due, warn, at, rung, moves, calendar_id, is_provisional, is_given = rest
    return ClockRow(
        what="task",
        id=pk,
        case_id=row[0],
        step=step,
        name=unit,
        part=part,
        branch=branch,
        start=read(start),
        limit=limit,
        extensions=() if extensions == "[]" else tuple(msgspec.json.decode(extensions)),
        due_at=read(due),
        warn_at=read(warn),
        next_at=read(at),
        rung=rung,
        moves=moves,
        calendar_id=calendar_id,
        is_provisional=bool(is_provisional),
        is_given=bool(is_given),
    )


def _ask(row: Sequence[Any], read: Read) -> ClockRow:
    case_id, pk, step, action, asked_at, limit, due, at, rung = row
    return ClockRow(
        what="ask",
        id=pk,
        case_id=case_id,
        step=step,
        name=action,
        part="",
        branch="",
        start=read(asked_at),
        limit=limit,
        extensions=(),
        due_at=read(due),
        warn_at=None,
        next_at=read(at),
        rung=rung,
        moves=0,
        calendar_id=None,
        is_provisional=False,
        is_given=False,
    )

"""Finds the running cases whose clocks a changed calendar can move, without reading the others.

A clock is counted from the days between its start and its end. Where none of them has changed,
it comes to the same under both versions and keeps the one that it was counted under.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from django.db import connection

from townkeeper.calendars.changes import Span
from townkeeper.cases.imports.bulk import is_postgresql, moment_writer

Changes = Mapping[int, Sequence[Span]]
"""Earlier versions of the calendar, by key, with the spans that count differently by now."""

COUNTED: Final = """t.done_at IS NULL AND NOT t.is_given AND t."limit" <> ''"""
CHANGED: Final = """
WITH d(version, since, until) AS (VALUES {rows})"""
MEETS: Final = "{start} < d.until AND ({due} >= d.since{more})"
TASK_MEETS: Final = MEETS.format(
    start="t.opened_at", due="t.due_at", more=" OR t.next_at >= d.since"
)
TOUCHED: Final = f"""
SELECT t.case_id FROM cases_task t WHERE {COUNTED} AND (
 t.calendar_id IS NULL OR t.calendar_id NOT IN ({{known}})
 OR EXISTS (SELECT 1 FROM d WHERE d.version = t.calendar_id AND {TASK_MEETS}))
UNION
SELECT t.case_id FROM cases_task t JOIN cases_ask a ON a.case_id = t.case_id
WHERE t.done_at IS NULL AND a.decided_at IS NULL AND a."limit" <> '' AND EXISTS (SELECT 1 FROM d
 WHERE {MEETS.format(start="a.asked_at", due="a.due_at", more=" OR a.next_at >= d.since")})
UNION
SELECT t.case_id FROM cases_task t JOIN cases_case c ON c.id = t.case_id
WHERE t.done_at IS NULL AND c.promise <> '' AND EXISTS (SELECT 1 FROM d
 WHERE {MEETS.format(start="c.opened_at", due="c.promise_due_at", more="")})
ORDER BY 1"""


def touched_cases(changes: Changes, present: int) -> list[int]:
    """Return the running cases in which a clock may come to another time, in order.

    An ask and a promise do not say under which version they were counted: they are taken where
    any of the earlier versions counts differently.
    """
    return _asked(TOUCHED.replace("{known}", _listed((*changes, present))), changes)


def _asked(statement: str, changes: Changes) -> list[int]:
    written = moment_writer()
    values: list[Any] = []
    for version, spans in changes.items():
        for since, until in spans:
            values += [version, written(since.astimezone(UTC)), written(until.astimezone(UTC))]
    row = "(%s::bigint, %s::timestamptz, %s::timestamptz)" if is_postgresql() else "(%s, %s, %s)"
    # a span of no version makes a table of them even where nothing differs
    rows = ", ".join([row] * (len(values) // 3)) or row.replace("%s", "NULL")
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.replace("{rows}", rows) + statement, values)
        return [int(found[0]) for found in cursor.fetchall()]


def _listed(keys: Sequence[int] | Changes) -> str:
    return ", ".join(str(int(key)) for key in keys)

"""The statements behind `write_case`: one on PostgreSQL, a short transaction on SQLite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Model

from townkeeper.cases._wire import execute, numbered
from townkeeper.cases.models import Case, Reporter, Task
from townkeeper.cases.search.index import COLUMNS, SELECT_INTO, add_words, words_of
from townkeeper.duties.register import UnitRow
from townkeeper.journal.actions import registers_stamp
from townkeeper.journal.models import Chain, Entry

JSON_COLUMNS = {"counts", "extra", "extensions"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Every value of the rows to be, keyed by column."""

    stamp: int
    case: dict[str, Any]
    task: dict[str, Any]
    entry: dict[str, Any]
    chain: dict[str, Any]
    reporter: dict[str, Any] | None
    owner: UnitRow | None
    reason: dict[str, object]


class StampMovedError(Exception):
    """The registers are newer than the picture the case was prepared with."""


def columns(model: type[Model], *, without: Sequence[str] = ("id",)) -> list[str]:
    """Return the columns of a table in the order of its fields."""
    found = (f.column for f in model._meta.concrete_fields)
    return [name for name in found if name is not None and name not in without]


def values(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Return a row's values in the order of `names`, JSON as text."""
    return [
        msgspec.json.encode(row[name]).decode() if name in JSON_COLUMNS else row[name]
        for name in names
    ]


_CASE = columns(Case)
_TASK = columns(Task, without=("id", "case_id"))
_ENTRY = columns(Entry)
_CHAIN = columns(Chain)
_REPORTER = columns(Reporter, without=("id", "case_id"))


def searched(prepared: Prepared) -> str:
    """Return the words under which search finds the case."""
    return words_of(*(prepared.case[name] for name in COLUMNS))


def write(prepared: Prepared) -> int:
    """Store the rows; raise StampMovedError when the registers have changed meanwhile."""
    if connection.vendor == "postgresql":
        return _write_postgresql(prepared)
    return _write_by_rows(prepared)


def _marks(names: Sequence[str]) -> str:
    return ", ".join("%s::jsonb" if name in JSON_COLUMNS else "%s" for name in names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache
def _statement(*, with_reporter: bool) -> str:
    """Build the one statement; the stamp is compared inside it, so no case is ever half stale."""
    reporter = (
        f", r AS (INSERT INTO cases_reporter (case_id, {_listed(_REPORTER)})"
        f" SELECT c.id, {_marks(_REPORTER)} FROM c)"
        if with_reporter
        else ""
    )
    return numbered(
        "WITH ok AS (SELECT 1 WHERE COALESCE("
        "(SELECT value FROM journal_stamp WHERE key = 'registers'), 0) = %s),"
        f" c AS (INSERT INTO cases_case ({_listed(_CASE)})"
        f" SELECT {_marks(_CASE)} FROM ok RETURNING id),"
        f" t AS (INSERT INTO cases_task (case_id, {_listed(_TASK)})"
        f" SELECT c.id, {_marks(_TASK)} FROM c),"
        f" e AS (INSERT INTO journal_entry ({_listed(_ENTRY)}) SELECT {_marks(_ENTRY)} FROM c),"
        f" h AS (INSERT INTO journal_chain ({_listed(_CHAIN)}) SELECT {_marks(_CHAIN)} FROM c),"
        f" s AS ({SELECT_INTO})"
        f"{reporter} SELECT id FROM c"
    )


def _write_postgresql(prepared: Prepared) -> int:
    parameters = [
        prepared.stamp,
        *values(prepared.case, _CASE),
        *values(prepared.task, _TASK),
        *values(prepared.entry, _ENTRY),
        *values(prepared.chain, _CHAIN),
        searched(prepared),
    ]
    if prepared.reporter is not None:
        parameters += values(prepared.reporter, _REPORTER)
    statement = _statement(with_reporter=prepared.reporter is not None)
    row = execute(statement, parameters)
    if row is None:
        raise StampMovedError
    return int(row[0] or 0)


def _instant(value: Any) -> Any:  # noqa: ANN401 - what a column takes
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _write_by_rows(prepared: Prepared) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if registers_stamp() != prepared.stamp:
            raise StampMovedError

        def insert(table: str, names: Sequence[str], given: Sequence[Any]) -> int:
            marks = ", ".join(["%s"] * len(names))
            # SQLite compares instants as text: they must be written as the ORM writes them
            stored = [_instant(value) for value in given]
            cursor.execute(f"INSERT INTO {table} ({_listed(names)}) VALUES ({marks})", stored)
            return int(cursor.lastrowid or 0)

        pk = insert("cases_case", _CASE, values(prepared.case, _CASE))
        insert("cases_task", ["case_id", *_TASK], [pk, *values(prepared.task, _TASK)])
        insert("journal_entry", _ENTRY, values(prepared.entry, _ENTRY))
        insert("journal_chain", _CHAIN, values(prepared.chain, _CHAIN))
        add_words(pk, searched(prepared))
        if prepared.reporter is not None:
            row = [pk, *values(prepared.reporter, _REPORTER)]
            insert("cases_reporter", ["case_id", *_REPORTER], row)
        return pk

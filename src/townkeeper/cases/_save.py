"""Writes what an act decided: all its rows at once, and none when somebody was faster.

`Batch` gathers the rows, `save` stores them: on PostgreSQL in one statement, on SQLite in a short
transaction. Two things are compared while writing: the case's version, and its place in the
journal, which every act takes. Only whoever saw the last of both is let through, so nothing has to
be locked while the act is worked out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from townkeeper.cases._read import Seen
from townkeeper.cases._wire import execute, numbered
from townkeeper.cases.models import Case
from townkeeper.journal.actions import json_line, registers_stamp
from townkeeper.journal.chain import entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock


class MovedError(Exception):
    """The case, its history or the registers have moved on since they were read."""


@dataclass(slots=True)
class Row:
    """One row to store; `id` is known once it is stored."""

    model: type[Model]
    values: dict[str, Any]
    id: int = 0


class Change(NamedTuple):
    """Columns of a stored row that change."""

    model: type[Model]
    id: int
    values: dict[str, Any]


@dataclass(slots=True)
class Batch:
    """Everything that one act writes to one case."""

    seen: Seen
    stamp: int
    """The stamp of the registers that the act was decided with."""
    case: dict[str, Any] = field(default_factory=dict)
    """Columns of the case; empty where its row stays (evidence is added)."""
    changes: list[Change] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def set_case(self, *names: str) -> None:
        """Store these columns of the case as they stand on `seen.case`, raising its version."""
        case = self.seen.case
        case.version, case.updated_at = self.seen.version + 1, timezone.now()
        for name in (*names, "version", "updated_at"):
            self.case[name] = getattr(case, name)

    def change(self, model: type[Model], pk: int, **values: Any) -> None:  # noqa: ANN401 - columns
        """Change columns of a stored row that belongs to the case."""
        self.changes.append(Change(model, pk, values))

    def add(self, model: type[Model], **values: Any) -> Row:  # noqa: ANN401 - columns
        """Store a new row; columns that are not given get their default, `case_id` this case."""
        row = Row(model, {**_defaults(model), "case_id": self.seen.case.pk, **values})
        if "case_id" not in _types(model):
            del row.values["case_id"]
        self.rows.append(row)
        return row

    def say(
        self, act: str, *, actor: str, data: Mapping[str, object], time: datetime | None = None
    ) -> None:
        """Put an entry at the end of the case's chain."""
        last = self.entries[-1] if self.entries else None
        entry: dict[str, Any] = {
            "subject": self.seen.case.subject,
            "seq": (last["seq"] if last else self.seen.length or 0) + 1,
            "time": time or clock.now(),
            "actor": actor,
            "act": act,
            "origin": clock.origin(),
            "data": json_line(data),
        }
        entry["hash"] = entry_hash(last["hash"] if last else self.seen.head, **entry)
        self.entries.append(entry)

    @property
    def chain(self) -> dict[str, Any]:
        """Return the head of the chain after the act."""
        last = self.entries[-1]
        return {"subject": last["subject"], "length": last["seq"], "head": last["hash"]}


def save(batch: Batch) -> None:
    """Store a batch as a whole; raise MovedError, and store nothing, when somebody was faster."""
    if not batch.entries:
        msg = "an act is written with its entry in the journal"
        raise ValueError(msg)
    if connection.vendor == "postgresql":
        _save_postgresql(batch)
    else:
        _save_by_rows(batch)


# --- one statement ---


class Shape(NamedTuple):
    """What kind of rows a batch has: batches of one shape share a prepared statement."""

    case: tuple[str, ...]
    changes: tuple[tuple[type[Model], tuple[str, ...]], ...]
    rows: tuple[tuple[type[Model], tuple[str, ...]], ...]
    entries: int
    has_chain: bool


def _shape(batch: Batch) -> Shape:
    return Shape(
        tuple(batch.case),
        tuple((change.model, tuple(change.values)) for change in batch.changes),
        tuple((row.model, tuple(row.values)) for row in batch.rows),
        len(batch.entries),
        batch.seen.length is not None,
    )


@lru_cache(maxsize=64)
def _types(model: type[Model]) -> dict[str, str]:
    """Return the columns of a table with their types on the server, without lengths.

    A cast to `varchar(40)` would cut silently; without the length the column itself refuses.
    """
    found: dict[str, str] = {}
    for each in model._meta.concrete_fields:
        if each.column is not None:
            found[each.column] = (each.db_type(connection) or "text").split("(")[0]
    return found


@lru_cache(maxsize=64)
def _defaults(model: type[Model]) -> dict[str, Any]:
    """Return what columns hold that nobody gives, as a model would begin with."""
    fields = model._meta.concrete_fields
    return {f.column: f.get_default() for f in fields if f.column and not f.primary_key}


@lru_cache(maxsize=64)
def _json_columns(model: type[Model]) -> frozenset[str]:
    fields = model._meta.concrete_fields
    return frozenset(f.column for f in fields if f.column and f.get_internal_type() == "JSONField")


_STAMP = "COALESCE((SELECT value FROM journal_stamp WHERE key = 'registers'), 0)"


@lru_cache(maxsize=512)
def _statement(shape: Shape) -> str:
    """Build the statement of a shape.

    Everything hangs on `c`, which is empty unless the case has its version and the registers their
    stamp. Where the journal moved on alone (evidence), the entry's place is taken, and its
    constraint undoes the statement.
    """
    parts = [
        f"ok AS (SELECT 1 WHERE %s::bigint = {_STAMP})",
        f"c AS ({_case_part(shape.case)})",
        *(f"u{n} AS ({_change_part(*each)})" for n, each in enumerate(shape.changes)),
        *(f"r{n} AS ({_row_part(*each)} RETURNING id)" for n, each in enumerate(shape.rows)),
        *(f"e{n} AS ({_row_part(Entry, _ENTRY)})" for n in range(shape.entries)),
        f"h AS ({_chain_part(has_chain=shape.has_chain)})",
    ]
    ids = "".join(f", (SELECT id FROM r{n}) AS r{n}" for n in range(len(shape.rows)))
    return numbered(f"WITH {', '.join(parts)} SELECT id{ids} FROM c")


_ENTRY = ("subject", "seq", "time", "actor", "act", "origin", "data", "hash")


def _set(model: type[Model], names: Sequence[str]) -> str:
    types = _types(model)
    return ", ".join(f'"{name}" = %s::{types[name]}' for name in names)


def _case_part(names: Sequence[str]) -> str:
    if not names:
        return (
            "SELECT cases_case.id FROM cases_case, ok"
            " WHERE cases_case.id = %s::bigint AND version = %s::integer"
        )
    return (
        f"UPDATE cases_case SET {_set(Case, names)} FROM ok"
        " WHERE cases_case.id = %s::bigint AND version = %s::integer RETURNING cases_case.id"
    )


def _change_part(model: type[Model], names: Sequence[str]) -> str:
    table = model._meta.db_table
    return f"UPDATE {table} SET {_set(model, names)} FROM c WHERE {table}.id = %s::bigint"


def _row_part(model: type[Model], names: Sequence[str]) -> str:
    types = _types(model)
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join(f"%s::{types[name]}" for name in names)
    return f"INSERT INTO {model._meta.db_table} ({listed}) SELECT {marks} FROM c"


def _chain_part(*, has_chain: bool) -> str:
    if not has_chain:
        return _row_part(Chain, ("subject", "length", "head"))
    return (
        "UPDATE journal_chain SET length = %s::integer, head = %s::bytea FROM c"
        " WHERE subject = %s::varchar AND length = %s::integer"
    )


def _values(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    json = _json_columns(model)
    return [
        msgspec.json.encode(value).decode() if name in json else value
        for name, value in values.items()
    ]


def _parameters(batch: Batch) -> list[Any]:
    """Return the values of a batch in the order of its statement's marks."""
    given = [batch.stamp, *_values(Case, batch.case), batch.seen.case.pk, batch.seen.version]
    for change in batch.changes:
        given += [*_values(change.model, change.values), change.id]
    for row in batch.rows:
        given += _values(row.model, row.values)
    for entry in batch.entries:
        given += entry.values()
    chain = batch.chain
    if batch.seen.length is None:
        given += [chain["subject"], chain["length"], chain["head"]]
    else:
        given += [chain["length"], chain["head"], chain["subject"], batch.seen.length]
    return given


def _save_postgresql(batch: Batch) -> None:
    try:
        found = execute(_statement(_shape(batch)), _parameters(batch))
    except IntegrityError as error:
        raise MovedError from error
    if found is None:
        raise MovedError
    for row, pk in zip(batch.rows, found[1:], strict=True):
        row.id = int(pk or 0)


# --- a short transaction ---


def _save_by_rows(batch: Batch) -> None:
    try:
        with transaction.atomic():
            _compare(batch)
            _write_rows(batch)
    except IntegrityError as error:
        raise MovedError from error


def _compare(batch: Batch) -> None:
    """Raise MovedError unless case, chain and registers are as they were; the lock is ours."""
    subject = batch.seen.case.subject
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, (SELECT length FROM journal_chain WHERE subject = %s)"
            " FROM cases_case WHERE id = %s",
            [subject, batch.seen.case.pk],
        )
        found = cursor.fetchone()
    if found != (batch.seen.version, batch.seen.length) or registers_stamp() != batch.stamp:
        raise MovedError


def _stored(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    """Return values as the models would write them; SQLite compares instants as text."""
    json = _json_columns(model)
    return [
        msgspec.json.encode(value).decode()
        if name in json
        else connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    ]


def _write_rows(batch: Batch) -> None:
    case = batch.seen.case
    with connection.cursor() as cursor:

        def insert(model: type[Model], values: Mapping[str, Any]) -> int:
            listed = ", ".join(f'"{name}"' for name in values)
            marks = ", ".join(["%s"] * len(values))
            text = f"INSERT INTO {model._meta.db_table} ({listed}) VALUES ({marks})"
            cursor.execute(text, _stored(model, values))
            return int(cursor.lastrowid or 0)

        own = [Change(Case, case.pk, batch.case)] if batch.case else []
        for model, pk, values in [*own, *batch.changes]:
            marks = ", ".join(f'"{name}" = %s' for name in values)
            text = f"UPDATE {model._meta.db_table} SET {marks} WHERE id = %s"
            cursor.execute(text, [*_stored(model, values), pk])
        for row in batch.rows:
            row.id = insert(row.model, row.values)
        for entry in batch.entries:
            insert(Entry, entry)
        chain = batch.chain
        if batch.seen.length is None:
            insert(Chain, chain)
        else:
            text = "UPDATE journal_chain SET length = %s, head = %s WHERE subject = %s"
            cursor.execute(text, [chain["length"], chain["head"], chain["subject"]])


@transaction.atomic
def save_with_models(batch: Batch) -> None:
    """Store the same rows with models: the slow twin that a test compares `save` with."""
    case = Case.objects.select_for_update().get(pk=batch.seen.case.pk)
    if case.version != batch.seen.version or registers_stamp() != batch.stamp:
        raise MovedError
    if batch.case:
        Case.objects.filter(pk=case.pk).update(**batch.case)
    for change in batch.changes:
        QuerySet(change.model).filter(pk=change.id).update(**change.values)
    for row in batch.rows:
        row.id = QuerySet(row.model).create(**row.values).pk
    for entry in batch.entries:
        Entry.objects.create(**entry)
    Chain.objects.update_or_create(subject=case.subject, defaults=batch.chain)

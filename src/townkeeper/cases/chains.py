"""Appends to the chains of many cases at once: what `journal.actions.record` does for one.

The caller holds the heads: it read them inside its transaction, in rows that nobody else may write
until it ends. Nothing is written before `flush`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Model

from townkeeper.cases.imports.bulk import (
    BulkTable,
    is_postgresql,
    update_rows,
)
from townkeeper.journal.actions import json_line
from townkeeper.journal.chain import entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock

FIELDS: Final = ("subject", "seq", "time", "actor", "act", "origin", "data", "hash")


class Chains:
    """Chains that exist already, and the entries that are to come after their heads."""

    def __init__(self, *, actor: str, time: datetime) -> None:
        self.actor, self.time, self.origin = actor, time, clock.origin()
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._stored = utc_writer()(time.astimezone(UTC))

    def hold(self, subject: str, length: int, head: bytes) -> None:
        """Say how long a chain is and what it ends with; what was said before stays."""
        self._heads.setdefault(subject, (length, head))

    def append(self, subject: str, act: str, data: Mapping[str, object]) -> None:
        """Put an entry at the end of a chain whose head is held."""
        length, head = self._heads[subject]
        line = json_line(data)
        digest = entry_hash(
            head,
            subject=subject,
            seq=length + 1,
            time=self.time,
            actor=self.actor,
            act=act,
            origin=self.origin,
            data=line,
        )
        self._heads[subject] = (length + 1, digest)
        self._rows.append(
            (subject, length + 1, self._stored, self.actor, act, self.origin, line, digest)
        )

    def flush(self) -> int:
        """Write entries and heads, inside the caller's transaction; return the entries' number."""
        if not connection.in_atomic_block:
            msg = "history is written in the same transaction as what it records"
            raise transaction.TransactionManagementError(msg)
        written = len(self._rows)
        BulkTable(Entry, FIELDS).insert(self._rows)
        subjects = {row[0] for row in self._rows}
        heads = [(*self._heads[subject], subject) for subject in subjects]
        set_many(Chain, ("length", "head"), ("integer", "bytea"), heads, key=("subject", "varchar"))
        self._rows = []
        return written


def utc_writer() -> Callable[[datetime | None], object]:
    """Return the function that writes times in UTC, each another one, for rows of this module."""
    return _zoned_text if is_postgresql() else _plain_text


def _zoned_text(moment: datetime | None) -> object:
    return None if moment is None else moment.isoformat()


def _plain_text(moment: datetime | None) -> object:
    return None if moment is None else moment.replace(tzinfo=None).isoformat(" ")


def set_many(
    model: type[Chain] | type[Any],
    columns: tuple[str, ...],
    types: tuple[str, ...],
    rows: list[tuple[Any, ...]],
    *,
    key: tuple[str, str],
) -> None:
    """Update many rows by a key column; each holds the values of `columns` and then the key.

    One statement on PostgreSQL, over arrays of the given types; a prepared one per row on SQLite.
    """
    if not rows:
        return
    if not is_postgresql():
        update_rows(model, columns, rows, key=key[0])
        return
    names = [f"v{n}" for n in range(len(columns))]
    sets = ", ".join(f'"{column}" = v.{name}' for column, name in zip(columns, names, strict=True))
    marks = ", ".join(f"%s::{kind}[]" for kind in (*types, key[1]))
    statement = (
        f"UPDATE {model._meta.db_table} m SET {sets}"  # noqa: S608 - our own names
        f' FROM unnest({marks}) v({", ".join(names)}, k) WHERE m."{key[0]}" = v.k'
    )
    arrays = [
        "{" + ",".join(map(_ITEM.get(kind, str), column)) + "}"
        for kind, column in zip((*types, key[1]), zip(*rows, strict=True), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, arrays)


def set_all(model: type[Model], values: Mapping[str, Any], ids: list[int]) -> None:
    """Give many rows the same values, in one statement."""
    if not ids:
        return
    sets = ", ".join(f'"{column}" = %s' for column in values)
    chosen = "= ANY(%s)" if is_postgresql() else "IN (SELECT value FROM json_each(%s))"
    statement = f"UPDATE {model._meta.db_table} SET {sets} WHERE id {chosen}"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values.values(), ids if is_postgresql() else json.dumps(ids)])


def _time_item(moment: str | None) -> str:
    return "NULL" if moment is None else f'"{moment}"'


def _text_item(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bytes_item(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


_ITEM: Final[Mapping[str, Callable[[Any], str]]] = {
    "timestamptz": _time_item,
    "varchar": _text_item,
    "jsonb": _text_item,
    "bytea": _bytes_item,
}
"""How a value stands in the text of an array: the driver takes ten times as long for a list."""

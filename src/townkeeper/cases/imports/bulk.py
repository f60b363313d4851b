"""Writes many rows with the fastest statement the database has, exactly as models would write them.

PostgreSQL takes them by COPY, SQLite by a prepared insert. Columns that a caller does not name get
the model's default, so that a new column never goes missing here; a test compares with models.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import JSONField, Model
from django.db.models.fields import NOT_PROVIDED

from townkeeper.journal.chain import time_text

LOG_PAGES: Final = 16_384
"""64 MB of SQLite's write-ahead log."""


def quoted(names: Iterable[str]) -> str:
    """Return column names for a statement."""
    return ", ".join(f'"{name}"' for name in names)


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL."""
    return connection.vendor == "postgresql"


def moment_writer() -> Callable[[datetime | None], object]:
    """Return the function that gives a UTC time as the database's driver takes it."""
    if is_postgresql():
        return _unchanged
    return _as_text


def _unchanged(moment: datetime | None) -> object:
    return moment


def _as_text(moment: datetime | None) -> object:
    """Return what Django's SQLite backend writes: UTC without a zone."""
    if moment is None:
        return None
    text = time_text(moment)
    # The journal's form of the time is at hand already; only its marks differ.
    return f"{text[:10]} {text[11:26] if moment.microsecond else text[11:19]}"


def json_value(data: object) -> str:
    """Return data as the text of a JSON column."""
    return msgspec.json.encode(data).decode()


class BulkTable:
    """One table and the columns that a writer fills."""

    def __init__(self, model: type[Model], fields: Sequence[str]) -> None:
        self.table = model._meta.db_table
        self.fields = tuple(fields)
        known = {field.attname: field for field in model._meta.concrete_fields}
        self.columns = [str(known[name].column) for name in fields]
        self.constants: list[Any] = []
        for name, field in known.items():
            if name in fields or field.primary_key:
                continue
            if field.default is NOT_PROVIDED and not (field.null or field.empty_strings_allowed):
                msg = f"{self.table}.{name} has no default and must be given"
                raise TypeError(msg)
            default = field.get_default()
            if isinstance(field, JSONField):
                default = json_value(default)
            else:
                default = field.get_db_prep_save(default, connection)
            self.columns.append(str(field.column))
            self.constants.append(default)

    def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows whose values stand in the order of `fields`, inside a transaction."""
        if not rows:
            return
        constants = tuple(self.constants)
        with connection.cursor() as cursor:
            if is_postgresql():
                statement = f"COPY {self.table} ({quoted(self.columns)}) FROM STDIN"
                lines = [
                    "\t".join([_CELL[type(value)](value) for value in row + constants])
                    for row in rows
                ]
                with cursor.copy(statement) as copy:
                    copy.write("\n".join(lines) + "\n")
                return
            # What is the same in every row stands in the statement: fewer values to bind.
            marks = ", ".join([*["%s"] * len(self.fields), *map(_literal, constants)])
            statement = f"INSERT INTO {self.table} ({quoted(self.columns)}) VALUES ({marks})"  # noqa: S608 - our own names
            cursor.executemany(statement, rows)


def _text_cell(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if text.isprintable():
        return text
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _bytes_cell(value: bytes | memoryview) -> str:
    return f"\\\\x{value.hex()}"


class _Cells(dict[type, Callable[[Any], str]]):
    """Write values as COPY takes them; a type that derives from a known one is written like it."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        """Find the nearest known type. Errors: `TypeError`."""
        known = next((base for base in kind.__mro__ if base in self), None)
        if known is None:
            msg = f"{kind.__name__} cannot be copied into a table"
            raise TypeError(msg)
        self[kind] = self[known]
        return self[known]


# the driver's own writing of a row takes several times as long
_CELL: Final = _Cells(
    {
        str: lambda text: _text_cell(str(text)),
        int: lambda number: str(int(number)),
        float: lambda number: repr(float(number)),
        bool: str,
        bytes: _bytes_cell,
        memoryview: _bytes_cell,
        date: date.isoformat,
        datetime: datetime.isoformat,
        type(None): lambda _none: "\\N",
    }
)


def _literal(value: object) -> str:
    """Return a default value of ours as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(int(value)) if isinstance(value, bool) else str(value)
    return "'" + str(value).replace("'", "''").replace("%", "%%") + "'"


@contextmanager
def few_checkpoints() -> Iterator[None]:
    """Let SQLite's log grow while much is written, instead of copying it back after each chunk."""
    if is_postgresql():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA wal_autocheckpoint = {usual}")


def update_rows(
    model: type[Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, key: str
) -> None:
    """Update rows by a key column; each row holds the values of `columns` and then the key."""
    if not rows:
        return
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    statement = f'UPDATE {model._meta.db_table} SET {sets} WHERE "{key}" = %s'  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def take_ids(model: type[Model], count: int) -> list[int]:
    """Take `count` new primary keys, inside the transaction that uses them.

    SQLite has one writer, so the next numbers are ours until the end of the transaction.
    """
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [int(row[0]) for row in cursor.fetchall()]
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608 - our own name
        highest = int(cursor.fetchone()[0])
        # AUTOINCREMENT remembers numbers of deleted rows too; none is ever given out again.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = max(highest, int(row[0]) if row else 0) + 1
        return list(range(first, first + count))

"""Prepared statements straight over libpq, for the few that every case passes through.

Through a cursor such a statement took seven times the processor time in this process: types are
looked up for each value, and each step of the protocol is a step of a generator. These statements
know their types themselves (`$1::bigint`), so values go as text and answers come as text. Errors
are those of psycopg, in Django's clothes.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection, transaction
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Text = str | None

_names: "WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]]" = WeakKeyDictionary()
"""What each connection has prepared: statement → its name there."""


def numbered(statement: str) -> str:
    """Return a statement with `$1, $2 …` for its marks, as the server itself counts them."""
    head, *parts = statement.split("%s")
    return head + "".join(f"${n}{part}" for n, part in enumerate(parts, 1))


def execute(
    statement: str, parameters: Sequence[Any], *, is_reading: bool = False
) -> list[Text] | None:
    """Run one statement on Django's connection, prepared on the server; return its first row.

    Prepared statements belong to a connection: a pooler that changes servers between transactions
    must pool by session (operations.md). Inside a transaction a writing statement gets a savepoint,
    so that the caller may go on after its error.
    """
    connection.ensure_connection()
    writes_inside = connection.in_atomic_block and not is_reading
    guard = transaction.atomic() if writes_inside else nullcontext()
    with guard, connection.wrap_database_errors:
        return _run(connection.connection, statement, parameters)


def _run(
    link: "psycopg.Connection[Any]", statement: str, parameters: Sequence[Any]
) -> list[Text] | None:
    wire = link.pgconn
    if not link.autocommit and wire.transaction_status == TransactionStatus.IDLE:
        _checked(
            wire, wire.exec_(b"BEGIN")
        )  # psycopg begins a transaction with its first statement
    names = _names.setdefault(link, {})
    name = names.get(statement)
    if name is None:
        name = b"townkeeper_%d" % len(names)
        _checked(wire, wire.prepare(name, statement.encode()))
        names[statement] = name
    # its type says nothing of None, which libpq takes for NULL
    given = cast("list[bytes]", [_bytes(value) for value in parameters])
    result = _checked(wire, wire.exec_prepared(name, given))
    if not result.ntuples:
        return None
    row = (result.get_value(0, at) for at in range(result.nfields))
    return [None if value is None else value.decode() for value in row]


def _checked(wire: PGconn, result: PGresult) -> PGresult:
    """Return a result that is one; raise psycopg's error otherwise."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if wire.status != ConnStatus.OK or result.error_field(DiagnosticField.SQLSTATE) is None:
        # what libpq says by itself, when the server is gone, has no state to be told by
        raise psycopg.OperationalError(result.error_message.decode(errors="replace").strip())
    raise error_from_result(result)


def _bytes(value: Any) -> bytes | None:  # noqa: ANN401 - what a column takes
    """Return a value as PostgreSQL reads it from text."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.encode()
        if b"\0" in text:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return text
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return str(value).encode()

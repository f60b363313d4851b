"""Writing history, and checking it: `record()` is the only way in."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef

from townkeeper.journal.chain import ZERO, ChainProblem, Link, check_chain, entry_hash
from townkeeper.journal.models import Chain, Entry, Stamp
from townkeeper.kit import clock

_SUBJECT = attrgetter("subject")
_BATCH = 500
_JSON = msgspec.json.Encoder(order="sorted")
STAMP_BITS = 62


class Checked(NamedTuple):
    """The result of a verification."""

    entries: int
    problems: list[ChainProblem]


def json_line(data: Mapping[str, object]) -> str:
    """Return `data` as one line of JSON with sorted keys."""
    return _JSON.encode(data).decode()


def record(
    *,
    subject: str,
    act: str,
    actor: str,
    data: Mapping[str, object],
    time: datetime | None = None,
) -> Entry:
    """Append an act to the subject's chain, inside the caller's transaction."""
    if not connection.in_atomic_block:
        msg = "history is written in the same transaction as what it records"
        raise transaction.TransactionManagementError(msg)
    when, data_line = time or clock.now(), json_line(data)
    with connection.cursor() as cursor:
        length, head = _head(cursor, subject)
        fields: dict[str, Any] = {
            "subject": subject,
            "seq": length + 1,
            "time": when,
            "actor": actor,
            "act": act,
            "origin": clock.origin(),
            "data": data_line,
        }
        digest = entry_hash(head, **fields)
        stored = connection.ops.adapt_datetimefield_value(when)
        cursor.execute(_INSERT, [*({**fields, "time": stored}.values()), digest])
        cursor.execute(_MOVE, [length + 1, digest, subject])
    return Entry(**fields, hash=digest)


_INSERT = (
    "INSERT INTO journal_entry (subject, seq, time, actor, act, origin, data, hash)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_MOVE = "UPDATE journal_chain SET length = %s, head = %s WHERE subject = %s"
_BEGIN = (
    "INSERT INTO journal_chain (subject, length, head) VALUES (%s, 0, %s)"
    " ON CONFLICT (subject) DO UPDATE SET length = journal_chain.length RETURNING length, head"
)
"""Two who write a subject's first entries at once: the second waits here, and comes after."""


def _head(cursor: CursorWrapper, subject: str) -> tuple[int, bytes]:
    """Return length and head of a chain, its row locked where the database locks rows.

    Plain SQL here and in `registers_stamp`: every act passes through, and building these few
    statements anew took a third of its time.
    """
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    cursor.execute(
        f"SELECT length, head FROM journal_chain WHERE subject = %s{lock}",  # noqa: S608
        [subject],
    )
    row = cursor.fetchone()
    if row is None:
        cursor.execute(_BEGIN, [subject, ZERO])
        row = cursor.fetchone()
    return row[0], bytes(row[1])


def touch_registers() -> None:
    """Tell every process that units, duties, calendars or procedures have changed.

    The stamp is drawn anew, not counted up: a picture read inside a transaction that was rolled
    back must never look like the one that came after it.
    """
    Stamp.objects.update_or_create(
        key="registers", defaults={"value": secrets.randbits(STAMP_BITS)}
    )
    held = _held.get()
    if held is not None:
        held.clear()


_held: ContextVar[list[int] | None] = ContextVar("registers_stamp", default=None)


@contextmanager
def one_stamp() -> Iterator[None]:
    """Read the stamp of the registers at most once in here: for whoever only reads.

    What changes the registers in here still shows at once. An act that saves compares the stamp
    with the database and has to be outside.
    """
    mark = _held.set([])
    try:
        yield
    finally:
        _held.reset(mark)


def registers_stamp() -> int:
    """Return the number that `touch_registers()` draws."""
    held = _held.get()
    if held:
        return held[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM journal_stamp WHERE key = 'registers'")
        row = cursor.fetchone()
    stamp = int(row[0]) if row else 0
    if held is not None:
        held.append(stamp)
    return stamp


def verify_journal(
    subject: str | None = None, *, progress: Callable[[int], object] = lambda _n: None
) -> Checked:
    """Check every chain, or one; `progress` is called with the number of entries read."""
    heads = Chain.objects.all()
    entries = Entry.objects.order_by("subject", "seq")
    if subject is not None:
        heads, entries = heads.filter(subject=subject), entries.filter(subject=subject)
    read = matched = 0
    problems: list[ChainProblem] = []
    rows = entries.values_list(
        "subject", "seq", "time", "actor", "act", "origin", "data", "hash"
    ).iterator(chunk_size=5000)
    for batch in _batches(groupby((Link(*row[:7], bytes(row[7])) for row in rows), _SUBJECT)):
        known = {head.subject: head for head in Chain.objects.filter(subject__in=batch)}
        matched += len(known)
        for name, links in batch.items():
            read += len(links)
            progress(len(links))
            head = known.get(name)
            if head is None:
                problems.append(ChainProblem(name, links[0].seq, "orphan"))
            else:
                problems += check_chain(links, head=bytes(head.head), length=head.length)
    if heads.count() != matched:
        # asked only where a head is left over: at a million chains it is the dearest question
        there = Entry.objects.filter(subject=OuterRef("subject"))
        problems += [
            ChainProblem(name, 1, "removed")
            for name in heads.filter(~Exists(there)).values_list("subject", flat=True)
        ]
    return Checked(read, problems)


def _batches(groups: Iterable[tuple[str, Iterable[Link]]]) -> Iterator[dict[str, list[Link]]]:
    """Gather 500 chains at a time, so that heads are fetched in few queries."""
    batch: dict[str, list[Link]] = {}
    for name, links in groups:
        batch[name] = list(links)
        if len(batch) == _BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch

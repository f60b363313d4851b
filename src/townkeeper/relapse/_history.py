"""Appends many entries to many chains at once, exactly as `journal.actions.record` would."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from townkeeper.journal.actions import json_line, record
from townkeeper.journal.chain import entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock

FEW = 8
"""Up to so many are recorded one by one."""
BATCH = 400


class Line(NamedTuple):
    """One entry to be."""

    subject: str
    act: str
    data: Mapping[str, object]


def append_entries(lines: Sequence[Line], *, actor: str) -> None:
    """Append to the chains of their subjects, in the order given, in the caller's transaction.

    The heads are locked in the order of their names, so that two who do this never wait for each
    other in a circle.
    """
    if not connection.in_atomic_block:
        msg = "history is written in the same transaction as what it records"
        raise transaction.TransactionManagementError(msg)
    if len(lines) <= FEW:
        for line in sorted(lines, key=lambda line: line.subject):
            record(subject=line.subject, act=line.act, actor=actor, data=line.data)
        return
    for start in range(0, len(lines), BATCH):
        _append(lines[start : start + BATCH], actor, clock.now())


def _append(lines: Sequence[Line], actor: str, now: datetime) -> None:
    subjects = sorted({line.subject for line in lines})
    known = Chain.objects.select_for_update().filter(subject__in=subjects).order_by("subject")
    heads = {row.subject: (row.length, bytes(row.head)) for row in known}
    before = dict(heads)
    entries: list[Entry] = []
    for line in lines:
        if line.subject not in heads:
            entry = record(subject=line.subject, act=line.act, actor=actor, data=line.data)
            heads[line.subject] = before[line.subject] = (entry.seq, bytes(entry.hash))
            continue
        length, head = heads[line.subject]
        fields = {
            "subject": line.subject,
            "seq": length + 1,
            "time": now,
            "actor": actor,
            "act": line.act,
            "origin": clock.origin(),
            "data": json_line(line.data),
        }
        digest = entry_hash(head, **fields)  # type: ignore[arg-type]
        entries.append(Entry(**fields, hash=digest))
        heads[line.subject] = (length + 1, digest)
    Entry.objects.bulk_create(entries)
    moved = [(*heads[name], name) for name in subjects if heads[name] != before[name]]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE journal_chain SET length = %s, head = %s WHERE subject = %s", moved
        )

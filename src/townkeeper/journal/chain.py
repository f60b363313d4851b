"""How an entry is hashed and a chain is checked; plain Python, so that anyone can do it again.

The hash of an entry is SHA-256 over the 32 bytes of the hash before it (zeros for the first),
followed by these fields in UTF-8, one per line, without a last newline: subject, place in the
chain, time in UTC with microseconds (`2026-11-05T09:31:02.000000Z`), actor, act, origin, data.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

ZERO = bytes(32)

ProblemKind = Literal["changed", "removed", "inserted", "head", "orphan"]


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """A place where the record does not hold together."""

    subject: str
    seq: int
    kind: ProblemKind


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the check reads it."""

    subject: str
    seq: int
    time: datetime
    actor: str
    act: str
    origin: str
    data: str
    hash: bytes


def time_text(moment: datetime) -> str:
    """Return the time as it is hashed."""
    return _utc_text(moment.astimezone(UTC))


@lru_cache(maxsize=1024)
def _utc_text(moment: datetime) -> str:
    """Write it once: the entries of one act, and the rows beside them, share their time."""
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def entry_hash(
    previous: bytes,
    *,
    subject: str,
    seq: int,
    time: datetime,
    actor: str,
    act: str,
    origin: str,
    data: str,
) -> bytes:
    """Return the hash of an entry that follows `previous`."""
    line = "\n".join((subject, str(seq), time_text(time), actor, act, origin, data))
    return hashlib.sha256(previous + line.encode()).digest()


def link_hash(previous: bytes, link: Link) -> bytes:
    """Return the hash that `link` should carry after `previous`."""
    return entry_hash(
        previous,
        subject=link.subject,
        seq=link.seq,
        time=link.time,
        actor=link.actor,
        act=link.act,
        origin=link.origin,
        data=link.data,
    )


def check_chain(links: Iterable[Link], *, head: bytes, length: int) -> Iterator[ChainProblem]:
    """Yield what is wrong with one subject's entries, given in order of their place.

    After a break the check goes on from the stored hash, so that one changed byte is one problem
    and not as many as there are later entries.
    """
    previous, expected, subject = ZERO, 1, ""
    for link in links:
        subject = link.subject
        if link.seq > expected:
            yield ChainProblem(subject, expected, "removed")
        elif link.seq < expected:
            yield ChainProblem(subject, link.seq, "inserted")
        if link_hash(previous, link) != link.hash and link.seq == expected:
            yield ChainProblem(subject, link.seq, "changed")
        previous, expected = link.hash, link.seq + 1
    if expected - 1 < length:
        yield ChainProblem(subject, expected, "removed")
    elif expected - 1 > length:
        yield ChainProblem(subject, expected - 1, "inserted")
    elif previous != head:
        yield ChainProblem(subject, length, "head")

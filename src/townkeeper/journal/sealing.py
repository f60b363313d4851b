"""Seals the record: signed roots over all entries, and the check that nothing has moved since."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import IntegrityError, transaction

from townkeeper.journal.keys import is_signed, key_id_of, known_keys, sign
from townkeeper.journal.merkle import root_of
from townkeeper.journal.models import Entry, Seal
from townkeeper.journal.statements import FIRST, Statement, gaps_in, without
from townkeeper.kit import clock

SIZE = 100_000
"""Entries under one seal at most: a proof for one of them computes this tree once."""
LOOK_BACK = 200
"""Seals in whose gaps entries are still looked for: a writer that took very long."""

SealProblemKind = Literal[
    "signature", "key-unknown", "previous", "gap", "removed", "inserted", "root"
]


@dataclass(frozen=True, slots=True)
class SealProblem:
    """A seal that does not hold, and which entries show it."""

    number: int
    kind: SealProblemKind
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SealsChecked:
    """The result of checking all seals."""

    seals: int
    sealed: int
    """Entries under them."""
    open: int
    """Entries written since the last one."""
    problems: list[SealProblem]


def seal_journal(*, at_least: timedelta | None = None) -> list[Seal]:
    """Seal every entry since the last seal; the new seals, none where nothing is new.

    `at_least` leaves a younger last seal alone. Two who seal at once: the later one does nothing.
    """
    made: list[Seal] = []
    latest = Seal.objects.order_by("-number").first()
    if latest and at_least is not None and clock.now() - latest.made_at < at_least:
        return made
    try:
        while (seal := _seal_next()) is not None:
            made.append(seal)
    except IntegrityError:
        return made
    return made


@transaction.atomic
def _seal_next() -> Seal | None:
    latest = Seal.objects.order_by("-number").first()
    first = latest.last_entry + 1 if latest else 1
    fresh = list(
        Entry.objects.filter(pk__gte=first).order_by("pk").values_list("pk", "hash")[:SIZE]
    )
    late = _late_entries()
    if not fresh and not late:
        return None
    last = fresh[-1][0] if fresh else first - 1
    rows = [*late, *fresh]
    statement = Statement(
        number=latest.number + 1 if latest else 1,
        made_at=clock.now(),
        first=first,
        last=last,
        missing=gaps_in([pk for pk, _ in fresh], first, last),
        late=tuple(pk for pk, _ in late),
        count=len(rows),
        root=root_of(bytes(mark) for _, mark in rows).hex(),
        previous=statement_of(latest).digest() if latest else FIRST,
    )
    signed = sign(statement.text().encode())
    return Seal.objects.create(
        number=statement.number,
        made_at=statement.made_at,
        first_entry=first,
        last_entry=last,
        missing=[list(pair) for pair in statement.missing],
        late=list(statement.late),
        count=statement.count,
        root=bytes.fromhex(statement.root),
        previous=bytes.fromhex(statement.previous),
        key_id=signed.key_id,
        public_key=signed.public_key,
        signature=bytes.fromhex(signed.value),
    )


def _late_entries() -> list[tuple[int, bytes]]:
    """Return entries in the gaps of earlier seals: their transactions ended after the sealing."""
    rows: list[tuple[int, bytes]] = []
    seals = list(Seal.objects.order_by("-number")[:LOOK_BACK])
    known = {pk for seal in seals for pk in seal.late}
    for seal in seals:
        for first, last in seal.missing:
            found = Entry.objects.filter(pk__range=(first, last)).values_list("pk", "hash")
            rows += [(pk, bytes(mark)) for pk, mark in found if pk not in known]
    return sorted(rows)


def statement_of(seal: Seal) -> Statement:
    """Return what a stored seal says."""
    return Statement(
        number=seal.number,
        made_at=seal.made_at,
        first=seal.first_entry,
        last=seal.last_entry,
        missing=tuple((first, last) for first, last in seal.missing),
        late=tuple(seal.late),
        count=seal.count,
        root=bytes(seal.root).hex(),
        previous=bytes(seal.previous).hex(),
    )


def entries_under(seal: Seal) -> list[tuple[int, bytes]]:
    """Return number and hash of the entries under a seal, in the order of its tree."""
    late = dict(Entry.objects.filter(pk__in=seal.late).values_list("pk", "hash"))
    rows = [(pk, bytes(late[pk])) for pk in seal.late if pk in late]
    span = (seal.first_entry, seal.last_entry)
    gaps = [(first, last) for first, last in seal.missing]
    for pk, mark in Entry.objects.filter(pk__range=span).order_by("pk").values_list("pk", "hash"):
        while gaps and pk > gaps[0][1]:
            gaps.pop(0)
        if not (gaps and gaps[0][0] <= pk):
            rows.append((pk, bytes(mark)))
    return rows


def verify_seals(*, progress: Callable[[int], object] = lambda _n: None) -> SealsChecked:
    """Check every seal: signature, order, and the entries under it. `progress` counts entries."""
    problems: list[SealProblem] = []
    keys, previous, first, sealed, number = known_keys(), FIRST, 1, 0, 0
    for number, seal in enumerate(Seal.objects.order_by("number").iterator(), start=1):
        statement = statement_of(seal)
        problems += _signature_problems(seal, statement, keys)
        if statement.previous != previous or seal.number != number:
            problems.append(SealProblem(seal.number, "previous"))
        if statement.first != first:
            problems.append(SealProblem(seal.number, "gap"))
        problems += _entry_problems(seal, statement)
        previous, first = statement.digest(), statement.last + 1
        sealed += seal.count
        progress(seal.count)
    problems += _put_in_later()
    return SealsChecked(number, sealed, Entry.objects.filter(pk__gte=first).count(), problems)


def _signature_problems(
    seal: Seal, statement: Statement, keys: dict[str, str]
) -> Iterator[SealProblem]:
    signature = bytes(seal.signature).hex()
    fits = is_signed(
        statement.text().encode(), signature=signature, public_key=seal.public_key
    ) and seal.key_id == key_id_of(bytes.fromhex(seal.public_key))
    if not fits:
        yield SealProblem(seal.number, "signature")
    elif seal.key_id not in keys:
        yield SealProblem(seal.number, "key-unknown")


def _entry_problems(seal: Seal, statement: Statement) -> Iterator[SealProblem]:
    rows = entries_under(seal)
    there = sorted(pk for pk, _ in rows if pk not in set(seal.late))
    gone = without(gaps_in(there, statement.first, statement.last), _flat(statement.missing))
    lost = (*_flat(gone), *(set(seal.late) - {pk for pk, _ in rows}))
    if lost:
        yield SealProblem(seal.number, "removed", tuple(lost))
    elif root_of(mark for _, mark in rows).hex() != statement.root or len(rows) != seal.count:
        yield SealProblem(seal.number, "root")


def _flat(ranges: tuple[tuple[int, int], ...]) -> list[int]:
    return [number for first, last in ranges for number in range(first, last + 1)]


def _put_in_later() -> Iterator[SealProblem]:
    """Find entries in gaps so old that no slow writer explains them.

    Those in younger gaps are taken in by the next sealing, which says so by name.
    """
    seals = list(Seal.objects.order_by("number").values_list("number", "missing", "late"))
    taken = {pk for _, _, late in seals for pk in late}
    for number, missing, _late in seals[:-LOOK_BACK]:
        found = [
            pk
            for first, last in missing
            for pk in Entry.objects.filter(pk__range=(first, last)).values_list("pk", flat=True)
            if pk not in taken
        ]
        if found:
            yield SealProblem(number, "inserted", tuple(found))


@dataclass(frozen=True, slots=True)
class SealedUntil:
    """How far the record is signed."""

    number: int
    made_at: datetime
    last_entry: int
    since: int
    """Entries written after it, by their numbers."""


def sealed_until() -> SealedUntil | None:
    """Return the latest seal and how much was written since; None where nothing is signed."""
    seal = Seal.objects.order_by("-number").first()
    if seal is None:
        return None
    top = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return SealedUntil(seal.number, seal.made_at, seal.last_entry, max(0, top - seal.last_entry))

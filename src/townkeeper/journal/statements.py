"""What a seal says: the line of text that is signed. Plain Python, so that anyone can read it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from townkeeper.journal.chain import time_text

FORMAT = "townkeeper-seal-1"
FIRST = hashlib.sha256(b"").hexdigest()
"""What the first seal names as the one before it."""

Ranges = tuple[tuple[int, int], ...]
"""Numbers of entries, as first and last of each stretch."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One seal: which entries, in which order, under which root, after which seal."""

    number: int
    made_at: datetime
    first: int
    last: int
    missing: Ranges
    """Numbers in between that no entry had when it was made (given up, or not yet written)."""
    late: tuple[int, ...]
    """Entries that earlier seals had missed: their writers were not done; sealed here, first."""
    count: int
    root: str
    previous: str

    def text(self) -> str:
        """Return the line that is signed: JSON, sorted keys, no spaces."""
        content = {
            "format": FORMAT,
            "number": self.number,
            "made_at": time_text(self.made_at),
            "first": self.first,
            "last": self.last,
            "missing": [list(pair) for pair in self.missing],
            "late": list(self.late),
            "count": self.count,
            "root": self.root,
            "previous": self.previous,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Return what the next seal names as the one before it."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def gaps_in(ids: Sequence[int], first: int, last: int) -> Ranges:
    """Return the numbers from `first` to `last` that are not among `ids` (sorted)."""
    gaps, expected = [], first
    for number in ids:
        if number > expected:
            gaps.append((expected, number - 1))
        expected = number + 1
    if expected <= last:
        gaps.append((expected, last))
    return tuple(gaps)


def without(ranges: Ranges, taken: Iterable[int]) -> Ranges:
    """Return `ranges` without the numbers `taken`."""
    left: list[tuple[int, int]] = []
    gone = sorted(set(taken))
    for first, last in ranges:
        start = first
        for number in (n for n in gone if first <= n <= last):
            if number > start:
                left.append((start, number - 1))
            start = number + 1
        if start <= last:
            left.append((start, last))
    return tuple(left)

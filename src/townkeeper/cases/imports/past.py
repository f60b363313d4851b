"""Finds in memory which earlier record a record repeats; thousands of them, in the order of time.

The same comparison as `twins` makes while a report is entered, without a query for each.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from townkeeper.cases.likeness import Facts, Kin, Reach, Vocabulary, cosine, score
from townkeeper.kit.globe import METRES_PER_DEGREE, metres_between

ADDRESS_METRES: Final = 500
"""The same address with positions further apart is not the same place."""


@dataclass(frozen=True, slots=True)
class PastCase:
    """What the comparison needs of a record."""

    id: int
    number: str
    category: int | None
    address: str
    lon: float | None
    lat: float | None
    opened_at: datetime
    closed_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Likely:
    """An earlier record that may be the same thing."""

    case: PastCase
    facts: Facts
    score: float


class Past:
    """Records that came in before, by cell of the map and by address."""

    def __init__(
        self,
        reach: Reach,
        *,
        kin: Callable[[int | None, int | None], Kin],
        vocabulary: Vocabulary,
        ended_days: float,
    ) -> None:
        self.reach, self.kin, self.vocabulary = reach, kin, vocabulary
        self.ended = timedelta(days=ended_days)
        self.span = timedelta(days=reach.days)
        self._cells: dict[tuple[int, int], list[PastCase]] = defaultdict(list)
        self._addresses: dict[str, list[PastCase]] = defaultdict(list)
        self._vectors: dict[str, dict[str, float]] = {}
        self._up = reach.metres / METRES_PER_DEGREE
        self._aside = 0.0

    def put(self, case: PastCase) -> None:
        """Remember a record; later ones may repeat it."""
        if case.lon is not None and case.lat is not None:
            self._cells[self._cell(case.lon, case.lat)].append(case)
        if case.address:
            self._addresses[case.address].append(case)

    def likely(self, case: PastCase) -> list[Likely]:
        """Return what it may repeat, the likeliest first, of equals the latest."""
        found = []
        for other in self._near(case):
            apart = case.opened_at - other.opened_at
            if not timedelta(0) <= apart <= self.span:
                continue
            if other.closed_at is not None and other.closed_at < case.opened_at - self.ended:
                continue
            facts = self._compare(case, other, apart)
            if facts is not None:
                found.append(Likely(other, facts, score(facts, self.reach)))
        return sorted(found, key=lambda one: (-one.score, -one.case.id))

    def _cell(self, lon: float, lat: float) -> tuple[int, int]:
        if not self._aside:
            # as wide as it must be a degree nearer to the pole: one town spans less
            self._aside = self._up / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + 1))))
        return math.floor(lon / self._aside), math.floor(lat / self._up)

    def _near(self, case: PastCase) -> Iterator[PastCase]:
        seen = {case.id}
        if case.lon is not None and case.lat is not None:
            column, row = self._cell(case.lon, case.lat)
            for key in [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:
                for other in self._cells.get(key, ()):
                    if other.id not in seen:
                        seen.add(other.id)
                        yield other
        for other in self._addresses.get(case.address, ()) if case.address else ():
            if other.id not in seen:
                seen.add(other.id)
                yield other

    def _compare(self, case: PastCase, other: PastCase, apart: timedelta) -> Facts | None:
        metres: float | None = None
        if None not in (case.lon, case.lat, other.lon, other.lat):
            metres = metres_between(case.lon, case.lat, other.lon, other.lat)  # type: ignore[arg-type]
        same = bool(case.address) and case.address == other.address
        same = same and (metres is None or metres <= ADDRESS_METRES)
        if not same and (metres is None or metres > self.reach.metres):
            return None
        return Facts(
            metres=metres,
            is_same_spot=same,
            apart=apart,
            kin=self.kin(case.category, other.category),
            words=cosine(self._vector(case.words), self._vector(other.words)),
            is_running=other.closed_at is None or other.closed_at >= case.opened_at,
        )

    def _vector(self, words: str) -> dict[str, float]:
        if words not in self._vectors:
            self._vectors[words] = self.vocabulary.vector(words)
        return self._vectors[words]

"""Finds for each new case the closed one that it brings back: sets at a time, in plain arrays.

Of everything closed before, of the same kind, at the same place and still inside its window, the
one that was closed last is the former case: so a chain runs from each relapse to the one before
it. The same key place tells most, then the same address, then nearness. Nothing here knows a
database; a slow twin in the tests says the same in a dozen lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY_MS: Final = 86_400_000
EARTH_M: Final = 6_371_008.8
"""Mean radius of the earth in metres (IUGG)."""
FAR_M: Final = 500.0
"""An equal address with positions further apart than this is not the same place."""
PLACE, ADDRESS, POINT = 0, 1, 2
NONE: Final = -1
PAD: Final = 1.01
"""Cells are a little wider than the radius, so that rounding never hides a neighbour."""


@dataclass(frozen=True)
class Sites:
    """Cases as columns; `group` 0 is no kind, `place` and `address` 0 are none, points may be NaN.

    `moment` is when a new case was opened, or a former one closed, in milliseconds.
    """

    id: Ints
    group: Ints
    moment: Ints
    place: Ints
    address: Ints
    lat: Floats
    lon: Floats
    days: Ints
    metres: Ints

    def __len__(self) -> int:
        return len(self.id)

    def take(self, chosen: Any) -> "Sites":  # noqa: ANN401 - a mask, indices or a slice
        """Return some of the cases."""
        return Sites(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def join_sites(parts: Sequence[Sites]) -> Sites:
    """Return the cases of all parts, at least one."""
    if len(parts) == 1:
        return parts[0]
    names = Sites.__dataclass_fields__
    return Sites(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Matches:
    """For each new case: the row of its former case or -1, why it is the same place, how far."""

    former: Ints
    how: Ints
    distance: Floats
    """Metres; NaN where one of the two has no position."""


def match(new: Sites, former: Sites) -> Matches:
    """Return which former case each new one brings back."""
    found = Matches(
        np.full(len(new), NONE, np.int64),
        np.full(len(new), NONE, np.int64),
        np.full(len(new), np.nan),
    )
    rules = np.unique(np.stack([former.days, former.metres]), axis=1).T if len(former) else ()
    for days, metres in rules:
        rows = np.flatnonzero((former.days == days) & (former.metres == metres))
        same = _SameRule(new, former.take(rows), int(days) * DAY_MS, float(metres))
        for how, candidate, distance in same.candidates():
            _keep(found, former, np.where(candidate < 0, NONE, rows[candidate]), how, distance)
    return found


def _keep(found: Matches, former: Sites, candidate: Ints, how: int, distance: Floats) -> None:
    """Take a candidate that was closed later than the one known, or as late and is more telling."""
    known, there = found.former, candidate >= 0
    empty = there & (known < 0)
    later = there & ~empty
    mine, theirs = former.moment[candidate], former.moment[known]
    nearer = (how == found.how) & (
        (distance < found.distance)
        | ((distance == found.distance) & (former.id[candidate] > former.id[known]))
    )
    better = later & ((mine > theirs) | ((mine == theirs) & ((how < found.how) | nearer)))
    take = empty | better
    found.former[take] = candidate[take]
    found.how[take] = how
    found.distance[take] = distance[take]


@dataclass(frozen=True)
class _SameRule:
    """New cases against former ones that share one window and one radius."""

    new: Sites
    former: Sites
    window: int
    metres: float

    def candidates(self) -> Iterator[tuple[int, Ints, Floats]]:
        """Yield (how, row of the latest former case, distance) for each way to be the same place.

        `group` 0 is never the same kind as another.
        """
        if not len(self.former):
            return
        new, former = self.new, self.former
        for how, mine, theirs, radius in (
            (PLACE, new.place, former.place, np.inf),
            (ADDRESS, new.address, former.address, FAR_M),
        ):
            shelf = _Sorted.of(
                _mixed(former.group, theirs), former.moment, (theirs != 0) & (former.group != 0)
            )
            question = _Question(
                _mixed(new.group, mine), (mine != 0) & (new.group != 0), radius, (mine, theirs)
            )
            row = self._latest(shelf, question)
            yield how, row, self._distance(row)
        yield POINT, *self._near()

    def _near(self) -> tuple[Ints, Floats]:
        """Look into the nine cells around each new case."""
        new, former, side = self.new, self.former, max(self.metres, 1.0) * PAD
        placed = np.isfinite(former.lat) & (former.group != 0)
        rows, columns = _cell(former.lat, former.lon, side)
        shelf = _Sorted.of(_mixed(_mixed(former.group, rows), columns), former.moment, placed)
        have = np.isfinite(new.lat) & (new.group != 0)
        here, _column = _cell(new.lat, new.lon, side)
        best = np.full(len(new), NONE, np.int64)
        for up in (-1, 0, 1):
            middle = _column_in(new.lon, here + up, side)
            for aside in (-1, 0, 1):
                keys = _mixed(_mixed(new.group, here + up), middle + aside)
                row = self._latest(shelf, _Question(keys, have, self.metres))
                self._take_later(best, row)
        return best, self._distance(best)

    def _take_later(self, best: Ints, row: Ints) -> None:
        """Put what another cell offers in the place of what was closed earlier, or lies further."""
        at = np.flatnonzero(row >= 0)
        mine, known = row[at], best[at]
        newer = self.former.moment[mine] - self.former.moment[known]
        nearer = self._distance_of(at, mine) < self._distance_of(at, known)
        better = (known < 0) | (newer > 0) | ((newer == 0) & nearer)
        best[at[better]] = mine[better]

    def _latest(self, shelf: "_Sorted", question: "_Question") -> Ints:
        """Return the row closed last before each new case that lies near enough, else -1.

        Steps back one closing at a time for the few that lie too far away.
        """
        new, former = self.new, self.former
        result = np.full(len(new), NONE, np.int64)
        asking = np.flatnonzero(question.have)
        first, place = shelf.before(question.keys[asking], new.moment[asking])
        some = place >= first
        asking, first, place = asking[some], first[some], place[some]
        while len(asking):
            row = shelf.rows[place]
            alive = former.moment[row] >= new.moment[asking] - self.window
            asking, first, place, row = (part[alive] for part in (asking, first, place, row))
            good = former.group[row] == new.group[asking]
            good &= question.accepts(asking, row, self._distance_of(asking, row))
            result[asking[good]] = row[good]
            place = place - 1
            left = ~good & (place >= first)
            asking, first, place = asking[left], first[left], place[left]
        return result

    def _distance(self, row: Ints) -> Floats:
        far = np.full(len(row), np.nan)
        at = np.flatnonzero(row >= 0)
        far[at] = self._distance_of(at, row[at])
        return far

    def _distance_of(self, new: Ints, row: Ints) -> Floats:
        mine, theirs = self.new, self.former
        return distances(mine.lat[new], mine.lon[new], theirs.lat[row], theirs.lon[row])


@dataclass(frozen=True)
class _Question:
    """Under which key each new case looks, and how far away the same place may lie."""

    keys: Ints
    have: Bools
    """Which new cases have a key at all."""
    radius: float
    equal: tuple[Ints, Ints] | None = None
    """What must be equal besides, of the new and of the former cases; cases without a position
    are then the same place by it alone."""

    def accepts(self, new: Ints, row: Ints, far: Floats) -> Bools:
        """Return which pairs are the same place."""
        if self.equal is None:
            near: Bools = far <= self.radius
            return near
        mine, theirs = self.equal
        same: Bools = (theirs[row] == mine[new]) & ((far <= self.radius) | np.isnan(far))
        return same


@dataclass(frozen=True)
class _Sorted:
    """Rows by key and moment, to find the last of a key before a moment."""

    rows: Ints
    keys: Ints
    order: Ints
    """Key and moment in one number that rises."""
    starts: Ints
    base: int

    @classmethod
    def of(cls, keys: Ints, moments: Ints, have: Bools) -> "_Sorted":
        """Sort the rows that have a key."""
        rows = np.flatnonzero(have)
        rows = rows[np.lexsort((rows, moments[rows], keys[rows]))]
        known, starts, code = np.unique(keys[rows], return_index=True, return_inverse=True)
        base = int(moments[rows].min()) if len(rows) else 0
        order = code.astype(np.int64) * _SPAN + np.minimum(moments[rows] - base, _SPAN - 1)
        return cls(rows, known, order, starts.astype(np.int64), base)

    def before(self, keys: Ints, moments: Ints) -> tuple[Ints, Ints]:
        """Return for each key where its rows begin, and the last of them before the moment."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.full(len(keys), NONE, np.int64)
        code = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        at = code * _SPAN + np.clip(moments - self.base, 0, _SPAN - 1)
        place = np.searchsorted(self.order, at, side="left") - 1
        known = self.keys[code] == keys
        return self.starts[code], np.where(known, place, NONE).astype(np.int64)


_SPAN: Final = 1 << 41
"""Milliseconds in about 70 years; four million keys fit beside it into 63 bits."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(31)


def _mixed(one: Ints, other: Ints) -> Ints:
    """Return one number for two; a clash is harmless, as whatever it finds is compared again."""
    value = one.astype(np.uint64) * _MIX
    value = (value ^ (value >> _SHIFT)) + other.astype(np.uint64)
    value = value * _MIX
    mixed: Ints = (value ^ (value >> _SHIFT)).view(np.int64)
    return mixed


def _cell(lat: Floats, lon: Floats, side: float) -> tuple[Ints, Ints]:
    """Return row and column of the cell of each point; cells are squares of `side` metres."""
    rows = np.floor(np.radians(np.nan_to_num(lat)) * EARTH_M / side).astype(np.int64)
    return rows, _column_in(lon, rows, side)


def _column_in(lon: Floats, rows: Ints, side: float) -> Ints:
    """Return the column within given rows: all cells of a row are as wide as at its middle."""
    middle = np.cos(np.clip((rows + 0.5) * side / EARTH_M, -np.pi / 2, np.pi / 2))
    east = np.radians(np.nan_to_num(lon)) * EARTH_M * middle
    columns: Ints = np.floor(east / side).astype(np.int64)
    return columns


def distances(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Return metres along the great circle (haversine); NaN where a point is missing."""
    one, two = np.radians(lat1), np.radians(lat2)
    half = np.sin((two - one) / 2) ** 2
    half += np.cos(one) * np.cos(two) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    result: Floats = 2 * EARTH_M * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    return result

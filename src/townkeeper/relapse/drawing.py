"""The drawing of closed cases: chance that anybody can draw again with a seed and SHA-256.

Each candidate is drawn for itself: the first eight bytes of SHA-256 over `seed:number`, read as a
number between 0 and 1, are compared with its chance. So the list's order does not matter, every
case has exactly its chance, and no case's luck depends on another's. The next four bytes choose
the day of the visit within the window.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from townkeeper.procedures.model import Revisit

WHOLE: Final = 2**64


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A closed case whose window opens, with its chance of being drawn."""

    number: str
    closed_at: str
    """The instant of the closing in UTC, as it is written in the list."""
    chance: float


def chance_of(
    rule: Revisit, *, kinds: Sequence[str], areas: Sequence[str], has_relapsed: bool
) -> float:
    """Return the chance of a case: the share times the factors that apply, at most 1.

    `kinds` and `areas` are the case's own first, then what lies above; the nearest that the rule
    names counts.
    """
    chance = rule.share * _nearest(rule.kinds, kinds) * _nearest(rule.areas, areas)
    if has_relapsed:
        chance *= rule.relapsed
    return round(max(0.0, min(1.0, chance)), 6)


def _nearest(factors: Mapping[str, float], line: Sequence[str]) -> float:
    return next((factors[name] for name in line if name in factors), 1.0)


def luck(seed: str, number: str) -> tuple[float, float]:
    """Return two numbers from 0 up to 1 that nobody can foresee without the seed."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return (
        int.from_bytes(digest[:8], "big") / WHOLE,
        int.from_bytes(digest[8:16], "big") / WHOLE,
    )


def is_drawn(seed: str, candidate: Candidate) -> bool:
    """Whether chance takes a candidate; a chance of 1 always, a chance of 0 never."""
    return luck(seed, candidate.number)[0] < candidate.chance or candidate.chance >= 1


def day_within(seed: str, number: str, first: int, last: int) -> int:
    """Return on which day after the closing the visit is due, from `first` to `last`."""
    span = max(0, last - first) + 1
    return first + min(span - 1, int(luck(seed, number)[1] * span))


def list_digest(candidates: Iterable[Candidate]) -> str:
    """Return the SHA-256 of the list: a line `number TAB closing TAB chance` each, by number."""
    lines = (f"{c.number}\t{c.closed_at}\t{c.chance:.6f}\n" for c in sorted(candidates))
    return hashlib.sha256("".join(lines).encode()).hexdigest()

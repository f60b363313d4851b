"""Says how much two reports look like one thing reported twice, and why: pure arithmetic.

Four things speak for it: how near, how soon after, of which kind, in which words. What is not known
of one of the two does not count at all, so that a report without a position is compared by the
rest. The words are compared by pairs of characters, which needs no dictionary and no segmenter and
serves Chinese as well as English; a pair that stands in every report says little (Salton & Buckley,
"Term-weighting approaches in automatic text retrieval", 1988).
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

Kin = Literal["same", "sibling", "other", "unknown"]
"""How the categories of two cases are related; siblings have one parent, or one is the other's."""

TEXT_MAX: Final = 300
"""Characters of the description that count beside the title; more only blurs it (measured)."""
KIN: Final[Mapping[Kin, float | None]] = {
    "same": 1.0,
    "sibling": 0.5,
    "other": 0.0,
    "unknown": None,
}
WEIGHTS: Final[Mapping[str, float]] = {"near": 0.45, "soon": 0.2, "kin": 0.2, "words": 0.15}
"""What each tells, found on real reports (docs/duplicates.md)."""
ENDED_SHARE: Final = 0.7
"""A case that has ended is likelier the past than the twin: so much of its score counts."""
ENOUGH: Final = 50
"""Fewer texts say nothing of what is common: then every pair of characters counts alike."""
TELLING: Final = 0.1
"""Mean weight below which a text says no more than all others do."""


def bigrams(text: str) -> Counter[str]:
    """Return the pairs of characters of a text: width, case, spaces and marks do not matter."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char if char.isalnum() else " " for char in plain).split()
    found: Counter[str] = Counter()
    for word in kept:
        found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
    return found


@dataclass(frozen=True)
class Vocabulary:
    """How common each pair of characters is among recent reports."""

    size: int = 0
    seen_in: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        """Count in how many texts each pair stands."""
        size, seen_in = 0, Counter[str]()
        for text in texts:
            size += 1
            seen_in.update(set(bigrams(text)))
        return cls(size, seen_in)

    def weight(self, pair: str) -> float:
        """Return how much a pair tells; nothing where every report has it."""
        if self.size < ENOUGH:
            return 1.0
        return max(0.0, math.log((self.size + 1) / (self.seen_in.get(pair, 0) + 0.5)))

    def vector(self, text: str) -> dict[str, float]:
        """Return a text as weights of length one; empty where it tells nothing."""
        counts = bigrams(text)
        raw = {pair: (1 + math.log(n)) * self.weight(pair) for pair, n in counts.items()}
        length = math.sqrt(sum(value * value for value in raw.values()))
        if length < TELLING * math.sqrt(len(raw) or 1):
            return {}
        return {pair: value / length for pair, value in raw.items()}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Return how alike two vectors are, 0 to 1; None where one of them tells nothing."""
    if not one or not other:
        return None
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return min(1.0, sum(value * many.get(pair, 0.0) for pair, value in few.items()))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of two reports side by side."""

    metres: float | None
    is_same_spot: bool
    """The same key place or the same address, however far the positions."""
    apart: timedelta
    """Between the times at which they came in."""
    kin: Kin
    words: float | None
    is_running: bool = True
    """Whether the earlier one has not ended."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far and how long ago a twin may be."""

    metres: float
    days: float


def score(facts: Facts, reach: Reach) -> float:
    """Return how much two reports look like one thing, 0 to 1.

    Nearness falls to nothing at the edge of the reach, time more slowly: a heap that was reported
    yesterday is still there.
    """
    near: float | None = None
    if facts.is_same_spot:
        near = 1.0
    elif facts.metres is not None:
        near = max(0.0, 1 - facts.metres / reach.metres)
    share = abs(facts.apart.total_seconds()) / (reach.days * 86_400)
    known = {
        "near": near,
        "soon": max(0.0, 1 - math.sqrt(share)),
        "kin": KIN[facts.kin],
        "words": facts.words,
    }
    told = {name: value for name, value in known.items() if value is not None}
    total = sum(WEIGHTS[name] for name in told)
    value = sum(WEIGHTS[name] * value for name, value in told.items()) / total
    return value if facts.is_running else value * ENDED_SHARE

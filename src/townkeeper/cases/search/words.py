"""Cuts texts and queries into the words of the index, and says whether a text holds a query.

A run of Chinese characters becomes its pairs (市場東門 → 市场 场东 东门) and its last character
alone, so that one character is found as the beginning of a word. A run of Latin letters and digits
is one word; one that ends a query is found by its beginning. Pairs may stand apart in a text that
holds them all, therefore what the index finds is compared with the text before it is shown.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from townkeeper.cases.search.folding import fold

RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
GAP = re.compile(r"[\W_]+")
LONGEST_WORD = 60
"""Longer runs of letters and digits are found by their first characters."""
LONGEST_QUERY = 100
MOST_WORDS = 24
"""Pairs of a query that the index is asked for; the comparison with the text takes care of all."""


def index_words(texts: Iterable[str]) -> list[str]:
    """Return the words under which texts are found, each once."""
    found: dict[str, None] = {}
    for text in texts:
        for run in RUN.findall(fold(text)):
            if run[0].isascii():
                found[run[:LONGEST_WORD]] = None
            else:
                found.update(dict.fromkeys(map("".join, pairwise(run))))
                found[run[-1]] = None
    return list(found)


SHORTEST_BEGINNING = 3
"""Shorter runs of letters and digits must be the whole word: too many words begin with `1`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query as the index and the comparison need it; without parts it asks for nothing."""

    parts: tuple[str, ...] = ()
    """What a text must hold, each part without gaps."""
    pairs: tuple[str, ...] = ()
    """Whole words of the index."""
    beginnings: tuple[str, ...] = ()
    """Beginnings of words of the index."""

    @property
    def letter(self) -> str:
        """Return the character, if the query is a single one that the index has as a beginning."""
        is_one = len(self.parts) == 1 and len(self.parts[0]) == 1
        return self.parts[0] if is_one and self.beginnings else ""


def parse_query(text: str) -> Wanted:
    """Read what a person types; anything may be in it, only letters and digits count.

    Words are parted by spaces and all must be found. Beyond `LONGEST_QUERY` characters the rest is
    left out.
    """
    parts: dict[str, None] = {}
    pairs: dict[str, None] = {}
    beginnings: dict[str, None] = {}
    for word in fold(text[:LONGEST_QUERY]).split():
        runs = RUN.findall(word)
        if runs:
            parts["".join(runs)] = None
        for run in runs:
            if run[0].isascii():
                is_begun = run is runs[-1] and len(run) >= SHORTEST_BEGINNING
                (beginnings if is_begun else pairs)[run[:LONGEST_WORD]] = None
            elif len(run) == 1:
                beginnings[run] = None
            else:
                pairs.update(dict.fromkeys(map("".join, pairwise(run))))
    if pairs:
        # 號 alone begins words of nearly every case; beside other words it narrows nothing
        beginnings = {word: None for word in beginnings if word.isascii()}
    return Wanted(tuple(parts), tuple(pairs)[:MOST_WORDS], tuple(beginnings)[:MOST_WORDS])


def is_in(wanted: Wanted, texts: Iterable[str]) -> bool:
    """Whether the texts hold every part of the query; gaps and punctuation do not count."""
    whole = "\n".join(GAP.sub("", fold(text)) for text in texts)
    return bool(wanted.parts) and all(part in whole for part in wanted.parts)

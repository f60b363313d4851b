"""Cuts a report into the pieces of one to three characters by which the classifier knows it.

No dictionary and no segmenter: pieces of characters did as well as words on citizens' messages
(docs/suggestions.md), and they work for both scripts of Chinese, for dialect and for misspellings.
Pure.
"""

import re
import unicodedata
from typing import Final

RUN: Final = re.compile(r"[^\W_]+")
DIGITS: Final = re.compile(r"\d+")
TEXT_READ: Final = 600
"""Characters of the description that are read: what is wrong comes first."""
SIZES: Final = (1, 2, 3)
LONGEST_REASON: Final = 8


def normalised(text: str) -> str:
    """Return a text as it is compared: width and case do not matter, every number is `0`."""
    return DIGITS.sub("0", unicodedata.normalize("NFKC", text).casefold())


def runs(title: str, text: str) -> list[str]:
    """Return the stretches of letters; the title counts twice, for it names the matter."""
    head = RUN.findall(normalised(title))
    return [
        *head,
        *head,
        *RUN.findall(normalised(" ".join(text[: TEXT_READ * 2].split())[:TEXT_READ])),
    ]


def grams(said: list[str]) -> list[str]:
    """Return every piece of one, two and three characters of the stretches, repetitions too."""
    found: list[str] = []
    for run in said:
        length = len(run)
        for size in SIZES:
            found += [run[i : i + size] for i in range(length - size + 1)]
    return found


def widened(gram: str, said: list[str], weights: dict[str, float]) -> str:
    """Return the words around a piece that speak for the same: a piece alone is often half a word.

    A Latin word is returned whole; a Chinese one grows while what is added adds a fifth again.
    """
    for run in said:
        start = run.find(gram)
        if start < 0:
            continue
        if run.isascii():
            return run
        end = start + len(gram)
        worth = weights.get(gram, 0.0)
        while end - start < LONGEST_REASON:
            left = weights.get(run[start - 1 : start + 2], 0.0) if start else 0.0
            right = weights.get(run[end - 2 : end + 1], 0.0) if end < len(run) else 0.0
            if max(left, right) < worth / 5:
                break
            start, end = (start - 1, end) if left > right else (start, end + 1)
        return run[start:end]
    return gram

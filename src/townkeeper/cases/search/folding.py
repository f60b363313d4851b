"""Folds what people write differently into one form: scripts, widths and capitals.

Characters are folded one by one, traditional to simplified, by the table of OpenCC (`t2s`,
Apache-2.0; https://github.com/BYVoid/OpenCC), made with its release 1.4.2. Words that differ
between regions (軟件, 軟體) stay different.
"""

from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("folding.txt")
FULL_WIDTH = range(0xFF01, 0xFF5F)
TO_ASCII = 0xFEE0
"""Full-width forms lie this far above the characters of ASCII."""


@cache
def pairs() -> dict[str, str]:
    """Return each traditional character with its simplified one."""
    return {pair[0]: pair[1] for pair in TABLE.read_text(encoding="utf-8").split()}


@cache
def _table() -> dict[int, str]:
    found = {ord(old): new for old, new in pairs().items()}
    found |= {code: chr(code - TO_ASCII) for code in FULL_WIDTH}
    return found | {0x3000: " "}


def fold(text: str) -> str:
    """Return a text in the form that is compared: simplified, half-width, lower case."""
    return text.translate(_table()).lower()


@cache
def _variants() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for old, new in pairs().items():
        found.setdefault(new, []).append(old)
    return {new: tuple(old) for new, old in found.items()}


def variants(letter: str) -> tuple[str, ...]:
    """Return the characters that fold to `letter` (a folded one), itself first."""
    others = _variants().get(letter, ())
    if letter.isascii() and letter.isprintable() and letter != " ":
        others = (letter.upper(), chr(ord(letter) + TO_ASCII), chr(ord(letter.upper()) + TO_ASCII))
    return tuple(dict.fromkeys((letter, *others)))

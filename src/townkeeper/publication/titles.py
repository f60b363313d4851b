"""Composes the title of a paper: matter and kind as one phrase, broken evenly and by its meaning.

GB/T 9704-2012, 7.3.1: a title says the matter and the kind of paper (關於……的督辦函); where it
takes several lines each is whole in its meaning and the lines are of like length.
"""

import math
import re
from typing import Final

from townkeeper.publication.typeset.document import Language
from townkeeper.publication.typeset.layout import CHINESE, ems

LINE: Final = 20.0
"""Characters of 2號 (22 pt) that fit the frame of 156 mm."""
ABOUT: Final = {"zh-Hant": "關於", "zh-Hans": "关于"}
ALIKE: Final = str.maketrans("辦書談約報關於評", "办书谈约报关于评")
"""The characters of kinds in both scripts: a title keeps the script that it was typed in."""
COMPLETE: Final = re.compile("的(通知|函|通报|[決决]定|意[見见]|批示|督办|整改|约谈)$")
"""A subject that names its own kind of paper is a whole title already."""
CLOSING: Final = "，。、；：！？）》」』”’,.;:!?)"
OPENING: Final = "（《「『“‘("
AFTER: Final = "，、；：）》」』的和與与及"
"""Where a line ends well."""


def paper_title(subject: str, kind: str, language: Language) -> tuple[str, ...]:
    """Return the lines of a paper's title from its subject and kind, `督辦函`.

    In Chinese both become one phrase: what of the kind the subject ends with already is not said
    twice (…的整改 + 整改通知書). In English the kind has a line of its own.
    """
    said = subject.strip().rstrip("。．.！!；;，, ")
    if not said:
        return (kind,)
    about = ABOUT.get(language)
    if about is None or not CHINESE.search(said):
        return (said, kind)
    plain, last = said.translate(ALIKE), kind.translate(ALIKE)
    if plain == last:
        return (said,)
    if not plain.startswith("关于"):
        said = about + said
    if plain.endswith(last):
        return balanced(said)
    shared = next((n for n in range(len(kind) - 1, 1, -1) if plain.endswith(last[:n])), 0)
    if not shared and COMPLETE.search(plain):
        return (*balanced(said), kind)
    whole = said[: len(said) - shared] if shared else said + ("" if said.endswith("的") else "的")
    return balanced(whole + kind)


def balanced(text: str, most: float = LINE) -> tuple[str, ...]:
    """Break a text into as few lines as fit `most` characters, of like length, by its meaning."""
    least = math.ceil(ems(text) / most)
    tries = [_broken(text, number, most) for number in range(least, least + 3)]
    return next((found for found in tries if max(map(ems, found)) <= most), tries[0])


def _broken(text: str, number: int, most: float) -> tuple[str, ...]:
    lines, rest = [], text
    for left in range(number, 1, -1):
        at = _break(rest, left, most)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return (*lines, rest) if rest else tuple(lines)


def _break(text: str, lines: int, most: float) -> int:
    """Return where the first of so many lines best ends."""
    wanted = ems(text) / lines
    found, best = len(text), math.inf
    for at in range(1, len(text)):
        width = ems(text[:at])
        if width > most:
            break
        spills = ems(text[at:]) > most * (lines - 1)
        cost = abs(width - wanted) + _hurt(text[:at], text[at:]) + (30.0 if spills else 0.0)
        if cost < best:
            found, best = at, cost
    return found


def _hurt(before: str, after: str) -> float:
    """Return how badly a line ends between two parts."""
    if after[0] in CLOSING or before[-1] in OPENING:
        return 100.0
    if re.search(r"[0-9A-Za-z]$", before) and re.match(r"[0-9A-Za-z]", after):
        return 50.0
    ends_a_date = bool(re.search(r"[0-9][月日]$", before)) and not after[0].isdigit()
    return 0.0 if before[-1] in AFTER or after[0] in OPENING or ends_a_date else 4.0

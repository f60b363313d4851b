"""Finds articles and phrases by words of either script, by kind of matter, by pinyin letters."""

from collections.abc import Iterable
from typing import Final

from townkeeper.cases.search.folding import fold
from townkeeper.knowledge.models import Article, Phrase

READ: Final = 1_000
"""Articles that are compared; an office keeps some hundreds."""
SHORTEST: Final = 2
"""Characters of a piece of text that may count as a word."""


def find_articles(
    among: Iterable[Article],
    *,
    words: str = "",
    line: tuple[int, ...] = (),
    limit: int = 5,
    strict: bool = False,
) -> list[Article]:
    """Return the articles that fit what was typed and the kind, the best first.

    `words` is a search ("time limit", "ljqy") or the description of a matter; `line` are the ids of
    the category and those above it, the most specific first. `strict` leaves out what fits by the
    kind alone: a search shows what was searched.
    """
    typed = fold(words).strip()
    found = []
    for article in among:
        by_words = _by_words(article, typed)
        by_kind = len(line) - line.index(article.category_id) if article.category_id in line else 0
        if by_words or (by_kind and not (strict and typed)):
            found.append((-by_words, -by_kind, article.pinyin, article.pk, article))
    found.sort(key=lambda each: each[:4])
    return [each[-1] for each in found[:limit]]


def _by_words(article: Article, typed: str) -> int:
    """Return how well an article fits: 0 for not at all."""
    if not typed:
        return 0
    question, said = fold(article.question), fold(f"{article.words} {article.wording}")
    if typed in question:
        return 100
    squeezed = "".join(typed.split())
    if squeezed.isascii() and len(squeezed) >= SHORTEST:
        initials, _space, full = article.pinyin.partition(" ")
        if squeezed in initials or full.startswith(squeezed):
            return 90
    if typed in said:
        return 50
    return _shared(typed, question, fold(article.words))


def _shared(typed: str, question: str, words: str) -> int:
    """Count the pairs of characters, or the words given for it, that a description shares."""
    named = [word for word in words.split() if len(word) >= SHORTEST and word in typed]
    pairs = {question[at : at + 2] for at in range(len(question) - 1)}
    pairs = {pair for pair in pairs if pair.isalpha() and not pair.isascii()}
    shared = sum(pair in typed for pair in pairs)
    return min(40, 20 * len(named) + (shared if shared >= SHORTEST else 0))


def find_phrases(among: Iterable[Phrase], typed: str, *, limit: int = 20) -> list[Phrase]:
    """Return the phrases whose key, initials or text fit; all of them before anything is typed."""
    wanted = fold(typed).strip()
    found = []
    for phrase in among:
        if not wanted:
            rank = 0
        elif phrase.key.startswith(wanted):
            rank = 0 if phrase.key == wanted else 1
        elif wanted.isascii() and phrase.pinyin.startswith(wanted):
            rank = 2
        elif wanted in fold(phrase.text):
            rank = 3
        else:
            continue
        found.append((rank, phrase.key, phrase))
    found.sort(key=lambda each: each[:2])
    return [each[-1] for each in found[:limit]]

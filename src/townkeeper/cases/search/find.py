"""Finds the newest cases that hold some words, a page at a time, and never counts all of them.

Two ways lead to the newest: reading backwards from the end, which is quick for frequent words, and
asking the index for every match, which is quick for rare ones. Nobody knows beforehand which a word
is, and PostgreSQL guesses badly; so a short stretch is read backwards first, and if it
holds too little, the index is asked. What comes back is compared with the text itself.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from townkeeper.cases.models import CaseQuerySet
from townkeeper.cases.search.folding import variants
from townkeeper.cases.search.index import COLUMNS, is_postgresql
from townkeeper.cases.search.words import Wanted, is_in

STRETCH = 2000
"""Cases that are read backwards at a time."""
BATCH = 500
"""Matches that are taken from the index at a time."""
SLICE = 100
"""Matches compared at first; three times as many each time that is not enough."""
LARGEST_SLICE = 900
MOST_ASKED = 4
"""Words that PostgreSQL's index is asked for."""
KEPT_SECONDS = 600.0
MOST_LOOKED_AT = 5000
"""Matches compared with filter and text for one page; a page may end before it is full."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results, newest first."""

    ids: list[int]
    before: int | None
    """The key under which to go on; None at the end."""


def find_newest(
    wanted: Wanted, cases: CaseQuerySet, *, limit: int, before: int | None = None
) -> Found:
    """Return the newest of `cases` that hold the words and were recorded before a case's id.

    `cases` carries visibility and filters. A page that is not full may still have a next one:
    after `MOST_LOOKED_AT` matches that the filters refuse, whoever asks decides whether to go on.
    """
    if not wanted.parts:
        return Found([], None)
    found: list[int] = []
    looked_at, size = 0, SLICE
    for ids, floor in _matches(wanted, before, limit):
        start = 0
        while start < len(ids):
            part = ids[start : start + size]
            found += _compared(wanted, cases, part)
            looked_at += len(part)
            start, size = start + size, min(size * 3, LARGEST_SLICE)
            if len(found) > limit:
                return Found(found[:limit], found[limit - 1])
            if looked_at >= MOST_LOOKED_AT:
                return Found(found, part[-1])
        if floor is None:
            break
    return Found(found, None)


def _compared(wanted: Wanted, cases: CaseQuerySet, ids: list[int]) -> list[int]:
    """Return those that the filters let through and whose texts hold the words, newest first."""
    rows = cases.order_by("-pk").filter(pk__in=ids).values_list("pk", *COLUMNS)
    return [pk for pk, *texts in rows if is_in(wanted, texts)]


def _matches(
    wanted: Wanted, before: int | None, limit: int
) -> Iterator[tuple[list[int], int | None]]:
    """Yield matches, newest first, each time with the id above which all has been seen."""
    top = _top() + 1 if before is None else before
    if is_postgresql() or wanted.letter:
        while top > 1:
            low = max(1, top - STRETCH)
            ids = _backwards(wanted, low, top)
            yield ids, low if low > 1 else None
            top = low
            if len(ids) < limit:
                break
    while top > 1:
        ids = _from_index(wanted, top)
        full = len(ids) == BATCH
        yield ids, ids[-1] if full else None
        if not full:
            return
        top = ids[-1]


def _top() -> int:
    rows = _rows("SELECT max(id) FROM cases_case", [])
    return rows[0] or 0


def _backwards(wanted: Wanted, low: int, top: int) -> list[int]:
    """Read a stretch of cases backwards."""
    if is_postgresql():
        statement = (
            "SELECT case_id FROM (SELECT case_id, words FROM cases_search"
            " WHERE case_id >= %s AND case_id < %s ORDER BY case_id DESC OFFSET 0) w"
            " WHERE words @@ %s::tsquery"
        )
        return _rows(statement, [low, top, _tsquery(wanted)])
    letters = variants(wanted.letter)
    fields = [f"instr({column}, %s) > 0" for column in COLUMNS for _letter in letters]
    statement = (
        "SELECT id FROM cases_case WHERE id >= %s AND id < %s"
        f" AND ({' OR '.join(fields)}) ORDER BY id DESC"
    )
    return _rows(statement, [low, top, *letters * len(COLUMNS)])


def _from_index(wanted: Wanted, top: int) -> list[int]:
    """Ask the index for the newest matches below an id."""
    if is_postgresql():
        # materialised, so that the planner cannot read backwards once more
        statement = (
            "WITH m AS MATERIALIZED (SELECT case_id FROM cases_search WHERE words @@ %s::tsquery)"
            " SELECT case_id FROM m WHERE case_id < %s ORDER BY case_id DESC LIMIT %s"
        )
        return _rows(statement, [_tsquery(_rarest(wanted)), top, BATCH])
    statement = (
        "SELECT rowid FROM cases_search WHERE cases_search MATCH %s AND rowid < %s"
        " ORDER BY rowid DESC LIMIT %s"
    )
    return _rows(statement, [_fts_query(wanted), top, BATCH])


def _rarest(wanted: Wanted) -> Wanted:
    """Return the query with its rarest words only: PostgreSQL walks the list of each word.

    Which words are frequent the database has counted for its planner; those it does not name are
    rare. The comparison with the text makes up for the words that are left out.
    """
    if len(wanted.pairs) <= MOST_ASKED:
        return wanted
    known = _frequent()
    numbers = [word for word in wanted.pairs if word.isascii()]
    others = sorted(set(wanted.pairs) - set(numbers), key=lambda word: (known.get(word, 0.0), word))
    # the pairs of one name all stand in the same cases; a house number beside them tells them apart
    return Wanted(wanted.parts, (*numbers, *others[:MOST_ASKED]), wanted.beginnings)


_counted: list[tuple[float, dict[str, float]]] = []


def _frequent() -> dict[str, float]:
    """Return the share of cases that hold each frequent word; read anew every ten minutes."""
    if _counted and time.monotonic() - _counted[0][0] < KEPT_SECONDS:
        return _counted[0][1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats"
            " WHERE tablename = 'cases_search' AND attname = 'words'"
        )
        words, shares = next(iter(cursor.fetchall()), ([], []))
    # the last shares are those of all words together
    found = dict(zip(words or [], shares or [], strict=False))
    _counted[:] = [(time.monotonic(), found)]
    return found


def _tsquery(wanted: Wanted) -> str:
    """Return the query for PostgreSQL; words hold letters and digits only, so quotes suffice."""
    return " & ".join(
        [*(f"'{word}'" for word in wanted.pairs), *(f"'{word}':*" for word in wanted.beginnings)]
    )


def _fts_query(wanted: Wanted) -> str:
    """Return the query for FTS5."""
    return " AND ".join(
        [*(f'"{word}"' for word in wanted.pairs), *(f'"{word}"*' for word in wanted.beginnings)]
    )


def _rows(statement: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]

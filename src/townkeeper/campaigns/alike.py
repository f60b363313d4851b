"""Finds running cases that a list names again: a problem on television has often been reported."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from townkeeper.campaigns.checking import Checked
from townkeeper.cases.likeness import bigrams
from townkeeper.cases.models import Case
from townkeeper.kit import clock

WITHIN: Final = timedelta(days=30)
ENOUGH: Final = 0.7
"""Share of pairs of characters that title and address have in common (Dice). Below it are other
problems of the same street; a wrong link would hide one."""
MOST_CASES: Final = 5_000


def alike_cases(rows: Iterable[Checked]) -> list[tuple[int, str, float]]:
    """Return (row, case number, likeness) for rows that look like a running case.

    Compared are running cases of the last 30 days (the newest 5,000) in the same area, where both
    say one, and not of another category.
    """
    wanted = [row for row in rows if row.case is None]
    if not wanted:
        return []
    cases = Case.objects.running().filter(opened_at__gte=clock.now() - WITHIN)
    known = cases.order_by("-opened_at").values_list(
        "number", "title", "address", "area_id", "category_id"
    )
    by_area: dict[int | None, list[tuple[str, Counter[str], int | None]]] = defaultdict(list)
    for number, title, address, area, kind in known[:MOST_CASES]:
        by_area[area].append((number, bigrams(f"{title} {address}"), kind))
    found = []
    for row in wanted:
        said = bigrams(f"{row.problem} {row.place}")
        category = row.category.id if row.category else None
        best = max(
            (
                (dice(said, pairs), number)
                for number, pairs, other in by_area.get(row.area.id if row.area else None, ())
                if category is None or other is None or category == other
            ),
            default=(0.0, ""),
        )
        if best[0] >= ENOUGH:
            found.append((row.row, best[1], round(best[0], 2)))
    return found


def dice(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of pairs that two texts have in common, 0 to 1 (Dice 1945)."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def linked(rows: Sequence[Checked], alike: Iterable[tuple[int, str, float]]) -> list[Checked]:
    """Return the rows, those that look like a case joined to it; each case once."""
    numbers: dict[str, int] = {}
    for row, number, _likeness in alike:
        numbers.setdefault(number, row)
    ids = dict(Case.objects.filter(number__in=numbers).values_list("number", "pk"))
    by_row = {row: ids[number] for number, row in numbers.items() if number in ids}
    return [replace(row, case=by_row.get(row.row, row.case)) for row in rows]

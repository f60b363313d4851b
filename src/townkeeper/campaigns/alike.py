"""Finds running cases that a list names again: a problem on television has often been reported."""

import re
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
DIGITS: Final = re.compile(r"\d+")
MOST_CASES: Final = 5_000
COMMON: Final = 100
"""A pair that stands in more cases than this finds none."""
NEAREST: Final = 20


class Running:
    """The running cases of the last 30 days (the newest 5,000), found by rare pairs of characters.

    Comparing each row with each case would take an hour for 10,000 rows.
    """

    def __init__(self) -> None:
        cases = Case.objects.running().filter(opened_at__gte=clock.now() - WITHIN)
        self.rows = list(
            cases.order_by("-opened_at").values_list(
                "number", "title", "address", "area_id", "category_id"
            )[:MOST_CASES]
        )
        self.pairs = [bigrams(f"{title} {address}") for _n, title, address, _a, _c in self.rows]
        self.places: dict[str, list[int]] = defaultdict(list)
        self.whole: dict[str, int] = {}
        for place, pairs in enumerate(self.pairs):
            self.whole.setdefault(_said(self.rows[place][1], self.rows[place][2]), place)
            for pair in pairs:
                self.places[pair].append(place)

    def best(self, row: Checked) -> tuple[float, str]:
        """Return the likeness and the number of the case that is most like a row."""
        said = bigrams(f"{row.problem} {row.place}")
        shared: Counter[int] = Counter()
        for pair in said:
            places = self.places.get(pair, ())
            if len(places) <= COMMON:
                shared.update(places)
        near = [place for place, _n in shared.most_common(NEAREST)]
        exact = self.whole.get(_said(row.problem, row.place))
        near += [exact] if exact is not None else []
        fitting = [place for place in near if self._fits(row, place)]
        found = ((dice(said, self.pairs[place]), self.rows[place][0]) for place in fitting)
        return max(found, default=(0.0, ""))

    def _fits(self, row: Checked, place: int) -> bool:
        """Whether area, category and house numbers, where both say them, are the same."""
        _number, title, address, area, category = self.rows[place]
        pairs = ((row.area, area), (row.category, category))
        if any(one and other and one.id != other for one, other in pairs):
            return False
        one, other = _digits(row.problem + row.place), _digits(title + address)
        return not one or not other or one == other


def _said(title: str, address: str) -> str:
    return "".join(f"{title}{address}".split()).casefold()


def _digits(text: str) -> frozenset[str]:
    """Return the numbers in a text: No. 89 is not No. 7919, however alike the rest is."""
    return frozenset(DIGITS.findall(text))


def alike_cases(rows: Iterable[Checked]) -> list[tuple[int, str, float]]:
    """Return (row, case number, likeness) for rows that look like a running case."""
    wanted = [row for row in rows if row.case is None]
    if not wanted:
        return []
    running = Running()
    found = []
    for row in wanted:
        likeness, number = running.best(row)
        if likeness >= ENOUGH:
            found.append((row.row, number, round(likeness, 2)))
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

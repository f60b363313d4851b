"""What a change of the duty register would have done to the cases of a month.

The register answers once for each kind of matter and area, not once for each case, so that a
million cases take seconds. Both sides are asked for the same day: the difference is the change
itself, and nothing that happened to the register in between. What dispatchers decided otherwise
than the register is shown beside it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.models import Case, Stage
from townkeeper.duties.gaps import gaps_by_area
from townkeeper.duties.register import Answer, Register
from townkeeper.duties.whatif import LineChange, WhatIf
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

CHUNK = 10_000
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
NOBODY = ""
Pair = tuple[int | None, int | None]
"""Category and area."""


def month_before(day: date) -> str:
    """Return the month before a day's own: `2026-10`."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


def cases_of(month: str) -> Q:
    """Return the condition for cases opened in a month, void and merged ones left out."""
    if not MONTH.fullmatch(month):
        raise Problem(
            "month-wrong",
            _("“%(text)s” is not a month.") % {"text": month},
            hint=_("Write year and month, such as 2026-09."),
        )
    zone = timezone.get_default_timezone()
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
    end = (start + timedelta(days=32)).replace(day=1)
    return Q(opened_at__gte=start, opened_at__lt=end) & ~Q(stage__in=[Stage.VOIDED, Stage.MERGED])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the register says of a kind of matter in an area, before and after."""

    before: Answer
    after: Answer

    @property
    def owners(self) -> tuple[str, str]:
        """Return the codes of the owners; empty for nobody."""
        return _lead(self.before), _lead(self.after)

    @property
    def is_same(self) -> bool:
        """Whether nothing at all is different."""
        return _said(self.before) == _said(self.after)


def _lead(answer: Answer) -> str:
    return answer.lead.code if answer.lead else NOBODY


def _said(answer: Answer) -> tuple[object, ...]:
    units = [unit.code for unit in answer.assistants]
    return _lead(answer), sorted(units), sorted(unit.code for unit in answer.conflict)


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one kind in one area that one unit had."""

    pair: Pair
    had: str
    """The unit that the case has, whoever chose it; empty for nobody."""
    verdict: Verdict
    count: int


@dataclass
class DryRun:
    """The result: groups of cases, and everything that a person asks of them."""

    what: WhatIf
    month: str
    groups: list[Group] = field(default_factory=list)
    verdicts: dict[Pair, Verdict] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many cases were looked at."""
        return sum(group.count for group in self.groups)

    def moves(self) -> Counter[tuple[str, str]]:
        """Return (owner before, owner after) → cases, where they differ."""
        found: Counter[tuple[str, str]] = Counter()
        for group in self.groups:
            before, after = group.verdict.owners
            if before != after:
                found[before, after] += group.count
        return found

    def units(self) -> list[tuple[str, int, int]]:
        """Return (unit, cases before, cases after) of every unit that gains or loses some."""
        before, after = Counter[str](), Counter[str]()
        for group in self.groups:
            owners = group.verdict.owners
            before[owners[0]] += group.count
            after[owners[1]] += group.count
        moved = {code for pair in self.moves() for code in pair} - {NOBODY}
        found = [(code, before[code], after[code]) for code in moved]
        return sorted(found, key=lambda row: (row[1] - row[2], row[0]))

    def categories(self) -> list[tuple[str, str, str, int]]:
        """Return (category, owner before, owner after, cases) where the owner differs."""
        found: Counter[tuple[str, str, str]] = Counter()
        for group in self.groups:
            before, after = group.verdict.owners
            if before != after:
                found[self.category(group.pair), before, after] += group.count
        return [(*key, count) for key, count in sorted(found.items(), key=lambda i: (-i[1], i[0]))]

    def category(self, pair: Pair) -> str:
        """Return the key of a pair's category."""
        return self.what.before.categories[pair[0]].key if pair[0] else ""

    def area(self, pair: Pair) -> str:
        """Return the code of a pair's area."""
        return self.what.before.units[pair[1]].code if pair[1] else ""

    def ownerless(self) -> tuple[int, int]:
        """Return how many cases have no owner before, and after."""
        owners = [(group.verdict.owners, group.count) for group in self.groups]
        return (
            sum(count for (before, _a), count in owners if before == NOBODY),
            sum(count for (_b, after), count in owners if after == NOBODY),
        )

    def conflicts(self) -> tuple[int, int]:
        """Return how many cases have two leads before, and after."""
        return (
            sum(g.count for g in self.groups if g.verdict.before.conflict),
            sum(g.count for g in self.groups if g.verdict.after.conflict),
        )

    def overruled(self) -> tuple[int, int]:
        """Return how many cases went elsewhere than the register says: before, and after."""
        held = [group for group in self.groups if group.had]
        return (
            sum(g.count for g in held if g.had != g.verdict.owners[0]),
            sum(g.count for g in held if g.had != g.verdict.owners[1]),
        )

    def effects(self) -> list[tuple[LineChange, int]]:
        """Return every changed line with the number of cases to which it made a difference."""
        counted: Counter[LineChange] = Counter()
        sizes: Counter[Pair] = Counter()
        for group in self.groups:
            sizes[group.pair] += group.count
        for pair, verdict in self.verdicts.items():
            if not verdict.is_same:
                for change in self.what.changes:
                    if self._decides(change, pair, verdict):
                        counted[change] += sizes[pair]
        return [(change, counted[change]) for change in self.what.changes]

    def _decides(self, change: LineChange, pair: Pair, verdict: Verdict) -> bool:
        sides = {"closed": [verdict.before], "added": [verdict.after]}.get(
            change.act, [verdict.before, verdict.after]
        )
        if change.part == "lead":
            return any(
                answer.category is not None
                and answer.area is not None
                and (answer.category.key, answer.area.code) == (change.category, change.area)
                and change.unit in {_lead(answer), *(unit.code for unit in answer.conflict)}
                for answer in sides
            )
        known = self.what.after if change.act == "added" else self.what.before
        row = known.categories.get(pair[0]) if pair[0] else None
        line = {each.key for each in known.category_line(row)}
        place = known.units.get(pair[1]) if pair[1] else known.root
        over = known.unit_by_code.get(change.area)
        is_here = place is not None and over is not None and place.path.startswith(over.path)
        helpers = [{unit.code for unit in a.assistants} for a in (verdict.before, verdict.after)]
        return is_here and change.category in line and change.unit in helpers[0] ^ helpers[1]

    def idle(self) -> list[LineChange]:
        """Return the changed lines that made no difference to any case."""
        return [change for change, count in self.effects() if not count]

    def case_rows(self) -> Iterator[dict[str, object]]:
        """Yield the cases whose owner differs, that have none, or fall between two leads."""
        wanted = {
            pair: verdict
            for pair, verdict in self.verdicts.items()
            if verdict.owners[0] != verdict.owners[1]
            or NOBODY in verdict.owners
            or verdict.after.conflict
        }
        cases = Case.objects.filter(cases_of(self.month)).order_by("opened_at", "pk")
        columns = ("number", "category_id", "area_id", "unit__code")
        for number, category, area, had in cases.values_list(*columns).iterator(CHUNK):
            verdict = wanted.get((category, area))
            if verdict is None:
                continue
            before, after = verdict.owners
            yield {
                "number": number,
                "category": self.category((category, area)),
                "area": self.area((category, area)),
                "before": before,
                "after": after,
                "had": had or "",
                "conflict": " ".join(unit.code for unit in verdict.after.conflict),
                "overruled": int(bool(had) and had != before),
            }

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data."""
        return {
            "month": self.month,
            "on": self.what.on.isoformat(),
            "cases": self.total,
            "changed": sum(self.moves().values()),
            "moves": [
                {"from": before or None, "to": after or None, "cases": count}
                for (before, after), count in self.moves().most_common()
            ],
            "units": [
                {"unit": code, "before": before, "after": after}
                for code, before, after in self.units()
            ],
            "categories": [
                {"category": key, "from": before or None, "to": after or None, "cases": count}
                for key, before, after, count in self.categories()
            ],
            "ownerless": dict(zip(("before", "after"), self.ownerless(), strict=True)),
            "conflicts": dict(zip(("before", "after"), self.conflicts(), strict=True)),
            "overruled": dict(zip(("before", "after"), self.overruled(), strict=True)),
            "lines": [{**change.as_dict(), "cases": count} for change, count in self.effects()],
        }


def dry_run(what: WhatIf, *, month: str = "") -> DryRun:
    """Return what the change would have done to the cases opened in a month (the last by default).

    Raises Problem for what is not a month.
    """
    run = DryRun(what, month or month_before(clock.today()))
    codes = {pk: unit.code for pk, unit in what.before.units.items()}
    for category, area, unit, count in _counted(run.month, "unit_id"):
        pair = (category, area)
        verdict = run.verdicts.get(pair)
        if verdict is None:
            verdict = run.verdicts[pair] = Verdict(
                _resolve(what.before, pair, what.on), _resolve(what.after, pair, what.on)
            )
        run.groups.append(Group(pair, codes.get(unit, NOBODY), verdict, count))
    return run


def _counted(month: str, *more: str) -> Iterable[tuple[int, ...]]:
    rows = Case.objects.filter(cases_of(month)).order_by()
    columns = ("category_id", "area_id", *more)
    return rows.values_list(*columns).annotate(count=Count("pk"))


def _resolve(known: Register, pair: Pair, on: date) -> Answer:
    category = known.categories.get(pair[0]) if pair[0] else None
    area = known.units.get(pair[1]) if pair[1] else None
    return known.resolve(category, area, on)


@dataclass(frozen=True, slots=True)
class CountedGap:
    """A gap of the register with the cases of a month that fell into it."""

    category: str
    name: str
    area: str
    area_name: str
    cases: int


def counted_gaps(known: Register, on: date, *, month: str) -> list[CountedGap]:
    """Return the register's gaps, those with the most cases of the month first."""
    pairs = {(row[0], row[1]): row[2] for row in _counted(month)}
    lost = {
        pair: count
        for pair, count in pairs.items()
        if pair[0] and _resolve(known, pair, on).lead is None
    }
    areas = {area for _category, area in pairs if area}
    gaps = gaps_by_area(known, on, areas, {category for category, _area in lost if category})
    counts: Counter[tuple[int, int]] = Counter()
    by_category: dict[int, list[tuple[str, int]]] = {}
    for gap in gaps:
        counts[gap.category.id, gap.area.id] += 0
        by_category.setdefault(gap.category.id, []).append((gap.area.path, gap.area.id))
    for (category, area), count in lost.items():
        place = known.units[area] if area else known.root
        if category and place:
            over = [pk for path, pk in by_category.get(category, ()) if place.path.startswith(path)]
            counts[category, over[0] if over else place.id] += count
    rows = [
        CountedGap(row.key, row.name, area.code, area.name, count)
        for (category, unit), count in counts.items()
        for row, area in ((known.categories[category], known.units[unit]),)
    ]
    return sorted(rows, key=lambda gap: (-gap.cases, gap.category, gap.area))


@dataclass(frozen=True, slots=True)
class CountedOverlap:
    """Two leads for one kind of matter in one area, with the cases of a month."""

    category: str
    name: str
    area: str
    units: tuple[str, ...]
    cases: int


def counted_overlaps(known: Register, on: date, *, month: str) -> list[CountedOverlap]:
    """Return the register's overlaps, those with the most cases of the month first."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in _counted(month):
        answer = _resolve(known, (row[0], row[1]), on)
        if answer.conflict and answer.category and answer.area:
            counts[answer.category.key, answer.area.code] += row[2]
    found = [
        CountedOverlap(
            category.key,
            category.name,
            area.code,
            tuple(unit.code for unit in units),
            counts[category.key, area.code],
        )
        for category, area, units in known.overlaps(on)
    ]
    return sorted(found, key=lambda each: (-each.cases, each.category, each.area))

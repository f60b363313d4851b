"""The duty register in memory: which unit answers for a category in an area, and why.

The most specific category wins, then the smallest area. 條 before 塊: a duty that names "trading
outside the shop" beats a general duty for street order, even one of a smaller area; between duties
for the same category the smaller area wins (docs/adr/0003).
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from shapely import STRtree, make_valid
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import registers_stamp
from townkeeper.units.models import Unit


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What the register keeps of a unit."""

    id: int
    code: str
    name: str
    path: str
    level: int
    kind: str
    since: date | None
    until: date | None
    successor: int | None = None

    def exists(self, on: date) -> bool:
        """Whether the unit exists on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What the register keeps of a category."""

    id: int
    key: str
    name: str
    parent: int | None
    limit: str
    is_used: bool
    promise: str = ""


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One line of the register."""

    unit: int
    area_path: str
    part: str
    since: date | None
    until: date | None
    note: str
    source: str

    def holds(self, on: date) -> bool:
        """Whether the duty is in force on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers for a matter, and the line of the register that says so."""

    lead: UnitRow | None
    assistants: tuple[UnitRow, ...] = ()
    category: CategoryRow | None = None
    """The category whose duty applied: the matter's own or one above it."""
    area: UnitRow | None = None
    source: str = ""
    note: str = ""
    conflict: tuple[UnitRow, ...] = ()
    """Other units that lead for the same category and area: an overlap to settle."""

    def reason(self) -> dict[str, object]:
        """Return why, as data for the journal; codes, so that any language can say it."""
        return {
            "lead": self.lead.code if self.lead else None,
            "assistants": [unit.code for unit in self.assistants],
            "by_category": self.category.key if self.category else None,
            "by_area": self.area.code if self.area else None,
            "source": self.source,
            "note": self.note,
            "conflict": [unit.code for unit in self.conflict],
        }


@dataclass
class Register:
    """A consistent picture of units, categories and duties; replaced as a whole, never changed."""

    stamp: int
    units: dict[int, UnitRow]
    categories: dict[int, CategoryRow]
    duties: dict[int, list[DutyRow]]
    unit_by_code: dict[str, UnitRow] = field(init=False)
    unit_by_path: dict[str, UnitRow] = field(init=False)
    category_by_key: dict[str, CategoryRow] = field(init=False)
    root: UnitRow | None = field(init=False)
    _outlines: list[BaseGeometry] = field(default_factory=list)
    _outline_units: list[int] = field(default_factory=list)
    _tree: STRtree | None = None

    def __post_init__(self) -> None:
        self.unit_by_code = {unit.code: unit for unit in self.units.values()}
        self.unit_by_path = {unit.path: unit for unit in self.units.values()}
        self.category_by_key = {row.key: row for row in self.categories.values()}
        self.root = min(self.units.values(), key=lambda u: (u.level, u.path), default=None)
        self._tree = STRtree(self._outlines) if self._outlines else None

    def category_line(self, category: CategoryRow | None) -> Iterator[CategoryRow]:
        """Yield the category and those above it, most specific first."""
        while category is not None:
            yield category
            category = self.categories.get(category.parent) if category.parent else None

    def limit_of(self, category: CategoryRow | None) -> str:
        """Return the handling limit of a category or the nearest one above it; empty for none."""
        return next((row.limit for row in self.category_line(category) if row.limit), "")

    def promise_of(self, category: CategoryRow | None) -> str:
        """Return what the public is promised for a category or the nearest one above it."""
        return next((row.promise for row in self.category_line(category) if row.promise), "")

    def standing(self, unit: UnitRow, on: date) -> UnitRow | None:
        """Return the unit itself while it exists, else who took over from it; None for nobody."""
        seen: set[int] = set()
        while not unit.exists(on):
            seen.add(unit.id)
            if unit.successor is None or unit.successor in seen:
                return None
            unit = self.units[unit.successor]
        return unit

    def area_at(self, lon: float, lat: float, on: date | None = None) -> UnitRow | None:
        """Return the smallest unit (existing on a day) whose outline holds the point, or None.

        On a border that two units share the deeper one counts, then the smaller, then the one that
        comes first in the tree: the same place always belongs to the same unit.
        """
        if self._tree is None:
            return None
        hits = [
            (-unit.level, self._outlines[i].area, unit.path, unit)
            for i in self._tree.query(Point(lon, lat), predicate="intersects")
            for unit in (self.units[self._outline_units[i]],)
            if on is None or unit.exists(on)
        ]
        return min(hits, key=lambda hit: hit[:3], default=(None,))[-1]

    def resolve(self, category: CategoryRow | None, area: UnitRow | None, on: date) -> Answer:
        """Return who answers for a category in an area on a day."""
        where = area or self.root
        if where is None:
            return Answer(lead=None)
        assistants: list[UnitRow] = []
        for row in self.category_line(category):
            lines = [line for line in self.lines(row, on) if where.path.startswith(line.area.path)]
            lines.sort(key=lambda line: -len(line.area.path))
            assistants += [line.unit for line in lines if line.duty.part == Duty.Part.ASSIST]
            leads = [line for line in lines if line.duty.part == Duty.Part.LEAD]
            if leads:
                return _answer(row, leads, assistants)
        return Answer(lead=None, assistants=tuple(dict.fromkeys(assistants)))

    def lines(self, category: CategoryRow, on: date) -> Iterator["Line"]:
        """Yield the duties in force for a category; successors stand in for what was closed."""
        for duty in self.duties.get(category.id, ()):
            if not duty.holds(on):
                continue
            area = self.unit_by_path[duty.area_path]
            unit, place = self.standing(self.units[duty.unit], on), self.standing(area, on)
            if unit is not None:
                yield Line(duty, unit, place or area)

    def gaps(self, on: date, categories: Iterable[CategoryRow] | None = None) -> list[CategoryRow]:
        """Return used categories (leaves) nobody leads anywhere in the whole area."""
        parents = {row.parent for row in self.categories.values()}
        rows = categories or (r for r in self.categories.values() if r.is_used)
        return [row for row in rows if row.id not in parents and not self._led_somewhere(row, on)]

    def _led_somewhere(self, row: CategoryRow, on: date) -> bool:
        return any(
            line.duty.part == Duty.Part.LEAD
            for above in self.category_line(row)
            for line in self.lines(above, on)
        )

    def overlaps(self, on: date) -> list[tuple[CategoryRow, UnitRow, tuple[UnitRow, ...]]]:
        """Return categories with two leads for the same area."""
        found = []
        for key in self.duties:
            category = self.categories[key]
            by_area: dict[UnitRow, dict[UnitRow, None]] = {}
            for line in self.lines(category, on):
                if line.duty.part == Duty.Part.LEAD:
                    by_area.setdefault(line.area, {})[line.unit] = None
            found += [(category, area, tuple(us)) for area, us in by_area.items() if len(us) > 1]
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A duty in force on a day, with the units that stand for it on that day."""

    duty: DutyRow
    unit: UnitRow
    area: UnitRow


def _answer(row: CategoryRow, leads: list[Line], assistants: list[UnitRow]) -> Answer:
    """Put the answer together; `leads` are in order, the smallest area first."""
    best = leads[0]
    rivals = dict.fromkeys(line.unit for line in leads if line.area == best.area)
    return Answer(
        lead=best.unit,
        assistants=tuple(u for u in dict.fromkeys(assistants) if u.id != best.unit.id),
        category=row,
        area=best.area,
        source=best.duty.source,
        note=best.duty.note,
        conflict=tuple(unit for unit in rivals if unit.id != best.unit.id),
    )


def load_register() -> Register:
    """Read the whole register from the database."""
    stamp = registers_stamp()
    units: dict[int, UnitRow] = {}
    outlines, outline_units = [], []
    for unit in Unit.objects.all():
        units[unit.pk] = UnitRow(
            unit.pk, unit.code, unit.name, unit.path, unit.level, unit.kind, unit.since, unit.until,
            unit.successor_id,
        )  # fmt: skip
        if unit.outline:
            outlines.append(make_valid(shape(unit.outline)))
            outline_units.append(unit.pk)
    duties: dict[int, list[DutyRow]] = {}
    paths = {pk: unit.path for pk, unit in units.items()}
    for duty in Duty.objects.order_by("pk"):
        duties.setdefault(duty.category_id, []).append(
            DutyRow(
                duty.unit_id,
                paths[duty.area_id],
                duty.part,
                duty.since,
                duty.until,
                duty.note,
                duty.source,
            )
        )
    categories = {
        c.pk: CategoryRow(c.pk, c.key, c.name, c.parent_id, c.limit, c.is_used, c.promise)
        for c in Category.objects.all()
    }
    return Register(
        stamp, units, categories, duties, _outlines=outlines, _outline_units=outline_units
    )


_lock = threading.Lock()
_kept: dict[str, Register] = {}


def register(*, at_least: int | None = None) -> Register:
    """Return the register kept by this process, read again when the stamp has moved.

    The stamp is compared once per call unless the caller does it (`at_least` as known to it).
    """
    wanted = registers_stamp() if at_least is None else at_least
    kept = _kept.get("register")
    if kept is not None and kept.stamp == wanted:
        return kept
    with _lock:
        fresh = load_register()
        _kept["register"] = fresh
        return fresh


def kept_register() -> Register:
    """Return what this process has, however old: for writers that compare the stamp themselves."""
    return _kept.get("register") or register()

"""The duty register in memory: which unit answers for a category in an area, and why.

The most specific category wins, then the smallest area. 條 before 塊: a duty that names "trading
outside the shop" beats a general duty for street order, even one of a smaller area; between duties
for the same category the smaller area wins (docs/adr/0003).
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from shapely import STRtree
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

    def area_at(self, lon: float, lat: float) -> UnitRow | None:
        """Return the smallest unit whose outline holds the point, or None."""
        if self._tree is None:
            return None
        point = Point(lon, lat)
        hits = [
            self.units[self._outline_units[i]]
            for i in self._tree.query(point, predicate="intersects")
        ]
        return max(hits, key=lambda unit: unit.level, default=None)

    def resolve(self, category: CategoryRow | None, area: UnitRow | None, on: date) -> Answer:
        """Return who answers for a category in an area on a day."""
        where = area or self.root
        if where is None:
            return Answer(lead=None)
        assistants: list[UnitRow] = []
        for row in self.category_line(category):
            lines = [
                duty
                for duty in self.duties.get(row.id, ())
                if where.path.startswith(duty.area_path)
                and duty.holds(on)
                and self.units[duty.unit].exists(on)
            ]
            lines.sort(key=lambda duty: -len(duty.area_path))
            assistants += [self.units[d.unit] for d in lines if d.part == Duty.Part.ASSIST]
            leads = [duty for duty in lines if duty.part == Duty.Part.LEAD]
            if leads:
                return self._answer(row, leads, assistants)
        return Answer(lead=None, assistants=tuple(dict.fromkeys(assistants)))

    def _answer(self, row: CategoryRow, leads: list[DutyRow], assistants: list[UnitRow]) -> Answer:
        best = leads[0]
        lead = self.units[best.unit]
        rivals = [d for d in leads[1:] if d.area_path == best.area_path and d.unit != best.unit]
        return Answer(
            lead=lead,
            assistants=tuple(u for u in dict.fromkeys(assistants) if u.id != lead.id),
            category=row,
            area=self.unit_by_path.get(best.area_path),
            source=best.source,
            note=best.note,
            conflict=tuple(self.units[d.unit] for d in rivals),
        )

    def gaps(self, on: date, categories: Iterable[CategoryRow] | None = None) -> list[CategoryRow]:
        """Return used categories (leaves) nobody leads anywhere in the whole area."""
        parents = {row.parent for row in self.categories.values()}
        rows = categories or (r for r in self.categories.values() if r.is_used)
        return [row for row in rows if row.id not in parents and not self._led_somewhere(row, on)]

    def _led_somewhere(self, row: CategoryRow, on: date) -> bool:
        return any(
            duty.part == Duty.Part.LEAD and duty.holds(on)
            for above in self.category_line(row)
            for duty in self.duties.get(above.id, ())
        )

    def overlaps(self, on: date) -> list[tuple[CategoryRow, UnitRow, tuple[UnitRow, ...]]]:
        """Return categories with two leads for the same area."""
        found = []
        for key, lines in self.duties.items():
            by_area: dict[str, set[int]] = {}
            for duty in lines:
                if duty.part == Duty.Part.LEAD and duty.holds(on):
                    by_area.setdefault(duty.area_path, set()).add(duty.unit)
            found += [
                (self.categories[key], self.unit_by_path[path], tuple(self.units[u] for u in us))
                for path, us in by_area.items()
                if len(us) > 1
            ]
        return found


def load_register() -> Register:
    """Read the whole register from the database."""
    stamp = registers_stamp()
    units: dict[int, UnitRow] = {}
    outlines, outline_units = [], []
    for unit in Unit.objects.all():
        units[unit.pk] = UnitRow(
            unit.pk, unit.code, unit.name, unit.path, unit.level, unit.kind, unit.since, unit.until
        )
        if unit.outline:
            outlines.append(shape(unit.outline).buffer(0))
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
        c.pk: CategoryRow(c.pk, c.key, c.name, c.parent_id, c.limit, c.is_used)
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

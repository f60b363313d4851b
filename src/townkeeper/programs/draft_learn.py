"""Learns from an office's records who handles what where, until when, and on which days."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.moments import ImpossibleError, MomentReader, UnreadableError
from townkeeper.kit.sheets import Cell, Table, as_text

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local times of the place throughout


class Kind(NamedTuple):
    """A category as the file names it: its group and its name."""

    group: str
    name: str


@dataclass
class Spans:
    """When matters of one kind were opened and due: local seconds since 1970."""

    opened: "array[int]" = field(default_factory=lambda: array("q"))
    due: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass
class Learned:
    """What a file tells about the office that wrote it."""

    rows: int = 0
    skipped: int = 0
    """Rows without a readable time of opening."""
    units: Counter[str] = field(default_factory=Counter)
    areas: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    handled: dict[Kind, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """Kind → (area, unit) → how many."""
    spans: dict[Kind, Spans] = field(default_factory=lambda: defaultdict(Spans))
    blank: Counter[str] = field(default_factory=Counter)
    """Column → rows in which it is empty."""
    opened_days: Counter[date] = field(default_factory=Counter)
    due_days: Counter[date] = field(default_factory=Counter)
    closed_days: Counter[date] = field(default_factory=Counter)
    closed_minutes: Counter[int] = field(default_factory=Counter)
    """Minute of the day → closings on weekdays."""

    def units_of(self, kind: Kind) -> Counter[str]:
        """Return who handled a kind, wherever."""
        found: Counter[str] = Counter()
        for (_area, unit), count in self.handled[kind].items():
            found[unit] += count
        return found

    def by_area(self, kind: Kind) -> dict[str, Counter[str]]:
        """Return who handled a kind, area by area."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for (area, unit), count in self.handled[kind].items():
            found[area][unit] += count
        return found


class Learner:
    """Reads rows one by one; `same` merges and `drop` leaves out values as a person decided."""

    def __init__(
        self,
        table: Table,
        mapping: ImportMapping,
        *,
        same: dict[str, dict[str, str]],
        drop: dict[str, set[str]],
    ) -> None:
        self.table, self.mapping, self.same, self.drop = table, mapping, same, drop
        self.moments = MomentReader(mapping.zone, mapping.dates.formats)
        self.blank = frozenset(mapping.blank)
        self.learned = Learned()
        columns = mapping.columns
        named = {"unit": columns.unit, "area": columns.area}
        if columns.category:
            named |= {"category": columns.category.column, "group": columns.category.parent}
        self.named = {name: column for name, column in named.items() if column}
        self.places = {name: table.place(column) for name, column in self.named.items()}
        self.times = {
            name: table.place(getattr(columns, name))
            for name in ("opened", "due", "closed")
            if getattr(columns, name)
        }

    def learn(self) -> Learned:
        """Read the whole file once."""
        for _number, cells in self.table.records():
            self._row(cells)
        return self.learned

    def _row(self, cells: Sequence[Cell]) -> None:
        known = self.learned
        known.rows += 1
        opened = self._time(cells, "opened")
        if opened is None:
            known.skipped += 1
            return
        unit, area = self._word(cells, "unit"), self._word(cells, "area")
        kind = Kind(self._word(cells, "group"), self._word(cells, "category"))
        known.opened_days[opened.date()] += 1
        if unit:
            known.units[unit] += 1
        if area:
            known.areas[area] += 1
        if kind.name:
            known.kinds[kind] += 1
            if unit:
                known.handled[kind][area, unit] += 1
        self._spans(cells, kind, opened)

    def _spans(self, cells: Sequence[Cell], kind: Kind, opened: datetime) -> None:
        known = self.learned
        due = self._time(cells, "due")
        if due is not None and due >= opened:
            known.due_days[due.date()] += 1
            if kind.name:
                spans = known.spans[kind]
                spans.opened.append(int((opened - EPOCH).total_seconds()))
                spans.due.append(int((due - EPOCH).total_seconds()))
        closed = self._time(cells, "closed")
        if closed is not None:
            known.closed_days[closed.date()] += 1
            if closed.weekday() < 5:  # noqa: PLR2004 - Monday to Friday
                known.closed_minutes[closed.hour * 60 + closed.minute] += 1

    def _word(self, cells: Sequence[Cell], name: str) -> str:
        place = self.places.get(name)
        if place is None:
            return ""
        word = " ".join(as_text(cells[place]).split())
        if not word or word in self.blank:
            self.learned.blank[self.named[name]] += 1
            return ""
        word = self.same.get(name, {}).get(word, word)
        return "" if word in self.drop.get(name, ()) else word

    def _time(self, cells: Sequence[Cell], name: str) -> datetime | None:
        """Return a local time without its zone; what cannot be read tells nothing."""
        place = self.times.get(name)
        if place is None:
            return None
        cell = cells[place]
        if isinstance(cell, str) and cell.strip() in self.blank:
            return None
        try:
            moment = self.moments.read(cell, getattr(self.mapping.dates, f"{name}_at"))
        except (UnreadableError, ImpossibleError):
            return None
        return moment.at.astimezone(self.mapping.zone).replace(tzinfo=None) if moment else None

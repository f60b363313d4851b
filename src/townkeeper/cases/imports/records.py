"""Turns a row of an office's table into one record with everything found out, or refuses it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec

from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.moments import ImpossibleError, MomentReader, UnreadableError
from townkeeper.cases.imports.report import RowRejectedError, Tally
from townkeeper.cases.imports.resolve import Resolver, folded
from townkeeper.duties.register import CategoryRow, UnitRow
from townkeeper.kit.sheets import Cell, Table, as_text

State = Literal["open", "closed", "voided", "duplicate"]

LENGTHS: Final = {"title": 200, "address": 300, "channel": 40, "outcome": 30}
TITLE_FROM_TEXT: Final = 60
NUMBER_MAX: Final = 80
LINK_MAX: Final = 500


@dataclass(slots=True)
class Record:
    """One case as the file tells it."""

    row: int
    number: str
    state: State
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    category: CategoryRow | None
    area: UnitRow | None
    unit: UnitRow | None
    by_register: bool
    lon: float | None
    lat: float | None
    texts: dict[str, str]
    """title, text, address, channel, outcome, answer, reporter and photo links."""
    extra: dict[str, str]
    digest: str = field(default="")

    def sign(self) -> None:
        """Set the digest over everything the record says; the same outcome, the same digest."""
        said = [
            *(self.state, self.opened_at, self.due_at, self.closed_at, self.lon, self.lat),
            self.category.key if self.category else None,
            self.area.code if self.area else None,
            self.unit.code if self.unit else None,
            *(self.texts, self.extra),
        ]
        self.digest = blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()


class RecordReader:
    """Reads rows of one table by one mapping; keeps what it has looked up."""

    def __init__(
        self,
        table: Table,
        mapping: ImportMapping,
        resolver: Resolver,
        tally: Tally,
        *,
        taken_at: datetime,
        actor: str,
        may_create: bool,
    ) -> None:
        self.mapping, self.resolver, self.tally = mapping, resolver, tally
        self.taken_at, self.actor, self.may_create = taken_at, actor, may_create
        self.moments = MomentReader(mapping.zone, mapping.dates.formats)
        self.blank = frozenset(mapping.blank)
        columns = mapping.columns
        self.place = {
            name: table.place(value)
            for name, value in columns.__dict__.items()
            if isinstance(value, str) and value
        }
        category = columns.category
        self.category_place = table.place(category.column) if category else None
        self.parent_place = table.place(category.parent) if category else None
        self.text_places = [p for c in columns.text if (p := table.place(c)) is not None]
        self.kept = [(c, p) for c in mapping.keep if (p := table.place(c)) is not None]
        self.states: dict[str, State] = {
            folded(word): state
            for state in ("closed", "open", "voided", "duplicate")
            for word in getattr(mapping.states, state)
        }
        self.channels = {folded(k): v for k, v in mapping.values.channel.items()}
        self.outcomes = {folded(k): v for k, v in mapping.values.outcome.items()}
        self._found: dict[tuple[str, str, str], Any] = {}

    def number(self, cells: Sequence[Cell]) -> str:
        """Return the number of a row, empty if it has none."""
        return self._text(cells, self.place["number"])

    def read(self, row: int, cells: Sequence[Cell]) -> Record:
        """Return the record of a row. Error: RowRejectedError."""
        number = self.number(cells)
        if not number:
            raise RowRejectedError("number-missing", self.mapping.columns.number)
        if len(number) > NUMBER_MAX:
            raise RowRejectedError("number-too-long", self.mapping.columns.number, number)
        opened, due, closed = self._times(row, cells)
        state, closed = self._state(row, cells, opened, closed)
        category = self._category(row, cells)
        lon, lat = self._position(row, cells)
        area = self._unit(row, cells, "area")
        if area is None and lon is not None and lat is not None:
            area = self.resolver.register.area_at(lon, lat)
        unit = self._unit(row, cells, "unit")
        by_register = unit is None and self.mapping.unknown.unit == "register"
        if by_register:
            day = opened.astimezone(self.mapping.zone).date()
            unit = self.resolver.register.resolve(category, area, day).lead
            self.tally.add("unit-by-register" if unit else "unit-missing", row)
        texts = self._texts(row, cells, category)
        extra = {name: self._plain(cells[place]) for name, place in self.kept}
        record = Record(
            row=row,
            number=number,
            state=state,
            opened_at=opened,
            due_at=due,
            closed_at=closed,
            category=category,
            area=area,
            unit=unit,
            by_register=by_register,
            lon=lon,
            lat=lat,
            texts=texts,
            extra={name: text for name, text in extra.items() if text},
        )
        record.sign()
        return record

    # --- texts ---

    def _plain(self, cell: Cell) -> str:
        text = (cell if isinstance(cell, str) else as_text(cell)).strip()
        if "\x00" in text:
            text = text.replace("\x00", "").strip()
            self.tally.add("text-cleaned", 0, text)
        return "" if text in self.blank else text

    def _text(self, cells: Sequence[Cell], place: int | None) -> str:
        return self._plain(cells[place]) if place is not None else ""

    def _field(self, cells: Sequence[Cell], name: str) -> str:
        return self._text(cells, self.place.get(name))

    def _texts(
        self, row: int, cells: Sequence[Cell], category: CategoryRow | None
    ) -> dict[str, str]:
        title = " ".join(self._field(cells, "title").split())
        text = "\n".join(filter(None, (self._text(cells, p) for p in self.text_places)))
        if not title:
            title = " ".join(text.split())[:TITLE_FROM_TEXT]
        if not title:
            title = category.name if category else self.number(cells)
        if len(title) > LENGTHS["title"] and not text:
            text = title
        channel, outcome = self._field(cells, "channel"), self._field(cells, "outcome")
        texts = {
            "title": title,
            "text": text,
            "address": " ".join(self._field(cells, "address").split()),
            "channel": self.channels.get(folded(channel), channel) if channel else "",
            "outcome": self.outcomes.get(folded(outcome), outcome) if outcome else "",
            "answer": self._field(cells, "answer"),
            "reporter_name": self._field(cells, "reporter_name")[:80],
            "reporter_phone": self._field(cells, "reporter_phone")[:40],
            "before_photo": self._field(cells, "before_photo")[:LINK_MAX],
            "after_photo": self._field(cells, "after_photo")[:LINK_MAX],
        }
        for name, longest in LENGTHS.items():
            if len(texts[name]) > longest:
                texts[name] = texts[name][: longest - 1] + "…"
                self.tally.add("text-cut", row, self.mapping.columns.__dict__[name])
        return texts

    # --- times and state ---

    def _times(
        self, row: int, cells: Sequence[Cell]
    ) -> tuple[datetime, datetime | None, datetime | None]:
        dates = self.mapping.dates
        opened = self._moment(row, cells, "opened", dates.opened_at)
        if opened is None:
            raise RowRejectedError("opened-missing", self.mapping.columns.opened)
        if opened > self.taken_at:
            raise self._refusal("opened-after-file", cells, "opened")
        closed = self._moment(row, cells, "closed", dates.closed_at)
        if closed is not None and closed < opened:
            raise self._refusal("closed-before-opened", cells, "closed")
        if closed is not None and closed > self.taken_at:
            self.tally.add("closed-after-file", row, self._field(cells, "closed"))
        return opened, self._due(row, cells, opened), closed

    def _due(self, row: int, cells: Sequence[Cell], opened: datetime) -> datetime | None:
        """Return the due time; a wrong one is left out, because the case itself did happen."""
        try:
            due = self._moment(row, cells, "due", self.mapping.dates.due_at)
        except RowRejectedError as error:
            self.tally.add("due-unreadable", row, error.value)
            return None
        if due is None:
            self.tally.add("due-missing", row)
        elif due < opened:
            self.tally.add("due-before-opened", row, self._field(cells, "due"))
            return None
        return due

    def _moment(
        self, row: int, cells: Sequence[Cell], name: str, day_time: time
    ) -> datetime | None:
        place = self.place.get(name)
        cell = cells[place] if place is not None else None
        if cell is None or cell == "" or (isinstance(cell, str) and not self._plain(cell)):
            return None
        try:
            moment = self.moments.read(cell, day_time)
        except UnreadableError:
            raise self._refusal("date-unreadable", cells, name) from None
        except ImpossibleError:
            raise self._refusal("date-impossible", cells, name) from None
        if moment is None:
            return None
        if moment.is_day_only:
            self.tally.add("day-only", row, as_text(cell))
        if moment.is_ambiguous:
            self.tally.add("time-ambiguous", row, as_text(cell))
        return moment.at

    def _state(
        self, row: int, cells: Sequence[Cell], opened: datetime, closed: datetime | None
    ) -> tuple[State, datetime | None]:
        """Return the state and the time of the end, which open cases do not have."""
        word = self._field(cells, "state")
        if not self.states:
            return ("closed", closed) if closed else ("open", None)
        state = self.states.get(folded(word))
        if state is None:
            raise self._refusal("state-unknown", cells, "state")
        if state == "open":
            if closed is not None:
                self.tally.add("open-but-closed", row, self._field(cells, "closed"))
            return state, None
        if closed is None:
            if state == "closed":
                raise self._refusal("closed-time-missing", cells, "closed")
            self.tally.add("ended-without-time", row)
        return state, closed or opened

    def _refusal(self, code: str, cells: Sequence[Cell], name: str) -> RowRejectedError:
        column = self.mapping.columns.__dict__[name]
        return RowRejectedError(code, column, self._field(cells, name))

    # --- position, category, units ---

    def _position(self, row: int, cells: Sequence[Cell]) -> tuple[float | None, float | None]:
        said = self._field(cells, "lon"), self._field(cells, "lat")
        if not any(said):
            return None, None
        try:
            lon, lat = float(said[0]), float(said[1])
        except ValueError:
            lon = lat = 0.0
        # 0/0 lies in the sea off Africa: the usual sign of a position that was never set.
        if not (-180 <= lon <= 180 and -90 <= lat <= 90) or not (lon or lat):  # noqa: PLR2004
            self.tally.add("position-dropped", row, " ".join(said))
            return None, None
        return lon, lat

    def _category(self, row: int, cells: Sequence[Cell]) -> CategoryRow | None:
        if self.category_place is None:
            return None
        word = self._text(cells, self.category_place)
        if not word:
            self.tally.add("category-missing", row)
            return None
        parent = self._text(cells, self.parent_place)
        found: list[CategoryRow] = self._lookup(
            "category",
            word,
            parent,
            lambda said: self.resolver.category(said, parent),
        )
        if len(found) == 1:
            return found[0]
        policy = self.mapping.unknown.category
        if policy == "create" and not found:
            self.tally.add("created-category", row, word)
            return self._created("category", word, parent) if self.may_create else None
        self._unknown("category", row, word, found, policy)
        return None

    def _unit(
        self, row: int, cells: Sequence[Cell], name: Literal["unit", "area"]
    ) -> UnitRow | None:
        if self.place.get(name) is None:
            return None
        policy = self.mapping.unknown.unit if name == "unit" else self.mapping.unknown.area
        word = self._field(cells, name)
        if not word:
            if policy != "register":
                self.tally.add(f"{name}-missing", row)
            return None
        search = self.resolver.unit if name == "unit" else self.resolver.area
        found: list[UnitRow] = self._lookup(name, word, "", search)
        if len(found) == 1:
            return found[0]
        if policy == "create" and not found:
            self.tally.add(f"created-{name}", row, word)
            return self._created(name, word, "") if self.may_create else None
        if policy != "register":
            self._unknown(name, row, word, found, policy)
        return None

    def _lookup(self, name: str, word: str, parent: str, search: Callable[[str], Any]) -> Any:  # noqa: ANN401 - rows of either kind
        key = (name, word, parent)
        if key not in self._found:
            self._found[key] = search(self._meant(name, word))
        return self._found[key]

    def _meant(self, name: str, word: str) -> str:
        values: dict[str, str] = getattr(self.mapping.values, name)
        return values.get(word, word)

    def _created(self, name: str, word: str, parent: str) -> Any:  # noqa: ANN401 - a row of either kind
        meant = self._meant(name, word)
        if name == "category":
            row: Any = self.resolver.create_category(meant, parent)
        else:
            row = self.resolver.create_unit(meant, is_area=name == "area", actor=self.actor)
        self._found[name, word, parent] = [row]
        return row

    def _unknown(self, name: str, row: int, word: str, found: Sequence[Any], policy: str) -> None:
        code = f"{name}-ambiguous" if found else f"{name}-unknown"
        if policy == "leave":
            self.tally.add(f"{name}-unknown", row, word)
            return
        raise RowRejectedError(code, name, word)

"""Turns a row of an office's table into one record with everything found out, or refuses it."""

from collections.abc import Sequence
from dataclasses import dataclass
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
CUT_SILENTLY: Final = {
    "reporter_name": 80,
    "reporter_phone": 40,
    "before_photo": 500,
    "after_photo": 500,
}
TITLE_FROM_TEXT: Final = 60
NUMBER_MAX: Final = 80
NOWHERE: Final = -1
"""The place of a field that the file does not have: an empty cell put after the last."""
FIELDS: Final = (
    "number",
    "opened",
    "due",
    "closed",
    "state",
    "title",
    "unit",
    "area",
    "address",
    "lon",
    "lat",
    "channel",
    "outcome",
    "answer",
    "reporter_name",
    "reporter_phone",
    "before_photo",
    "after_photo",
)


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
    digest: str = ""

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
        self.is_text = table.sheet.kind == "text"
        self.columns: dict[str, str] = {name: getattr(mapping.columns, name) for name in FIELDS}
        self.place = {name: _place(table, column) for name, column in self.columns.items()}
        category = mapping.columns.category
        self.category_place = _place(table, category.column if category else "")
        self.parent_place = _place(table, category.parent if category else "")
        self.text_places = [_place(table, column) for column in mapping.columns.text]
        kept = ((column, _place(table, column)) for column in mapping.keep)
        self.kept = [(column, place) for column, place in kept if place != NOWHERE]
        self.states: dict[str, State] = {
            folded(word): state
            for state in ("closed", "open", "voided", "duplicate")
            for word in getattr(mapping.states, state)
        }
        self.channels = {folded(k): v for k, v in mapping.values.channel.items()}
        self.outcomes = {folded(k): v for k, v in mapping.values.outcome.items()}
        self._found: dict[tuple[str, str, str], Any] = {}
        self._wanting: set[tuple[str, str, str]] = set()
        self._folded: dict[str, str] = {"": ""}

    def number(self, cells: Sequence[Cell]) -> str:
        """Return the number of a row, empty if it has none."""
        return self._plain(cells[self.place["number"]])

    def read(self, row: int, cells: Sequence[Cell]) -> Record:
        """Return the record of a row. Error: RowRejectedError."""
        said = self._said(cells)
        number = said[self.place["number"]]
        if not number:
            raise RowRejectedError("number-missing", self.columns["number"])
        if len(number) > NUMBER_MAX:
            raise RowRejectedError("number-too-long", self.columns["number"], number)
        opened, due, closed = self._times(row, cells, said)
        state, closed = self._state(row, said, opened, closed)
        category = self._category(row, said)
        lon, lat = self._position(row, said)
        area = self._unit(row, said, "area")
        if area is None and lon is not None and lat is not None:
            area = self.resolver.register.area_at(lon, lat)
        unit = self._unit(row, said, "unit")
        by_register = unit is None and self.mapping.unknown.unit == "register"
        if by_register:
            day = opened.astimezone(self.mapping.zone).date()
            unit = self.resolver.register.resolve(category, area, day).lead
            self.tally.add("unit-by-register" if unit else "unit-missing", row)
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
            texts=self._texts(row, said, category),
            extra={name: said[place] for name, place in self.kept if said[place]},
        )
        record.sign()
        return record

    # --- texts ---

    def _plain(self, cell: Cell) -> str:
        text = (cell if isinstance(cell, str) else as_text(cell)).strip()
        return "" if text in self.blank else text

    def _said(self, cells: Sequence[Cell]) -> list[str]:
        """Return every cell as clean text, and an empty one at the end (`NOWHERE`)."""
        blank = self.blank
        if self.is_text:
            # CSV holds texts only; a quarter of the time of an import is spent here.
            said = [
                "" if (text := cell.strip()) in blank else text  # type: ignore[union-attr]
                for cell in cells
            ]
        else:
            said = [self._plain(cell) for cell in cells]
        if "\x00" in "".join(said):
            said = [text.replace("\x00", "").strip() for text in said]
            self.tally.add("text-cleaned", 0, said[self.place["number"]])
        said.append("")
        return said

    def _fold(self, word: str) -> str:
        """Return `folded`, remembered: there are few different values of channel and state."""
        known = self._folded.get(word)
        if known is None:
            known = self._folded[word] = folded(word)
        return known

    def _texts(self, row: int, said: list[str], category: CategoryRow | None) -> dict[str, str]:
        place = self.place
        title = " ".join(said[place["title"]].split())
        text = "\n".join(filter(None, [tidied(said[p]) for p in self.text_places]))
        if not title:
            title = " ".join(text.split())[:TITLE_FROM_TEXT]
        if not title:
            title = category.name if category else said[place["number"]]
        if len(title) > LENGTHS["title"] and not text:
            text = title
        channel, outcome = said[place["channel"]], said[place["outcome"]]
        texts = {
            "title": title,
            "text": text,
            "address": " ".join(said[place["address"]].split()),
            "channel": self.channels.get(self._fold(channel), channel),
            "outcome": self.outcomes.get(self._fold(outcome), outcome),
            "answer": tidied(said[place["answer"]]),
        }
        for name, longest in LENGTHS.items():
            if len(texts[name]) > longest:
                texts[name] = texts[name][: longest - 1] + "…"
                self.tally.add("text-cut", row, self.columns[name])
        for name, longest in CUT_SILENTLY.items():
            if said[place[name]]:
                texts[name] = said[place[name]][:longest]
        return texts

    # --- times and state ---

    def _times(
        self, row: int, cells: Sequence[Cell], said: list[str]
    ) -> tuple[datetime, datetime | None, datetime | None]:
        dates = self.mapping.dates
        opened = self._moment(row, cells, said, "opened", dates.opened_at)
        if opened is None:
            raise RowRejectedError("opened-missing", self.columns["opened"])
        if opened > self.taken_at:
            raise self._refusal("opened-after-file", said, "opened")
        closed = self._moment(row, cells, said, "closed", dates.closed_at)
        if closed is not None and closed < opened:
            raise self._refusal("closed-before-opened", said, "closed")
        if closed is not None and closed > self.taken_at:
            self.tally.add("closed-after-file", row, said[self.place["closed"]])
        return opened, self._due(row, cells, said, opened), closed

    def _due(
        self, row: int, cells: Sequence[Cell], said: list[str], opened: datetime
    ) -> datetime | None:
        """Return the due time; a wrong one is left out, because the case itself did happen."""
        try:
            due = self._moment(row, cells, said, "due", self.mapping.dates.due_at)
        except RowRejectedError as error:
            self.tally.add("due-unreadable", row, error.value)
            return None
        if due is None:
            self.tally.add("due-missing", row)
        elif due < opened:
            self.tally.add("due-before-opened", row, said[self.place["due"]])
            return None
        return due

    def _moment(
        self, row: int, cells: Sequence[Cell], said: list[str], name: str, day_time: time
    ) -> datetime | None:
        place = self.place[name]
        text = said[place]
        if not text:
            return None
        try:
            moment = self.moments.read(text if self.is_text else cells[place], day_time)
        except UnreadableError:
            raise self._refusal("date-unreadable", said, name) from None
        except ImpossibleError:
            raise self._refusal("date-impossible", said, name) from None
        if moment is None:
            return None
        if moment.is_day_only:
            self.tally.add("day-only", row, text)
        if moment.is_ambiguous:
            self.tally.add("time-ambiguous", row, text)
        return moment.at

    def _state(
        self, row: int, said: list[str], opened: datetime, closed: datetime | None
    ) -> tuple[State, datetime | None]:
        """Return the state and the time of the end, which open cases do not have."""
        if not self.states:
            return ("closed", closed) if closed else ("open", None)
        state = self.states.get(self._fold(said[self.place["state"]]))
        if state is None:
            raise self._refusal("state-unknown", said, "state")
        if state == "open":
            if closed is not None:
                self.tally.add("open-but-closed", row, said[self.place["closed"]])
            return state, None
        if closed is None:
            if state == "closed":
                raise self._refusal("closed-time-missing", said, "closed")
            self.tally.add("ended-without-time", row)
        return state, closed or opened

    def _refusal(self, code: str, said: list[str], name: str) -> RowRejectedError:
        return RowRejectedError(code, self.columns[name], said[self.place[name]])

    # --- position, category, units ---

    def _position(self, row: int, said: list[str]) -> tuple[float | None, float | None]:
        east, north = said[self.place["lon"]], said[self.place["lat"]]
        if not (east or north):
            return None, None
        try:
            lon, lat = float(east), float(north)
        except ValueError:
            lon = lat = 0.0
        # 0/0 lies in the sea off Africa: the usual sign of a position that was never set.
        if not (-180 <= lon <= 180 and -90 <= lat <= 90) or not (lon or lat):  # noqa: PLR2004
            self.tally.add("position-dropped", row, f"{east} {north}")
            return None, None
        return lon, lat

    def _category(self, row: int, said: list[str]) -> CategoryRow | None:
        if self.category_place == NOWHERE:
            return None
        word, parent = said[self.category_place], said[self.parent_place]
        if not word:
            self.tally.add("category-missing", row)
            return None
        found: list[CategoryRow] | None = self._found.get(("category", word, parent))
        if found is None:
            found = self.resolver.category(self._meant("category", word), parent)
            self._found["category", word, parent] = found
        if len(found) == 1:
            return found[0]
        policy = self.mapping.unknown.category
        if policy == "create" and not found:
            made: CategoryRow | None = self._created("category", row, word, parent)
            return made
        self._unknown("category", row, word, found, policy)
        return None

    def _unit(self, row: int, said: list[str], name: Literal["unit", "area"]) -> UnitRow | None:
        if self.place[name] == NOWHERE:
            return None
        policy = self.mapping.unknown.unit if name == "unit" else self.mapping.unknown.area
        word = said[self.place[name]]
        if not word:
            if policy != "register":
                self.tally.add(f"{name}-missing", row)
            return None
        found: list[UnitRow] | None = self._found.get((name, word, ""))
        if found is None:
            search = self.resolver.unit if name == "unit" else self.resolver.area
            found = self._found[name, word, ""] = search(self._meant(name, word))
        if len(found) == 1:
            return found[0]
        if policy == "create" and not found:
            made: UnitRow | None = self._created(name, row, word, "")
            return made
        if policy != "register":
            self._unknown(name, row, word, found, policy)
        return None

    def _meant(self, name: str, word: str) -> str:
        values: dict[str, str] = getattr(self.mapping.values, name)
        return values.get(word, word)

    def _created(self, name: str, row: int, word: str, parent: str) -> Any:  # noqa: ANN401 - a row of either kind
        """Add what the program does not know; a dry run only counts it, once."""
        if not self.may_create:
            if (name, word, parent) not in self._wanting:
                self._wanting.add((name, word, parent))
                self.tally.add(f"created-{name}", row, word)
            return None
        self.tally.add(f"created-{name}", row, word)
        meant = self._meant(name, word)
        if name == "category":
            made: Any = self.resolver.create_category(meant, parent)
        else:
            made = self.resolver.create_unit(meant, is_area=name == "area", actor=self.actor)
        self._found[name, word, parent] = [made]
        return made

    def _unknown(self, name: str, row: int, word: str, found: Sequence[Any], policy: str) -> None:
        code = f"{name}-ambiguous" if found else f"{name}-unknown"
        if policy == "leave":
            self.tally.add(f"{name}-unknown", row, word)
            return
        raise RowRejectedError(code, name, word)


def tidied(text: str) -> str:
    """Return a text without the tabs and empty lines that web forms leave between its lines."""
    if "\n" not in text and "\r" not in text:
        return text
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line)


def _place(table: Table, column: str) -> int:
    place = table.place(column) if column else None
    return NOWHERE if place is None else place

"""Reads a list from above or from the media as it is: any column order, merged cells, remarks."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from townkeeper.campaigns.headers import FIELDS, columns_of, is_header
from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import Cell, Note, Row, Sheet, as_text, header_name, open_sheet

HEADER_WITHIN: Final = 30
MOST_ROWS: Final = 20_000
NARROW: Final = 2
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list as it stands there."""

    row: int
    """As a spreadsheet program counts."""
    cells: dict[str, Cell]
    """Field → cell."""

    def said(self, field: str) -> str:
        """Return a cell as text in one line."""
        return " ".join(as_text(self.cells.get(field)).split())


@dataclass
class ExposureList:
    """A list that was read: its rows, and what was no row."""

    name: str
    digest: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    """Field → the name of its column."""
    rows: list[ListRow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Columns that nothing is known of."""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file: by it the same list is recognised when it comes again."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            found.update(block)
    return found.hexdigest()


def read_list(path: Path, *, columns: Sequence[str] = ()) -> ExposureList:
    """Read an XLSX, XLS or CSV list; `columns` names the fields in order where no header does.

    Errors: Problem `header-missing`, `list-empty`, `list-too-long`, and those of `open_sheet`.
    """
    opened = open_sheet(path)
    sheets = [opened.named(name) for name in opened.names] or [opened]
    if columns:
        _check_fields(columns)
        found = _read(sheets[0], 0, {name: n for n, name in enumerate(columns) if name != "-"})
    else:
        sheet, header_row, names = _header(sheets, path)
        places = columns_of(names)
        found = _read(sheet, header_row, places)
        found.columns = {name: names[place] for name, place in places.items()}
        found.ignored = [n for p, n in enumerate(names) if n and p not in places.values()]
    if not found.rows:
        raise Problem("list-empty", _("The list has no rows."), where=path.name)
    found.name, found.digest = path.name, digest_of(path)
    return found


def _check_fields(columns: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in {*FIELDS, "-"}]
    if unknown or "problem" not in columns:
        raise Problem(
            "columns-wrong",
            _("Say which column is which: %(given)s does not do.")
            % {"given": ",".join(columns) or "–"},
            hint=_("Known: %(known)s; - leaves one out; problem is required.")
            % {"known": ", ".join(FIELDS)},
        )


def _header(sheets: Sequence[Sheet], path: Path) -> tuple[Sheet, int, list[str]]:
    first: list[str] = []
    for sheet in sheets:
        for number, cells in sheet.rows():
            if number > HEADER_WITHIN:
                break
            names = [header_name(cell) for cell in cells]
            if is_header(names):
                return sheet, number, names
            first = first or [name for name in names if name]
    raise Problem(
        "header-missing",
        _("No row of the list names its columns."),
        where=path.name,
        hint=_(
            "The list begins with: %(first)s. Put a row above it such as "
            "序號, 問題, 地點, 責任單位, 整改時限, or name the columns in order with --columns."
        )
        % {"first": "、".join(first)[:80] or "–"},
    )


def _read(sheet: Sheet, header_row: int, places: dict[str, int]) -> ExposureList:
    found = ExposureList("")
    width = max(places.values()) + 1
    for number, cells in _filled(sheet, header_row):
        texts = [as_text(cell).strip() for cell in cells]
        if not any(texts):
            continue
        if sum(map(bool, texts)) == 1 and len(places) > NARROW:
            found.notes.append(Note(number, next(filter(None, texts))[:200]))
            continue
        if is_header([header_name(cell) for cell in cells]):
            continue  # pages that were joined repeat it
        row = [*cells, *[""] * (width - len(cells))]
        found.rows.append(ListRow(number, {name: row[place] for name, place in places.items()}))
        if len(found.rows) > MOST_ROWS:
            raise Problem(
                "list-too-long",
                _("The list has more than %(most)d rows.") % {"most": MOST_ROWS},
                where=sheet.path.name,
                hint=_("Records of the past are taken in with ./townkeeper import."),
            )
    return found


def _filled(sheet: Sheet, header_row: int) -> Iterator[Row]:
    """Yield the rows below the header, each cell of a merged area with the area's value."""
    values: dict[tuple[int, int], Cell] = {}
    areas = [
        area for area in sheet.merged() if area[1][0] > header_row and area[0][1] == area[1][1]
    ]
    spread = {
        (row, first[1]): first for first, last in areas for row in range(first[0] + 1, last[0] + 1)
    }
    tops = set(spread.values())
    for number, cells in sheet.rows():
        if number <= header_row:
            continue
        row = list(cells)
        for place in range(len(row)):
            if (number, place) in tops:
                values[number, place] = row[place]
            elif (number, place) in spread:
                row[place] = values.get(spread[number, place], "")
        yield number, row

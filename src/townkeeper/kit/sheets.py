"""Reads spreadsheets as they really are: title rows, notes, odd encodings, any column order.

CSV is read as a stream in constant memory. For XLSX and XLS the sheet in use is held in memory by
the reader underneath (about ten times the size of its text); very large ones belong into CSV.
A row's number is the one that a spreadsheet program shows, also for CSV.
"""

import csv
import difflib
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    ZipError,
)

from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets_encoding import (
    Kind,
    blocks,
    detect_encoding,
    kind_of,
    open_bytes,
    starts_with,
)

Cell = str | float | int | bool | date | datetime | time | timedelta | None
Row = tuple[int, Sequence[Cell]]

LONGEST_CELL: Final = 1_000_000
HEADER_WITHIN: Final = 60
"""Title and note rows above a table are few; further down a header is not looked for."""
LARGEST_WORKBOOK: Final = 1 << 30
"""Unpacked bytes; a workbook that swells beyond it is a mistake or an attack."""
DELIMITERS: Final = ",;\t|"
NARROW: Final = 2
"""In a table of one or two columns a row with one filled cell says nothing about being a note."""


@dataclass(frozen=True, slots=True)
class Note:
    """A row that is no record: a title, a remark, a repeated header."""

    row: int
    text: str


@dataclass
class Sheet:
    """An opened file: its rows can be read as often as one likes."""

    path: Path
    kind: Kind
    encoding: str = ""
    delimiter: str = ""
    name: str = ""
    names: tuple[str, ...] = ()
    """The visible sheets of a workbook."""

    def rows(self) -> Iterator[Row]:
        """Yield (row number, cells); empty rows too."""
        return self._text_rows() if self.kind == "text" else self._workbook_rows()

    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Return merged areas as (first, last) of (row number, place of the column from 0).

        The value stands in the first cell only. Empty for text and for files that do not say.
        """
        if self.kind == "text":
            return []
        areas = self._workbook.get_sheet_by_name(self.name).merged_cell_ranges or []
        return [((a + 1, b), (c + 1, d)) for (a, b), (c, d) in areas]

    def named(self, name: str) -> "Sheet":
        """Return another sheet of the same workbook."""
        return Sheet(self.path, self.kind, name=name, names=self.names)

    def _text_rows(self) -> Iterator[Row]:
        csv.field_size_limit(LONGEST_CELL)
        number = 0
        try:
            with (
                open_bytes(self.path) as raw,
                io.TextIOWrapper(raw, encoding=self.encoding, newline="") as text,
            ):
                for number, row in enumerate(csv.reader(text, delimiter=self.delimiter), 1):
                    yield number, row
        except UnicodeDecodeError as error:
            raise Problem(
                "encoding-wrong",
                _("The file cannot be read as %(encoding)s after row %(row)d.")
                % {"encoding": self.encoding, "row": number},
                where=self.path.name,
                hint=_fitting(self.path),
            ) from error
        except csv.Error as error:
            raise Problem(
                "csv-broken",
                _("The file breaks off after row %(row)d: %(reason)s.")
                % {"row": number, "reason": error},
                where=self.path.name,
                hint=_("Most often a quotation mark is opened and not closed."),
            ) from error

    @cached_property
    def _workbook(self) -> CalamineWorkbook:
        return _open_workbook(self.path)

    def _workbook_rows(self) -> Iterator[Row]:
        sheet = self._workbook.get_sheet_by_name(self.name)
        if sheet.start is None:
            return
        # The reader gives the rows above the first filled one as empty rows, so 1 is the top.
        yield from enumerate(sheet.iter_rows(), 1)


def _fitting(path: Path) -> object:
    """Say which encoding would do, if one can be found."""
    try:
        return _("It looks like %(encoding)s.") % {"encoding": detect_encoding(path)}
    except Problem as problem:
        return problem.message


def _open_workbook(path: Path) -> CalamineWorkbook:
    try:
        if starts_with(path, b"PK"):
            with zipfile.ZipFile(path) as packed:
                size = sum(info.file_size for info in packed.infolist())
            if size > LARGEST_WORKBOOK:
                raise Problem(
                    "workbook-too-large",
                    _("The workbook unpacks to %(size)d MB.") % {"size": size >> 20},
                    where=path.name,
                    hint=_("Save the sheet as CSV; that is read in constant memory."),
                )
        return CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise Problem(
            "workbook-locked",
            _("The workbook is protected by a password."),
            where=path.name,
            hint=_("Save a copy without the password."),
        ) from error
    except (CalamineError, ZipError, zipfile.BadZipFile, OSError) as error:
        raise Problem(
            "workbook-broken",
            _("The workbook cannot be read: %(reason)s.") % {"reason": error},
            where=path.name,
            hint=_("Open it in a spreadsheet program and save it as XLSX or CSV again."),
        ) from error


def open_sheet(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str = ""
) -> Sheet:
    """Open a CSV (also gzipped), XLSX or XLS file; what is not given is found out."""
    kind = kind_of(path)
    if kind == "text":
        encoding = _known_encoding(encoding, path) if encoding else detect_encoding(path)
        return Sheet(path, kind, encoding, delimiter or _detect_delimiter(path, encoding))
    opened = Sheet(path, kind)
    visible = tuple(
        meta.name
        for meta in opened._workbook.sheets_metadata  # noqa: SLF001 - its own
        if meta.visible == SheetVisibleEnum.Visible
    )
    names = visible or tuple(opened._workbook.sheet_names)  # noqa: SLF001 - its own
    if sheet and sheet not in opened._workbook.sheet_names:  # noqa: SLF001 - its own
        raise Problem(
            "sheet-missing",
            _("The workbook has no sheet “%(name)s”.") % {"name": sheet},
            where=path.name,
            hint=_("It has: %(names)s.") % {"names": ", ".join(names)},
        )
    opened.name, opened.names = sheet or names[0], (sheet,) if sheet else names
    return opened


def _known_encoding(encoding: str, path: Path) -> str:
    """Check a declared encoding; a byte order mark is never part of the first header."""
    try:
        "".encode(encoding)
    except LookupError:
        raise Problem(
            "encoding-name",
            _("There is no encoding “%(encoding)s”.") % {"encoding": encoding},
            where=path.name,
            hint="utf-8, gb18030, big5, utf-16",
        ) from None
    plain = encoding.lower().replace("_", "-")
    return {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "big5": "big5hkscs"}.get(plain, plain)


def _detect_delimiter(path: Path, encoding: str) -> str:
    """Choose the delimiter by which most of the first rows have the same number of cells."""
    text = next(blocks(path), b"").decode(encoding, errors="ignore")
    lines = text.splitlines()[:60]
    best, chosen = 0, ","
    for mark in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark) if len(row) > 1]
        usual = max(set(widths), key=widths.count, default=0)
        score = widths.count(usual) * usual if usual else 0
        if score > best:
            best, chosen = score, mark
    return chosen


_SPACES: Final = re.compile(r"\s+")


def header_name(cell: Cell) -> str:
    """Return a header as it is compared: no marks, no trailing or doubled spaces."""
    return _SPACES.sub(" ", as_text(cell).replace("\ufeff", "")).strip()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", header_name(name)).casefold()


def as_text(cell: Cell) -> str:
    """Return a cell as text: whole numbers without `.0`, times in ISO form, nothing as ''."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


@dataclass
class Table:
    """A table found in a sheet: where its header is, and which column is which."""

    sheet: Sheet
    header_row: int
    names: list[str]
    first: Cell = ""
    """The first header as it is written, spaces and all: pages that were joined repeat it."""
    above: list[Note] = field(default_factory=list)

    @cached_property
    def index(self) -> dict[str, int]:
        """Column name → its place; of two columns with one name the first counts."""
        found: dict[str, int] = {}
        for place, name in enumerate(self.names):
            found.setdefault(_folded(name), place)
        return found

    def place(self, column: str) -> int | None:
        """Return the place of a column, or None."""
        return self.index.get(_folded(column))

    def records(self, on_note: Callable[[Note], object] = lambda _note: None) -> Iterator[Row]:
        """Yield the rows that are records, all as wide as the header; notes are told apart."""
        width = len(self.names)
        for number, cells in self.sheet.rows():
            if number <= self.header_row:
                continue
            row = cells if len(cells) == width else _fit(cells, width)
            empty = row.count("") + row.count(None)
            if empty == width:
                continue
            if empty == width - 1 and width > NARROW:
                on_note(Note(number, _first_text(row)))
                continue
            if row[0] == self.first and [header_name(cell) for cell in row] == self.names:
                on_note(Note(number, _first_text(row)))
                continue
            yield number, row


def _fit(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _first_text(row: Sequence[Cell]) -> str:
    texts = (as_text(cell).strip() for cell in row)
    return next((text for text in texts if text), "")[:200]


def find_table(
    sheet: Sheet, *, required: Collection[str], wanted: Collection[str] = (), header_row: int = 0
) -> Table:
    """Find the header that holds all `required` columns; say which are missing and look alike.

    `wanted` columns help to recognise the header and may be absent. Of a workbook every visible
    sheet is tried in turn.
    """
    best: tuple[int, Table] | None = None
    folded = {_folded(name) for name in (*required, *wanted)}
    for candidate in [sheet.named(name) for name in sheet.names] or [sheet]:
        for table in _headers(candidate, header_row):
            hits = len(folded & table.index.keys())
            if all(table.place(name) is not None for name in required):
                return table
            if best is None or hits > best[0]:
                best = (hits, table)
    raise _columns_missing(sheet, best[1] if best and (best[0] or header_row) else None, required)


def _headers(sheet: Sheet, header_row: int) -> Iterator[Table]:
    """Yield every row near the top as if it were the header, with the notes above it."""
    above: list[Note] = []
    for number, cells in sheet.rows():
        if number > max(header_row, HEADER_WITHIN):
            return
        names = [header_name(cell) for cell in cells]
        if not any(names) or (header_row and number < header_row):
            if any(names):
                above.append(Note(number, _first_text(cells)))
            continue
        while names and not names[-1]:
            names.pop()
        yield Table(sheet, number, names, cells[0], list(above))
        if header_row:
            return
        above.append(Note(number, _first_text(cells)))


def _columns_missing(sheet: Sheet, table: Table | None, required: Collection[str]) -> Problem:
    there = [name for name in (table.names if table else _widest(sheet)) if name]
    missing = [name for name in required if table is None or table.place(name) is None]
    alike = []
    for name in missing:
        folded = {_folded(column): column for column in there}
        near = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=0.5)
        alike += (
            [_("“%(near)s” looks like “%(name)s”.") % {"near": folded[near[0]], "name": name}]
            if near
            else []
        )
    hint = " ".join(str(text) for text in alike)
    return Problem(
        "columns-missing",
        _("The file has no column %(missing)s.")
        % {"missing": ", ".join(f"“{name}”" for name in missing)},
        where=f"{sheet.path.name}:{table.header_row}" if table else sheet.path.name,
        hint=(f"{hint} " if hint else "")
        + str(_("It has: %(there)s.") % {"there": ", ".join(there[:40])}),
    )


def _widest(sheet: Sheet) -> list[str]:
    """Return the fullest of the first rows: probably what the office calls its header."""
    best: list[str] = []
    for number, cells in sheet.rows():
        names = [name for cell in cells if (name := header_name(cell))]
        if len(names) > len(best):
            best = names
        if number >= HEADER_WITHIN:
            break
    return best

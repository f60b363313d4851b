"""Writes tables as spreadsheets and CSV files in which figures stay figures."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from townkeeper.publication.typeset.document import Cell, Column, Document, Table, clean, tables
from townkeeper.publication.typeset.layout import column_widths, ems
from townkeeper.publication.typeset.validity import check
from townkeeper.publication.typeset.whole_files import replacing
from townkeeper.publication.typeset.words import WORDS

FORMATS = {
    "integer": "#,##0",
    "number": "#,##0.######",
    "score": "0.00",
    "percent": "0.00%",
    "date": "yyyy-mm-dd",
    "text": "@",
}
LONGEST = 32_767
"""Characters of one cell that Excel can hold."""
MOST_ROWS = 1_048_576
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def write_xlsx(document: Document, path: Path) -> None:
    """Write a sheet of notes and one sheet per attached table; raise Problem if impossible."""
    check(document)
    with replacing(path) as temporary, _workbook(temporary, {}) as book:
        # the document's own date, so that the same data give the same bytes
        book.set_properties(
            {
                "title": clean(" ".join(document.title)),
                "author": clean(document.issuer),
                "created": _midnight(document.date),
            }
        )
        styles = _styles(book)
        _notes(book, document)
        taken = {WORDS[document.language].notes.casefold()}
        for table in tables(document):
            sheet = book.add_worksheet(sheet_name(table.title, taken))
            top = 1 if document.label else 0
            if document.label:
                sheet.write_string(0, 0, clean(document.label), styles["label"])
            _head(sheet, table, styles, top)
            for number, row in enumerate(table.rows, top + 1):
                _row(sheet, number, row, table.columns, styles)
            sheet.autofilter(top, 0, top + len(table.rows), len(table.columns) - 1)


def write_table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    path: Path,
    *,
    title: str = "Sheet1",
    notes: Sequence[tuple[str, str]] = (),
    notes_title: str = "Notes",
) -> int:
    """Stream rows into one sheet in constant memory; return how many were written.

    Raises Problem when the place cannot be written. Rows past Excel's 1,048,575 go on to
    further sheets, so that none is lost. `notes` (name, value) stand on a last sheet of their own:
    what the table was filtered by, when, for whom.
    """
    count = 0
    with (
        replacing(path) as temporary,
        _workbook(temporary, {"constant_memory": True}) as book,
    ):
        styles = _styles(book)
        taken: set[str] = set()
        table = Table(title, tuple(columns))
        sheet = _new_sheet(book, table, styles, taken)
        line = 0
        for row in rows:
            if line == MOST_ROWS - 1:
                sheet.autofilter(0, 0, line, len(columns) - 1)
                sheet = _new_sheet(book, table, styles, taken)
                line = 0
            line += 1
            count += 1
            _row(sheet, line, row, table.columns, styles)
        sheet.autofilter(0, 0, line, len(columns) - 1)
        if notes:
            _note_lines(book, sheet_name(notes_title, taken), notes)
    return count


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], path: Path) -> int:
    """Stream rows into a UTF-8 CSV with the mark that Excel needs; return how many."""
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([harmless(column.title) for column in columns])
        for row in rows:
            writer.writerow(
                [
                    harmless(cell) if isinstance(cell, str) else "" if cell is None else cell
                    for cell in row
                ]
            )
            count += 1
    return count


def harmless(text: str) -> str:
    """Return the text so that a spreadsheet opening the CSV does not run it (OWASP)."""
    tidy = clean(text)
    return f"'{tidy}" if text.startswith(DANGEROUS) or tidy.startswith(DANGEROUS) else tidy


def sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that Excel accepts (31 characters, no brackets or slashes), remember it."""
    base = "".join(" " if letter in "[]:*?/\\\n'" else letter for letter in clean(title)).strip()
    name = base[:31].strip() or "Sheet"
    number = 1
    while name.casefold() in taken or name.casefold() == "history":
        number += 1
        tail = f" ({number})"
        name = base[: 31 - len(tail)].strip() + tail
    taken.add(name.casefold())
    return name


def _styles(book: Workbook) -> dict[str, Format]:
    styles = {
        kind: book.add_format({"num_format": form, "valign": "top"})
        for kind, form in FORMATS.items()
    }
    styles["text"].set_text_wrap()
    styles["head"] = book.add_format({
        "bold": True, "bg_color": "#F0F0F0", "border": 1, "text_wrap": True, "valign": "vcenter",
        "align": "center",
    })  # fmt: skip
    styles["label"] = book.add_format({"bold": True, "font_color": "#D7000F"})
    return styles


def _new_sheet(
    book: Workbook, table: Table, styles: dict[str, Format], taken: set[str]
) -> Worksheet:
    sheet = book.add_worksheet(sheet_name(table.title, taken))
    _head(sheet, table, styles, 0)
    return sheet


def _head(sheet: Worksheet, table: Table, styles: dict[str, Format], top: int) -> None:
    for place, (column, width) in enumerate(zip(table.columns, column_widths(table), strict=True)):
        # a Chinese character is about two of Excel's units wide
        units = min(max(width * 2, ems(column.title) * 2 + 4, 8), 60)
        sheet.set_column(place, place, units)
        sheet.write_string(top, place, clean(column.title), styles["head"])
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(0, top)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if len(table.columns) > 9:  # noqa: PLR2004 - as on paper
        sheet.set_landscape()


def _row(
    sheet: Worksheet,
    number: int,
    row: Sequence[Cell],
    columns: Sequence[Column],
    styles: dict[str, Format],
) -> None:
    for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
        if cell is None:
            continue
        if isinstance(cell, str):
            if column.kind == "date":
                sheet.write_datetime(number, place, date.fromisoformat(cell), styles["date"])
            else:
                sheet.write_string(number, place, clean(cell)[:LONGEST], styles["text"])
        else:
            kind = "number" if column.kind == "text" else column.kind
            sheet.write_number(number, place, cell, styles[kind])


def _notes(book: Workbook, document: Document) -> None:
    language = document.language
    words = WORDS[language]
    source = document.provenance
    lines = [
        (words.label, document.label),
        (words.title, "".join(document.title) if language != "en" else " ".join(document.title)),
        (words.number, document.number),
        (words.issuer, document.issuer),
    ]
    if source is not None:
        lines += [
            (words.selection, source.selection),
            (words.data_time, source.data_time),
            (words.round, source.round),
            (words.digest, source.digest),
            (words.licence, source.licence),
        ]
    lines += [(words.notes, remark) for remark in document.remarks]
    lines += [(table.title, table.key) for table in tables(document) if table.key]
    _note_lines(book, words.notes, lines)


def _note_lines(book: Workbook, title: str, lines: Iterable[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    strong = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for number, (name, value) in enumerate((n, v) for n, v in lines if v):
        sheet.write_string(number, 0, clean(name), strong)
        sheet.write_string(number, 1, clean(value)[:LONGEST], wrapped)


@contextmanager
def _workbook(path: Path, options: dict[str, object]) -> Iterator[Workbook]:
    """Close the book in every case, so that its temporary files go, and give the real error."""
    with tempfile.TemporaryDirectory(prefix="sheets-") as folder:
        book = Workbook(str(path), {**OPTIONS, **options, "tmpdir": folder})
        try:
            yield book
        except BaseException:
            with suppress(Exception):
                book.close()
            raise
        try:
            book.close()
        except FileCreateError as error:
            cause = error.args[0] if error.args else None
            raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def _midnight(day: date) -> datetime:
    # XlsxWriter wants a naive time and writes it as UTC
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001

"""Sends a list as a file: a workbook, a CSV or GeoJSON, the same way from every face.

A list that somebody looks at is exported whole, not only its page. What leaves the house says what
it is: the workbook's last sheet names the filter, the time and the person. Text is written as text,
so that a spreadsheet never runs what a stranger typed (OWASP, CSV injection).
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.publication.typeset.xlsx import harmless, write_table
from townkeeper.web.wording import full_time

EXPORT_LIMIT = 100_000
"""Rows of one workbook; a longer list is answered with words, and goes out as CSV."""
GEOJSON = "application/geo+json"
REFUSED = 422

Answer = HttpResponse | FileResponse | StreamingHttpResponse


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list as a table: heads, rows (may be a generator), and what it was narrowed to."""

    name: str
    """Stem of the file's name, ASCII, such as `cases`; the day is added."""
    title: str
    """What the list is, in the reader's language."""
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    facts: Sequence[tuple[str, str]] = ()
    """The filters in words: (name, value)."""


class TooManyRowsError(Exception):
    """The list is longer than a workbook should be."""


def send_sheet(
    request: HttpRequest, sheet: Sheet, form: str, *, back: str = "", csv_url: str = ""
) -> Answer:
    """Answer with a list as `xlsx` or `csv`.

    CSV is sent while it is read, however long it is. A workbook ends at `EXPORT_LIMIT` rows; a
    longer list is answered (422) with a page that leads `back` to the list and to its `csv_url`.
    """
    name = _file_name(sheet.name, form)
    if form == "csv":
        return StreamingHttpResponse(
            _csv_lines(sheet),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            write_table(
                sheet.columns,
                _at_most(sheet.rows, EXPORT_LIMIT),
                path,
                title=sheet.title,
                notes=_notes(request, sheet),
                notes_title=_("About this list"),
            )
        except TooManyRowsError:
            return too_many(request, back=back, csv_url=csv_url)
        # opened before the folder goes; the system keeps the bytes until it is sent
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def send_geojson(name: str, features: Iterable[Mapping[str, Any]]) -> StreamingHttpResponse:
    """Answer with GeoJSON features (RFC 7946) as one collection, sent while they are read."""
    file = _file_name(name, "geojson")
    return StreamingHttpResponse(
        _collection(features),
        content_type=GEOJSON,
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def too_many(request: HttpRequest, *, back: str, csv_url: str) -> HttpResponse:
    """Say that the list is too long for a workbook, and what to do."""
    context = {"limit": EXPORT_LIMIT, "csv_url": csv_url, "list_url": back}
    return render(request, "office/too_many.html", context, status=REFUSED)


def links(xlsx: str, csv_file: str, geojson: str = "") -> list[dict[str, str]]:
    """Return the download buttons of a page head (`page_actions`) for the addresses given."""
    wanted = (
        (xlsx, "file-spreadsheet", "XLSX"), (csv_file, "download", "CSV"),
        (geojson, "map-pin", "GeoJSON"),
    )  # fmt: skip
    return [{"href": href, "icon": icon, "label": label} for href, icon, label in wanted if href]


def _file_name(stem: str, form: str) -> str:
    return f"{stem}-{full_time(clock.now())[:10]}.{form}"


def _notes(request: HttpRequest, sheet: Sheet) -> list[tuple[str, str]]:
    return [
        (_("List"), sheet.title),
        *[(name, value) for name, value in sheet.facts if value],
        (_("Made"), full_time(clock.now())),
        (_("Made for"), str(request.user) if request.user.is_authenticated else _("the public")),
    ]


def _at_most(rows: Iterable[Sequence[Cell]], limit: int) -> Iterator[Sequence[Cell]]:
    for number, row in enumerate(rows):
        if number == limit:
            raise TooManyRowsError
        yield row


class _Echo:
    """A file that hands back what is written to it, for the CSV writer."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def _csv_lines(sheet: Sheet) -> Iterator[str]:
    """Yield lines in UTF-8 with the mark that Excel needs."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([harmless(column.title) for column in sheet.columns])
    for row in sheet.rows:
        yield writer.writerow(
            [harmless(c) if isinstance(c, str) else "" if c is None else c for c in row]
        )


def _collection(features: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    yield b'{"type":"FeatureCollection","features":['
    between = b""
    for feature in features:
        yield between + msgspec.json.encode(feature)
        between = b",\n"
    yield b"]}"

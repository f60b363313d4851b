"""Lists that were sent in by a browser wait here between the dry run and the import.

A file is kept under its digest, so that what was looked at is what is taken in, and the same file
sent twice lies here once. Files older than a week are cleared away when the next one comes.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from townkeeper.campaigns.headers import FIELDS, columns_of, is_header
from townkeeper.files.actions import write_whole
from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import as_text, header_name, open_sheet

LARGEST: Final = 20 * 1024 * 1024
KEPT_SECONDS: Final = 7 * 24 * 3600
NAME_MAX: Final = 100
LOOK: Final = 30
SAMPLES: Final = 3
SUFFIXES: Final = (".xlsx", ".xls", ".csv")


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """One column of a list: its name, what it was taken for, and its first values."""

    place: int
    name: str
    field: str
    """A field, or `-` for a column that is left out."""
    samples: tuple[str, ...]


def keep_list(data: bytes, *, name: str) -> str:
    """Keep a list for the dry run; return the key under which it lies. Errors: Problem."""
    plain = re.sub(r"[^\w.()（）-]+", "_", Path(name.replace("\\", "/")).name).lstrip(".")
    if Path(plain).suffix.lower() not in SUFFIXES:
        raise Problem(
            "list-kind",
            _("This is no spreadsheet."),
            where=name[:NAME_MAX],
            hint=_("Send an Excel file (.xlsx, .xls) or a CSV file."),
        )
    if not data or len(data) > LARGEST:
        raise Problem("list-size", _("The file is empty or larger than 20 MB."), where=plain)
    _clear()
    key = hashlib.sha256(data).hexdigest()
    folder = _folder() / key
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / plain[-NAME_MAX:], data)
    return key


def kept_list(key: str) -> Path:
    """Return where a kept list lies. Errors: Problem where it was cleared away."""
    if re.fullmatch(r"[0-9a-f]{64}", key):
        for path in sorted((_folder() / key).glob("*")):
            return path
    raise Problem(
        "list-gone",
        _("This list is not kept any more."),
        hint=_("Choose the file again."),
    )


def look_at_columns(path: Path, *, columns: Sequence[str] = ()) -> list[FoundColumn]:
    """Return the columns of a list with what each is taken for; `columns` overrules the guess."""
    sheet = open_sheet(path)
    rows: list[list[str]] = []
    names: list[str] = []
    for number, cells in sheet.rows():
        texts = [as_text(cell).strip() for cell in cells]
        if is_header([header_name(cell) for cell in cells]) and not names:
            names = [header_name(cell) for cell in cells]
        elif sum(map(bool, texts)) > 1:
            rows.append(texts)
        if number > LOOK or len(rows) >= SAMPLES:
            break
    width = max((len(row) for row in (*rows, names)), default=0)
    guessed = {place: field for field, place in columns_of(names).items()}
    return [
        FoundColumn(
            place=place,
            name=names[place] if place < len(names) else "",
            field=_field(place, columns, guessed),
            samples=tuple(row[place] for row in rows if place < len(row) and row[place]),
        )
        for place in range(width)
    ]


def _field(place: int, columns: Sequence[str], guessed: dict[int, str]) -> str:
    if place < len(columns):
        return columns[place] if columns[place] in FIELDS else "-"
    return "-" if columns else guessed.get(place, "-")


def _folder() -> Path:
    return Path(settings.HOME) / "incoming" / "lists"


def _clear() -> None:
    oldest = time.time() - KEPT_SECONDS
    for folder in _folder().glob("*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)

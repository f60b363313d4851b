"""What an import did, said to people: counts, warnings by kind, and a file of rejected rows."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

REASONS: Final[dict[str, Any]] = {
    "number-missing": _("The row has no number."),
    "number-too-long": _("A number has at most 80 characters."),
    "opened-missing": _("The time of opening is missing."),
    "date-unreadable": _("This is no date; right would be 2026-01-31 09:00."),
    "date-impossible": _("A date in this year cannot be meant."),
    "opened-after-file": _("Opened after the file was taken; one of the two days is wrong."),
    "closed-before-opened": _("Closed before it was opened."),
    "closed-time-missing": _("Closed according to its state, but without a closing time."),
    "state-unknown": _("The mapping does not say what this state means."),
    "category-unknown": _("The program has no such category."),
    "category-ambiguous": _("Several categories of the program have this name."),
    "unit-unknown": _("The program has no such unit."),
    "unit-ambiguous": _("Several units of the program have this name."),
    "area-unknown": _("The program has no such area."),
    "area-ambiguous": _("Several areas of the program have this name."),
    "handled-here": _("Changed in the file, but people have worked on this case here since."),
}
"""Why a row is not taken."""

WARNINGS: Final[dict[str, Any]] = {
    "due-missing": _("without a due time: kept; not counted as on time or late"),
    "due-before-opened": _("due before opened: kept, the due time is left out"),
    "due-unreadable": _("due time unreadable: kept, the due time is left out"),
    "day-only": _("dates without a time of day: the mapping's times were used"),
    "time-ambiguous": _(
        "times in the hour that the end of summer time repeats: the first is taken"
    ),
    "closed-after-file": _("closed after the file was taken: check as_of"),
    "open-but-closed": _("open according to its state, yet with a closing time: kept open"),
    "ended-without-time": _("voided or duplicate without a time: the opening time is used"),
    "category-missing": _("without a category"),
    "category-unknown": _("of a category that the program does not know: left empty"),
    "unit-missing": _("without a unit: these cases have no owner"),
    "unit-unknown": _("of a unit that the program does not know: these cases have no owner"),
    "unit-by-register": _("unit taken from the duty register"),
    "area-missing": _("without an area"),
    "area-unknown": _("in an area that the program does not know: left empty"),
    "position-dropped": _("position unreadable or off the earth: left out"),
    "text-cut": _("a text was longer than its field: cut"),
    "text-cleaned": _("characters that are not text were taken out"),
    "number-repeated": _("the number comes again further down: the last row holds"),
    "column-missing": _("columns to keep that the file does not have"),
    "created-unit": _("units added because the program did not know them"),
    "created-area": _("areas added because the program did not know them"),
    "created-category": _("categories added because the program did not know them"),
}
"""What is suspicious and yet imported."""

EXAMPLES: Final = 5


@dataclass
class Warn:
    """One kind of suspicious thing: how often, and where for example."""

    kind: str
    count: int = 0
    text: str = ""
    examples: list[str] = field(default_factory=list)


@dataclass
class ImportReport:
    """The outcome of an import or of its dry run; `read` is the sum of the other five counts."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    repeated: int = 0
    """Rows whose number comes again further down in the same file."""
    notes: int = 0
    """Rows that are no records: titles, remarks."""
    rejections_file: str | None = None
    linked: int = 0
    """Duplicates linked with the case that they repeat."""
    unlinked: int = 0
    """Duplicates for which none was found; none is made up."""
    unlinked_file: str | None = None
    dry_run: bool = False
    seconds: float = 0.0
    warnings: list[Warn] = field(default_factory=list)
    note_rows: list[tuple[int, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


class Tally:
    """Counts warnings by kind and keeps a few examples of each."""

    def __init__(self) -> None:
        self.found: dict[str, Warn] = {}

    def add(self, kind: str, row: int, value: str = "") -> None:
        """Count one; `row` is the row in the file, 0 for none."""
        warn = self.found.get(kind)
        if warn is None:
            warn = self.found[kind] = Warn(kind)
        warn.count += 1
        if len(warn.examples) < EXAMPLES:
            place = gettext("row %(row)d") % {"row": row} if row else ""
            example = ": ".join(part for part in (place, value[:60]) if part)
            if example not in warn.examples:
                warn.examples.append(example)

    def listed(self) -> list[Warn]:
        """Return the warnings, most frequent first, in the language of the moment."""
        for warn in self.found.values():
            warn.text = str(WARNINGS.get(warn.kind, warn.kind))
        return sorted(self.found.values(), key=lambda warn: -warn.count)


class RowRejectedError(Exception):
    """A row that cannot be taken, with the field and the value that are to blame."""

    def __init__(self, code: str, field: str = "", value: str = "") -> None:
        self.code, self.field, self.value = code, field, value
        super().__init__(code)


class Rejections:
    """The rejected rows as a CSV that a spreadsheet program opens: reason first, then the row."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.header, self.count = path, header, 0
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def add(self, row: int, error: RowRejectedError, cells: Sequence[str]) -> None:
        """Write one row."""
        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._stream)
            first = [gettext("Row"), gettext("Field"), gettext("Value"), gettext("Reason")]
            self._writer.writerow([*first, *self.header])
        self.count += 1
        reason = str(REASONS.get(error.code, error.code))
        self._writer.writerow([row, *map(_harmless, (error.field, error.value, reason, *cells))])

    def close(self) -> str | None:
        """Finish the file; return its path, or None when nothing was rejected."""
        if self._stream is None:
            return None
        self._stream.close()
        return str(self.path)


def _harmless(text: str) -> str:
    """Keep a spreadsheet program from running what a citizen wrote as a formula (OWASP)."""
    if text[:1] in {"=", "@", "\t", "\r"}:
        return f"'{text}"
    if text[:1] in {"+", "-"} and not text[1:].replace(".", "").replace(",", "").isdigit():
        return f"'{text}"
    return text

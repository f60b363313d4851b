"""Imports a file of historical records: checked row by row, written in chunks, resumable.

A run that is killed leaves whole chunks only; running it again goes on where it stopped, because a
row that is there already and says the same is left alone. Of rows with the same number in one file
the last one holds.
"""

import gc
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.desk import DEFAULT_PREFIX
from townkeeper.cases.imports.bulk import few_checkpoints
from townkeeper.cases.imports.changing import Changer, Known, handled_here, known_cases
from townkeeper.cases.imports.duplicates import link_duplicates
from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.plan import plan_for
from townkeeper.cases.imports.records import Record, RecordReader
from townkeeper.cases.imports.report import (
    ImportReport,
    Rejections,
    RowRejectedError,
    Tally,
)
from townkeeper.cases.imports.resolve import Resolver
from townkeeper.cases.imports.writing import Source, Writer
from townkeeper.cases.models import Case
from townkeeper.duties.register import load_register
from townkeeper.journal.actions import record as record_entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import Note, Row, Table, as_text, find_table, open_sheet
from townkeeper.units.models import Unit

CHUNK: Final = 2000
NOTES_SHOWN: Final = 50

Progress = Callable[[int, int], object]
"""Called after each chunk with the rows read so far and the rows there are."""


@dataclass
class Counted:
    """What the first pass over a file found: how many rows, and which numbers come again."""

    rows: int
    last_rows: dict[int, int]
    """Hash of a repeated number → the row in which it stands last."""


def table_for(path: Path, mapping: ImportMapping) -> Table:
    """Open a file and find its table; what is missing is a Problem that says what looks alike."""
    rules = mapping.table
    sheet = open_sheet(
        path, encoding=rules.encoding or None, delimiter=rules.delimiter or None, sheet=rules.sheet
    )
    return find_table(
        sheet, required=mapping.required, wanted=mapping.keep, header_row=rules.header_row
    )


def count_rows(table: Table, mapping: ImportMapping) -> Counted:
    """Read the file once for its length and its repeated numbers, eight bytes a row."""
    place = table.place(mapping.columns.number) or 0
    hashes, rows = array("q"), 0
    for number, cells in table.sheet.rows():
        if number > table.header_row and len(cells) > place:
            rows += 1
            hashes.append(hash(as_text(cells[place]).strip()))
    values, counts = np.unique(np.frombuffer(hashes, dtype=np.int64), return_counts=True)
    repeated = {int(value) for value in values[counts > 1]} - {hash("")}
    last: dict[int, int] = {}
    if repeated:
        for number, cells in table.records():
            key = hash(as_text(cells[place]).strip())
            if key in repeated:
                last[key] = number
    return Counted(rows, last)


def import_file(
    path: Path,
    mapping: ImportMapping,
    *,
    actor: str,
    dry_run: bool = False,
    progress: Progress = lambda _done, _total: None,
    out_dir: Path | None = None,
    chunk: int = CHUNK,
) -> ImportReport:
    """Import a file; `dry_run` does everything except writing.

    Raises Problem when the file or the mapping as a whole cannot be used; single rows that cannot
    be taken are in the report and, with their reasons, in a file in `out_dir`.
    """
    return Run(path, mapping, actor=actor, dry_run=dry_run, out_dir=out_dir).go(progress, chunk)


class Run:
    """One import from beginning to end."""

    def __init__(
        self,
        path: Path,
        mapping: ImportMapping,
        *,
        actor: str,
        dry_run: bool,
        out_dir: Path | None,
    ) -> None:
        self.path, self.mapping, self.actor, self.dry_run = path, mapping, actor, dry_run
        self.table = table_for(path, mapping)
        self.tally = Tally()
        self.report = ImportReport(dry_run=dry_run)
        self.now = clock.now()
        # Numbers are told apart within the file, so a first import need not look for any.
        self.has_known = Case.objects.filter(external_system=mapping.system).exists()
        taken_at = _taken_at(mapping, self.now)
        office, prefix = _office(mapping)
        source = Source(path.name, mapping, actor, self.now, taken_at, prefix)
        self.writer = Writer(source, plan_for(mapping.procedure, office))
        self.changer = Changer(self.writer)
        self.reader = RecordReader(
            self.table,
            mapping,
            Resolver(load_register()),
            self.tally,
            taken_at=taken_at,
            actor=actor,
            may_create=not dry_run,
        )
        folder = out_dir or settings.HOME / "out"
        self.rejections = Rejections(folder / _rejections_name(mapping, self.now), self.table.names)

    def go(self, progress: Progress, chunk: int) -> ImportReport:
        """Do it."""
        began = time.perf_counter()
        for note in self.table.above:
            self._note(note)
        for column in self.mapping.keep:
            if self.table.place(column) is None:
                self.tally.add("column-missing", 0, column)
        counted = count_rows(self.table, self.mapping)
        try:
            with _uncollected(), few_checkpoints():
                for rows in _chunks(self.table.records(self._note), chunk):
                    self._chunk(rows, counted.last_rows)
                    progress(self.report.read, counted.rows)
        finally:
            self.report.rejections_file = self.rejections.close()
        if self.mapping.duplicates is not None and not self.dry_run:
            linked = link_duplicates(
                self.mapping, actor=self.actor, now=self.now, folder=self.rejections.path.parent
            )
            self.report.linked, self.report.unlinked = linked.linked, linked.unlinked
            self.report.unlinked_file = linked.file
        self.report.warnings = self.tally.listed()
        self.report.seconds = round(time.perf_counter() - began, 3)
        if not self.dry_run:
            self._record_run()
        return self.report

    def _note(self, note: Note) -> None:
        self.report.notes += 1
        if len(self.report.note_rows) < NOTES_SHOWN:
            self.report.note_rows.append((note.row, note.text))

    def _chunk(self, rows: list[Row], last_rows: dict[int, int]) -> None:
        """Read and write a number of rows; all of it is committed, or nothing."""
        if self.dry_run:
            self._sort_out(rows, last_rows)
            return
        try:
            with transaction.atomic():
                new, changed = self._sort_out(rows, last_rows)
                self.writer.create(new)
                self.changer.update(changed)
        except IntegrityError as error:
            raise Problem(
                "import-collision",
                _("Another import of “%(system)s” is running.") % {"system": self.mapping.system},
                where=self.path.name,
                hint=_("Wait for it, then run this one again: it goes on where it stopped."),
            ) from error

    def _sort_out(
        self, rows: list[Row], last_rows: dict[int, int]
    ) -> tuple[list[Record], list[tuple[Record, Known]]]:
        """Tell new, changed and unchanged records apart; count and reject."""
        self.report.read += len(rows)
        records = [record for row in rows if (record := self._read(row, last_rows)) is not None]
        numbers = [record.number for record in records]
        known = known_cases(self.mapping.system, numbers) if self.has_known else {}
        new = [record for record in records if record.number not in known]
        changed = [
            (record, known[record.number])
            for record in records
            if record.number in known and known[record.number].digest != record.digest
        ]
        self.report.unchanged += len(records) - len(new) - len(changed)
        touched = handled_here(case for _record, case in changed) if changed else set()
        if touched:
            changed = self._without_touched(changed, touched, dict(rows))
        self.report.created += len(new)
        self.report.updated += len(changed)
        return new, changed

    def _without_touched(
        self,
        changed: list[tuple[Record, Known]],
        touched: set[str],
        rows: dict[int, object],
    ) -> list[tuple[Record, Known]]:
        kept = []
        for record, case in changed:
            if case.subject in touched:
                error = RowRejectedError("handled-here", "", record.number)
                self._reject(record.row, rows[record.row], error)
            else:
                kept.append((record, case))
        return kept

    def _read(self, row: Row, last_rows: dict[int, int]) -> Record | None:
        number, cells = row
        try:
            if last_rows:
                said = self.reader.number(cells)
                if said and last_rows.get(hash(said), number) != number:
                    self.report.repeated += 1
                    self.tally.add("number-repeated", number, said)
                    return None
            return self.reader.read(number, cells)
        except RowRejectedError as error:
            self._reject(number, cells, error)
            return None

    def _reject(self, row: int, cells: object, error: RowRejectedError) -> None:
        self.report.rejected += 1
        texts = [as_text(cell) for cell in cells] if isinstance(cells, list | tuple) else []
        self.rejections.add(row, error, texts)

    def _record_run(self) -> None:
        """Leave a trace of the import itself: who, when, which file, how many."""
        said = self.report.as_dict()
        counts = ["read", "created", "updated", "unchanged", "rejected", "repeated", "notes"]
        counts += ["linked", "unlinked"] if self.mapping.duplicates is not None else []
        with transaction.atomic():
            record_entry(
                subject=f"import:{self.mapping.system}",
                act="import.done",
                actor=self.actor,
                data={"file": self.path.name, **{name: said[name] for name in counts}},
            )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from walking the rows of every chunk: they hold none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _taken_at(mapping: ImportMapping, now: datetime) -> datetime:
    """Return when the file was taken; nothing in it can be later."""
    if mapping.as_of is None:
        return now
    moment = mapping.as_of
    return (moment if moment.tzinfo else moment.replace(tzinfo=mapping.zone)).astimezone(UTC)


def _office(mapping: ImportMapping) -> tuple[Unit | None, str]:
    """Return the unit that runs the procedure, and the prefix of case numbers."""
    runs, prefix = None, ""
    for unit in Unit.objects.exclude(attributes={}).order_by("path"):
        said = unit.attributes.get("runs") or ([""] if unit.attributes.get("office") else [])
        keys = [said] if isinstance(said, str) else said
        if runs is None and (mapping.procedure in keys or "*" in keys or "" in keys):
            runs = unit
        prefix = unit.attributes.get("number_prefix") or prefix
    root = Unit.objects.filter(parent=None).order_by("path").first()
    return runs or root, mapping.number_prefix or prefix or DEFAULT_PREFIX


def _rejections_name(mapping: ImportMapping, now: datetime) -> str:
    return f"import-{mapping.system}-{now:%Y%m%d-%H%M%S}-rejected.csv"

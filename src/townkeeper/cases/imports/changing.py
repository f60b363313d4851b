"""Brings cases up to date with a newer file, and says in the journal what was different."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from townkeeper.cases.imports.bulk import json_value, update_rows
from townkeeper.cases.imports.records import Record
from townkeeper.cases.imports.writing import (
    ORIGIN,
    SAID,
    Act,
    Standing,
    Stored,
    Writer,
    case_values,
    ending,
    searched,
    standing_of,
    task_values,
)
from townkeeper.cases.models import Case, Evidence, Reporter, Task
from townkeeper.cases.search.index import COLUMNS, change_words, words_of
from townkeeper.journal.models import Chain, Entry

UPDATED: Final = [*SAID, "external_digest", "extra", "version", "updated_at"]
NOTICED: Final = ("case.relapse", "case.relapse-of", "case.alarm")
"""Acts of the background work that leave a case as it was."""
TASK_UPDATED: Final = [
    "step",
    "stage",
    "performer",
    "unit_id",
    "opened_at",
    "due_at",
    "is_given",
    "warn_at",
    "done_at",
    "outcome",
]


@dataclass(frozen=True, slots=True)
class Known:
    """A case that is there already under the same external number."""

    id: int
    number: str
    digest: str

    @property
    def subject(self) -> str:
        """Return the name of its chain."""
        return f"case:{self.number}"


def known_cases(system: str, numbers: Sequence[str]) -> dict[str, Known]:
    """Return the cases of a system by their external number."""
    rows = Case.objects.filter(external_system=system, external_number__in=numbers).values_list(
        "external_number", "id", "number", "external_digest"
    )
    return {external: Known(pk, number, digest) for external, pk, number, digest in rows}


def handled_here(known: Iterable[Known]) -> set[str]:
    """Return the subjects on which people have acted since they were imported.

    What the machine only noticed - what came back, a clock that rang - is no work of anybody.
    """
    subjects = [case.subject for case in known]
    return set(
        Entry.objects.filter(subject__in=subjects)
        .exclude(origin=ORIGIN)
        .exclude(act__in=NOTICED)
        .values_list("subject", flat=True)
    )


class Changer:
    """Writes changed records over the cases they were before."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def update(self, changed: Sequence[tuple[Record, Known]]) -> None:
        """Write the changes of one chunk, inside its transaction."""
        if not changed:
            return
        cases = Case.objects.in_bulk([known.id for _record, known in changed])
        heads = Chain.objects.in_bulk([known.subject for _record, known in changed])
        rows: dict[str, list[tuple[Any, ...]]] = {
            name: [] for name in ("cases", "tasks", "entries", "evidence", "reporters")
        }
        source = self.writer.source
        self.writer.touch()
        now = self.writer.stored_moment(source.imported_at)
        for record, known in changed:
            case, chain = cases[known.id], heads[known.subject]
            at = standing_of(record, self.writer.plan, source.mapping)
            times = self.writer.times(record, at)
            acts = self._acts(record, at, case)
            rows["cases"].append(
                (
                    *case_values(record, at, times),
                    record.digest,
                    json_value(record.extra),
                    case.version + 1,
                    self.writer.updated_at,
                    known.id,
                )
            )
            rows["tasks"].append((*task_values(at, times), known.id))
            before = words_of(*(getattr(case, name) for name in COLUMNS))
            change_words(known.id, before, searched(known.number, record))
            for act in acts:
                chain.length += 1
                stored = times.closed if act.ends else now
                row, chain.head = self.writer.entry_row(
                    known.subject, chain.length, bytes(chain.head), act, stored
                )
                rows["entries"].append(row)
            self.writer.belongings(known.id, record, times, rows)
        self._store(rows, [known.id for _record, known in changed])
        Chain.objects.bulk_update(heads.values(), ["length", "head"], batch_size=200)

    def _store(self, rows: dict[str, list[tuple[Any, ...]]], ids: Sequence[int]) -> None:
        update_rows(Case, UPDATED, rows["cases"], key="id")
        update_rows(Task, TASK_UPDATED, rows["tasks"], key="case_id")
        self.writer.entries.insert(rows["entries"])
        # What the file says of reporters and photos replaces what it said before.
        Reporter.objects.filter(case_id__in=ids).delete()
        Evidence.objects.filter(case_id__in=ids).exclude(link="").delete()
        self.writer.evidence.insert(rows["evidence"])
        self.writer.reporters.insert(rows["reporters"])

    def _acts(self, record: Record, at: Standing, case: Case) -> list[Act]:
        """Say what is different now; a case that has ended meanwhile ends at its own time."""
        source = self.writer.source
        changes = {
            name: [before, after]
            for name, before, after in zip(
                SAID,
                (_said(getattr(case, name)) for name in SAID),
                map(_said, case_values(record, at, _times(record, at))),
                strict=True,
            )
            if before != after
        }
        if case.extra != record.extra:
            changes["extra"] = [case.extra, record.extra]
        acts = [ending(record, at)] if record.closed_at and case.closed_at is None else []
        data = {"file": source.file, "row": record.row, "changes": changes}
        return [*acts, Act("case.import_updated", source.imported_at, data)]


def _times(record: Record, at: Standing) -> Stored:
    """Return the times as times, to be compared with those of the case."""
    return Stored(record.opened_at, record.due_at, at.warn_at, record.closed_at)


def _said(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value

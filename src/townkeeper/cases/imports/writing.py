"""Writes records as cases, tasks and journal entries, a chunk in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from townkeeper.cases.imports.bulk import BulkTable, json_value, moment_writer, take_ids
from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.plan import Plan
from townkeeper.cases.imports.records import Record
from townkeeper.cases.models import Case, Evidence, Origin, Reporter, Stage, Task
from townkeeper.cases.numbers import number_of, take_serials
from townkeeper.cases.search.index import copy_rows, words_of
from townkeeper.journal.actions import json_line
from townkeeper.journal.chain import ZERO, entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.procedures.model import Step

ORIGIN: Final = Origin.IMPORTED.value

SAID: Final = (
    "step",
    "stage",
    "category_id",
    "title",
    "text",
    "channel",
    "address",
    "lon",
    "lat",
    "area_id",
    "unit_id",
    "opened_at",
    "due_at",
    "warn_at",
    "closed_at",
    "outcome",
    "answer",
)
"""The columns of `case_values`, in its order: what a row of the file says of a case."""
CASE_FIELDS: Final = [
    "id",
    "number",
    "procedure_id",
    *SAID,
    "counts",
    "origin",
    "external_system",
    "external_number",
    "external_digest",
    "extra",
    "updated_at",
]
TASK_FIELDS: Final = [
    "case_id",
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
ENTRY_FIELDS: Final = ["subject", "seq", "time", "actor", "act", "origin", "data", "hash"]
CHAIN_FIELDS: Final = ["subject", "length", "head"]
EVIDENCE_FIELDS: Final = ["case_id", "kind", "link", "added_at", "actor"]
REPORTER_FIELDS: Final = ["case_id", "name", "phone", "is_anonymous"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the records come from: said in each journal entry."""

    file: str
    mapping: ImportMapping
    actor: str
    imported_at: datetime
    taken_at: datetime
    prefix: str


class Act(NamedTuple):
    """A journal entry to be."""

    act: str
    time: datetime
    data: Mapping[str, object]
    ends: bool = False


class Standing(NamedTuple):
    """Where a record stands in the procedure: what case and task say of it."""

    step: Step
    stage: str
    outcome: str
    task_step: Step
    task_unit_id: int | None
    task_outcome: str
    warn_at: datetime | None


def standing_of(record: Record, plan: Plan, mapping: ImportMapping) -> Standing:
    """Work out step, stage and task of a record."""
    unit_id = record.unit.id if record.unit else None
    if record.state == "open":
        step = plan.handling if record.unit else plan.waiting
        owner = unit_id if step is plan.handling else plan.office_id
        return Standing(step, step.stage, "", step, owner, "", _warn_at(record, step))
    if record.state == "closed":
        outcome = record.texts["outcome"] or mapping.outcome
        end, stage, task_outcome = plan.closed, Stage.CLOSED.value, plan.report
    else:
        outcome = "duplicate" if record.state == "duplicate" else "voided"
        end, stage, task_outcome = plan.voided, plan.voided.stage, "cancelled"
    return Standing(end, stage, outcome, plan.handling, unit_id, task_outcome, None)


def _warn_at(record: Record, step: Step) -> datetime | None:
    if record.due_at is None or not step.warn:
        return None
    span = record.due_at - record.opened_at
    return record.opened_at + timedelta(seconds=round(span.total_seconds() * step.warn))


class Stored(NamedTuple):
    """The times of a record as the database's driver takes them: used in several rows."""

    opened: object
    due: object
    warn: object
    closed: object


class Writer:
    """Writes new records and changed ones; every call is part of the caller's transaction."""

    def __init__(self, source: Source, plan: Plan) -> None:
        self.source, self.plan = source, plan
        self.stored_moment = moment_writer()
        self.updated_at = self.stored_moment(source.imported_at)
        self._origin_data = {
            "system": source.mapping.system,
            "file": source.file,
            "taken_at": source.taken_at.isoformat(),
            "imported_at": source.imported_at.isoformat(),
        }
        self.cases = BulkTable(Case, CASE_FIELDS)
        self.tasks = BulkTable(Task, TASK_FIELDS)
        self.entries = BulkTable(Entry, ENTRY_FIELDS)
        self.chains = BulkTable(Chain, CHAIN_FIELDS)
        self.evidence = BulkTable(Evidence, EVIDENCE_FIELDS)
        self.reporters = BulkTable(Reporter, REPORTER_FIELDS)

    def create(self, records: Sequence[Record]) -> None:
        """Write new cases with everything that belongs to them."""
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.touch()
        ids = take_ids(Case, len(records))
        for pk, number, record in zip(ids, self._numbers(records), records, strict=True):
            at = standing_of(record, self.plan, self.source.mapping)
            times = self.times(record, at)
            rows["cases"].append(self._case_row(pk, number, case_values(record, at, times), record))
            rows["tasks"].append((pk, *task_values(at, times)))
            rows["words"].append((pk, searched(number, record)))
            self._journal(f"case:{number}", self._acts(record, at), times, rows)
            self.belongings(pk, record, times, rows)
        self.cases.insert(rows["cases"])
        self.tasks.insert(rows["tasks"])
        self.entries.insert(rows["entries"])
        self.chains.insert(rows["chains"])
        self.evidence.insert(rows["evidence"])
        self.reporters.insert(rows["reporters"])
        copy_rows(rows["words"])

    def touch(self) -> None:
        """Stamp what follows: extracts read from the last stamp on, so each chunk has its own."""
        self.updated_at = self.stored_moment(timezone.now())

    def times(self, record: Record, at: Standing) -> Stored:
        """Return the record's times as they are stored."""
        stored, due, closed = self.stored_moment, record.due_at, record.closed_at
        return Stored(
            stored(record.opened_at),
            stored(due) if due else None,
            stored(at.warn_at) if at.warn_at else None,
            stored(closed) if closed else None,
        )

    def _numbers(self, records: Sequence[Record]) -> list[str]:
        """Give numbers by the day of opening, a block of serials for each day."""
        zone, prefix = self.source.mapping.zone, self.source.prefix
        days = [record.opened_at.astimezone(zone).date() for record in records]
        counts: dict[date, int] = {}
        for day in days:
            counts[day] = counts.get(day, 0) + 1
        # In one order everywhere, so that two imports never wait for each other in a circle.
        serials = {
            day: iter(take_serials(f"{prefix}{day:%Y%m%d}", counts[day])) for day in sorted(counts)
        }
        return [number_of(prefix, day, next(serials[day])) for day in days]

    def _case_row(
        self, pk: int, number: str, values: tuple[Any, ...], record: Record
    ) -> tuple[Any, ...]:
        return (
            pk,
            number,
            self.plan.procedure_id,
            *values,
            "{}",
            ORIGIN,
            self.source.mapping.system,
            record.number,
            record.digest,
            json_value(record.extra),
            self.updated_at,
        )

    def _acts(self, record: Record, at: Standing) -> list[Act]:
        """Tell the case's history as far as the file knows it, at its own times."""
        due = record.due_at.isoformat() if record.due_at else None
        acts = [Act("case.opened", record.opened_at, self._opened_data(record, at, due))]
        if record.unit is not None:
            task = {
                "step": self.plan.handling.name,
                "unit": record.unit.code,
                "part": "lead",
                "due": due,
            }
            data = {
                "action": "dispatch",
                "to": self.plan.handling.name,
                "by": "register" if record.by_register else "file",
                "tasks": [task],
            }
            acts.append(Act("case.dispatch", record.opened_at, data))
        if record.closed_at is not None:
            acts.append(ending(record, at))
        return acts

    def _opened_data(self, record: Record, at: Standing, due: str | None) -> dict[str, object]:
        return {
            "procedure": self.plan.name,
            "step": at.task_step.name,
            "title": record.texts["title"],
            "channel": record.texts["channel"],
            "category": record.category.key if record.category else None,
            "area": record.area.code if record.area else None,
            "unit": record.unit.code if record.unit else None,
            "due": due,
            "import": {**self._origin_data, "number": record.number, "row": record.row},
        }

    def _journal(
        self,
        subject: str,
        acts: Sequence[Act],
        times: Stored,
        rows: dict[str, list[tuple[Any, ...]]],
    ) -> None:
        head = ZERO
        for seq, act in enumerate(acts, 1):
            stored = times.closed if act.ends else times.opened
            row, head = self.entry_row(subject, seq, head, act, stored)
            rows["entries"].append(row)
        rows["chains"].append((subject, len(acts), head))

    def entry_row(
        self, subject: str, seq: int, head: bytes, act: Act, stored: object
    ) -> tuple[tuple[Any, ...], bytes]:
        """Return the row of an entry that follows `head`, and its hash; `stored` is its time."""
        data = json_line(act.data)
        digest = entry_hash(
            head,
            subject=subject,
            seq=seq,
            time=act.time,
            actor=self.source.actor,
            act=act.act,
            origin=ORIGIN,
            data=data,
        )
        return (subject, seq, stored, self.source.actor, act.act, ORIGIN, data, digest), digest

    def belongings(
        self,
        pk: int,
        record: Record,
        times: Stored,
        rows: dict[str, list[tuple[Any, ...]]],
    ) -> None:
        """Add the rows of the reporter and of photos that the file links to."""
        said, actor = record.texts.get, self.source.actor
        name, phone = said("reporter_name", ""), said("reporter_phone", "")
        if name or phone:
            rows["reporters"].append((pk, name, phone, False))
        if link := said("before_photo"):
            rows["evidence"].append((pk, "before-photo", link, times.opened, actor))
        if link := said("after_photo"):
            at = times.closed or times.opened
            rows["evidence"].append((pk, "after-photo", link, at, actor))


def case_values(record: Record, at: Standing, times: Stored) -> tuple[Any, ...]:
    """Return the case's columns from `step` to `answer`."""
    texts = record.texts
    return (
        at.step.name,
        at.stage,
        record.category.id if record.category else None,
        texts["title"],
        texts["text"],
        texts["channel"],
        texts["address"],
        record.lon,
        record.lat,
        record.area.id if record.area else None,
        record.unit.id if record.unit else None,
        times.opened,
        times.due,
        times.warn,
        times.closed,
        at.outcome,
        texts["answer"],
    )


def searched(number: str, record: Record) -> str:
    """Return the words under which search finds the case of a record."""
    texts = record.texts
    return words_of(number, record.number, texts["title"], texts["address"], texts["text"])


def task_values(at: Standing, times: Stored) -> tuple[Any, ...]:
    """Return the columns, after the case, of the one task that the file tells of."""
    return (
        at.task_step.name,
        at.task_step.stage,
        at.task_step.performer,
        at.task_unit_id,
        times.opened,
        times.due,
        times.due is not None,
        times.warn,
        times.closed,
        at.task_outcome,
    )


def ending(record: Record, at: Standing) -> Act:
    """Return the act that ended a case."""
    data = {"to": at.step.name, "outcome": at.outcome, "answer": record.texts["answer"]}
    act = "case.closed" if record.state == "closed" else "case.void"
    said = {key: value for key, value in data.items() if value}
    return Act(act, record.closed_at or record.opened_at, said, ends=True)

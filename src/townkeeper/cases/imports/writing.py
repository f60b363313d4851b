"""Writes records as cases, tasks and journal entries, a chunk in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from townkeeper.cases.imports.bulk import BulkTable, json_value, moment_value, take_ids
from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.plan import Plan
from townkeeper.cases.imports.records import Record
from townkeeper.cases.models import Case, Evidence, Origin, Reporter, Stage, Task
from townkeeper.cases.numbers import number_of, take_serials
from townkeeper.journal.actions import json_line
from townkeeper.journal.chain import ZERO, entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.procedures.model import Step

ORIGIN: Final = Origin.IMPORTED.value

CASE_FIELDS: Final = [
    "id",
    "number",
    "procedure_id",
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


@dataclass(frozen=True, slots=True)
class Act:
    """A journal entry to be."""

    act: str
    time: datetime
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record stands in the procedure: what case and task say of it."""

    step: Step
    stage: str
    outcome: str
    task_step: Step
    task_unit_id: int | None
    task_unit: str | None
    done_at: datetime | None
    task_outcome: str
    warn_at: datetime | None


def standing_of(record: Record, plan: Plan, mapping: ImportMapping) -> Standing:
    """Work out step, stage and task of a record."""
    unit_id = record.unit.id if record.unit else None
    unit = record.unit.code if record.unit else None
    if record.state == "open":
        step = plan.handling if record.unit else plan.waiting
        owner = (unit_id, unit) if step is plan.handling else (plan.office_id, plan.office)
        warn_at = _warn_at(record, step)
        return Standing(step, step.stage, "", step, *owner, None, "", warn_at)
    if record.state == "closed":
        outcome = record.texts["outcome"] or mapping.outcome
        end, stage, task_outcome = plan.closed, Stage.CLOSED.value, plan.report
    else:
        outcome = "duplicate" if record.state == "duplicate" else "voided"
        end, stage, task_outcome = plan.voided, plan.voided.stage, "cancelled"
    return Standing(
        end, stage, outcome, plan.handling, unit_id, unit, record.closed_at, task_outcome, None
    )


def _warn_at(record: Record, step: Step) -> datetime | None:
    if record.due_at is None or not step.warn:
        return None
    span = record.due_at - record.opened_at
    return record.opened_at + timedelta(seconds=round(span.total_seconds() * step.warn))


class Writer:
    """Writes new records and changed ones; every call is part of the caller's transaction."""

    def __init__(self, source: Source, plan: Plan) -> None:
        self.source, self.plan = source, plan
        self.cases = BulkTable(Case, CASE_FIELDS)
        self.tasks = BulkTable(Task, TASK_FIELDS)
        self.entries = BulkTable(Entry, ENTRY_FIELDS)
        self.chains = BulkTable(Chain, CHAIN_FIELDS)
        self.evidence = BulkTable(Evidence, EVIDENCE_FIELDS)
        self.reporters = BulkTable(Reporter, REPORTER_FIELDS)

    def create(self, records: Sequence[Record]) -> None:
        """Write new cases with everything that belongs to them."""
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        ids = take_ids(Case, len(records))
        for pk, number, record in zip(ids, self._numbers(records), records, strict=True):
            at = standing_of(record, self.plan, self.source.mapping)
            rows["cases"].append(self._case_row(pk, number, record, at))
            rows["tasks"].append(task_row(pk, record, at))
            self._journal(f"case:{number}", self._acts(record, at), rows)
            self.belongings(pk, record, rows)
        self.cases.insert(rows["cases"])
        self.tasks.insert(rows["tasks"])
        self.entries.insert(rows["entries"])
        self.chains.insert(rows["chains"])
        self.evidence.insert(rows["evidence"])
        self.reporters.insert(rows["reporters"])

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

    def _case_row(self, pk: int, number: str, record: Record, at: Standing) -> tuple[Any, ...]:
        return (
            pk,
            number,
            self.plan.procedure_id,
            *case_values(record, at),
            "{}",
            ORIGIN,
            self.source.mapping.system,
            record.number,
            record.digest,
            json_value(record.extra),
            moment_value(self.source.imported_at),
        )

    def _acts(self, record: Record, at: Standing) -> list[Act]:
        """Tell the case's history as far as the file knows it, at its own times."""
        acts = [Act("case.opened", record.opened_at, self._opened_data(record, at))]
        if record.unit is not None:
            task = {
                "step": self.plan.handling.name,
                "unit": record.unit.code,
                "part": "lead",
                "due": _iso(record.due_at),
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

    def _opened_data(self, record: Record, at: Standing) -> dict[str, object]:
        return {
            "procedure": self.plan.name,
            "step": at.task_step.name,
            "title": record.texts["title"],
            "channel": record.texts["channel"],
            "category": record.category.key if record.category else None,
            "area": record.area.code if record.area else None,
            "unit": record.unit.code if record.unit else None,
            "due": _iso(record.due_at),
            "import": {
                "system": self.source.mapping.system,
                "number": record.number,
                "file": self.source.file,
                "row": record.row,
                "taken_at": _iso(self.source.taken_at),
                "imported_at": _iso(self.source.imported_at),
            },
        }

    def _journal(
        self, subject: str, acts: Sequence[Act], rows: dict[str, list[tuple[Any, ...]]]
    ) -> None:
        head = ZERO
        for seq, act in enumerate(acts, 1):
            row, head = self.entry_row(subject, seq, head, act)
            rows["entries"].append(row)
        rows["chains"].append((subject, len(acts), head))

    def entry_row(
        self, subject: str, seq: int, head: bytes, act: Act
    ) -> tuple[tuple[Any, ...], bytes]:
        """Return the row of an entry that follows `head`, and its hash."""
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
        time = moment_value(act.time)
        return (subject, seq, time, self.source.actor, act.act, ORIGIN, data, digest), digest

    def belongings(self, pk: int, record: Record, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        texts = record.texts
        if texts["reporter_name"] or texts["reporter_phone"]:
            rows["reporters"].append((pk, texts["reporter_name"], texts["reporter_phone"], False))
        actor = self.source.actor
        if texts["before_photo"]:
            at = moment_value(record.opened_at)
            rows["evidence"].append((pk, "before-photo", texts["before_photo"], at, actor))
        if texts["after_photo"]:
            at = moment_value(record.closed_at or record.opened_at)
            rows["evidence"].append((pk, "after-photo", texts["after_photo"], at, actor))


def case_values(record: Record, at: Standing) -> tuple[Any, ...]:
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
        moment_value(record.opened_at),
        moment_value(record.due_at),
        moment_value(at.warn_at),
        moment_value(record.closed_at),
        at.outcome,
        texts["answer"],
    )


def task_row(pk: int, record: Record, at: Standing) -> tuple[Any, ...]:
    """Return the row of the one task that the file tells of."""
    return (
        pk,
        at.task_step.name,
        at.task_step.stage,
        at.task_step.performer,
        at.task_unit_id,
        moment_value(record.opened_at),
        moment_value(record.due_at),
        record.due_at is not None,
        moment_value(at.warn_at),
        moment_value(at.done_at),
        at.task_outcome,
    )


def ending(record: Record, at: Standing) -> Act:
    """Return the act that ended a case."""
    data = {"to": at.step.name, "outcome": at.outcome, "answer": record.texts["answer"]}
    act = "case.closed" if record.state == "closed" else "case.void"
    said = {key: value for key, value in data.items() if value}
    return Act(act, record.closed_at or record.opened_at, said)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

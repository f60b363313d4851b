"""What analytics may see of cases: no names, no telephone numbers, no texts of reports.

Procedures name their steps and actions as they like; here they become the few words that metrics
know. What became of a task follows from where its last action led (`result`), and which unit a
counted event belongs to from whose work it was about.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Min, OuterRef, Q, Subquery

from townkeeper.analytics.tables import Extract, Instant, Row, instant, register_extract
from townkeeper.cases.models import Ask, Case, Pause, ProcedureVersion, Stage, Task
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.procedures.transition import CANCELLED
from townkeeper.units.models import Unit

CHUNK = 5_000
BEFORE_HANDLING = (Stage.INTAKE, Stage.FILING)
PASSED_ON = (Stage.INTAKE, Stage.FILING, Stage.DISPATCH, Stage.DISPUTE, Stage.HANDLING)
"""Where a handling task leads when the work goes back or to somebody else."""


class Meaning(NamedTuple):
    """What an action of a step means for metrics."""

    result: str
    counts: str
    extends: bool


@dataclass
class Meanings:
    """The meanings of all actions of all procedure versions, read once for an extract."""

    by_version: dict[int, Mapping[tuple[str, str], Meaning]] = field(default_factory=dict)

    def of(self, version: int, step: str, action: str) -> Meaning | None:
        """Return the meaning; None for words that the procedure does not know (imports)."""
        known = self.by_version.get(version)
        if known is None:
            row = ProcedureVersion.objects.get(pk=version)
            known = self.by_version[version] = meanings(parse(row.definition))
        return known.get((step, action))


def meanings(procedure: Procedure) -> dict[tuple[str, str], Meaning]:
    """Return (step, action) → what it means."""
    found = {}
    for step in procedure.steps.values():
        for action in step.actions.values():
            target = procedure.steps[action.to].stage if action.to else ""
            result = "handled"
            if target in PASSED_ON:
                result = "passed-on"
            elif target == Stage.VOIDED:
                result = "voided"
            found[step.name, action.name] = Meaning(
                result, action.counts or "", action.extends is not None
            )
    return found


def result_of(outcome: str, meaning: Meaning | None) -> str:
    """Return what became of a done task: handled, passed-on, cancelled or voided."""
    if outcome == CANCELLED:
        return "cancelled"
    return meaning.result if meaning else "handled"


def case_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the cases; `filed_at` is when a case first went beyond acceptance."""
    filed = (
        Task.objects.filter(case=OuterRef("pk"))
        .exclude(stage__in=BEFORE_HANDLING)
        .order_by()
        .values("case")
        .annotate(first=Min("opened_at"))
        .values("first")
    )
    cases = Case.objects.filter(_touched(since, "")).annotate(filed=Subquery(filed))
    yield from (
        cases.order_by("opened_at", "id")
        .values_list(
            "id", "number", "unit_id", "area_id", "category__key", "stage", "channel", "origin",
            instant("opened_at"), instant("filed"), instant("closed_at"), "outcome",
        )
        .iterator(CHUNK)
    )  # fmt: skip


def task_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the tasks with what became of them and when a check sent the work back."""
    for tasks in _by_case(since):
        sent_back = {
            task.pk: event.done_at
            for task, event, kind in _attributed(tasks)
            if kind == "rework" and task is not None
        }
        for task in tasks:
            yield (
                task.case_id,
                task.opened,
                task.pk,
                task.unit_id,
                task.stage,
                task.part,
                task.opened_at,
                task.due_at,
                task.done_at,
                task.result if task.done_at else None,
                sent_back.get(task.pk),
            )


def event_rows(since: datetime | None) -> Iterator[Row]:
    """Yield what is counted: evasion, rework and whatever else procedures count."""
    counted = Task.objects.filter(outcome__in=counting_actions())
    for tasks in _by_case(since, Q(case__in=counted.values("case"))):
        for about, event, kind in _attributed(tasks):
            unit = about.unit_id if about else event.unit_id
            yield (event.case_id, event.opened, kind, unit, event.done_at)


def counting_actions() -> set[str]:
    """Return the names of all actions that count something, in any version of any procedure."""
    return {
        action
        for row in ProcedureVersion.objects.all()
        for (_step, action), meaning in meanings(parse(row.definition)).items()
        if meaning.counts
    }


def extension_rows(since: datetime | None) -> Iterator[Row]:
    """Yield granted extensions with the unit whose clock was extended."""
    known = Meanings()
    asks = (
        Ask.objects.filter(_touched(since, "case__"), is_accepted=True)
        .order_by("case__opened_at", "case_id", "id")
        .select_related("case", "task")
    )
    for ask in asks.iterator(CHUNK):
        if ask.task is None:
            continue
        meaning = known.of(ask.case.procedure_id, ask.task.step, ask.action)
        if meaning is not None and meaning.extends:
            yield (ask.case_id, ask.case.opened_at, ask.task.unit_id, ask.decided_at)


def stop_rows(since: datetime | None) -> Iterator[Row]:
    """Yield lawful stops of clocks."""
    yield from (
        Pause.objects.filter(_touched(since, "task__case__"))
        .order_by("task__case__opened_at", "task__case_id", "id")
        .values_list(
            "task__case_id", instant("task__case__opened_at"), "task_id",
            instant("since"), instant("until"),
        )
        .iterator(CHUNK)
    )  # fmt: skip


def unit_rows(_since: datetime | None) -> Iterable[Row]:
    """Yield the units; the table is small and replaced as a whole."""
    columns = ("id", "code", "name", "kind", "path")
    return Unit.objects.order_by("pk").values_list(*columns).iterator(CHUNK)


def changed_cases(since: datetime) -> Iterable[int]:
    """Yield the ids of cases that were written at or after `since`."""
    return Case.objects.filter(_touched(since, "")).values_list("id", flat=True).iterator(CHUNK)


def _touched(since: datetime | None, prefix: str) -> Q:
    return Q() if since is None else Q(**{f"{prefix}updated_at__gte": since})


@dataclass(slots=True)
class _Task:
    """A task as it passes through; `result` and `counts` are its outcome in metrics' words."""

    pk: int
    case_id: int
    opened: Instant
    unit_id: int | None
    stage: str
    part: str
    opened_at: Instant
    due_at: Instant | None
    done_at: Instant | None
    result: str
    counts: str


def _by_case(since: datetime | None, only: Q | None = None) -> Iterator[list[_Task]]:
    """Yield the tasks of each changed case in the order in which they were opened."""
    known = Meanings()
    rows = (
        Task.objects.filter(_touched(since, "case__"), only or Q())
        .order_by("case__opened_at", "case_id", "id")
        .values_list(
            "pk", "case_id", instant("case__opened_at"), "unit_id", "stage", "part",
            instant("opened_at"), instant("due_at"), instant("done_at"),
            "case__procedure_id", "step", "outcome",
        )
        .iterator(CHUNK)
    )  # fmt: skip
    tasks = (_task(row, known) for row in rows)
    for _case, group in groupby(tasks, key=attrgetter("case_id")):
        yield list(group)


def _task(row: tuple[object, ...], known: Meanings) -> _Task:
    *plain, version, step, outcome = row
    meaning = known.of(version, step, outcome) if outcome else None  # type: ignore[arg-type]
    result = result_of(str(outcome), meaning)
    return _Task(*plain, result, meaning.counts if meaning else "")  # type: ignore[arg-type, call-arg]


def _attributed(tasks: list[_Task]) -> Iterator[tuple[_Task | None, _Task, str]]:
    """Yield (whose work it was about, the task that counted, what it counted).

    A handler's own act (refusing a task) is about that task. What another decides about the work
    (a check that fails) is about the last handling by the lead that had ended before.
    """
    for event in tasks:
        if not event.counts or event.done_at is None:
            continue
        if event.stage == Stage.HANDLING:
            yield event, event, event.counts
            continue
        ended = [
            task
            for task in tasks
            if task.stage == Stage.HANDLING
            and task.part == "lead"
            and task.result == "handled"
            and task.done_at is not None
            and str(task.done_at) <= str(event.done_at)
        ]
        last = max(ended, key=lambda task: (str(task.done_at), task.pk), default=None)
        yield last, event, event.counts


register_extract(
    Extract(
        "cases",
        {
            "case_id": "id", "number": "text", "unit_id": "id", "area_id": "id",
            "category": "text", "stage": "text", "channel": "text", "origin": "text",
            "case_opened": "time", "filed_at": "time", "closed_at": "time", "outcome": "text",
        },
        case_rows,
        partition="case_opened",
        changed=changed_cases,
        count=Case.objects.count,
    )
)  # fmt: skip
register_extract(
    Extract(
        "tasks",
        {
            "case_id": "id", "case_opened": "time", "task_id": "id", "unit_id": "id",
            "stage": "text", "part": "text", "opened_at": "time", "due_at": "time",
            "done_at": "time", "result": "text", "sent_back_at": "time",
        },
        task_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)  # fmt: skip
register_extract(
    Extract(
        "events",
        {
            "case_id": "id", "case_opened": "time", "kind": "text", "unit_id": "id",
            "happened_at": "time",
        },
        event_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)  # fmt: skip
register_extract(
    Extract(
        "extensions",
        {"case_id": "id", "case_opened": "time", "unit_id": "id", "granted_at": "time"},
        extension_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)
register_extract(
    Extract(
        "stops",
        {
            "case_id": "id", "case_opened": "time", "task_id": "id", "stopped_at": "time",
            "resumed_at": "time",
        },
        stop_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)  # fmt: skip
register_extract(
    Extract(
        "units",
        {"unit_id": "id", "code": "text", "name": "text", "kind": "text", "path": "text"},
        unit_rows,
    )
)

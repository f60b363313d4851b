"""What analytics may see of cases: no names, no telephone numbers, no texts of reports.

Procedures name their steps and actions as they like; here they become the few words that metrics
know. What became of a task follows from where its last action led (`result`), and which unit a
counted event belongs to from whose work it was about.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from townkeeper.analytics.tables import Extract, Instant, Row, instant, register_extract
from townkeeper.cases.models import (
    Ask,
    Case,
    Handover,
    Judgement,
    Merge,
    Pause,
    ProcedureVersion,
    Stage,
    Task,
)
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.procedures.transition import CANCELLED, effect_of
from townkeeper.units.models import Unit

CHUNK = 5_000
DISPUTE = "dispute"
BEFORE_HANDLING = (Stage.INTAKE, Stage.FILING)
PASSED_ON = (
    Stage.INTAKE, Stage.FILING, Stage.DISPATCH, Stage.DISPUTE, Stage.HANDLING, Stage.SHELVED,
)  # fmt: skip
"""Where a handling task leads when the work goes back, to somebody else, or waits for better days.

In time it leaves the unit's figures; after the due time it stays overdue there, whoever is right.
"""


class Meaning(NamedTuple):
    """What an action of a step means for metrics."""

    result: str
    counts: str
    extends: bool
    counted: str = ""
    """When an ask counts: `asked` (a dispute) or `granted`; empty for what is no ask."""
    effect: str = ""


@dataclass
class Meanings:
    """The meanings of all actions of all procedure versions, read once for an extract."""

    by_version: dict[int, Mapping[tuple[str, str], Meaning]] = field(default_factory=dict)

    def of(self, version: int, step: str, action: str) -> Meaning | None:
        """Return the meaning; None for words that the procedure does not know (imports)."""
        return self._all(version).get((step, action))

    def of_ask(self, version: int, action: str) -> Meaning | None:
        """Return the meaning of something asked for, in whichever step that is."""
        found = self._all(version).items()
        return next((m for (_step, name), m in found if name == action and m.counted), None)

    def _all(self, version: int) -> Mapping[tuple[str, str], Meaning]:
        known = self.by_version.get(version)
        if known is None:
            row = ProcedureVersion.objects.get(pk=version)
            known = self.by_version[version] = meanings(parse(row.definition))
        return known


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
            counted = ""
            if action.ask is not None:
                counted = "asked" if action.effect == DISPUTE else "granted"
            found[step.name, action.name] = Meaning(
                result,
                action.counts or "",
                action.extends is not None,
                counted,
                effect_of(action) or "",
            )
    return found


def result_of(outcome: str, meaning: Meaning | None) -> str:
    """Return what became of a done task: handled, passed-on, cancelled or voided."""
    if outcome in {CANCELLED, "merged"}:
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
    said = ExpressionWrapper(~Q(answer=""), output_field=BooleanField())
    cases = Case.objects.filter(_touched(since, "")).annotate(filed=Subquery(filed), said=said)
    yield from (
        cases.order_by("opened_at", "id")
        .values_list(
            "id", "number", "unit_id", "area_id", "category__key", "stage", "channel", "origin",
            instant("opened_at"), instant("filed"), instant("closed_at"), "outcome",
            instant("promise_due_at"), "said",
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
    actions = counting_actions()
    counted = Task.objects.filter(outcome__in=actions)
    asks = Ask.objects.filter(action__in=actions)
    asked = _asked(asks.filter(_touched(since, "case__")))
    only = Q(case__in=counted.values("case")) | Q(case__in=asks.values("case"))
    for tasks in _by_case(since, only):
        for about, event, kind in _attributed(tasks):
            unit = about.unit_id if about else event.unit_id
            yield (event.case_id, event.opened, kind, unit, event.done_at)
        case, opened = tasks[0].case_id, tasks[0].opened
        for kind, unit, moment in asked.get(case, ()):
            last = _handled_before(tasks, moment) if unit is None else None
            yield (case, opened, kind, last.unit_id if last else unit, moment)


def _asked(asks: QuerySet[Ask]) -> dict[int, list[tuple[str, int | None, Instant]]]:
    """Return by case what its asks counted: a dispute when raised, others when granted.

    An ask without a unit (the reporter's wish to reopen) is about the last handling before it.
    """
    known, found = Meanings(), defaultdict(list)
    rows = asks.order_by("case_id", "id").values_list(
        "case_id", "case__procedure_id", "action", "unit_id", "is_accepted",
        instant("asked_at"), instant("decided_at"),
    )  # fmt: skip
    for case, version, action, unit, accepted, asked_at, decided_at in rows:
        meaning = known.of_ask(version, action)
        if meaning is not None and meaning.counts and (accepted or meaning.counted == "asked"):
            moment = asked_at if meaning.counted == "asked" else decided_at
            found[case].append((meaning.counts, unit, moment))
    return found


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
    carried = _carried()
    for ask in asks.iterator(CHUNK):
        if ask.task is None:
            continue
        meaning = known.of(ask.case.procedure_id, ask.task.step, ask.action)
        if meaning is not None and meaning.extends:
            unit = _unit_at(carried.get(ask.task.pk, ()), ask.decided_at) or ask.task.unit_id
            yield (ask.case_id, ask.case.opened_at, unit, ask.decided_at)


def _carried() -> dict[int, list[tuple[datetime, int]]]:
    """Return task → (when, from whom) of every task that a change of units carried over."""
    found: dict[int, list[tuple[datetime, int]]] = {}
    rows = Handover.objects.filter(task__isnull=False).order_by("at", "pk")
    for task, at, former in rows.values_list("task_id", "at", "former_id"):
        found.setdefault(task or 0, []).append((at, former))
    return found


def _unit_at(carried: Iterable[tuple[datetime, int]], moment: datetime | None) -> int | None:
    """Return who had a task at a moment, if somebody else has had it since."""
    return next((former for at, former in carried if moment and at > moment), None)


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


def ask_rows(since: datetime | None) -> Iterator[Row]:
    """Yield what was asked for: what sort of ask, for which unit, and what was decided when.

    `result` is `accepted`, `rejected`, or `left` where the case moved on before anybody decided.
    """
    known = Meanings()
    rows = (
        Ask.objects.filter(_touched(since, "case__"))
        .order_by("case__opened_at", "case_id", "id")
        .values_list(
            "case_id", instant("case__opened_at"), "task_id", "unit_id", "task__unit_id",
            instant("asked_at"), instant("due_at"), instant("decided_at"),
            "is_accepted", "effect", "action", "case__procedure_id",
        )
        .iterator(CHUNK)
    )  # fmt: skip
    for *row, asked_at, due_at, decided_at, accepted, effect, action, version in rows:
        case, opened, task, unit, of_task = row
        meaning = None if effect else known.of_ask(version, action)
        result = None if decided_at is None else "left"
        if accepted is not None:
            result = "accepted" if accepted else "rejected"
        kind = effect or (meaning.effect if meaning else "")
        yield case, opened, kind, task, unit or of_task, asked_at, due_at, decided_at, result


def judgement_rows(since: datetime | None) -> Iterator[Row]:
    """Yield what reporters said of answers; `about_id` is the case whose answer it was.

    For a merged case that is its main case: a reporter is answered whichever report came first.
    """
    yield from (
        Judgement.objects.filter(_touched(since, "case__") | _touched(since, "case__main__"))
        .order_by("case__opened_at", "case_id", "id")
        .values_list(
            "case_id", instant("case__opened_at"), Coalesce("case__main_id", "case_id"),
            instant("at"), "verdict",
        )
        .iterator(CHUNK)
    )  # fmt: skip


def merge_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the merges of duplicates, those taken back too."""
    yield from (
        Merge.objects.filter(_touched(since, "case__"))
        .order_by("case__opened_at", "case_id", "id")
        .values_list(
            "case_id", instant("case__opened_at"), instant("at"), instant("undone_at"),
        )
        .iterator(CHUNK)
    )  # fmt: skip


def handover_rows(since: datetime | None) -> Iterator[Row]:
    """Yield what changes of units carried from one unit to another, and when."""
    yield from (
        Handover.objects.filter(_touched(since, "case__"))
        .order_by("case__opened_at", "case_id", "id")
        .values_list(
            "case_id", instant("case__opened_at"), "task_id", "what", "former_id", instant("at"),
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


def changed_judged(since: datetime) -> Iterable[int]:
    """Yield the same with the cases merged into them, whose reporters judge the main's answer."""
    touched = _touched(since, "") | _touched(since, "main__")
    return Case.objects.filter(touched).values_list("id", flat=True).iterator(CHUNK)


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
    # what an ask counts is told by the ask itself
    counts = meaning.counts if meaning and not meaning.counted else ""
    return _Task(*plain, result, counts)  # type: ignore[arg-type, call-arg]


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
        yield _handled_before(tasks, event.done_at), event, event.counts


def _handled_before(tasks: list[_Task], moment: Instant) -> _Task | None:
    """Return the last handling by the lead that had ended by then."""
    ended = [
        task
        for task in tasks
        if task.stage == Stage.HANDLING
        and task.part == "lead"
        and task.result == "handled"
        and task.done_at is not None
        and str(task.done_at) <= str(moment)
    ]
    return max(ended, key=lambda task: (str(task.done_at), task.pk), default=None)


register_extract(
    Extract(
        "cases",
        {
            "case_id": "id", "number": "text", "unit_id": "id", "area_id": "id",
            "category": "text", "stage": "text", "channel": "text", "origin": "text",
            "case_opened": "time", "filed_at": "time", "closed_at": "time", "outcome": "text",
            "promise_due_at": "time", "is_answered": "flag",
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
        "asks",
        {
            "case_id": "id", "case_opened": "time", "effect": "text", "task_id": "id",
            "unit_id": "id", "asked_at": "time", "due_at": "time", "decided_at": "time",
            "result": "text",
        },
        ask_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)  # fmt: skip
register_extract(
    Extract(
        "judgements",
        {
            "case_id": "id", "case_opened": "time", "about_id": "id", "judged_at": "time",
            "verdict": "text",
        },
        judgement_rows,
        partition="case_opened",
        changed=changed_judged,
    )
)  # fmt: skip
register_extract(
    Extract(
        "merges",
        {"case_id": "id", "case_opened": "time", "merged_at": "time", "undone_at": "time"},
        merge_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)
register_extract(
    Extract(
        "handovers",
        {
            "case_id": "id", "case_opened": "time", "task_id": "id", "what": "text",
            "former_id": "id", "at": "time",
        },
        handover_rows,
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

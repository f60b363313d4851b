"""Cases as rows of a list: title, place, unit, state and clock, with a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Min, Q

from townkeeper.cases.ladder import rungs_of
from townkeeper.cases.models import (
    Ask,
    Case,
    CaseQuerySet,
    Evidence,
    ProcedureVersion,
    Stage,
    Task,
)
from townkeeper.kit.names import say
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.web.counting import Counting, counting_for, counting_of
from townkeeper.web.registers import registers
from townkeeper.web.wording import Clock


@dataclass(frozen=True, slots=True)
class Row:
    """One case as lists show it."""

    case: Case
    state_title: str
    limit: Clock
    photo: int | None
    """Its first picture."""
    assists: bool = False
    """The row is an assisting unit's task, under its own clock."""
    asks: Sequence[str] = ()
    """What waits for a decision, by its effect."""
    acts: Any = None
    """What can be done with it (`rowacts.RowActs`), where a list offers that."""


class TaskPart(NamedTuple):
    """What a row needs of a task; whole ones cost a list more than its cases do."""

    pk: int
    case_id: int
    stage: str
    part: str
    due_at: datetime | None
    opened_at: datetime
    warn_at: datetime | None
    done_at: datetime | None
    step: str
    rung: int
    """How many rungs of its ladder have rung."""
    is_paused: bool
    rule: Counting | None

    @property
    def clock(self) -> Clock:
        """Return the clock of the task."""
        return Clock(
            self.due_at, self.opened_at, self.warn_at, self.done_at, self.is_paused, self.rule
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """A case with what else its row shows.

    Tasks are the running ones and those that handled the case, in their order.
    """

    case: Case
    tasks: Sequence[TaskPart]
    photo: int | None
    asks: Sequence[str] = ()
    """What waits for a decision, by its effect."""


def procedure_of(case: Case) -> Procedure:
    """Return the rules that a case runs under."""
    return _parsed(case.procedure_id, case.procedure.digest)


@lru_cache(maxsize=256)
def _parsed(version_id: int, _digest: str) -> Procedure:
    """Read the rules once in a process: a version never changes."""
    return parse(ProcedureVersion.objects.get(pk=version_id).definition)


def with_row_parts(cases: CaseQuerySet) -> list[Parts]:
    """Load cases with all that their rows show, in four questions whatever their number."""
    loaded = list(cases.select_related("place").defer(*UNSEEN))
    registers().name(loaded)
    keys = [case.pk for case in loaded]
    tasks = defaultdict(list)
    for task in _tasks_of(keys):
        tasks[task.case_id].append(task)
    photos, asks = _photos_of(keys), _asks_of(keys)
    return [
        Parts(case, tasks[case.pk], photos.get(case.pk), asks.get(case.pk, ())) for case in loaded
    ]


UNSEEN = ("text", "answer", "extra", "place__problems", "place__attributes", "place__source")
"""What no row shows, and costs reading."""


TASK = (
    "pk", "case_id", "stage", "part", "due_at", "opened_at", "warn_at", "done_at", "step", "rung",
)  # fmt: skip
COUNTED = ("limit", "extensions", "calendar_id", "is_given")
"""The columns of a `TaskPart`, and those that say how its clock is counted."""


def _tasks_of(cases: list[int]) -> list[TaskPart]:
    """Read the tasks with their pauses in one question: a task stands there once for each pause."""
    shown = Q(done_at=None) | Q(stage=Stage.HANDLING, part="lead")
    tasks = Task.objects.filter(shown, case__in=cases).order_by("pk", "pauses__since")
    rows = tasks.values_list(*TASK, *COUNTED, "pauses__since", "pauses__until")
    return [_part([*same]) for _pk, same in groupby(rows, key=itemgetter(0))]


def _part(rows: Sequence[tuple[Any, ...]]) -> TaskPart:
    known, (limit, extensions, calendar, is_given) = rows[0][: len(TASK)], rows[0][len(TASK) : -2]
    pauses = [(row[-2], row[-1]) for row in rows if row[-2] is not None]
    rule = None if is_given else counting_of(limit, extensions, calendar, pauses)
    stands = any(until is None for _since, until in pauses)
    return TaskPart(*(*known, stands, rule))


def _photos_of(cases: list[int]) -> dict[int, int]:
    photos = Evidence.objects.filter(case__in=cases, file__media_type__startswith="image/")
    return dict(photos.order_by().values_list("case").annotate(Min("pk")))


def _asks_of(cases: list[int]) -> dict[int, list[str]]:
    """Return what waits for a decision, each kind once: two units may ask for the same."""
    found: dict[int, list[str]] = defaultdict(list)
    asks = Ask.objects.filter(case__in=cases, decided_at=None).order_by("pk")
    for case, effect in asks.values_list("case", "effect"):
        if effect not in found[case]:
            found[case].append(effect)
    return found


def make_rows(loaded: Iterable[Parts]) -> list[Row]:
    """Return the rows of cases that came through `with_row_parts`."""
    return [_row(parts) for parts in loaded]


def _row(parts: Parts) -> Row:
    return Row(
        case=parts.case,
        state_title=step_title(parts.case),
        limit=_clock(parts.case, parts.tasks),
        photo=parts.photo,
        asks=parts.asks,
    )


def task_rows(pairs: Iterable[tuple[Parts, int | None]]) -> list[Row]:
    """Return rows that stand for a task of the case, under its clock, or for the case itself."""
    rows = []
    for parts, task_id in pairs:
        row = _row(parts)
        task = next((t for t in parts.tasks if t.pk == task_id), None)
        if task is not None:
            clock = replace(task.clock, card=card_of(parts.case, task))
            row = replace(row, limit=clock, assists=task.part == "assist")
        rows.append(row)
    return rows


def task_part(task: Task) -> TaskPart:
    """Return what a row needs of a task that was loaded with its pauses."""
    return TaskPart(
        pk=task.pk,
        case_id=task.case_id,
        stage=task.stage,
        part=task.part,
        due_at=task.due_at,
        opened_at=task.opened_at,
        warn_at=task.warn_at,
        done_at=task.done_at,
        step=task.step,
        rung=task.rung,
        is_paused=any(pause.until is None for pause in task.pauses.all()),
        rule=counting_for(task),
    )


def task_clock(task: Task) -> Clock:
    """Return the clock of one task that was loaded with its pauses."""
    return task_part(task).clock


def step_title(case: Case) -> str:
    """Return the step's own name where the stage says too little; empty means the stage's word."""
    if case.stage != Stage.OTHER:
        return ""
    step = procedure_of(case).steps.get(case.step)
    return say(step.title) if step and step.title else ""


def case_clock(case: Case) -> Clock:
    """Return the clock of a case that was loaded with its tasks and their pauses."""
    return _clock(case, [task_part(task) for task in case.tasks.all()])


def card_of(case: Case, task: TaskPart | None) -> str:
    """Return the card that the ladder has shown on a task: the same as on the supervision board."""
    if task is None or not task.rung:
        return ""
    return shown_card(procedure_of(case), task.step, task.rung)


def shown_card(procedure: Procedure, step: str, rung: int) -> str:
    """Return `red`, `yellow` or nothing: the worst card of so many rungs of a step's ladder."""
    shown = {each.card for each in rungs_of(procedure, step)[:rung]}
    return "red" if "red" in shown else "yellow" if "yellow" in shown else ""


def _clock(case: Case, tasks: Sequence[TaskPart]) -> Clock:
    """Return the clock of the case's open task, or how an ended case's handling kept its time."""
    if case.is_ended:
        handled = [t for t in tasks if t.stage == Stage.HANDLING and t.part == "lead"]
        last = handled[-1] if handled else None
        is_same = last is not None and last.due_at == case.due_at
        return Clock(
            due_at=case.due_at,
            opened_at=last.opened_at if last and is_same else case.opened_at,
            done_at=(last.done_at if last else None) or case.closed_at,
            rule=last.rule if last and is_same else None,
            card=card_of(case, last),
        )
    opened = [task for task in tasks if task.done_at is None]
    task = next((task for task in opened if task.due_at == case.due_at), None)
    return Clock(
        due_at=case.due_at,
        opened_at=task.opened_at if task else case.opened_at,
        warn_at=case.warn_at,
        is_paused=bool(task and task.is_paused),
        rule=task.rule if task else None,
        card=card_of(case, task),
    )

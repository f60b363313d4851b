"""Cases as rows of a list: title, place, unit, state and clock, with a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch, Q

from townkeeper.cases.models import (
    Case,
    CaseQuerySet,
    Evidence,
    Pause,
    ProcedureVersion,
    Stage,
    Task,
)
from townkeeper.kit.names import say
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.web.registers import registers
from townkeeper.web.wording import Clock


@dataclass(frozen=True, slots=True)
class Row:
    """One case as lists show it."""

    case: Case
    state_title: str
    limit: Clock
    photo: Evidence | None
    assists: bool = False
    """The row is an assisting unit's task, under its own clock."""
    acts: Any = None
    """What can be done with it (`rowacts.RowActs`), where a list offers that."""


def procedure_of(case: Case) -> Procedure:
    """Return the rules that a case runs under."""
    return _parsed(case.procedure_id, case.procedure.digest)


@lru_cache(maxsize=256)
def _parsed(version_id: int, _digest: str) -> Procedure:
    """Read the rules once in a process: a version never changes."""
    return parse(ProcedureVersion.objects.get(pk=version_id).definition)


def with_row_parts(cases: CaseQuerySet) -> list[Case]:
    """Load cases with all that their rows show, in a fixed number of queries.

    Tasks are the running ones and those that handled the case; pauses only those still running.
    """
    photos = Evidence.objects.filter(file__media_type__startswith="image/").order_by("pk")
    shown = Task.objects.filter(Q(done_at=None) | Q(stage=Stage.HANDLING, part="lead"))
    loaded = list(
        cases.select_related("place")
        .defer("text")
        .prefetch_related(
            Prefetch("tasks", shown.order_by("pk")),
            Prefetch("tasks__pauses", Pause.objects.filter(until=None)),
            Prefetch("evidence", photos),
        )
    )
    registers().name(loaded)
    return loaded


def make_rows(cases: Iterable[Case]) -> list[Row]:
    """Return the rows of cases that came through `with_row_parts`."""
    return [
        Row(
            case=case,
            state_title=step_title(case),
            limit=case_clock(case),
            photo=next(iter(case.evidence.all()), None),
        )
        for case in cases
    ]


def task_rows(pairs: Iterable[tuple[Case, int | None]]) -> list[Row]:
    """Return rows that stand for a task of the case, under its clock, or for the case itself."""
    rows = []
    for case, task_id in pairs:
        row = make_rows([case])[0]
        task = next((t for t in case.tasks.all() if t.pk == task_id), None)
        if task is not None:
            row = replace(row, limit=task_clock(task), assists=task.part == "assist")
        rows.append(row)
    return rows


def task_clock(task: Task) -> Clock:
    """Return the clock of one task."""
    return Clock(
        due_at=task.due_at,
        opened_at=task.opened_at,
        warn_at=task.warn_at,
        done_at=task.done_at,
        is_paused=any(pause.until is None for pause in task.pauses.all()),
    )


def step_title(case: Case) -> str:
    """Return the step's own name where the stage says too little; empty means the stage's word."""
    if case.stage != Stage.OTHER:
        return ""
    step = procedure_of(case).steps.get(case.step)
    return say(step.title) if step and step.title else ""


def case_clock(case: Case) -> Clock:
    """Return the clock of the case's open task, or how an ended case's handling kept its time."""
    tasks = list(case.tasks.all())
    if case.is_ended:
        handled = [t.done_at for t in tasks if t.stage == Stage.HANDLING and t.part == "lead"]
        return Clock(
            due_at=case.due_at,
            opened_at=case.opened_at,
            done_at=next(reversed(handled), None) or case.closed_at,
        )
    opened = [task for task in tasks if not task.is_done]
    task = next((task for task in opened if task.due_at == case.due_at), None)
    return Clock(
        due_at=case.due_at,
        opened_at=task.opened_at if task else case.opened_at,
        warn_at=case.warn_at,
        is_paused=bool(task and task.pauses.all()),
    )

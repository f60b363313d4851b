"""The account of a unit's work (台賬): one line for each case that it handled in a period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Prefetch, QuerySet

from townkeeper.cases.models import Case, Stage, Task

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A task of the unit with its case; `in_time` is None while it is open and not yet late."""

    task: Task
    case: Case
    in_time: bool | None


def tasks_between(units: Sequence[int], since: datetime, until: datetime) -> QuerySet[Task]:
    """Return the handling that came to some units in [since, until), oldest first."""
    tasks = Task.objects.filter(
        unit__in=units, stage=Stage.HANDLING, opened_at__gte=since, opened_at__lt=until
    )
    return tasks.exclude(outcome="cancelled", part="lead")


def account_lines(
    units: Sequence[int], since: datetime, until: datetime, *, now: datetime
) -> Iterator[Line]:
    """Yield the lines of an account in batches: constant memory, however long the period."""
    cases = Case.objects.select_related("category", "area", "unit", "place", "procedure").defer(
        "procedure__definition", "area__outline", "unit__outline"
    )
    last = 0
    rows = tasks_between(units, since, until).select_related("unit", "assignee")
    rows = rows.defer("unit__outline").prefetch_related(Prefetch("case", cases)).order_by("pk")
    while True:
        batch = list(rows.filter(pk__gt=last)[:BATCH])
        if not batch:
            return
        for task in batch:
            yield Line(task, task.case, _in_time(task, now))
        last = batch[-1].pk


def _in_time(task: Task, now: datetime) -> bool | None:
    if task.due_at is None:
        return None
    if task.done_at is not None:
        return task.done_at <= task.due_at
    return None if now <= task.due_at else False

"""The dry run of a rung: how many tasks of the last month would have reached it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from townkeeper.calendars.actions import calendar_of
from townkeeper.cases.ladder import Ticking, point_of, reached_at
from townkeeper.cases.models import Alarm, Task
from townkeeper.procedures.model import Rung

MONTH: Final = timedelta(days=30)
NEWEST: Final = 2000
"""Tasks that one trial reckons."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    looked_at: int
    would_ring: int
    cut: bool
    """There were more tasks; the newest were taken."""


def try_rung(key: str, step: str, at: str, *, now: datetime) -> Trial:
    """Return how many tasks of a step, opened in the last 30 days, would reach a rung by now.

    Each is reckoned by its own limit, extensions, stops and calendar, as the sweep reckons. A task
    whose due time was given from outside is left out. Errors: `RungError`.
    """
    point_of(at)
    rung = Rung(at=at)
    rows = Task.objects.filter(
        step=step,
        case__procedure__key=key,
        opened_at__gte=now - MONTH,
        due_at__isnull=False,
        is_given=False,
    ).prefetch_related("pauses")
    tasks = list(rows.order_by("-pk")[: NEWEST + 1])
    ringing = sum(_rings(task, rung, now) for task in tasks[:NEWEST])
    return Trial(min(len(tasks), NEWEST), ringing, cut=len(tasks) > NEWEST)


def _rings(task: Task, rung: Rung, now: datetime) -> bool:
    if task.calendar_id is None:
        return False
    clock = Ticking(
        start=task.opened_at,
        limits=(task.limit, *task.extensions) if task.limit else (),
        due_at=task.due_at,
        warn_at=task.warn_at,
        pauses=[(pause.since, pause.until) for pause in task.pauses.all()],
    )
    moment = reached_at(rung, clock, calendar_of(task.calendar_id))
    return moment is not None and moment <= (task.done_at or now)


def rang_last_month(now: datetime) -> dict[tuple[str, str, str, str], int]:
    """Return by procedure, step, rule and card how often each rung rang in the last 30 days."""
    rows = Alarm.objects.filter(Q(task__isnull=False), at__gte=now - MONTH).order_by()
    groups = rows.values_list("case__procedure__key", "task__step", "rule", "card")
    return {tuple(group[:4]): group[4] for group in groups.annotate(number=Count("pk"))}

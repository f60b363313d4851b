"""Writes what a transition decided: tasks, clocks, counters, the case's row, the journal entry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from townkeeper.calendars.limits import Limit
from townkeeper.cases.desk import Desk, KnownProcedure
from townkeeper.cases.models import Ask, Case, Pause, Stage, Task
from townkeeper.duties.register import Answer
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.procedures.model import Action, Changes, NewTask

MOVED = [
    "step",
    "stage",
    "kind",
    "answer",
    "unit",
    "due_at",
    "warn_at",
    "closed_at",
    "outcome",
    "counts",
    "version",
    "updated_at",
]
"""The columns of a case that an act may change."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person adds to an act."""

    reason: str = ""
    ground: str = ""
    answer: str = ""
    task: int | None = None
    units: tuple[tuple[str, str], ...] = ()
    """(unit code, `lead` or `assist`) chosen by the dispatcher instead of the register's."""
    evidence: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Act:
    """One decided act: what changes, who did it, what was added, who answers from now on."""

    changes: Changes
    actor: str
    given: Given
    answer: Answer
    asked: frozenset[str] = frozenset()
    """Asks that waited for a decision before it."""
    is_decision: bool = False
    """Whether it grants or refuses what was counted as used when it was asked for."""


def apply_changes(
    case: Case, known: KnownProcedure, picture: Desk, tasks: dict[str, Task], act: Act
) -> list[Task]:
    """Write an act to the case and its tasks; return the tasks it opened."""
    now, changes = clock.now(), act.changes
    for key, outcome in changes.closes:
        if _close_task(tasks[key], outcome, now=now, actor=act.actor):
            # it stood still: without a due time it would be neither in time nor late
            reckon(tasks[key], known, picture)
    _pause_tasks([tasks[key] for key in changes.pauses], now=now, given=act.given)
    for key in changes.resumes:
        tasks[key].pauses.filter(until=None).update(until=now)
        reckon(tasks[key], known, picture)
    for key, extra in changes.extends:
        tasks[key].extensions = [
            *tasks[key].extensions,
            tasks[key].limit if extra == "same" else extra,
        ]
        reckon(tasks[key], known, picture)
    if act.asked:
        # What the case has left behind was neither granted nor refused: `is_accepted` stays empty.
        needless = Q(action__in=changes.clears) | Q(
            task__in=[int(key) for key, _ in changes.closes]
        )
        case.asks.filter(needless, decided_at=None).update(decided_at=now, decided_by=act.actor)
    opened = [_open_task(case, picture, known, new, now) for new in changes.opens]
    _count(case, changes, is_decision=act.is_decision)
    _move(case, known, act, [*tasks.values(), *opened], now)
    if changes.asks is not None:
        _ask(case, tasks, act, changes.asks.decider, now)
    case.version += 1
    case.updated_at = timezone.now()
    case.save(update_fields=MOVED)
    return opened


def _ask(case: Case, tasks: dict[str, Task], act: Act, decider: str, now: datetime) -> None:
    running = [task for task in tasks.values() if not task.is_done]
    task = tasks.get(act.changes.task or "") or (running[0] if len(running) == 1 else None)
    Ask.objects.create(
        case=case,
        task=task,
        action=act.changes.action,
        actor=act.actor,
        decider=decider,
        reason=act.given.reason,
        ground=act.given.ground,
        asked_at=now,
    )


def _close_task(task: Task, outcome: str, *, now: datetime, actor: str) -> bool:
    """End a task; say whether its clock had been stopped."""
    stopped = any(pause.until is None for pause in task.pauses.all())
    if stopped:
        task.pauses.filter(until=None).update(until=now)
    task.done_at, task.outcome = now, outcome
    task.done_by = "" if outcome == "cancelled" else actor
    task.save(update_fields=["done_at", "outcome", "done_by"])
    return stopped


def _pause_tasks(tasks: list[Task], *, now: datetime, given: Given) -> None:
    for task in tasks:
        Pause.objects.create(task=task, since=now, ground=given.ground, reason=given.reason)
        if task.due_at is not None and task.due_at < now:
            continue  # stopping after the due time heals nothing: it stays overdue
        task.due_at = task.warn_at = None
        task.save(update_fields=["due_at", "warn_at"])


def reckon(task: Task, known: KnownProcedure, picture: Desk) -> None:
    """Count a task's due time anew from its start, pauses taken out and extensions added.

    The warning point is a share of the last piece: of the extension, where there is one.
    """
    if not task.limit:
        return
    pauses = [(pause.since, pause.until) for pause in task.pauses.order_by("since")]
    share = known.procedure.steps[task.step].warn
    at: datetime | None = task.opened_at
    task.is_provisional, task.warn_at = False, None
    for text in (task.limit, *task.extensions):
        if at is None:
            break
        begin, limit = at, Limit.parse(text)
        due = picture.calendar.due(begin, limit, pauses)
        at = due.at
        task.is_provisional = task.is_provisional or due.provisional
        task.warn_at = (
            picture.calendar.warn_at(begin, limit, share, pauses)
            if share is not None and at is not None
            else None
        )
    task.due_at = at
    task.calendar_id = picture.calendar_id
    task.save(update_fields=["due_at", "warn_at", "is_provisional", "calendar", "extensions"])


def _open_task(
    case: Case, picture: Desk, known: KnownProcedure, new: NewTask, now: datetime
) -> Task:
    register = picture.register
    category = register.categories.get(case.category_id) if case.category_id else None
    ticking = picture.clock(new.limit, new.warn, category, now)
    unit = register.unit_by_code.get(new.unit)
    return Task.objects.create(
        case=case,
        step=new.step,
        stage=known.procedure.steps[new.step].stage or Stage.OTHER,
        branch=new.branch,
        part=new.role,
        performer=new.performer,
        unit_id=unit.id if unit else None,
        opened_at=now,
        limit=ticking.limit,
        calendar_id=picture.calendar_id if ticking.limit else None,
        due_at=ticking.due_at,
        warn_at=ticking.warn_at,
        is_provisional=ticking.is_provisional,
    )


def _count(case: Case, changes: Changes, *, is_decision: bool) -> None:
    """Raise the counters that the act counts, and how often the action was used."""
    counts = dict(case.counts)
    for name in changes.counts:
        counts[name] = counts.get(name, 0) + 1
    if not is_decision:
        used = dict(counts.get("used", {}))
        used[changes.action] = used.get(changes.action, 0) + 1
        counts["used"] = used
    case.counts = counts


def _move(
    case: Case, known: KnownProcedure, act: Act, tasks: Iterable[Task], now: datetime
) -> None:
    """Set the case's own row: step, owner, clock, end."""
    changes = act.changes
    step = known.procedure.steps[changes.step]
    case.step, case.stage = step.name, step.stage or Stage.OTHER
    if changes.kind:
        case.kind = changes.kind
    if act.given.answer:
        case.answer = act.given.answer
    if any(new.step == step.name for new in changes.opens) and step.unit == "duty":
        case.unit_id = act.answer.lead.id if act.answer.lead else None
    if changes.final:
        case.closed_at, case.outcome = now, changes.outcome or ""
        handled = case.tasks.filter(stage=Stage.HANDLING, part="lead").order_by("pk").last()
        case.due_at = handled.due_at if handled else case.due_at
        case.warn_at = None
        return
    running = [task for task in tasks if not task.is_done]
    leading = [task for task in running if task.part == "lead"] or running
    case.due_at = min((t.due_at for t in leading if t.due_at), default=None)
    case.warn_at = min((t.warn_at for t in leading if t.warn_at), default=None)


def task_data(task: Task, picture: Desk) -> dict[str, object]:
    """Return what the journal says of a task that was opened."""
    return {
        "step": task.step,
        "unit": picture.register.units[task.unit_id].code if task.unit_id else None,
        "part": task.part,
        "limit": task.limit,
        "due": task.due_at.isoformat() if task.due_at else None,
        "calendar": task.calendar_id,
    }


def record_act(case: Case, action: Action, opened: list[Task], act: Act, picture: Desk) -> None:
    """Write the journal entry of an act: what, from where to where, why, with what."""
    changes, given = act.changes, act.given
    handling = [task for task in opened if task.stage == Stage.HANDLING]
    said = {
        "reason": given.reason,
        "ground": given.ground,
        "answer": given.answer,
        "counts": list(changes.counts),
        "tasks": [task_data(task, picture) for task in opened],
        "ownerless": any(task.unit_id is None for task in handling),
        "overruled": bool(given.units),
        "owner": act.answer.reason() if handling and act.answer.category else None,
        "asks": changes.asks.decider if changes.asks else None,
        "outcome": changes.outcome,
    }
    data: dict[str, object] = {"action": action.name, "to": case.step}
    data.update({key: value for key, value in said.items() if value})
    record(subject=case.subject, act=f"case.{action.name}", actor=act.actor, data=data)

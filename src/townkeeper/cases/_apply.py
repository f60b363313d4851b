"""Works out what a transition changes: tasks, clocks, counters, the case's row, the journal entry.

Everything happens on the rows that were read; the batch says at the end which of them to store.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from townkeeper.calendars.limits import Limit
from townkeeper.cases._read import AskRow, PauseRow, TaskRow
from townkeeper.cases._save import Batch, Row
from townkeeper.cases.desk import Desk, KnownProcedure
from townkeeper.cases.ladder import Ticking, next_alarm, rungs_of, rungs_of_asks
from townkeeper.cases.models import Ask, Case, Pause, Stage, Task
from townkeeper.cases.promise import promised
from townkeeper.duties.register import Answer
from townkeeper.procedures.model import Action, Changes, NewTask
from townkeeper.procedures.model import Ask as Asking

MOVED: Final = (
    "step",
    "stage",
    "kind",
    "answer",
    "unit_id",
    "due_at",
    "warn_at",
    "closed_at",
    "outcome",
    "counts",
)
"""The columns of a case that an act may change, besides version and time."""
TASK_MOVED: Final = (
    "due_at",
    "warn_at",
    "is_provisional",
    "calendar_id",
    "extensions",
    "next_at",
    "rung",
    "done_at",
    "done_by",
    "outcome",
)
"""The columns of a task that an act may change; always stored together, as one prepared shape."""


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
    clause: str = ""
    """The rule that the person relies on (a dispute)."""
    other: str = ""
    """Code of the unit that the person names as responsible (a dispute)."""


@dataclass(frozen=True, slots=True)
class Act:
    """One decided act: what changes, who did it, what was added, who answers from now on."""

    changes: Changes
    actor: str
    given: Given
    answer: Answer
    now: datetime
    is_decision: bool = False
    """Whether it grants or refuses what was counted as used when it was asked for."""
    decided: int | None = None
    """The ask that this act itself decides."""


@dataclass(slots=True)
class Work:
    """The desk on which one act is worked out."""

    batch: Batch
    known: KnownProcedure
    picture: Desk
    tasks: dict[str, TaskRow]
    """The tasks of the present visit to the present step, by key."""
    opened: list[TaskRow] = field(default_factory=list)
    asked: Row | None = None
    """What was asked for, where the act only asks."""
    touched: dict[int, TaskRow] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """Return the case, whose columns the act sets."""
        return self.batch.seen.case


def apply_changes(work: Work, act: Act) -> None:
    """Put an act's rows into the batch."""
    changes, tasks = act.changes, work.tasks
    for key, outcome in changes.closes:
        _close_task(work, tasks[key], outcome, act)
    for key in changes.pauses:
        _pause_task(work, tasks[key], act)
    for key in changes.resumes:
        _end_pauses(work, tasks[key], act.now)
        reckon(work, tasks[key])
    for key, extra in changes.extends:
        task = tasks[key]
        task.extensions = [*task.extensions, task.limit if extra == "same" else extra]
        task.rung = 0  # a longer limit warns anew
        reckon(work, task)
    _leave_asks(work, act)
    work.opened = [_open_task(work, new, act.now) for new in changes.opens]
    _count(work.case, changes, is_decision=act.is_decision)
    _move(work, act)
    if changes.asks is not None:
        _ask(work, act, changes.asks)
    for task in work.touched.values():
        work.batch.change(Task, task.id, **{name: getattr(task, name) for name in TASK_MOVED})
    for task in work.opened:
        work.batch.add(Task, **_columns_of(task))
    moved = ("promise_due_at",) if _move_promise(work) else ()
    work.batch.set_case(*MOVED, *moved)


def _move_promise(work: Work) -> bool:
    """Take lawful stops of leading tasks out of the public promise; say whether it moved."""
    case = work.case
    tasks = [task for task in work.batch.seen.tasks if task.part == "lead"]
    stops = [(p.since, p.until) for task in tasks for p in task.pauses]
    if not case.promise or not stops:
        return False
    before = case.promise_due_at
    calendar = work.picture.calendar
    case.promise_due_at = promised(case.promise, case.opened_at, calendar, stops).due_at
    return case.promise_due_at != before


def _columns_of(task: TaskRow) -> dict[str, object]:
    values = msgspec.structs.asdict(task)
    del values["id"], values["pauses"]
    return values


def _leave_asks(work: Work, act: Act) -> None:
    """End what the case has left behind: neither granted nor refused, `is_accepted` stays empty."""
    closed = {int(key) for key, _outcome in act.changes.closes}
    for ask in work.batch.seen.asks:
        if ask.id == act.decided:
            continue
        if ask.action in act.changes.clears or ask.task_id in closed:
            work.batch.change(Ask, ask.id, decided_at=act.now, decided_by=act.actor, next_at=None)


def _ask(work: Work, act: Act, asking: Asking) -> None:
    """Put down what is asked for, with the time by which it must be decided."""
    running = [task for task in work.tasks.values() if not task.is_done]
    task = work.tasks.get(act.changes.task or "") or (running[0] if len(running) == 1 else None)
    action = work.known.procedure.steps[work.case.step].actions[act.changes.action]
    given, register = act.given, work.picture.register
    other = register.unit_by_code.get(given.other) if given.other else None
    due_at, next_at = _ask_clock(work, asking, act.now)
    work.asked = work.batch.add(
        Ask,
        task_id=task.id if task else None,
        action=action.name,
        effect=act.changes.effect or "",
        actor=act.actor,
        unit_id=task.unit_id if task else None,
        decider=asking.decider,
        reason=given.reason,
        ground=given.ground,
        clause=given.clause,
        other_id=other.id if other else None,
        asked_at=act.now,
        limit=asking.limit or "",
        due_at=due_at,
        next_at=next_at,
    )


def _ask_clock(work: Work, asking: Asking, now: datetime) -> tuple[datetime | None, ...]:
    """Return by when an ask must be decided, and when its first rung is reached."""
    if not asking.limit:
        return None, None
    calendar = work.picture.calendar
    due_at = calendar.due(now, Limit.parse(asking.limit)).at
    ticking = Ticking(start=now, limits=(asking.limit,), due_at=due_at)
    rungs = rungs_of_asks(work.known.procedure, work.case.step)
    return due_at, next_alarm(rungs, 0, ticking, calendar)


def _end_pauses(work: Work, task: TaskRow, now: datetime) -> bool:
    """Let a task's clock run again; say whether it stood."""
    stood = False
    for pause in task.pauses:
        if pause.until is None:
            pause.until, stood = now, True
            work.batch.change(Pause, pause.id, until=now)
    return stood


def _close_task(work: Work, task: TaskRow, outcome: str, act: Act) -> None:
    """End a task; one that stood still gets its due time: else it were neither in time nor late."""
    stood = _end_pauses(work, task, act.now)
    task.done_at, task.outcome = act.now, outcome
    task.done_by = "" if outcome == "cancelled" else act.actor
    if stood:
        reckon(work, task)
    task.next_at = None
    work.touched[task.id] = task


def _pause_task(work: Work, task: TaskRow, act: Act) -> None:
    """Stop a task's clock."""
    given = act.given
    work.batch.add(Pause, task_id=task.id, since=act.now, ground=given.ground, reason=given.reason)
    task.pauses.append(PauseRow(0, task.id, act.now, None))
    task.next_at = None
    if task.due_at is None or task.due_at >= act.now:
        # stopping after the due time heals nothing: then it stays overdue
        task.due_at = task.warn_at = None
    work.touched[task.id] = task


def reckon(work: Work, task: TaskRow) -> None:
    """Count a task's due time anew from its start, pauses taken out and extensions added.

    The warning point is a share of the last piece: of the extension, where there is one. Rungs
    that were reached before a stop are not reached again after it.
    """
    if not task.limit:
        return
    calendar = work.picture.calendar
    pauses = [(pause.since, pause.until) for pause in task.pauses]
    share = work.known.procedure.steps[task.step].warn
    at: datetime | None = task.opened_at
    task.is_provisional, task.warn_at = False, None
    for text in (task.limit, *task.extensions):
        if at is None:
            break
        begin, limit = at, Limit.parse(text)
        due = calendar.due(begin, limit, pauses)
        at = due.at
        task.is_provisional = task.is_provisional or due.provisional
        task.warn_at = (
            calendar.warn_at(begin, limit, share, pauses)
            if share is not None and at is not None
            else None
        )
    task.due_at = at
    task.calendar_id = work.picture.calendar_id
    task.next_at = _next_alarm(work, task)
    work.touched[task.id] = task


def _next_alarm(work: Work, task: TaskRow) -> datetime | None:
    """Return when a task's clock reaches its next rung."""
    procedure = work.known.procedure
    ticking = Ticking(
        start=task.opened_at,
        limits=(task.limit, *task.extensions),
        due_at=task.due_at,
        warn_at=task.warn_at,
        warn=procedure.steps[task.step].warn,
        pauses=[(pause.since, pause.until) for pause in task.pauses],
    )
    rungs = rungs_of(procedure, task.step)
    return next_alarm(rungs, task.rung, ticking, work.picture.calendar)


def _open_task(work: Work, new: NewTask, now: datetime) -> TaskRow:
    """Make a new task, its clock running from now."""
    picture, case = work.picture, work.case
    register = picture.register
    category = register.categories.get(case.category_id) if case.category_id else None
    ticking = picture.clock(new.limit, new.warn, category, now)
    unit = register.unit_by_code.get(new.unit)
    task = TaskRow(
        step=new.step,
        stage=work.known.procedure.steps[new.step].stage or Stage.OTHER,
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
    if task.due_at is not None:
        task.next_at = _next_alarm(work, task)
    return task


def _count(case: Case, changes: Changes, *, is_decision: bool) -> None:
    """Raise the counters that the act counts, and how often the action was used."""
    counts = dict(case.counts)
    for name in changes.counts:
        counts[name] = counts.get(name, 0) + 1
    if changes.final:
        counts["closings"] = counts.get("closings", 0) + 1
    if not is_decision:
        used = dict(counts.get("used", {}))
        used[changes.action] = used.get(changes.action, 0) + 1
        counts["used"] = used
    case.counts = counts


def _move(work: Work, act: Act) -> None:
    """Set the case's own row: step, owner, clock, end."""
    case, changes = work.case, act.changes
    step = work.known.procedure.steps[changes.step]
    if step.final and not changes.final:
        return  # something is asked about an ended case, or refused: it stays as it ended
    case.step, case.stage = step.name, step.stage or Stage.OTHER
    if changes.kind:
        case.kind = changes.kind
    if act.given.answer:
        case.answer = act.given.answer
    if any(new.role == "lead" for new in changes.opens) and step.unit == "duty":
        case.unit_id = act.answer.lead.id if act.answer.lead else None
    if changes.reopens:
        case.closed_at, case.outcome = None, ""
    if changes.final:
        case.closed_at, case.outcome = act.now, changes.outcome or ""
        handled = [t for t in work.batch.seen.tasks if t.stage == "handling" and t.part == "lead"]
        case.due_at = handled[-1].due_at if handled else case.due_at
        case.warn_at = None
        return
    running = [task for task in (*work.tasks.values(), *work.opened) if not task.is_done]
    leading = [task for task in running if task.part == "lead"] or running
    case.due_at = min((t.due_at for t in leading if t.due_at), default=None)
    case.warn_at = min((t.warn_at for t in leading if t.warn_at), default=None)


def decide_row(
    work: Work, ask: AskRow, act: Act, *, accepted: bool, reason: str, ruled: int | None = None
) -> None:
    """Put the decision of an ask into the batch; `ruled` is whose the case is, after a dispute."""
    work.batch.change(
        Ask,
        ask.id,
        decided_at=act.now,
        decided_by=act.actor,
        is_accepted=accepted,
        decision=reason,
        ruled_id=ruled,
        next_at=None,
    )


def task_data(task: TaskRow, picture: Desk) -> dict[str, object]:
    """Return what the journal says of a task that was opened."""
    return {
        "step": task.step,
        "unit": picture.register.units[task.unit_id].code if task.unit_id else None,
        "part": task.part,
        "limit": task.limit,
        "due": task.due_at.isoformat() if task.due_at else None,
        "calendar": task.calendar_id,
    }


def say_act(work: Work, action: Action, act: Act) -> None:
    """Put down the journal entry of an act: what, from where to where, why, with what."""
    changes, given = act.changes, act.given
    handling = [task for task in work.opened if task.stage == Stage.HANDLING]
    said = {
        "reason": given.reason,
        "ground": given.ground,
        "clause": given.clause,
        "other": given.other,
        "answer": given.answer,
        "counts": list(changes.counts),
        "tasks": [task_data(task, work.picture) for task in work.opened],
        "ownerless": any(task.unit_id is None for task in handling),
        "overruled": bool(given.units),
        "owner": act.answer.reason() if handling and act.answer.category else None,
        "asks": changes.asks.decider if changes.asks else None,
        "outcome": changes.outcome,
    }
    data: dict[str, object] = {"action": action.name, "to": work.case.step}
    data.update({key: value for key, value in said.items() if value})
    work.batch.say(f"case.{action.name}", actor=act.actor, data=data, time=act.now)

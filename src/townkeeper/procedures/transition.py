"""Decides what an action does to a case, without a database: the one transition function."""

from collections.abc import Collection
from typing import NoReturn

from townkeeper.procedures.model import (
    Action,
    Branch,
    Changes,
    Context,
    NewTask,
    Procedure,
    RefusedError,
    Role,
    State,
    Step,
    TaskState,
)

BEGIN = "begin"
"""The action of the changes that open a case."""
CANCELLED = "cancelled"
"""Outcome of a task that another's action made needless."""
SUPPLIABLE = frozenset(
    {
        "reason-missing", "ground-missing", "evidence-missing", "answer-missing", "task-missing",
        "clause-missing", "unit-missing",
    }
)  # fmt: skip
"""Refusals that end as soon as the person adds something; a form offers these actions."""


def begin(procedure: Procedure, context: Context) -> Changes:
    """Open a case: the first step's tasks. The caller decides who may open cases at all."""
    step = procedure.steps[procedure.start]
    return Changes(action=BEGIN, step=step.name, opens=_open(step, context, previous=""))


def advance(procedure: Procedure, state: State, action: str, context: Context) -> Changes:
    """Return what `action` does to a case in `state`, or raise RefusedError with the reason.

    Pure: time, limits and who holds which role are the caller's facts, given in `context`.
    An ask changes nothing but waits (`Changes.asks`); `decide` gives it its effect. A dispute is
    counted when it is raised, whatever is ruled; other asks count what they do when granted.
    """
    step = procedure.steps[state.step]
    wanted = _wanted(step, action)
    task = _task_for(step, wanted, state, context)
    _refuse_use(wanted, state, task, context)
    _refuse_gaps(step, wanted, task, context)
    if wanted.ask is not None:
        return Changes(
            action=action, step=state.step, asks=wanted.ask, task=_key(task),
            counts=_counts(wanted, is_asked=True), effect=effect_of(wanted),
        )  # fmt: skip
    return _effect(procedure, state, wanted, task, context)


def decide(
    procedure: Procedure,
    state: State,
    action: str,
    accepted: bool,  # noqa: FBT001 - the decision is the argument
    context: Context,
) -> Changes:
    """Return what accepting (or refusing) the waiting ask `action` does; `context` is the decider.

    An accepted ask has the effect that the action would have without asking: it moves, pauses or
    extends. A refused one only stops waiting. Nobody decides an ask of their own.
    """
    step = procedure.steps[state.step]
    wanted = _wanted(step, action)
    if wanted.ask is None or action not in state.asked:
        _refuse("not-asked", action=action)
    if wanted.ask.decider not in context.roles:
        _refuse("not-performer", action=action, roles=(wanted.ask.decider,))
    if state.askers.get(action) == context.actor:
        _refuse("same-person", action=action, steps=(step.name,))
    if not accepted:
        return Changes(
            action=action, step=state.step, clears=(action,), task=context.task,
            effect=effect_of(wanted),
        )  # fmt: skip
    task = _named_task(_open_tasks(state), context)
    return _effect(procedure, state, wanted, task, context)


def options(
    procedure: Procedure, state: State, context: Context
) -> list[tuple[Action, RefusedError | None]]:
    """List the step's actions with None where possible now, else with the reason why not.

    A refusal in SUPPLIABLE only asks for more (a reason, evidence): the action can be offered.
    """
    found: list[tuple[Action, RefusedError | None]] = []
    for name, action in procedure.steps[state.step].actions.items():
        try:
            advance(procedure, state, name, context)
        except RefusedError as refused:
            found.append((action, refused))
        else:
            found.append((action, None))
    return found


# --- may it be done? ---


def _refuse(code: str, **params: object) -> NoReturn:
    raise RefusedError(code, **params)


def _wanted(step: Step, action: str) -> Action:
    if action not in step.actions:
        _refuse("closed" if step.final else "unknown-action", action=action, step=step.name)
    return step.actions[action]


def _open_tasks(state: State) -> list[TaskState]:
    return [task for task in state.tasks if not task.done]


def _performer_of(step: Step, task: TaskState) -> str:
    return task.performer or step.performer


def _task_for(step: Step, action: Action, state: State, context: Context) -> TaskState | None:
    """Find the task acted on; None where someone acts on the step as a whole.

    An owner (who acts in the task's own role) needs the task's unit; a role that the action names
    besides the owner's, such as a dispatcher who recalls, does not. An ended case has no tasks.
    """
    if step.final:
        if not set(action.performers or (step.performer,)) & context.roles:
            _refuse("not-performer", action=action.name, roles=action.performers)
        return None
    tasks = _open_tasks(state)
    chosen = _named_task(tasks, context)
    pool = tasks if chosen is None else [chosen]
    mine = [task for task in pool if _may_touch(step, action, task, context)]
    if not mine:
        roles = action.performers or dict.fromkeys(_performer_of(step, task) for task in pool)
        _refuse("not-performer", action=action.name, roles=tuple(roles))
    if set(step.not_performers_of) & _steps_of(context.actor, state):
        _refuse("same-person", action=action.name, steps=step.not_performers_of)
    if action.kinds and context.kind and context.kind not in action.kinds:
        _refuse("wrong-kind", action=action.name, kind=context.kind, kinds=action.kinds)
    owned = [task for task in mine if _owns_unit(step, action, task, context)]
    if not owned:
        _refuse_unit(step, action, mine[0])
    if len(owned) == 1:
        return owned[0]
    if action.ends == "step" or action.to is None:
        return None
    _refuse("task-missing", action=action.name, tasks=tuple(t.key for t in owned))


def _named_task(tasks: list[TaskState], context: Context) -> TaskState | None:
    """Return the open task that the context names, or the only one; None where several fit."""
    if context.task is None:
        return tasks[0] if len(tasks) == 1 else None
    named = [task for task in tasks if task.key == context.task]
    if not named:
        _refuse("task-missing", task=context.task)
    return named[0]


def _allowed(step: Step, action: Action, task: TaskState) -> frozenset[str]:
    return frozenset(action.performers or (_performer_of(step, task),))


def _may_touch(step: Step, action: Action, task: TaskState, context: Context) -> bool:
    return bool(_allowed(step, action, task) & context.roles)


def _owns_unit(step: Step, action: Action, task: TaskState, context: Context) -> bool:
    held = _allowed(step, action, task) & context.roles
    if held != {_performer_of(step, task)}:
        return True
    if not task.unit:
        return not _is_duty(step, task)
    return task.unit in context.units


def _refuse_unit(step: Step, action: Action, task: TaskState) -> NoReturn:
    if not task.unit:
        _refuse("no-owner", action=action.name, step=step.name, task=task.key)
    _refuse("not-unit", action=action.name, unit=task.unit)


def _is_duty(step: Step, task: TaskState) -> bool:
    """Tell whether the task's unit comes from the duty register, so that none is a gap there."""
    return _unit_rule(step, _branch_of(step, task)) == "duty"


def _branch_of(step: Step, task: TaskState) -> Branch | None:
    return next((branch for branch in step.branches if branch.name == task.branch), None)


def _unit_rule(step: Step, branch: Branch | None) -> str:
    return branch.unit if branch is not None and branch.unit else step.unit


def _steps_of(actor: str, state: State) -> set[str]:
    return {name for name, actors in state.performed.items() if actor in actors}


def _refuse_use(action: Action, state: State, task: TaskState | None, context: Context) -> None:
    times = action.ask.times if action.ask else action.times
    if times is not None and state.used.get(action.name, 0) >= times:
        _refuse("used-up", action=action.name, times=times)
    if action.name in state.asked:
        _refuse("already-asked", action=action.name)
    if action.name in context.late:
        _refuse("too-late", action=action.name, within=action.within)
    touched = [task] if task is not None else _open_tasks(state)
    if action.pauses and all(each.paused for each in touched):
        _refuse("already-paused", action=action.name)
    if action.resumes and not any(each.paused for each in touched):
        _refuse("not-paused", action=action.name)
    if action.grounds and context.ground not in action.grounds:
        _refuse("ground-missing", action=action.name, grounds=tuple(action.grounds))


def _refuse_gaps(step: Step, action: Action, task: TaskState | None, context: Context) -> None:
    if action.reason and not context.reason.strip():
        _refuse("reason-missing", action=action.name)
    if action.clause and not context.clause.strip():
        _refuse("clause-missing", action=action.name)
    if action.names and not context.named:
        _refuse("unit-missing", action=action.name)
    needed = set(action.evidence)
    if context.ground in action.grounds:
        needed.update(action.grounds[context.ground].evidence)
    branch = _branch_of(step, task) if task is not None else None
    if branch is not None and action.to is not None and action.ends == "task":
        needed.update(branch.evidence)
    missing = needed - context.evidence
    if missing:
        _refuse("evidence-missing", action=action.name, kinds=tuple(sorted(missing)))


# --- what does it do? ---


def effect_of(action: Action) -> str | None:
    """Return what sort of act it is: as the procedure says, else what its clock work shows."""
    if action.effect is not None:
        return action.effect
    return "extension" if action.extends else "stop" if action.pauses else None


def _counts(action: Action, *, is_asked: bool) -> tuple[str, ...]:
    """Return the counter raised when asking, or when it comes true."""
    is_due = is_asked == (action.ask is not None and action.effect == "dispute")
    return (action.counts,) if action.counts and is_due else ()


def _effect(
    procedure: Procedure, state: State, action: Action, task: TaskState | None, context: Context
) -> Changes:
    step = procedure.steps[state.step]
    counts = _counts(action, is_asked=False)
    if action.to is None:
        return _stay(state, action, task, counts)
    if step.final:
        return _reopen(procedure, state, action, context)
    if action.names and task is not None and task.role == "assist" and action.to == step.name:
        return _hand_over(step, state, action, task, context)
    if task is None and action.ends == "task":
        keys = tuple(each.key for each in _open_tasks(state))
        _refuse("task-missing", action=action.name, tasks=keys)
    own = ((task.key, action.name),) if task is not None else ()
    if action.ends == "task" and not _is_joined(step, state, task):
        return Changes(
            action=action.name, step=step.name, closes=own, counts=counts,
            clears=_decided(state, action), kind=action.becomes, task=_key(task),
            effect=effect_of(action),
        )  # fmt: skip
    target = procedure.steps[action.to]
    if target.final and target.answer_required and not context.answer.strip():
        _refuse("answer-missing", action=action.name)
    others = tuple((each.key, CANCELLED) for each in _open_tasks(state) if each != task)
    return Changes(
        action=action.name,
        step=target.name,
        closes=own + others,
        opens=() if target.final else _open(target, context, previous=_unit_before(state, task)),
        counts=counts,
        final=target.final,
        outcome=(action.outcome or target.outcome or target.name) if target.final else None,
        clears=tuple(sorted(state.asked)),
        kind=action.becomes,
        task=_key(task),
        effect=effect_of(action),
    )


def _reopen(procedure: Procedure, state: State, action: Action, context: Context) -> Changes:
    """Open an ended case again: the target's tasks, for the units that the caller names."""
    target = procedure.steps[action.to or state.step]
    return Changes(
        action=action.name,
        step=target.name,
        opens=_open(target, context, previous=""),
        counts=_counts(action, is_asked=False),
        clears=tuple(sorted(state.asked)),
        kind=action.becomes,
        effect=effect_of(action),
        reopens=True,
    )


def _hand_over(
    step: Step, state: State, action: Action, task: TaskState, context: Context
) -> Changes:
    """Pass an assistant's own task to the unit named; the others' work and clocks go on."""
    others = [each for each in _open_tasks(state) if each != task]
    if not context.named and not others:
        _refuse("unit-missing", action=action.name)
    is_there = any(each.unit == context.named for each in others)
    new = NewTask(
        step=step.name, unit=context.named, role="assist", branch="", performer=step.performer,
        limit=step.limit, warn=step.warn,
    )  # fmt: skip
    return Changes(
        action=action.name,
        step=step.name,
        closes=((task.key, action.name),),
        opens=(new,) if context.named and not is_there else (),
        counts=_counts(action, is_asked=False),
        clears=_decided(state, action),
        task=task.key,
        effect=effect_of(action),
    )


def _key(task: TaskState | None) -> str | None:
    return task.key if task is not None else None


def _decided(state: State, action: Action) -> tuple[str, ...]:
    return (action.name,) if action.name in state.asked else ()


def _stay(state: State, action: Action, task: TaskState | None, counts: tuple[str, ...]) -> Changes:
    touched = [task] if task is not None else _open_tasks(state)
    running = tuple(each.key for each in touched if not each.paused)
    paused = tuple(each.key for each in touched if each.paused)
    extends = tuple((each.key, action.extends) for each in touched if action.extends)
    return Changes(
        action=action.name,
        step=state.step,
        counts=counts,
        pauses=running if action.pauses else (),
        resumes=paused if action.resumes else (),
        extends=extends,
        clears=_decided(state, action),
        kind=action.becomes,
        task=_key(task),
        effect=effect_of(action),
    )


def _is_joined(step: Step, state: State, ending: TaskState | None) -> bool:
    """Tell whether the step ends with this task: all, any, or the lead's.

    `lead`: the step ends when no lead's task is open any more, whatever the assistants' state;
    where nobody leads (a step of assistants only) it waits for all.
    """
    left = [task for task in _open_tasks(state) if task != ending]
    if step.join == "any":
        return True
    leads = [task for task in state.tasks if task.role == "lead"]
    if step.join == "lead" and leads:
        return not any(task.role == "lead" for task in left)
    return not left


def _unit_before(state: State, task: TaskState | None) -> str:
    """Return the unit that `same` means: the acting one's, else the leader's of the step left."""
    if task is not None:
        return task.unit
    return next((each.unit for each in state.tasks if each.role == "lead"), "")


def _open(step: Step, context: Context, *, previous: str) -> tuple[NewTask, ...]:
    """Open the step's tasks: one per branch, one per unit on duty, or one."""
    if step.branches:
        return tuple(_branch_task(step, branch, context, previous) for branch in step.branches)
    units: Collection[tuple[str, Role]] = (
        _on_duty(context)
        if step.unit == "duty"
        else ((_unit(step.unit, context, previous), "lead"),)
    )
    return tuple(
        NewTask(
            step=step.name, unit=unit, role=role, branch="", performer=step.performer,
            limit=step.limit, warn=step.warn,
        )
        for unit, role in units
    )  # fmt: skip


def _branch_task(step: Step, branch: Branch, context: Context, previous: str) -> NewTask:
    rule = _unit_rule(step, branch)
    duty = (unit for unit, role in _on_duty(context) if role == branch.role)
    return NewTask(
        step=step.name,
        unit=next(duty, "") if rule == "duty" else _unit(rule, context, previous),
        role=branch.role,
        branch=branch.name,
        performer=branch.performer or step.performer,
        limit=branch.limit or step.limit,
        warn=step.warn,
    )


def _on_duty(context: Context) -> tuple[tuple[str, Role], ...]:
    """Return the units on duty; without a lead unit, a task without an owner stands in for it.

    No owner is a loud state (`unit == ""`) that someone must resolve, never a silent default.
    """
    units: dict[str, Role] = {}
    for unit, role in context.duty:
        if unit and units.get(unit) != "lead":
            units[unit] = role
    if "lead" not in units.values():
        return (("", "lead"), *units.items())
    return tuple(units.items())


def _unit(rule: str, context: Context, previous: str) -> str:
    """Resolve a unit rule as far as the context knows; what it does not know stays a rule."""
    known = {"office": context.office, "opener": context.opener, "same": previous}
    return known.get(rule) or rule

"""Where a case stands, as the transition function asks for it, worked out from one read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Given
from townkeeper.cases._read import Seen, TaskRow
from townkeeper.cases.desk import Desk, KnownProcedure
from townkeeper.cases.models import Case, ProcedureVersion, Stage
from townkeeper.cases.people import own_units, roles_here
from townkeeper.cases.windows import closed_windows
from townkeeper.duties.register import Answer, UnitRow
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Context, State, TaskState
from townkeeper.procedures.transition import CANCELLED


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, as the transition function and the writer need it."""

    seen: Seen
    picture: Desk
    known: KnownProcedure
    state: State
    tasks: dict[str, TaskRow]
    """The tasks of the present visit to the present step, by key."""
    evidence: frozenset[str]
    """Kinds of evidence that count now."""

    @property
    def case(self) -> Case:
        """Return the case."""
        return self.seen.case

    @property
    def open_tasks(self) -> list[TaskRow]:
        """Return the tasks that are not done."""
        return [task for task in self.tasks.values() if not task.is_done]


def procedure_of(case: Case, picture: Desk) -> KnownProcedure:
    """Return the procedure that the case runs under, in the version it began with."""
    for known in picture.procedures.values():
        if known.id == case.procedure_id:
            return known
    if case.procedure_id not in picture.former:
        row = ProcedureVersion.objects.get(pk=case.procedure_id)
        picture.former[row.pk] = KnownProcedure(row.pk, str(row), parse(row.definition))
    return picture.former[case.procedure_id]


def stand(seen: Seen, picture: Desk) -> Standing:
    """Return procedure, state, open tasks and evidence of a case."""
    case, tasks = seen.case, seen.tasks
    known = procedure_of(case, picture)
    here = [task for task in tasks if task.step == case.step]
    # an assistant's part may pass to another unit later: the visit begins with the lead's task
    leading = [task for task in here if task.part == "lead"] or here
    begun = max((task.opened_at for task in leading), default=case.opened_at)
    present = [t for t in here if not t.is_done or (t.opened_at >= begun and not is_cancelled(t))]
    kept = {id(task) for task in present}
    shown = _last_shown(known, [task for task in here if id(task) not in kept])
    askers = {ask.action: ask.actor for ask in seen.asks}
    state = State(
        step=case.step,
        tasks=tuple(_task_state(task, picture) for task in present),
        performed=_performed(seen),
        used=case.counts.get("used", {}),
        asked=frozenset(askers),
        askers=askers,
    )
    fresh = frozenset(e.kind for e in seen.evidence if shown is None or e.added_at > shown)
    return Standing(seen, picture, known, state, {task.key: task for task in present}, fresh)


def _performed(seen: Seen) -> dict[str, frozenset[str]]:
    """Return who has worked in each step, ever."""
    steps = {task.id: task.step for task in seen.tasks}
    performed: dict[str, set[str]] = {}
    for task in seen.tasks:
        if task.done_by:
            performed.setdefault(task.step, set()).add(task.done_by)
    for each in seen.evidence:
        if each.task_id in steps:
            # an assistant's task is cancelled when the lead reports; the work was done all the same
            performed.setdefault(steps[each.task_id], set()).add(each.actor)
    return {step: frozenset(who) for step, who in performed.items()}


def is_cancelled(task: TaskRow) -> bool:
    """Whether another's action made the task needless."""
    return task.outcome == CANCELLED


def _last_shown(known: KnownProcedure, earlier: Iterable[TaskRow]) -> datetime | None:
    """Return when evidence was last shown for this step: for rework it does not count again."""
    shown: datetime | None = None
    for task in earlier:
        step = known.procedure.steps[task.step]
        action = step.actions.get(task.outcome)
        branch = next((branch for branch in step.branches if branch.name == task.branch), None)
        needed = (action and action.evidence) or (branch and branch.evidence)
        if needed and task.done_at and (shown is None or task.done_at > shown):
            shown = task.done_at
    return shown


def _task_state(task: TaskRow, picture: Desk) -> TaskState:
    return TaskState(
        key=task.key,
        step=task.step,
        unit=picture.register.units[task.unit_id].code if task.unit_id else "",
        role="assist" if task.part == "assist" else "lead",
        branch=task.branch,
        performer=task.performer,
        done=task.is_done,
        paused=task.stands,
    )


def answer_for(seen: Seen, known: KnownProcedure, picture: Desk, given: Given) -> Answer:
    """Return who answers: as the dispatcher says, the same as before for rework, or by register."""
    register, case = picture.register, seen.case
    if given.units:
        named = [(named_unit(code, picture), part) for code, part in given.units]
        leads = [row for row, part in named if part == "lead"]
        if len(leads) != 1:
            raise Problem("one-lead", _("Exactly one unit must lead."), where="units")
        assistants = dict.fromkeys(row for row, part in named if part != "lead")
        return Answer(lead=leads[0], assistants=tuple(u for u in assistants if u != leads[0]))
    step = known.procedure.steps[case.step]
    if step.final or step.stage in {Stage.VERIFYING, Stage.SHELVED}:
        return _same_units(seen, known, picture)
    category = register.categories.get(case.category_id) if case.category_id else None
    area = register.units.get(case.area_id) if case.area_id else None
    return register.resolve(category, area, clock.today())


def named_unit(code: str, picture: Desk) -> UnitRow:
    """Return a unit that a person names; one that was closed is refused with its successor."""
    row = picture.register.unit_by_code.get(code)
    if row is None:
        raise Problem(
            "unit-unknown", _("There is no unit with the code “%(code)s”.") % {"code": code}
        )
    if not row.exists(clock.today()):
        heir = picture.register.standing(row, clock.today())
        raise Problem(
            "unit-closed",
            _("The unit “%(name)s” no longer exists.") % {"name": row.name},
            where=code,
            hint=_("Its successor is “%(name)s”.") % {"name": heir.name} if heir else "",
        )
    return row


def _same_units(seen: Seen, known: KnownProcedure, picture: Desk) -> Answer:
    """Return the units of the last handling: rework goes back to those who did the work."""
    handled = [t for t in seen.tasks if t.stage == Stage.HANDLING and t.unit_id is not None]
    leading = [task for task in handled if task.part == "lead"] or handled
    last = leading[-1].opened_at if leading else seen.case.opened_at
    register, today = picture.register, clock.today()
    leads: dict[UnitRow, None] = {}
    assistants: dict[UnitRow, None] = {}
    for task in handled:
        if task.opened_at < last or task.unit_id is None or _was_disputed(task, known):
            continue
        heir = register.standing(register.units[task.unit_id], today)
        if heir is not None:
            (leads if task.part == "lead" else assistants)[heir] = None
    lead = next(iter(leads), None)
    return Answer(lead=lead, assistants=tuple(unit for unit in assistants if unit != lead))


def _was_disputed(task: TaskRow, known: KnownProcedure) -> bool:
    """Whether an arbiter found that the task was not its unit's."""
    action = known.procedure.steps[task.step].actions.get(task.outcome)
    return action is not None and action.effect == "dispute"


def late_actions(stand: Standing, given: Given) -> dict[str, datetime]:
    """Return the actions of the present step that come too late, and until when they were possible.

    The window of a task's action opens with that task.
    """
    tasks = [task for task in stand.open_tasks if given.task in {None, task.id}]
    return closed_windows(
        stand.known.procedure.steps[stand.state.step],
        opened=(task.opened_at for task in tasks),
        due_at=max((task.due_at for task in tasks if task.due_at), default=None),
        closed_at=stand.case.closed_at,
        now=clock.now(),
        calendar=stand.picture.calendar,
    )


def context_of(stand: Standing, *, actor: User, given: Given, answer: Answer) -> Context:
    """Gather what the person may and has, as the procedure asks for it."""
    case, units = stand.case, stand.picture.register.units
    office = stand.picture.office_for(stand.known.procedure.key)
    tasks = stand.open_tasks
    around = (case.unit_id, case.area_id, *(task.unit_id for task in tasks))
    places = [units[pk].path for pk in around if pk]
    places += [office.path] if office else []
    duty = [(answer.lead.code, "lead")] if answer.lead else []
    duty += [(unit.code, "assist") for unit in answer.assistants]
    return Context(
        actor=actor.username,
        roles=roles_here(stand.seen.posts, tasks, places),
        units=own_units(stand.seen.posts, tasks, units),
        reason=given.reason.strip(),
        ground=given.ground,
        evidence=stand.evidence | given.evidence,
        task=str(given.task) if given.task is not None else None,
        duty=tuple(duty),  # type: ignore[arg-type]
        answer=given.answer.strip(),
        office=office.code if office else "",
        kind=case.kind,
        clause=given.clause.strip(),
        named=given.other,
        late=frozenset(late_actions(stand, given)),
    )

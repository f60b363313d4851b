"""Acting on cases: every act is one transaction with its journal entry; the stale is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Act, Given, apply_changes, record_act, task_data
from townkeeper.cases.desk import Desk, KnownProcedure, desk
from townkeeper.cases.locking import locked
from townkeeper.cases.models import Ask, Case, ProcedureVersion, Stage, Task
from townkeeper.cases.people import acting_posts, own_units, roles_here
from townkeeper.cases.refusals import refusal
from townkeeper.duties.register import Answer, UnitRow
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import digest, parse, to_data
from townkeeper.procedures.model import (
    Action,
    Changes,
    Context,
    Procedure,
    RefusedError,
    State,
    TaskState,
)
from townkeeper.procedures.transition import CANCELLED, advance, decide, options

__all__ = ["Given", "advance_case", "decide_ask", "install_procedure"]


@transaction.atomic
def advance_case(
    case: Case,
    action: str,
    *,
    actor: User,
    given: Given | None = None,
    seen_version: int | None = None,
) -> Case:
    """Do `action` on a case for a person; raise a Problem that says why not.

    `seen_version` is the version that the person was looking at: when another has acted since,
    the later one is told and nothing happens.
    """
    given = given or Given()
    case = locked(case, seen_version)
    picture = desk()
    stand = _standing(case, picture)
    procedure = stand.known.procedure
    answer = _answer_for(case, stand.known, picture, given)
    context = _context(case, stand, picture, actor=actor, given=given, answer=answer)
    try:
        changes = advance(procedure, stand.state, action, context)
    except RefusedError as error:
        raise refusal(error, case.number) from error
    before = case.step
    act = Act(changes, actor.username, given, answer, asked=stand.state.asked)
    opened = apply_changes(case, stand.known, picture, stand.tasks, act)
    record_act(case, procedure.steps[before].actions[action], opened, act, picture)
    return case


@transaction.atomic
def decide_ask(
    ask: Ask,
    *,
    accepted: bool,
    actor: User,
    reason: str = "",
    answer: str = "",
    seen_version: int | None = None,
) -> Case:
    """Accept or refuse something asked for; accepting gives it its effect.

    `answer` is what the reporter is told where accepting ends the case.
    """
    case = locked(ask.case, seen_version)
    ask.refresh_from_db()
    if ask.decided_at is not None:
        raise Problem("ask-decided", _("This has been decided already."), where=case.number)
    picture = desk()
    stand = _standing(case, picture)
    # a stop stands for the reason that the asker gave, not for the words of the decision
    given = Given(reason=ask.reason, ground=ask.ground, task=ask.task_id, answer=answer)
    owner = _answer_for(case, stand.known, picture, given)
    context = _context(case, stand, picture, actor=actor, given=given, answer=owner)
    try:
        changes = decide(stand.known.procedure, stand.state, ask.action, accepted, context)
    except RefusedError as error:
        raise refusal(error, case.number) from error
    ask.decided_at, ask.decided_by, ask.is_accepted = clock.now(), actor.username, accepted
    ask.save(update_fields=["decided_at", "decided_by", "is_accepted"])
    act = Act(changes, actor.username, given, owner, asked=stand.state.asked, is_decision=True)
    opened = apply_changes(case, stand.known, picture, stand.tasks, act)
    data = _decision_data(case, ask, changes, reason=reason, answer=answer)
    data["tasks"] = [task_data(task, picture) for task in opened]
    said = "case.granted" if accepted else "case.denied"
    record(subject=case.subject, act=said, actor=actor.username, data=data)
    return case


def _decision_data(
    case: Case, ask: Ask, changes: Changes, *, reason: str, answer: str
) -> dict[str, object]:
    """Return what the journal says of a decision."""
    return {
        "action": ask.action,
        "asked_by": ask.actor,
        "reason": reason,
        "answer": answer,
        "counts": list(changes.counts),
        "outcome": changes.outcome,
        "step": case.step,
        "due": case.due_at.isoformat() if case.due_at else None,
    }


def options_for(case: Case, *, actor: User) -> list[tuple[Action, Problem | None]]:
    """Return every action of the present step, with the reason why this person may not do it."""
    picture = desk()
    stand = _standing(case, picture)
    nobody = Answer(lead=None)
    context = _context(case, stand, picture, actor=actor, given=Given(), answer=nobody)
    return [
        (action, refusal(why, case.number) if why else None)
        for action, why in options(stand.known.procedure, stand.state, context)
    ]


@transaction.atomic
def install_procedure(procedure: Procedure, *, actor: str) -> tuple[ProcedureVersion, bool]:
    """Make a procedure the one that new cases begin with; (version, whether it is new)."""
    key, mark = procedure.key, digest(procedure)
    latest = ProcedureVersion.objects.filter(key=key).order_by("-number").first()
    if latest is not None and latest.digest == mark and latest.is_current:
        return latest, False
    ProcedureVersion.objects.filter(key=key, is_current=True).update(is_current=False)
    version = ProcedureVersion.objects.create(
        key=key,
        number=latest.number + 1 if latest else 1,
        titles=dict(procedure.title),
        definition=to_data(procedure),
        digest=mark,
    )
    record(
        subject=f"procedure:{key}",
        act="procedure.installed",
        actor=actor,
        data={"number": version.number, "digest": mark},
    )
    touch_registers()
    return version, True


_parsed: dict[tuple[int, str], KnownProcedure] = {}


def procedure_of(case: Case, picture: Desk | None = None) -> KnownProcedure:
    """Return the procedure that the case runs under, in the version it began with."""
    for known in (picture or desk()).procedures.values():
        if known.id == case.procedure_id:
            return known
    row = case.procedure
    key = (row.pk, row.digest)
    if key not in _parsed:
        _parsed[key] = KnownProcedure(row.pk, str(row), parse(row.definition))
    return _parsed[key]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, as the transition function and the writer need it."""

    known: KnownProcedure
    state: State
    tasks: dict[str, Task]
    """The tasks of the present visit to the present step, by key."""
    evidence: frozenset[str]
    """Kinds of evidence that count now."""

    @property
    def open_tasks(self) -> list[Task]:
        """Return the tasks that are not done."""
        return [task for task in self.tasks.values() if not task.is_done]


def _standing(case: Case, picture: Desk) -> Standing:
    """Return procedure, state, open tasks and evidence of a case."""
    known = procedure_of(case, picture)
    rows = case.tasks.select_related("unit").defer("unit__outline")
    tasks = list(rows.prefetch_related("pauses").order_by("pk"))
    evidence = list(case.evidence.values_list("kind", "actor", "task_id", "added_at"))
    steps = {task.pk: task.step for task in tasks}
    performed: dict[str, set[str]] = {}
    for task in tasks:
        if task.done_by:
            performed.setdefault(task.step, set()).add(task.done_by)
    for _kind, who, task_id, _at in evidence:
        if task_id in steps:
            # an assistant's task is cancelled when the lead reports; the work was done all the same
            performed.setdefault(steps[task_id], set()).add(who)
    here = [task for task in tasks if task.step == case.step]
    begun = max((task.opened_at for task in here), default=case.opened_at)
    present = [t for t in here if not t.is_done or (t.opened_at >= begun and not is_cancelled(t))]
    shown = _last_shown(known, [task for task in here if task not in present])
    askers = dict(case.asks.filter(decided_at=None).values_list("action", "actor"))
    state = State(
        step=case.step,
        tasks=tuple(_task_state(task) for task in present),
        performed={step: frozenset(who) for step, who in performed.items()},
        used=case.counts.get("used", {}),
        asked=frozenset(askers),
        askers=askers,
    )
    fresh = frozenset(kind for kind, _who, _task, at in evidence if shown is None or at > shown)
    return Standing(known, state, {str(task.pk): task for task in present}, fresh)


def is_cancelled(task: Task) -> bool:
    """Whether another's action made the task needless."""
    return task.outcome == CANCELLED


def _last_shown(known: KnownProcedure, earlier: Iterable[Task]) -> datetime | None:
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


def _task_state(task: Task) -> TaskState:
    return TaskState(
        key=str(task.pk),
        step=task.step,
        unit=task.unit.code if task.unit else "",
        role="assist" if task.part == "assist" else "lead",
        branch=task.branch,
        performer=task.performer,
        done=task.is_done,
        paused=any(pause.until is None for pause in task.pauses.all()),
    )


def _answer_for(case: Case, known: KnownProcedure, picture: Desk, given: Given) -> Answer:
    """Return who answers: as the dispatcher says, the same as before for rework, or by register."""
    register = picture.register
    if given.units:
        named = [(_named_unit(code, picture), part) for code, part in given.units]
        leads = [row for row, part in named if part == "lead"]
        if len(leads) != 1:
            raise Problem("one-lead", _("Exactly one unit must lead."), where="units")
        assistants = dict.fromkeys(row for row, part in named if part != "lead")
        return Answer(lead=leads[0], assistants=tuple(u for u in assistants if u != leads[0]))
    if known.procedure.steps[case.step].stage == Stage.VERIFYING:
        return _same_units(case, picture)
    category = register.categories.get(case.category_id) if case.category_id else None
    area = register.units.get(case.area_id) if case.area_id else None
    return register.resolve(category, area, clock.today())


def _named_unit(code: str, picture: Desk) -> UnitRow:
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


def _same_units(case: Case, picture: Desk) -> Answer:
    """Return the units of the last handling: rework goes back to those who did the work."""
    tasks = list(case.tasks.filter(stage=Stage.HANDLING).exclude(unit=None).order_by("-pk"))
    first = next((task.opened_at for task in tasks), None)
    register = picture.register
    leads: dict[UnitRow, None] = {}
    assistants: dict[UnitRow, None] = {}
    for task in reversed(tasks):
        row = register.units[task.unit_id] if task.unit_id else None
        heir = register.standing(row, clock.today()) if row else None
        if heir is not None and task.opened_at == first:
            (leads if task.part == "lead" else assistants)[heir] = None
    lead = next(iter(leads), None)
    return Answer(lead=lead, assistants=tuple(unit for unit in assistants if unit != lead))


def _context(
    case: Case,
    stand: Standing,
    picture: Desk,
    *,
    actor: User,
    given: Given,
    answer: Answer,
) -> Context:
    """Gather what the person may and has, as the procedure asks for it."""
    posts = acting_posts(actor)
    office = picture.office_for(stand.known.procedure.key)
    tasks = stand.open_tasks
    places = [picture.register.units[pk].path for pk in (case.unit_id, case.area_id) if pk]
    places += [task.unit.path for task in tasks if task.unit]
    places += [office.path] if office else []
    duty = [(answer.lead.code, "lead")] if answer.lead else []
    duty += [(unit.code, "assist") for unit in answer.assistants]
    return Context(
        actor=actor.username,
        roles=roles_here(posts, tasks, places),
        units=own_units(posts, tasks),
        reason=given.reason.strip(),
        ground=given.ground,
        evidence=stand.evidence | given.evidence,
        task=str(given.task) if given.task is not None else None,
        duty=tuple(duty),  # type: ignore[arg-type]
        answer=given.answer.strip(),
        office=office.code if office else "",
        kind=case.kind,
    )

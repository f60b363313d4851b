"""Acting on cases: every act is one transaction with its journal entry; the stale is refused."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Act, Given, apply_changes, record_act, task_data
from townkeeper.cases.desk import Desk, KnownProcedure, desk
from townkeeper.cases.intake import ZONE
from townkeeper.cases.models import Ask, Case, Evidence, ProcedureVersion, Stage, Task
from townkeeper.cases.refusals import refusal
from townkeeper.duties.register import Answer
from townkeeper.files.models import StoredFile
from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import digest, parse, to_data
from townkeeper.procedures.model import (
    Action,
    Context,
    Procedure,
    RefusedError,
    State,
    TaskState,
)
from townkeeper.procedures.transition import advance, decide, options
from townkeeper.units.models import Post, posts_of
from townkeeper.units.permissions import Permission

__all__ = ["Given", "add_evidence", "advance_case", "decide_ask", "install_procedure"]


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
    case = _locked(case, seen_version)
    picture = desk()
    known, state, tasks = _standing(case, picture)
    open_tasks = [task for task in tasks.values() if not task.is_done]
    answer = _answer_for(case, known, picture, given)
    context = _context(case, known, picture, open_tasks, actor=actor, given=given, answer=answer)
    try:
        changes = advance(known.procedure, state, action, context)
    except RefusedError as error:
        raise refusal(error, case.number) from error
    before = case.step
    act = Act(changes, actor=actor.username, given=given, answer=answer)
    opened = apply_changes(case, known, picture, tasks, act)
    record_act(case, known.procedure.steps[before].actions[action], opened, act, picture)
    return case


@transaction.atomic
def decide_ask(
    ask: Ask, *, accepted: bool, actor: User, reason: str = "", seen_version: int | None = None
) -> Case:
    """Accept or refuse something asked for; accepting gives it its effect."""
    case = _locked(ask.case, seen_version)
    ask.refresh_from_db()
    if ask.decided_at is not None:
        raise Problem("ask-decided", _("This has been decided already."), where=case.number)
    picture = desk()
    known, state, tasks = _standing(case, picture)
    open_tasks = [task for task in tasks.values() if not task.is_done]
    given = Given(reason=reason, ground=ask.ground, task=ask.task_id)
    answer = _answer_for(case, known, picture, given)
    context = _context(case, known, picture, open_tasks, actor=actor, given=given, answer=answer)
    try:
        changes = decide(known.procedure, state, ask.action, accepted, context)
    except RefusedError as error:
        raise refusal(error, case.number) from error
    ask.decided_at, ask.decided_by, ask.is_accepted = clock.now(), actor.username, accepted
    ask.save(update_fields=["decided_at", "decided_by", "is_accepted"])
    act = Act(changes, actor=actor.username, given=given, answer=answer)
    opened = apply_changes(case, known, picture, tasks, act)
    record(
        subject=case.subject,
        act="case.granted" if accepted else "case.denied",
        actor=actor.username,
        data={
            "action": ask.action,
            "asked_by": ask.actor,
            "reason": reason,
            "step": case.step,
            "due": case.due_at.isoformat() if case.due_at else None,
            "tasks": [task_data(task, picture) for task in opened],
        },
    )
    return case


def options_for(case: Case, *, actor: User) -> list[tuple[Action, Problem | None]]:
    """Return every action of the present step, with the reason why this person may not do it."""
    picture = desk()
    known, state, tasks = _standing(case, picture)
    open_tasks = [task for task in tasks.values() if not task.is_done]
    nobody = Answer(lead=None)
    context = _context(case, known, picture, open_tasks, actor=actor, given=Given(), answer=nobody)
    return [
        (action, refusal(why, case.number) if why else None)
        for action, why in options(known.procedure, state, context)
    ]


@transaction.atomic
def add_evidence(
    case: Case,
    *,
    kind: str,
    actor: User,
    file: StoredFile | None = None,
    note: str = "",
    task: Task | None = None,
    is_public: bool = False,
) -> Evidence:
    """Attach a photo or paper to a case."""
    if case.is_ended:
        raise Problem("case-ended", _("The case has ended; nothing can be added."))
    evidence = Evidence.objects.create(
        case=case,
        task=task,
        kind=kind,
        file=file,
        note=note,
        is_public=is_public,
        added_at=clock.now(),
        actor=actor.username,
    )
    record(
        subject=case.subject,
        act="case.evidence",
        actor=actor.username,
        data={"kind": kind, "sha256": file.sha256 if file else None, "note": note},
    )
    return evidence


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


def _locked(case: Case, seen_version: int | None) -> Case:
    """Take the case's row for this transaction and compare what the person has seen."""
    fresh = Case.objects.select_for_update().get(pk=case.pk)
    if seen_version is not None and fresh.version != seen_version:
        last = Entry.objects.filter(subject=fresh.subject).order_by("-seq").first()
        raise Problem(
            "case-moved-on",
            _("%(who)s has acted on this case in the meantime.")
            % {"who": last.actor if last else "?"},
            where=fresh.number,
            hint=_("Look at it again; nothing of yours was carried out."),
        )
    return fresh


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


def _standing(case: Case, picture: Desk) -> tuple[KnownProcedure, State, dict[str, Task]]:
    """Return procedure, state and open tasks of a case."""
    known = procedure_of(case, picture)
    tasks = list(case.tasks.select_related("unit").prefetch_related("pauses").order_by("pk"))
    performed: dict[str, set[str]] = {}
    for task in tasks:
        if task.done_by:
            performed.setdefault(task.step, set()).add(task.done_by)
    begun = max((t.opened_at for t in tasks if t.step == case.step), default=case.opened_at)
    present = [t for t in tasks if t.step == case.step and (not t.is_done or t.opened_at >= begun)]
    askers = dict(case.asks.filter(decided_at=None).values_list("action", "actor"))
    state = State(
        step=case.step,
        tasks=tuple(_task_state(task) for task in present),
        performed={step: frozenset(who) for step, who in performed.items()},
        used=case.counts.get("used", {}),
        asked=frozenset(askers),
        askers=askers,
    )
    return known, state, {str(task.pk): task for task in present}


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
        rows = []
        for code, part in given.units:
            row = register.unit_by_code.get(code)
            if row is None:
                raise Problem(
                    "unit-unknown", _("There is no unit with the code “%(code)s”.") % {"code": code}
                )
            rows.append((row, part))
        lead = next((row for row, part in rows if part == "lead"), None)
        return Answer(lead=lead, assistants=tuple(r for r, part in rows if part != "lead"))
    if known.procedure.steps[case.step].stage == Stage.VERIFYING:
        return _same_units(case, picture)
    category = register.categories.get(case.category_id) if case.category_id else None
    area = register.units.get(case.area_id) if case.area_id else None
    return register.resolve(category, area, clock.now().astimezone(ZONE).date())


def _same_units(case: Case, picture: Desk) -> Answer:
    """Return the units of the last handling: rework goes back to those who did the work."""
    tasks = list(case.tasks.filter(stage=Stage.HANDLING).exclude(unit=None).order_by("-pk"))
    first = next((task.opened_at for task in tasks), None)
    last = [task for task in tasks if task.opened_at == first]
    rows = {task.part: picture.register.units[task.unit_id] for task in last if task.unit_id}
    assistants = [picture.register.units[t.unit_id] for t in last if t.part != "lead" and t.unit_id]
    return Answer(lead=rows.get("lead"), assistants=tuple(assistants))


def _context(
    case: Case,
    known: KnownProcedure,
    picture: Desk,
    tasks: Iterable[Task],
    *,
    actor: User,
    given: Given,
    answer: Answer,
) -> Context:
    """Gather what the person may and has, as the procedure asks for it."""
    posts = [
        post
        for post in posts_of(actor, clock.now().astimezone(ZONE).date())
        if Permission.CASES_CASE_ACT in post.role.permissions
    ]
    office = picture.office_for(known.procedure.key)
    kinds = frozenset(case.evidence.values_list("kind", flat=True)) | given.evidence
    duty = [(answer.lead.code, "lead")] if answer.lead else []
    duty += [(unit.code, "assist") for unit in answer.assistants]
    return Context(
        actor=actor.username,
        roles=frozenset(post.role.key for post in posts),
        units=_own_units(posts, tasks),
        reason=given.reason.strip(),
        ground=given.ground,
        evidence=kinds,
        task=str(given.task) if given.task is not None else None,
        duty=tuple(duty),  # type: ignore[arg-type]
        answer=given.answer.strip(),
        office=office.code if office else "",
        kind=case.kind,
    )


def _own_units(posts: Iterable[Post], tasks: Iterable[Task]) -> frozenset[str]:
    """Return the units of open tasks that the person may act for: in the task's own role only."""
    return frozenset(
        task.unit.code
        for task in tasks
        if task.unit is not None
        and any(p.role.key == task.performer and task.unit.is_under(p.area) for p in posts)
    )

"""Acting on cases: every act is written as a whole with its journal entry; the stale is refused."""

from dataclasses import replace
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Act, Given, Work, apply_changes, decide_row, say_act, task_data
from townkeeper.cases._read import AskRow
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.merging import follow_main, together
from townkeeper.cases.models import Ask, Case, ProcedureVersion, Stage
from townkeeper.cases.refusals import refusal
from townkeeper.cases.standing import (
    Standing,
    answer_for,
    context_of,
    late_actions,
    named_unit,
    stand,
)
from townkeeper.cases.turns import look_at, take_turn
from townkeeper.duties.register import Answer
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import digest, to_data
from townkeeper.procedures.model import Action, Changes, Procedure, RefusedError
from townkeeper.procedures.transition import advance, decide, options

__all__ = ["Given", "advance_case", "decide_ask", "install_procedure", "options_for"]

DISPUTE: Final = "dispute"


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
    words = given or Given()

    def work_out(batch: Batch, picture: Desk) -> Changes:
        standing = stand(batch.seen, picture)
        act = _decided(standing, action, actor=actor, given=words)
        wanted = standing.known.procedure.steps[standing.state.step].actions[action]
        work = Work(batch, standing.known, picture, standing.tasks)
        apply_changes(work, act)
        say_act(work, wanted, act)
        return act.changes

    with together(case):
        batch, changes = take_turn(case, work_out, actor=actor, seen_version=seen_version)
        follow_main(batch.seen.case, changes=changes, actor=actor)
    return batch.seen.case


def _decided(standing: Standing, action: str, *, actor: User, given: Given) -> Act:
    """Let the procedure decide what an action does; raise its refusal in words."""
    if given.other:
        named_unit(given.other, standing.picture)
    _refuse_merged(standing)
    answer = answer_for(standing.seen, standing.known, standing.picture, given)
    context = context_of(standing, actor=actor, given=given, answer=answer)
    try:
        changes = advance(standing.known.procedure, standing.state, action, context)
    except RefusedError as error:
        until = late_actions(standing, given)
        raise refusal(error, standing.case.number, until=until) from error
    if changes.asks is not None and changes.effect == DISPUTE:
        _refuse_own_unit(standing, changes, given)
    return Act(changes, actor.username, given, answer, clock.now())


def _refuse_merged(standing: Standing) -> None:
    """Refuse to act on a case that was merged into another: what happens, happens there."""
    if standing.case.main_id is not None and standing.case.stage == Stage.MERGED:
        main = Case.objects.values_list("number", flat=True).get(pk=standing.case.main_id)
        raise Problem(
            "merged",
            _("This case was merged into %(main)s; act on that one.") % {"main": main},
            where=standing.case.number,
        )


def _refuse_own_unit(standing: Standing, changes: Changes, given: Given) -> None:
    """Refuse a dispute that names no other unit, or that says not whose task it is about."""
    task = standing.tasks.get(changes.task or "")
    if task is None:
        keys = tuple(task.key for task in standing.open_tasks)
        error = RefusedError("task-missing", action=changes.action, tasks=keys)
        raise refusal(error, standing.case.number)
    unit = standing.picture.register.units.get(task.unit_id or 0)
    if unit is not None and unit.code == given.other:
        raise Problem(
            "own-unit",
            _("“%(unit)s” is the unit that has the case; name another.") % {"unit": unit.name},
            where=standing.case.number,
        )


def decide_ask(
    ask: Ask,
    *,
    accepted: bool,
    actor: User,
    reason: str = "",
    answer: str = "",
    units: tuple[tuple[str, str], ...] = (),
    seen_version: int | None = None,
) -> Case:
    """Accept or refuse something asked for; accepting gives it its effect.

    `answer` is what the reporter is told where accepting ends the case. `units` (code, `lead` or
    `assist`) are those that answer from then on, instead of the one that a dispute names or, in a
    reopening, those that closed the case. Raises Problem: `ask-decided`, `one-lead`,
    `unit-unknown`, `unit-closed`, `merged`, and what the procedure says.
    """

    def work_out(batch: Batch, picture: Desk) -> Changes:
        standing = stand(batch.seen, picture)
        row = _waiting(standing, ask)
        _refuse_merged(standing)
        if row.effect == DISPUTE and not reason.strip():
            # a ruling is the next one's precedent: without its reasons it would teach nothing
            raise refusal(RefusedError("reason-missing", action=row.action), standing.case.number)
        given = Given(reason=row.reason, ground=row.ground, task=row.task_id, answer=answer,
                      units=units)  # fmt: skip
        act = _ruled(standing, row, accepted=accepted, actor=actor, given=given)
        work = Work(batch, standing.known, picture, standing.tasks)
        ruled = _whose(row, act, accepted=accepted, picture=picture)
        decide_row(work, row, act, accepted=accepted, reason=reason, ruled=ruled)
        apply_changes(work, act)
        _say_decision(work, row, act, accepted=accepted, reason=reason, ruled=ruled)
        return act.changes

    with together(ask.case):
        batch, changes = take_turn(ask.case, work_out, actor=actor, seen_version=seen_version)
        follow_main(batch.seen.case, changes=changes, actor=actor)
    ask.refresh_from_db()
    return batch.seen.case


def _waiting(standing: Standing, ask: Ask) -> AskRow:
    """Return the ask as it was read; one that was decided meanwhile is refused."""
    row = next((row for row in standing.seen.asks if row.id == ask.pk), None)
    if row is None:
        raise Problem(
            "ask-decided", _("This has been decided already."), where=standing.case.number
        )
    return row


def _ruled(standing: Standing, ask: AskRow, *, accepted: bool, actor: User, given: Given) -> Act:
    """Let the procedure say what the decision does; raise its refusal in words.

    `given` are the asker's words: a stop stands for the reason that the asker gave.
    """
    if ask.effect == DISPUTE and accepted:
        given = _to_the_other(standing, ask, given)
    owner = answer_for(standing.seen, standing.known, standing.picture, given)
    context = context_of(standing, actor=actor, given=given, answer=owner)
    try:
        changes = decide(standing.known.procedure, standing.state, ask.action, accepted, context)
    except RefusedError as error:
        raise refusal(error, standing.case.number) from error
    return Act(changes, actor.username, given, owner, clock.now(), is_decision=True, decided=ask.id)


def _to_the_other(standing: Standing, ask: AskRow, given: Given) -> Given:
    """Say who answers after an upheld dispute: as the arbiter names, else the unit named in it.

    The other assistants stay. Where an assistant disputed, only its own part has a new unit.
    """
    picture, task = standing.picture, standing.tasks.get(str(ask.task_id))
    codes = picture.register.units
    other = codes[ask.other_id].code if ask.other_id else ""
    if task is not None and task.part == "assist":
        named = given.units[0][0] if given.units else other
        lead = codes[standing.case.unit_id].code if standing.case.unit_id else named
        named_unit(named, picture)
        return replace(given, other=named, units=((lead, "lead"),))
    if given.units or not other:
        return given
    helping = [
        (codes[each.unit_id].code, "assist")
        for each in standing.open_tasks
        if each.part == "assist" and each.unit_id
    ]
    return replace(given, units=((other, "lead"), *(h for h in helping if h[0] != other)))


def _whose(ask: AskRow, act: Act, *, accepted: bool, picture: Desk) -> int | None:
    """Return the unit whose the case (or the part of it) is after a ruling; none for other asks."""
    if ask.effect != DISPUTE:
        return None
    if not accepted:
        return ask.unit_id
    if act.given.other:
        return picture.register.unit_by_code[act.given.other].id
    return act.answer.lead.id if act.answer.lead else None


def _code(work: Work, unit: int | None) -> str | None:
    return work.picture.register.units[unit].code if unit else None


def _say_decision(
    work: Work, ask: AskRow, act: Act, *, accepted: bool, reason: str, ruled: int | None
) -> None:
    """Put down the journal entry of a decision."""
    case, changes = work.case, act.changes
    data = {
        "action": ask.action,
        "asked_by": ask.actor,
        "reason": reason,
        "answer": act.given.answer,
        "counts": list(changes.counts),
        "outcome": changes.outcome,
        "ruled": _code(work, ruled),
        "step": case.step,
        "due": case.due_at.isoformat() if case.due_at else None,
        "tasks": [task_data(task, work.picture) for task in work.opened],
    }
    said = "case.granted" if accepted else "case.denied"
    work.batch.say(said, actor=act.actor, data=data, time=act.now)


def options_for(case: Case, *, actor: User) -> list[tuple[Action, Problem | None]]:
    """Return every action of the present step, with the reason why this person may not do it."""
    standing = stand(*look_at(case, actor))
    context = context_of(standing, actor=actor, given=Given(), answer=Answer(lead=None))
    return [
        (action, refusal(why, case.number) if why else None)
        for action, why in options(standing.known.procedure, standing.state, context)
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

"""Acting on cases: every act is written as a whole with its journal entry; the stale is refused."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Act, Given, Work, apply_changes, decide_row, say_act, task_data
from townkeeper.cases._read import AskRow
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Ask, Case, ProcedureVersion
from townkeeper.cases.refusals import refusal
from townkeeper.cases.standing import Standing, answer_for, context_of, named_unit, stand
from townkeeper.cases.turns import look_at, take_turn
from townkeeper.duties.register import Answer
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import digest, to_data
from townkeeper.procedures.model import Action, Procedure, RefusedError
from townkeeper.procedures.transition import advance, decide, options

__all__ = ["Given", "advance_case", "decide_ask", "install_procedure", "options_for"]


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

    def work_out(batch: Batch, picture: Desk) -> None:
        standing = stand(batch.seen, picture)
        act = _decided(standing, action, actor=actor, given=words)
        wanted = standing.known.procedure.steps[standing.state.step].actions[action]
        work = Work(batch, standing.known, picture, standing.tasks)
        apply_changes(work, act)
        say_act(work, wanted, act)

    batch, _nothing = take_turn(case, work_out, actor=actor, seen_version=seen_version)
    return batch.seen.case


def _decided(standing: Standing, action: str, *, actor: User, given: Given) -> Act:
    """Let the procedure decide what an action does; raise its refusal in words."""
    if given.other:
        named_unit(given.other, standing.picture)
    answer = answer_for(standing.seen, standing.known, standing.picture, given)
    context = context_of(standing, actor=actor, given=given, answer=answer)
    try:
        changes = advance(standing.known.procedure, standing.state, action, context)
    except RefusedError as error:
        raise refusal(error, standing.case.number) from error
    return Act(changes, actor.username, given, answer, clock.now())


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

    def work_out(batch: Batch, picture: Desk) -> None:
        standing = stand(batch.seen, picture)
        row = _waiting(standing, ask)
        act = _ruled(standing, row, accepted=accepted, actor=actor, answer=answer)
        work = Work(batch, standing.known, picture, standing.tasks)
        decide_row(work, row, act, accepted=accepted, reason=reason)
        apply_changes(work, act)
        _say_decision(work, row, act, accepted=accepted, reason=reason)

    batch, _nothing = take_turn(ask.case, work_out, actor=actor, seen_version=seen_version)
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


def _ruled(standing: Standing, ask: AskRow, *, accepted: bool, actor: User, answer: str) -> Act:
    """Let the procedure say what the decision does; raise its refusal in words."""
    # a stop stands for the reason that the asker gave, not for the words of the decision
    given = Given(reason=ask.reason, ground=ask.ground, task=ask.task_id, answer=answer)
    owner = answer_for(standing.seen, standing.known, standing.picture, given)
    context = context_of(standing, actor=actor, given=given, answer=owner)
    try:
        changes = decide(standing.known.procedure, standing.state, ask.action, accepted, context)
    except RefusedError as error:
        raise refusal(error, standing.case.number) from error
    return Act(changes, actor.username, given, owner, clock.now(), is_decision=True, decided=ask.id)


def _say_decision(work: Work, ask: AskRow, act: Act, *, accepted: bool, reason: str) -> None:
    """Put down the journal entry of a decision."""
    case, changes = work.case, act.changes
    data = {
        "action": ask.action,
        "asked_by": ask.actor,
        "reason": reason,
        "answer": act.given.answer,
        "counts": list(changes.counts),
        "outcome": changes.outcome,
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

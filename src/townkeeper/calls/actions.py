"""Registering a case by hand: opened once per form, then taken as far as the person's role goes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calls.models import HeldCall, Registration, ShiftNote, Urgency
from townkeeper.cases.actions import Given, advance_case, options_for
from townkeeper.cases.intake import Opened, Report, open_case
from townkeeper.cases.merging import JUST_CLOSED, merge_cases
from townkeeper.cases.models import Case, ProcedureVersion, Stage
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Action, Procedure, Step
from townkeeper.units.models import permits, posts_of
from townkeeper.units.permissions import Permission

KEY_MAX: Final = 80
HELD_MAX: Final = 20
"""Calls that one person may hold; more is not held but forgotten."""
NOTE_MAX: Final = 4_000
FARTHEST: Final = 3
"""Steps that a registration goes at most by itself."""
ONWARD: Final = (Stage.FILING, Stage.DISPATCH, Stage.HANDLING)
RESULTS: Final = {
    Stage.FILING: Registration.Result.FILED,
    Stage.DISPATCH: Registration.Result.FILED,
    Stage.HANDLING: Registration.Result.DISPATCHED,
}
Result = Registration.Result


@dataclass(frozen=True, slots=True)
class Form:
    """What was decided beside the report itself."""

    key: str
    """Unique for each form shown: sent twice it registers once."""
    urgency: str = Urgency.NORMAL
    is_call: bool = False
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a registration."""

    case: Case
    result: str
    moves: tuple[str, ...] = ()
    """Titles of the actions that were done after opening, in the page's language."""
    problem: Problem | None = None
    """Why it went no further; the case itself is registered."""
    is_repeat: bool = False


def register_case(report: Report, form: Form, *, actor: User) -> Done:
    """Open a case and take it as far as the person's role goes: file, and dispatch if they may."""
    _refuse_form(form, actor)
    case, is_new = _open(report, form, actor)
    if not is_new:
        return _repeat(case)
    moves, problem = _move_on(case, actor)
    case.refresh_from_db()
    result = RESULTS.get(Stage(case.stage), Result.REGISTERED) if moves else Result.REGISTERED
    _note(case, form, actor, result)
    return Done(case, result, tuple(moves), problem)


def answer_at_once(report: Report, form: Form, *, answer: str, actor: User) -> Done:
    """Open a case, tell the caller the answer and close it, all by the case's own procedure.

    Raises Problem before anything is saved: `answer-missing`, `no-immediate-answer` where the
    procedure has no such way.
    """
    _refuse_form(form, actor)
    if not answer.strip():
        raise Problem("answer-missing", _("Write down what the caller was told."), where="answer")
    action = answering_action(_present_procedure(report.procedure))
    if action is None:
        raise Problem(
            "no-immediate-answer",
            _("This procedure does not let a case be closed with an answer at once."),
            where="answer",
            hint=_("Register it; whoever handles it will answer."),
        )
    case, is_new = _open(report, form, actor)
    if not is_new:
        return _repeat(case)
    given, problem = Given(answer=answer.strip(), reason=answer.strip()), None
    try:
        case = advance_case(case, action.name, actor=actor, given=given)
    except Problem as refused:
        problem = refused
    result = Result.REGISTERED if problem else Result.ANSWERED
    _note(case, form, actor, result)
    return Done(case, result, () if problem else (_title(action),), problem)


def add_to_case(
    report: Report, form: Form, *, main: Case, actor: User, found: Mapping[str, object]
) -> Done:
    """Put a caller to a case that is there already: a case of their own, merged into that one.

    So the caller has a number, is answered when the main case is, and counts as a reporter.
    Raises Problem before anything is saved: `not-permitted`, `main-ended`, `other-procedure`.
    """
    _refuse_form(form, actor)
    _refuse_main(report, main, actor)
    case, is_new = _open(report, form, actor)
    if not is_new:
        return _repeat(case)
    problem = None
    try:
        merge_cases(
            main, [case], actor=actor, reason=str(_("The caller reports the same matter.")),
            found={case.pk: found},
        )  # fmt: skip
    except Problem as refused:
        problem = refused
    case.refresh_from_db()
    result = Result.REGISTERED if problem else Result.MERGED
    _note(case, form, actor, result)
    return Done(case, result, (), problem)


# --- what all three share ---


def _refuse_form(form: Form, actor: User) -> None:
    if not permits(posts_of(actor, clock.today()), Permission.CASES_CASE_OPEN):
        raise Problem("not-permitted", _("Your posts do not allow this."))
    if form.urgency not in Urgency.values:
        raise Problem("urgency-unknown", _("There is no such urgency."), where="urgency")
    if not form.key or len(form.key) > KEY_MAX:
        raise Problem("form-key", _("This form is not one of ours. Open it again."))


def _open(report: Report, form: Form, actor: User) -> tuple[Case, bool]:
    """Open the case of a form; (case, whether anything is still to be done with it).

    A form sent again after a crash in between goes on where the first sending stopped.
    """
    key = hashlib.sha256(f"form\n{actor.username}\n{form.key}".encode()).hexdigest()
    opened: Opened = open_case(report, actor=actor.username, request_key=key)
    case = Case.objects.select_related("procedure", "unit", "area", "category").get(pk=opened.id)
    return case, not Registration.objects.filter(case=case).exists()


def _repeat(case: Case) -> Done:
    row = Registration.objects.get(case=case)
    return Done(case, row.result, is_repeat=True)


@transaction.atomic
def _note(case: Case, form: Form, actor: User, result: str) -> None:
    """Store how it was registered; the case's history says how urgent it is."""
    row, is_new = Registration.objects.get_or_create(
        case=case,
        defaults={
            "actor": actor.username,
            "urgency": form.urgency,
            "result": result,
            "is_call": form.is_call,
            "seconds": form.seconds,
            "at": clock.now(),
        },
    )
    if is_new:
        data = {"urgency": row.urgency, "result": row.result, "call": row.is_call}
        record(subject=case.subject, act="case.registered", actor=actor.username, data=data)
    HeldCall.objects.filter(actor=actor.username, key=form.key).delete()


def _move_on(case: Case, actor: User) -> tuple[list[str], Problem | None]:
    """Do the plain next steps that the person may do; stop before what needs a word or a photo."""
    moves: list[str] = []
    for _step in range(FARTHEST):
        action = _onward(case, actor)
        if action is None:
            return moves, None
        try:
            case = advance_case(case, action.name, actor=actor)
        except Problem as problem:
            return moves, problem
        moves.append(_title(action))
    return moves, None


def _onward(case: Case, actor: User) -> Action | None:
    procedure = _procedure_of(case)
    if procedure.steps[case.step].stage == Stage.HANDLING:
        return None
    for action, why in options_for(case, actor=actor):
        target = procedure.steps.get(action.to or "")
        if target is None or target.stage not in ONWARD or why is not None:
            continue
        if not (action.reason or action.evidence or action.ask or action.clause):
            return action
    return None


def _procedure_of(case: Case) -> Procedure:
    return parse(ProcedureVersion.objects.get(pk=case.procedure_id).definition)


def _present_procedure(key: str) -> Procedure:
    row = ProcedureVersion.objects.filter(key=key, is_current=True).first()
    if row is None:
        raise Problem(
            "procedure-unknown",
            _("There is no procedure “%(key)s” here.") % {"key": key},
            where="procedure",
        )
    return parse(row.definition)


def answering_action(procedure: Procedure) -> Action | None:
    """Return the action of the first step that closes a case with an answer and no evidence."""
    step: Step = procedure.steps[procedure.start]
    for action in step.actions.values():
        target = procedure.steps.get(action.to or "")
        if target is None or not target.final or not target.answer_required or action.ask:
            continue
        if target.stage == Stage.CLOSED and not action.evidence:
            return action
    return None


def _refuse_main(report: Report, main: Case, actor: User) -> None:
    """Refuse a main case that would not take the caller's, before anything is saved."""
    if not permits(posts_of(actor, clock.today()), Permission.CASES_CASE_MERGE):
        raise Problem("not-permitted", _("Your posts do not allow this."))
    top = main.main or main
    lately = top.closed_at is not None and clock.now() - top.closed_at <= JUST_CLOSED
    if top.stage == Stage.VOIDED or (top.is_ended and not lately):
        raise Problem(
            "main-ended",
            _("%(number)s has ended; what has come back is a new case.") % {"number": top.number},
            where=top.number,
        )
    if top.procedure.key != report.procedure:
        raise Problem(
            "other-procedure",
            _("%(number)s runs by another procedure.") % {"number": top.number},
            where=top.number,
        )


def _title(action: Action) -> str:
    return say(action.title) or action.name.replace("_", " ")


# --- held calls ---


@transaction.atomic
def hold_call(key: str, data: Mapping[str, Any], *, label: str, actor: User) -> HeldCall:
    """Put a half-filled form aside; held again under the same key it is replaced."""
    if not key or len(key) > KEY_MAX:
        raise Problem("form-key", _("This form is not one of ours. Open it again."))
    own = HeldCall.objects.filter(actor=actor.username)
    if own.exclude(key=key).count() >= HELD_MAX:
        raise Problem(
            "held-too-many",
            _("You hold %(n)d calls already.") % {"n": HELD_MAX},
            hint=_("Take one up again or drop it first."),
        )
    row, _is_new = HeldCall.objects.update_or_create(
        actor=actor.username,
        key=key,
        defaults={"data": dict(data), "label": label[:80], "at": clock.now()},
    )
    _tell_shift(actor, "call.held", {"held": row.pk})
    return row


@transaction.atomic
def drop_call(held: HeldCall, *, actor: User) -> None:
    """Throw a held call away."""
    _tell_shift(actor, "call.dropped", {"held": held.pk})
    held.delete()


@transaction.atomic
def forget_held_calls(*, older: timedelta, actor: str = "system") -> int:
    """Delete what was held so long that nobody can want it: it is personal data."""
    rows = HeldCall.objects.filter(at__lt=clock.now() - older)
    number = rows.count()
    if number:
        rows.delete()
        record(subject="calls", act="calls.forgotten", actor=actor, data={"held": number})
    return number


# --- the shift ---


@transaction.atomic
def leave_note(text: str, *, actor: User) -> ShiftNote:
    """Leave a note to the next shift."""
    said = text.strip()
    if not said:
        raise Problem("note-missing", _("Write what the next shift should know."), where="text")
    if len(said) > NOTE_MAX:
        raise Problem(
            "too-long", _("At most %(max)d characters fit here.") % {"max": NOTE_MAX}, where="text"
        )
    row = ShiftNote.objects.create(text=said, actor=actor.username, at=clock.now())
    _tell_shift(actor, "shift.note_left", {"note": row.pk, "text": said})
    return row


@transaction.atomic
def take_over(note: ShiftNote, *, actor: User) -> ShiftNote:
    """Put down who has taken a shift's note over; the first one counts."""
    row = ShiftNote.objects.select_for_update().get(pk=note.pk)
    if row.taken_at is not None:
        return row
    if row.actor == actor.username:
        raise Problem("own-note", _("Somebody else takes over what you have left."))
    row.taken_by, row.taken_at = actor.username, clock.now()
    row.save(update_fields=["taken_by", "taken_at"])
    _tell_shift(actor, "shift.note_taken", {"note": row.pk})
    return row


def _tell_shift(actor: User, act: str, data: Mapping[str, object]) -> None:
    record(subject=f"shift:{actor.username}", act=act, actor=actor.username, data=data)

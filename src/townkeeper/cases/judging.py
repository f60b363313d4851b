"""What the reporter says of the answer, and the wish that the matter be taken up again.

Once for every closing, within the window that the procedure gives from the closing (`judge`).
Who is dissatisfied may wish the case reopened: that is an ask, and a person decides it.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Act, Given, Work, apply_changes, say_act
from townkeeper.cases._read import Seen
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Case, Judgement, Stage
from townkeeper.cases.refusals import refusal, until_words
from townkeeper.cases.standing import Standing, answer_for, context_of, stand
from townkeeper.cases.turns import look_at, take_turn
from townkeeper.cases.windows import closed_windows, ends_at
from townkeeper.duties.register import Answer
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import REPORTER, Action, Context, RefusedError, Step
from townkeeper.procedures.transition import advance

CLOSINGS = "closings"
"""In `Case.counts`: how often the case has been closed."""


def judge_answer(
    case: Case,
    *,
    verdict: str,
    comment: str = "",
    actor: User | None,
    channel: str = "",
    reopen: bool = False,
    stars: int | None = None,
    is_solved: bool | None = None,
) -> Judgement:
    """Put down what the reporter says of the answer; with `reopen`, ask to take the case up again.

    `actor` is who writes it down (the operator at the telephone), None for the reporter's own
    words through a public channel; nobody who worked on the case judges for its reporter. The
    reporter of a merged case judges the answer of the main case for their own. `stars` (1 to 5) and
    `is_solved` are kept where the reporter was asked for them. Raises Problem: `verdict-unknown`,
    `not-answered`, `judged-already`, `too-late`, `same-person`, `not-performer`, `satisfied`, and
    what the procedure says against reopening (`reason-missing`, `used-up` …).
    """
    _refuse_nonsense(case, verdict, reopen=reopen)
    case.refresh_from_db()
    main = case.main or case

    def work_out(batch: Batch, picture: Desk) -> None:
        standing = stand(batch.seen, picture)
        closing = _refuse_untimely(standing, case)
        _refuse_partial(batch.seen, standing, actor)
        now, who = clock.now(), actor.username if actor else REPORTER
        batch.add(
            Judgement, case_id=case.pk, closing=closing, verdict=verdict, comment=comment.strip(),
            channel=channel, actor=who, at=now, stars=stars, is_solved=is_solved,
        )  # fmt: skip
        data: dict[str, object] = {
            "verdict": verdict, "closing": closing, "comment": comment, "channel": channel,
        }  # fmt: skip
        data |= {"stars": stars} if stars is not None else {}
        data |= {"solved": is_solved} if is_solved is not None else {}
        if case.pk != main.pk:
            data["of"] = case.number
        batch.set_case()
        batch.say("case.judged", actor=who, data=data, time=now)
        if reopen:
            work = Work(batch, standing.known, picture, standing.tasks)
            _ask_to_reopen(work, standing, who, Given(reason=comment), case)

    take_turn(main, work_out, actor=actor)
    return Judgement.objects.get(case=case, closing=closings(main))


def ask_reopening(case: Case, *, reason: str) -> None:
    """Let the reporter ask to take a case up again, after judging it or without; a person decides.

    Raises Problem: `not-answered`, `not-reopenable`, `asked-already`, and what the procedure says
    (`too-late`, `reason-missing`, `used-up`).
    """
    case.refresh_from_db()
    main = case.main or case

    def work_out(batch: Batch, picture: Desk) -> None:
        standing = stand(batch.seen, picture)
        if standing.case.stage != Stage.CLOSED:
            raise Problem("not-closed", _("The case is not closed."), where=case.number)
        action = _reopening(standing.known.procedure.steps[standing.state.step])
        if action is not None and action.name in standing.state.asked:
            raise Problem(
                "asked-already",
                _("This has been asked for already; a person decides it."),
                where=case.number,
            )
        batch.set_case()
        work = Work(batch, standing.known, picture, standing.tasks)
        _ask_to_reopen(work, standing, REPORTER, Given(reason=reason), case)

    take_turn(main, work_out, actor=None)


def reopen_until(case: Case) -> datetime | None:
    """Return until when the reporter may ask to reopen a closed case; None where not at all."""
    standing = stand(*look_at(case.main or case, None))
    main = standing.case
    action = _reopening(standing.known.procedure.steps[main.step])
    if main.stage != Stage.CLOSED or main.closed_at is None or action is None:
        return None
    if not action.within:
        return datetime.max.replace(tzinfo=main.closed_at.tzinfo)
    return ends_at(action.within, main.closed_at, standing.picture.calendar)


def _refuse_nonsense(case: Case, verdict: str, *, reopen: bool) -> None:
    if verdict not in Judgement.Verdict.values:
        known = "、".join(Judgement.Verdict.values)
        raise Problem("verdict-unknown", _("Say one of: %(known)s.") % {"known": known})
    if reopen and verdict == Judgement.Verdict.SATISFIED:
        raise Problem(
            "satisfied",
            _("Who is satisfied does not ask to reopen the case."),
            where=case.number,
        )


def closings(case: Case) -> int:
    """Return how often a case has been closed; an imported one was closed once."""
    return max(1, int(case.counts.get(CLOSINGS, 1)))


def judge_until(case: Case) -> datetime | None:
    """Return until when the answer of a case can be judged; None where it cannot be at all."""
    standing = stand(*look_at(case.main or case, None))
    return _window(standing.case, standing.known.procedure.steps[standing.case.step], standing)


def _window(case: Case, step: Step, standing: Standing) -> datetime | None:
    is_answered = case.stage == Stage.CLOSED and case.closed_at and case.answer
    if not is_answered or step.judge is None or case.closed_at is None:
        return None
    return ends_at(step.judge, case.closed_at, standing.picture.calendar)


def _refuse_untimely(standing: Standing, case: Case) -> int:
    """Return which closing is judged; refuse what is not answered, too late or judged already."""
    main = standing.case
    until = _window(main, standing.known.procedure.steps[main.step], standing)
    if until is None:
        raise Problem(
            "not-answered",
            _("There is no answer yet that could be judged."),
            where=case.number,
        )
    if clock.now() > until:
        raise Problem(
            "too-late",
            _("The answer could be judged until %(until)s.") % {"until": until_words(until)},
            where=case.number,
        )
    closing = closings(main)
    if Judgement.objects.filter(case=case, closing=closing).exists():
        raise Problem(
            "judged-already", _("The reporter has judged this answer already."), where=case.number
        )
    return closing


def _refuse_partial(seen: Seen, standing: Standing, actor: User | None) -> None:
    """Refuse whoever worked on the case, or has no say where it lies, as the reporter's voice."""
    if actor is None:
        return
    where = seen.case.number
    context = context_of(standing, actor=actor, given=Given(), answer=Answer(lead=None))
    if not context.roles:
        raise Problem(
            "not-performer",
            _("Your post does not reach this case."),
            where=where,
        )
    worked = {name for name, step in standing.known.procedure.steps.items()
              if step.stage in {Stage.HANDLING, Stage.VERIFYING}}  # fmt: skip
    if any(actor.username in standing.state.performed.get(name, ()) for name in worked):
        raise Problem(
            "same-person",
            _("Whoever worked on the case cannot judge it for the reporter."),
            where=where,
        )


def _reopening(step: Step) -> Action | None:
    return next((a for a in step.actions.values() if REPORTER in a.performers and a.ask), None)


def _ask_to_reopen(work: Work, standing: Standing, who: str, given: Given, case: Case) -> None:
    """Ask in the reporter's name; where this was asked for already, the judgement stands alone."""
    step = standing.known.procedure.steps[standing.state.step]
    action = _reopening(step)
    if action is None:
        raise Problem(
            "not-reopenable",
            _("A case that ended like this cannot be reopened."),
            where=case.number,
        )
    if action.name in standing.state.asked:
        return
    answer = answer_for(standing.seen, standing.known, standing.picture, given)
    now = clock.now()
    late = closed_windows(
        step, opened=(), closed_at=standing.case.closed_at, now=now,
        calendar=standing.picture.calendar,
    )  # fmt: skip
    context = Context(
        actor=who, roles=frozenset({REPORTER}), reason=given.reason.strip(),
        kind=standing.case.kind, late=frozenset(late),
    )  # fmt: skip
    try:
        changes = advance(standing.known.procedure, standing.state, action.name, context)
    except RefusedError as error:
        raise refusal(error, case.number, until=late) from error
    act = Act(changes, who, given, answer, now)
    apply_changes(work, act)
    say_act(work, action, act)

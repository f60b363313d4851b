"""The side roads of simulated cases: disputes, stops, what cannot be solved now, judgements."""

from datetime import datetime, timedelta

from townkeeper.cases.actions import Given, decide_ask
from townkeeper.cases.disputes import state_on
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.judging import closings, judge_answer, judge_until
from townkeeper.cases.models import Ask, Case, Judgement, Stage, Task
from townkeeper.duties.register import UnitRow
from townkeeper.kit import clock
from townkeeper.programs.simulation import texts
from townkeeper.programs.simulation.stage import Deed, Simulation
from townkeeper.programs.simulation.world import Spot

UPHELD = 0.35
"""Chance that the arbiter finds the disputing unit right."""
NOT_OURS = 0.06
STATES = 0.7
"""Chance that the other unit answers before the ruling."""
STOPPED, SHELVED = 0.012, 0.005
GRANTED = 0.8
JUDGES = 0.35
"""Chance that a reporter judges the answer."""
KEPT, RESUMED = 0.6, 0.85


def begin_handling(run: Simulation, case: Case, spot: Spot) -> None:
    """Let the unit that has got a case begin: most work, some say that it is not theirs."""
    case.refresh_from_db()
    task = case.tasks.filter(done_at=None, stage=Stage.HANDLING, part="lead").first()
    habit = run.world.habits.get(task.unit_id or 0) if task else None
    draw = run.dice.random()
    if task is not None and habit is not None and not case.counts.get("evasion"):
        other = _another(run, task, spot)
        if draw < habit.evasion and other is not None:
            run.soon(run.dice.uniform(10, 180), _dispute(run, case.pk, spot, other))
            return
    run.plan(run.finished(case), run.next_deed(case.pk, spot))


def _another(run: Simulation, task: Task, spot: Spot) -> UnitRow | None:
    """Return the unit that a unit likes to name instead of itself: the street, or a department."""
    if task.unit_id != spot.area.id and spot.area.until is None:
        return spot.area
    others = [unit for unit in run.world.departments if unit.id != task.unit_id]
    return run.dice.choice(others) if others else None


def _dispute(run: Simulation, pk: int, spot: Spot, other: UnitRow) -> Deed:
    def deed() -> None:
        case = Case.objects.get(pk=pk)
        task = case.tasks.filter(done_at=None, stage=Stage.HANDLING, part="lead").first()
        if task is None:
            return
        if task.due_at is not None and clock.now() > task.due_at:
            run.soon(run.dice.uniform(10, 60), run.next_deed(pk, spot))
            return
        given = Given(
            reason=texts.reason(run.dice, "dispute"),
            clause=texts.clause(run.dice),
            other=other.code,
            task=task.pk,
        )
        if not run.act(case, "dispute", task, given):
            return
        run.counts["disputes"] += 1
        if run.dice.random() < STATES:
            run.soon(run.dice.uniform(10, 50), _state(run, pk, other))
        run.soon(run.dice.uniform(60, 280), _rule(run, pk, spot))

    return deed


def _waiting(pk: int, effect: str) -> Ask | None:
    asks = Ask.objects.filter(case_id=pk, decided_at=None, effect=effect)
    return asks.select_related("case").first()


def _state(run: Simulation, pk: int, other: UnitRow) -> Deed:
    def deed() -> None:
        ask = _waiting(pk, "dispute")
        if ask is not None:
            speaker = run.world.crowd.of("handler", other.id)
            state_on(ask, actor=speaker, text=texts.reason(run.dice, "statement"))

    return deed


def _rule(run: Simulation, pk: int, spot: Spot) -> Deed:
    def deed() -> None:
        ask = _waiting(pk, "dispute")
        if ask is None:
            return
        arbiter = run.world.crowd.anyone("arbiter")
        if run.dice.random() < NOT_OURS and ask.task is not None:
            given = Given(
                reason=texts.reason(run.dice, "not_ours"),
                clause=texts.clause(run.dice),
                answer=texts.reason(run.dice, "not_ours_answer"),
            )
            run.act_as(arbiter, ask.case, "not_ours", given)
            return
        accepted = run.dice.random() < UPHELD
        word = "upheld" if accepted else "rejected"
        decide_ask(ask, accepted=accepted, actor=arbiter, reason=texts.reason(run.dice, word))
        run.counts[word] += 1
        case = Case.objects.get(pk=pk)
        run.plan(run.finished(case), run.next_deed(pk, spot))

    return deed


def ask_for(run: Simulation, case: Case, task: Task, action: str, spot: Spot) -> bool:
    """Ask for an extension, a stop or to be let off; the supervisor decides within hours."""
    given = Given(
        reason=texts.reason(run.dice, action), ground=texts.ground(run.dice, action), task=task.pk
    )
    if action == "suspend":
        add_evidence(
            case, kind="document", actor=run.world.crowd.doer(task), note=given.reason, task=task
        )
    if not run.act(case, action, task, given):
        return False
    run.counts[action] += 1
    run.soon(run.dice.uniform(10, 120), _decide(run, case.pk, spot, action))
    return True


def _decide(run: Simulation, pk: int, spot: Spot, action: str) -> Deed:
    def deed() -> None:
        asks = Ask.objects.filter(case_id=pk, decided_at=None, action=action)
        ask = asks.select_related("case").first()
        if ask is None:
            return
        accepted = run.dice.random() < GRANTED
        word = "granted" if accepted else "denied"
        decide_ask(
            ask, accepted=accepted, actor=run.world.crowd.anyone(ask.decider),
            reason=texts.reason(run.dice, word),
        )  # fmt: skip
        case = Case.objects.get(pk=pk)
        if accepted and action == "suspend":
            back = clock.now() + timedelta(hours=run.dice.uniform(20, 96))
            run.plan(back, _resume(run, pk, spot))
        elif case.stage == Stage.SHELVED:
            run.plan(_review_day(run, case), run.next_deed(pk, spot))
        else:
            run.soon(run.dice.uniform(60, 600), run.next_deed(pk, spot))

    return deed


def _resume(run: Simulation, pk: int, spot: Spot) -> Deed:
    def deed() -> None:
        case = Case.objects.get(pk=pk)
        task = case.tasks.filter(done_at=None, pauses__until=None, pauses__isnull=False).first()
        if task is not None and run.act(case, "resume", task, Given(task=task.pk)):
            case.refresh_from_db()
            run.plan(run.finished(case), run.next_deed(pk, spot))

    return deed


def _review_day(run: Simulation, case: Case) -> datetime:
    due = case.due_at or clock.now()
    return due + timedelta(days=run.dice.uniform(-4, 3))


def review(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    """Look again at what could not be solved."""
    draw = run.dice.random()
    word = "keep" if draw < KEPT else "resume" if draw < RESUMED else "end"
    given = Given(
        reason=texts.reason(run.dice, word),
        answer=texts.reason(run.dice, "end_answer") if word == "end" else "",
    )
    if not run.act(case, word, task, given):
        return
    case.refresh_from_db()
    if word == "keep":
        run.plan(_review_day(run, case), run.next_deed(case.pk, spot))
    elif word == "resume":
        begin_handling(run, case, spot)


def plan_judgement(run: Simulation, case: Case, spot: Spot) -> None:
    """Let some reporters say what they think of the answer, in the days after it."""
    if run.dice.random() < JUDGES:
        when = clock.now() + timedelta(days=run.dice.uniform(0.5, 12))
        run.plan(when, _judge(run, case.pk, spot))


def _judge(run: Simulation, pk: int, spot: Spot) -> Deed:
    def deed() -> None:
        case = Case.objects.get(pk=pk)
        until = judge_until(case)
        judged = Judgement.objects.filter(case=case, closing=closings(case)).exists()
        if until is None or clock.now() > until or judged:
            return
        bad = 0.3 if spot.relapse > 0.2 else 0.08  # noqa: PLR2004 - where it comes back
        draw = run.dice.random()
        verdict = Judgement.Verdict.SATISFIED
        if draw < bad * 2:
            verdict = Judgement.Verdict.DISSATISFIED if draw < bad else Judgement.Verdict.PARTLY
        again = verdict == Judgement.Verdict.DISSATISFIED and run.dice.random() < 0.5  # noqa: PLR2004
        judge_answer(
            case, verdict=verdict, comment=texts.reason(run.dice, str(verdict)), channel="hotline",
            actor=run.world.crowd.anyone("operator"), reopen=again,
        )  # fmt: skip
        run.counts["judged"] += 1
        if again:
            run.soon(run.dice.uniform(30, 240), _reopen(run, pk, spot))

    return deed


def _reopen(run: Simulation, pk: int, spot: Spot) -> Deed:
    def deed() -> None:
        ask = _waiting(pk, "reopening")
        if ask is None:
            return
        accepted = run.dice.random() < 0.6  # noqa: PLR2004 - more often than not it is true
        word = "granted" if accepted else "denied"
        supervisor = run.world.crowd.anyone(ask.decider)
        decide_ask(ask, accepted=accepted, actor=supervisor, reason=texts.reason(run.dice, word))
        if accepted:
            run.counts["reopened"] += 1
            begin_handling(run, Case.objects.get(pk=pk), spot)

    return deed

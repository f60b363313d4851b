"""Drives the real actions with a simulated clock; the same seed and end give the same months."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.actions import Given
from townkeeper.cases.desk import desk
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import ZONE, Report, open_case
from townkeeper.cases.models import Ask, Case, Origin, Stage, Task
from townkeeper.files.actions import store_photo
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.programs.simulation import texts
from townkeeper.programs.simulation.pictures import draw_scene
from townkeeper.programs.simulation.revisits import plan_revisits
from townkeeper.programs.simulation.sidelines import (
    SHELVED,
    STOPPED,
    ask_for,
    begin_handling,
    plan_judgement,
    review,
)
from townkeeper.programs.simulation.stage import Deed, Road, Simulation
from townkeeper.programs.simulation.world import (
    CALLED,
    CHANNELS,
    Spot,
    build_world,
    is_market_day,
)

PHOTO_VARIANTS = 3
WEEKDAY_LOAD = (1.15, 1.0, 1.0, 1.0, 1.1, 0.85, 0.7)
MARKET_DAY_LOAD = 1.8
SIDE_ROADS = (
    "disputes", "upheld", "rejected", "extend", "suspend", "give_up", "judged", "reopened",
    "came_back", "drawn", "revisits",
)  # fmt: skip
PARTLY = 0.02
"""Share of checks that find the matter only partly put right, and let it be."""


def simulate(
    months: int,
    seed: int,
    *,
    until: datetime | None = None,
    per_day: float = 6.0,
    actor: str = "simulation",
    progress: Callable[[int], object] = lambda _n: None,
) -> dict[str, object]:
    """Let the loaded program live through `months` whole months before the month of `until`.

    Refuses where live or imported cases are: simulated ones must never be mixed with them.
    Deterministic by program, seed, months, `per_day` (the mean) and `until`.
    """
    _refuse_mixing()
    end = (until or timezone.now()).astimezone(ZONE)
    first = _month_back(end.date().replace(day=1), months)
    picture = desk()
    dice = random.Random(f"townkeeper {seed}")  # noqa: S311 - a simulation, not a secret
    run = Simulation(picture, dice, build_world(picture, dice, actor=actor), end, roads=ROADS)
    days = (end.date() - first).days + 1
    for offset in range(days):
        _plan_day(run, first + timedelta(days=offset), per_day * _known(offset, days))
    plan_revisits(run, first, days, seed)
    run.run(progress)
    return {
        "from": first.isoformat(),
        "until": end.isoformat(),
        "seed": seed,
        "cases": run.counts["opened"],
        "closed": run.counts["closed"],
        "relapses": run.counts["relapse"],
        "acts": run.counts["acts"],
        "refused": run.counts["refused"],
        **{word: run.counts[word] for word in SIDE_ROADS},
    }


def _refuse_mixing() -> None:
    other = Case.objects.exclude(origin=Origin.SIMULATED).first()
    if other is not None:
        raise Problem(
            "not-for-live-data",
            _("There are real cases here, such as %(number)s; a simulation would mix with them.")
            % {"number": other.number},
            hint=_("Use another folder: --home DIR."),
        )
    if Case.objects.exists():
        raise Problem(
            "simulated-already",
            _("This home has been simulated already."),
            hint=_("Use another folder: --home DIR."),
        )


def _month_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _known(offset: int, days: int) -> float:
    """Return the share of reports that come in while the telephone number gets known.

    Grows from a quarter of `per_day` to seven quarters: a new report telephone is not rung at once.
    """
    return 0.25 + 1.5 * offset / days


def _plan_day(run: Simulation, on: date, per_day: float) -> None:
    """Draw the day's reports: more on Mondays, Fridays and on market days where they are held."""
    load = per_day * WEEKDAY_LOAD[on.weekday()]
    number = int(run.dice.gauss(load, load**0.5) + 0.5)
    weights = [
        weight * (MARKET_DAY_LOAD if is_market_day(spot.area, on) else 1.0)
        for spot, weight in zip(run.world.spots, run.world.weights, strict=True)
    ]
    for spot in run.dice.choices(run.world.spots, weights, k=max(0, number)):
        minute = int(run.dice.triangular(6 * 60 + 30, 22 * 60, 10 * 60))
        moment = datetime.combine(on, time(minute // 60, minute % 60), ZONE)
        moment += timedelta(seconds=run.dice.randrange(60))
        run.plan(moment, _report(run, spot))


def _number(run: Simulation, channel: str) -> str:
    """Return a number for whoever called or wrote in: one that no telephone network gives out."""
    return f"1000000{run.counts['opened'] % 10_000:04d}" if channel in CALLED else ""


def _report(run: Simulation, spot: Spot, *, again: bool = False) -> Deed:
    def deed() -> None:
        title, text = texts.report_text(run.dice, spot.name, spot.category.name)
        channel = run.dice.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        jitter = run.dice.uniform(-0.0003, 0.0003)
        opened = open_case(
            Report(
                title=title,
                text=text,
                category=spot.category.key,
                area=spot.area.code,
                place=spot.place,
                address=spot.name,
                lon=spot.lon + jitter if spot.lon is not None else None,
                lat=spot.lat + jitter if spot.lat is not None else None,
                channel=channel,
                reporter_phone=_number(run, channel),
            ),
            actor=run.world.crowd.anyone("operator").username,
        )
        run.counts["opened"] += 1
        run.counts["relapse"] += again
        case = Case.objects.get(pk=opened.id)
        if run.dice.random() < 0.5:  # noqa: PLR2004 - half of the reports come with a photo
            _photo(run, case, spot, None)
        now = clock.now()
        run.plan(run.after(now, run.dice.triangular(2, 45, 9)), run.next_deed(case.pk, spot))

    return deed


def _photo(run: Simulation, case: Case, spot: Spot, done: Task | None) -> None:
    """Add the reporter's photo, or the handler's of what was `done`."""
    kind, after = _scene(spot.category.key), done is not None
    key = (kind, after, run.dice.randrange(PHOTO_VARIANTS))
    if key not in run.photos:
        data = draw_scene(kind, after=after, variant=key[2])
        run.photos[key] = store_photo(data, name="simulated.jpg", actor="simulation")
    add_evidence(
        case,
        kind="after-photo" if after else "before-photo",
        actor=run.world.crowd.doer(done) if done else run.world.crowd.anyone("operator"),
        file=run.photos[key],
        task=done,
        is_public=True,
    )


def _scene(key: str) -> str:
    if key.startswith(("matter/0900", "local/straddling", "matter/09022")):
        return "car" if key in {"matter/09009", "matter/09010"} else "stall"
    if key.startswith(("component", "matter/01", "matter/02")):
        return "hole"
    return "refuse"


def _accept(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if run.dice.random() < 0.015:  # noqa: PLR2004 - few reports are none
        run.act(case, "refuse", task, Given(reason=texts.reason(run.dice, "refuse")))
        return
    if run.act(case, "file", task):
        run.soon(run.dice.triangular(3, 80, 15), run.next_deed(case.pk, spot))


def _dispatch(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if run.act(case, "dispatch", task):
        begin_handling(run, case, spot)


def _handle(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if task.unit_id is None:
        _name_somebody(run, case, spot)
        return
    if Ask.objects.filter(case=case, decided_at=None).exists():
        return  # whoever decides it lets the case go on
    draw, used = run.dice.random(), case.counts.get("used", {})
    late = clock.now() > case.due_at if case.due_at else False
    if late and draw < 0.12 and "extend" not in used:  # noqa: PLR2004
        ask_for(run, case, task, "extend", spot)
        return
    if draw < STOPPED and not late and "suspend" not in used:
        ask_for(run, case, task, "suspend", spot)
        return
    if 1 - draw < SHELVED and "give_up" not in used:
        ask_for(run, case, task, "give_up", spot)
        return
    _photo(run, case, spot, task)
    if run.act(case, "report", task, Given(task=task.pk)):
        run.soon(run.dice.triangular(20, 400, 90), run.next_deed(case.pk, spot))


def _name_somebody(run: Simulation, case: Case, spot: Spot) -> None:
    """Let the dispatcher name a unit where the register names none."""
    given = Given(reason=texts.reason(run.dice, "redispatch"), units=((spot.area.code, "lead"),))
    if run.act_as(run.world.crowd.anyone("dispatcher"), case, "redispatch", given):
        begin_handling(run, case, spot)


def _verify(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    handled = case.tasks.filter(stage=Stage.HANDLING, part="lead").order_by("-pk").first()
    habit = run.world.habits.get(handled.unit_id or 0) if handled else None
    draw = run.dice.random()
    if draw > (habit.care if habit else 0.9):
        if run.act(case, "fail", task, Given(reason=texts.reason(run.dice, "fail"))):
            begin_handling(run, case, spot)
        return
    given = Given(answer=texts.answer(run.dice))
    word = "pass"
    if draw < PARTLY:
        word, given = "pass_partly", replace(given, reason=texts.reason(run.dice, "pass_partly"))
    if run.act(case, word, task, given):
        run.counts["closed"] += 1
        plan_judgement(run, case, spot)
        if run.dice.random() < spot.relapse:
            back = clock.now() + timedelta(days=run.dice.uniform(4, 40))
            run.plan(back, _report(run, spot, again=True))


ROADS: dict[Stage, Road] = {
    Stage.INTAKE: _accept,
    Stage.FILING: _dispatch,
    Stage.DISPATCH: _dispatch,
    Stage.HANDLING: _handle,
    Stage.VERIFYING: _verify,
    Stage.SHELVED: review,
}
"""The straight road: what is done with a case in each stage."""

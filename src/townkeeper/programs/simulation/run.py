"""Drives the real actions with a simulated clock; the same seed and end give the same months."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.limits import Limit
from townkeeper.cases.actions import Given, advance_case, decide_ask
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import ZONE, Report, open_case
from townkeeper.cases.models import Ask, Case, Origin, Stage, Task
from townkeeper.files.actions import store_photo
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.programs.simulation import texts
from townkeeper.programs.simulation.pictures import draw_scene
from townkeeper.programs.simulation.world import (
    CHANNELS,
    Spot,
    World,
    build_world,
    is_market_day,
)

Deed = Callable[[], None]
PHOTO_VARIANTS = 3
WEEKDAY_LOAD = (1.15, 1.0, 1.0, 1.0, 1.1, 0.85, 0.7)
MARKET_DAY_LOAD = 1.8


@dataclass
class Simulation:
    """One run: a queue of deeds by time, and the dice they are drawn with."""

    desk: Desk
    dice: random.Random
    world: World
    until: datetime
    queue: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    serial: "itertools.count[int]" = field(default_factory=itertools.count)
    counts: Counter[str] = field(default_factory=Counter)
    photos: dict[tuple[str, bool, int], StoredFile] = field(default_factory=dict)

    def plan(self, moment: datetime, deed: Deed) -> None:
        """Let a deed happen at a time, if that lies within the run."""
        if moment <= self.until:
            heapq.heappush(self.queue, (moment, next(self.serial), deed))

    def after(self, start: datetime, minutes: float) -> datetime:
        """Return the instant so many working minutes later, with a human unevenness of seconds."""
        limit = Limit.parse(f"{max(1, round(minutes))}wmin")
        at = self.desk.calendar.due(start, limit).at or start
        return at + timedelta(seconds=self.dice.randrange(1, 55))

    def run(self, progress: Callable[[int], object]) -> None:
        """Let everything happen in order."""
        while self.queue:
            moment, _order, deed = heapq.heappop(self.queue)
            with clock.at(moment, "simulated"):
                deed()
            progress(1)


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
    run = Simulation(picture, dice, build_world(picture, dice, actor=actor), end)
    days = (end.date() - first).days + 1
    for offset in range(days):
        _plan_day(run, first + timedelta(days=offset), per_day * _known(offset, days))
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
            ),
            actor=run.world.crowd.anyone("operator").username,
        )
        run.counts["opened"] += 1
        run.counts["relapse"] += again
        case = Case.objects.get(pk=opened.id)
        if run.dice.random() < 0.5:  # noqa: PLR2004 - half of the reports come with a photo
            _photo(run, case, spot, after=False)
        now = clock.now()
        run.plan(run.after(now, run.dice.triangular(2, 45, 9)), _next(run, case.pk, spot))

    return deed


def _photo(run: Simulation, case: Case, spot: Spot, *, after: bool) -> None:
    kind = _scene(spot.category.key)
    key = (kind, after, run.dice.randrange(PHOTO_VARIANTS))
    if key not in run.photos:
        data = draw_scene(kind, after=after, variant=key[2])
        run.photos[key] = store_photo(data, name="simulated.jpg", actor="simulation")
    add_evidence(
        case,
        kind="after-photo" if after else "before-photo",
        actor=run.world.crowd.anyone("operator"),
        file=run.photos[key],
        is_public=True,
    )


def _scene(key: str) -> str:
    if key.startswith(("matter/0900", "local/straddling", "matter/09022")):
        return "car" if key in {"matter/09009", "matter/09010"} else "stall"
    if key.startswith(("component", "matter/01", "matter/02")):
        return "hole"
    return "refuse"


def _next(run: Simulation, pk: int, spot: Spot) -> Deed:
    """Do what comes next on a case."""

    def deed() -> None:
        case = Case.objects.get(pk=pk)
        if case.is_ended:
            return
        tasks = list(case.tasks.filter(done_at=None).order_by("pk"))
        lead = next((task for task in tasks if task.part == "lead"), tasks[0])
        steps[Stage(case.stage)](run, case, lead, spot)

    steps = {
        Stage.INTAKE: _accept,
        Stage.FILING: _dispatch,
        Stage.DISPATCH: _dispatch,
        Stage.HANDLING: _handle,
        Stage.DISPUTE: _arbitrate,
        Stage.VERIFYING: _verify,
    }
    return deed


def _act(run: Simulation, case: Case, action: str, task: Task, given: Given | None = None) -> bool:
    """Act; a refusal by the procedure is counted and leaves the case where it is."""
    given = given or Given()
    try:
        advance_case(case, action, actor=run.world.crowd.doer(task), given=given)
    except Problem:
        run.counts["refused"] += 1
        return False
    run.counts["acts"] += 1
    return True


def _accept(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if run.dice.random() < 0.015:  # noqa: PLR2004 - few reports are none
        _act(run, case, "refuse", task, Given(reason=texts.reason(run.dice, "refuse")))
        return
    if _act(run, case, "file", task):
        run.plan(run.after(clock.now(), run.dice.triangular(3, 80, 15)), _next(run, case.pk, spot))


def _dispatch(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if _act(run, case, "dispatch", task):
        case.refresh_from_db()
        run.plan(_finished(run, case), _next(run, case.pk, spot))


def _finished(run: Simulation, case: Case) -> datetime:
    """Draw when the unit is done: the diligent well inside the limit, others around or past it."""
    task = case.tasks.filter(done_at=None, stage=Stage.HANDLING, part="lead").first()
    start = clock.now()
    if task is None or task.due_at is None:
        return run.after(start, run.dice.uniform(60, 900))
    habit = run.world.habits[task.unit_id] if task.unit_id else None
    whole = run.desk.calendar.elapsed(start, task.due_at) / 60
    share = run.dice.lognormvariate(0.0, 0.45) * (1.35 - (habit.diligence if habit else 0.2))
    return run.after(start, max(10.0, whole * share))


def _handle(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    if task.unit_id is None:
        _name_somebody(run, case, spot)
        return
    habit = run.world.habits[task.unit_id]
    draw = run.dice.random()
    late = clock.now() > case.due_at if case.due_at else False
    if draw < habit.evasion and not case.counts.get("evasion"):
        if _act(run, case, "dispute", task, Given(reason=texts.reason(run.dice, "dispute"))):
            run.plan(run.after(clock.now(), run.dice.uniform(30, 300)), _next(run, case.pk, spot))
        return
    if late and draw < 0.12 and "extend" not in case.counts.get("used", {}):  # noqa: PLR2004
        _ask(run, case, task, "extend", spot)
        return
    _photo(run, case, spot, after=True)
    if _act(run, case, "report", task):
        run.plan(
            run.after(clock.now(), run.dice.triangular(20, 400, 90)), _next(run, case.pk, spot)
        )


def _name_somebody(run: Simulation, case: Case, spot: Spot) -> None:
    """Let the dispatcher name a unit where the register names none."""
    given = Given(reason=texts.reason(run.dice, "redispatch"), units=((spot.area.code, "lead"),))
    try:
        advance_case(case, "redispatch", actor=run.world.crowd.anyone("dispatcher"), given=given)
    except Problem:
        run.counts["refused"] += 1
        return
    case.refresh_from_db()
    run.plan(_finished(run, case), _next(run, case.pk, spot))


def _ask(run: Simulation, case: Case, task: Task, action: str, spot: Spot) -> None:
    if _act(run, case, action, task, Given(reason=texts.reason(run.dice, action))):
        run.plan(run.after(clock.now(), run.dice.uniform(10, 120)), _decide(run, case.pk, spot))


def _decide(run: Simulation, pk: int, spot: Spot) -> Deed:
    def deed() -> None:
        ask = Ask.objects.filter(case_id=pk, decided_at=None).select_related("case").first()
        if ask is None:
            return
        accepted = run.dice.random() < 0.8  # noqa: PLR2004 - most are granted
        decide_ask(ask, accepted=accepted, actor=run.world.crowd.anyone(ask.decider))
        run.plan(run.after(clock.now(), run.dice.uniform(60, 600)), _next(run, pk, spot))

    return deed


def _arbitrate(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    given = Given(reason=texts.reason(run.dice, "assign"))
    if _act(run, case, "assign", task, given):
        case.refresh_from_db()
        run.plan(_finished(run, case), _next(run, case.pk, spot))


def _verify(run: Simulation, case: Case, task: Task, spot: Spot) -> None:
    handled = case.tasks.filter(stage=Stage.HANDLING, part="lead").order_by("-pk").first()
    habit = run.world.habits.get(handled.unit_id or 0) if handled else None
    if run.dice.random() > (habit.care if habit else 0.9):
        if _act(run, case, "fail", task, Given(reason=texts.reason(run.dice, "fail"))):
            case.refresh_from_db()
            run.plan(_finished(run, case), _next(run, case.pk, spot))
        return
    if _act(run, case, "pass", task, Given(answer=texts.answer(run.dice))):
        run.counts["closed"] += 1
        if run.dice.random() < spot.relapse:
            back = clock.now() + timedelta(days=run.dice.uniform(4, 40))
            run.plan(back, _report(run, spot, again=True))

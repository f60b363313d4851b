"""Simulated evenings and visits: what came back is found, closed cases are drawn and looked at."""

import random
from datetime import date, datetime, time, timedelta

from townkeeper.cases.intake import ZONE
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.programs.simulation.stage import Deed, Simulation
from townkeeper.programs.simulation.world import Spot
from townkeeper.relapse.draws import draw_revisits
from townkeeper.relapse.finding import look_for_relapses
from townkeeper.relapse.models import Recurrence, Revisit
from townkeeper.relapse.revisiting import Finding, drop_revisits, record_revisit

ACTOR = "simulation"
EVENING, MORNING = time(23, 0), time(8, 30)
VISITED = 0.92
"""Chance that a drawn case is visited at all."""
WORDS_BACK, WORDS_UNCLEAR = "回頭看時又見同樣問題。", "現場正在施工，無法判斷。"
UNCLEAR = 0.04
RELAPSED = {True: 0.4, False: 0.07}
"""Chance that a visitor finds it back, by whether the place is known for it."""


def plan_revisits(run: Simulation, first: date, days: int, seed: int) -> None:
    """Plan a look for relapses every evening and a draw every morning.

    Has dice of its own, so that the rest of the simulated history stays what the seed makes it.
    """
    dice = random.Random(f"revisits {seed}")  # noqa: S311 - a simulation, not a secret
    for offset in range(days):
        day = first + timedelta(days=offset)
        run.plan(datetime.combine(day, MORNING, ZONE), _draw(run, dice, day, seed))
        run.plan(datetime.combine(day, EVENING, ZONE), lambda: _look(run))


def _look(run: Simulation) -> None:
    run.counts["came_back"] += look_for_relapses(actor=ACTOR).found


def _draw(run: Simulation, dice: random.Random, day: date, seed: int) -> Deed:
    def deed() -> None:
        drop_revisits(actor=ACTOR)
        for draw in draw_revisits(day, seed=f"simulation {seed}", actor=ACTOR):
            for visit in draw.revisits.order_by("case__number"):
                run.counts["drawn"] += 1
                if dice.random() < VISITED:
                    wait = dice.uniform(0.1, 1.1) * (visit.due_at - clock.now())
                    run.plan(clock.now() + wait, _visit(run, dice, visit.pk))

    return deed


def _visit(run: Simulation, dice: random.Random, pk: int) -> Deed:
    def deed() -> None:
        visit = Revisit.objects.select_related("case").get(pk=pk)
        unit = visit.unit_id
        crowd = run.world.crowd
        who = crowd.of(visit.performer, unit) if unit else crowd.anyone(visit.performer)
        try:
            visit = record_revisit(visit, _finding(dice, visit.case), actor=who)
        except Problem:
            # reopened since the draw: nothing to look at
            run.counts["not_visited"] += 1
            return
        run.counts["revisits"] += 1
        spot = _spot(run, visit.new_case) if visit.new_case else None
        if visit.new_case and spot:
            run.counts["opened"] += 1
            run.plan(run.after(clock.now(), 15), run.next_deed(visit.new_case.pk, spot))

    return deed


def _finding(dice: random.Random, case: Case) -> Finding:
    draw = dice.random()
    rows = Recurrence.objects.standing()
    known = rows.filter(case=case).exists() or rows.filter(former=case).exists()
    if draw < UNCLEAR:
        return Finding(Revisit.Result.UNCLEAR, WORDS_UNCLEAR)
    if draw < UNCLEAR + RELAPSED[known]:
        return Finding(Revisit.Result.RELAPSED, WORDS_BACK)
    return Finding(Revisit.Result.STANDS)


def _spot(run: Simulation, case: Case) -> Spot | None:
    """Return the spot at which a case lies, or one of its kind in its town."""
    kind = case.category.key if case.category else ""
    area = case.area.code if case.area else ""
    place = case.place.code if case.place else None
    alike = [s for s in run.world.spots if s.category.key == kind and s.area.code == area]
    return next((s for s in alike if s.place == place), alike[0] if alike else None)

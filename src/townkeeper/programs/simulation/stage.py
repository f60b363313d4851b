"""What every simulated deed stands on: the queue by time, the dice, and how people act."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from townkeeper.accounts.models import User
from townkeeper.calendars.limits import Limit
from townkeeper.cases.actions import Given, advance_case
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Case, Stage, Task
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.programs.simulation.world import Spot, World

Deed = Callable[[], None]
Road = Callable[["Simulation", Case, Task, Spot], None]


@dataclass
class Simulation:
    """One run: a queue of deeds by time, and the dice they are drawn with."""

    desk: Desk
    dice: random.Random
    world: World
    until: datetime
    roads: dict[Stage, Road] = field(default_factory=dict)
    """What is done with a case that stands in a stage."""
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

    def soon(self, minutes: float, deed: Deed) -> None:
        """Let a deed happen so many working minutes from now."""
        self.plan(self.after(clock.now(), minutes), deed)

    def run(self, progress: Callable[[int], object]) -> None:
        """Let everything happen in order."""
        while self.queue:
            moment, _order, deed = heapq.heappop(self.queue)
            with clock.at(moment, "simulated"):
                deed()
            progress(1)

    def next_deed(self, pk: int, spot: Spot) -> Deed:
        """Return the deed of doing what comes next on a case."""

        def deed() -> None:
            case = Case.objects.get(pk=pk)
            if case.is_ended:
                return
            tasks = list(case.tasks.filter(done_at=None).order_by("pk"))
            lead = next((task for task in tasks if task.part == "lead"), tasks[0])
            self.roads[Stage(case.stage)](self, case, lead, spot)

        return deed

    def act(self, case: Case, action: str, task: Task, given: Given | None = None) -> bool:
        """Act as whoever has the task."""
        return self.act_as(self.world.crowd.doer(task), case, action, given or Given())

    def act_as(self, person: User, case: Case, action: str, given: Given) -> bool:
        """Act as somebody; a refusal by the procedure is counted and leaves the case as it is."""
        try:
            advance_case(case, action, actor=person, given=given)
        except Problem:
            self.counts["refused"] += 1
            return False
        self.counts["acts"] += 1
        return True

    def finished(self, case: Case) -> datetime:
        """Draw when the unit is done: the diligent well inside the limit, others around it."""
        task = case.tasks.filter(done_at=None, stage=Stage.HANDLING, part="lead").first()
        start = clock.now()
        if task is None or task.due_at is None:
            return self.after(start, self.dice.uniform(60, 900))
        habit = self.world.habits[task.unit_id] if task.unit_id else None
        whole = self.desk.calendar.elapsed(start, task.due_at) / 60
        share = self.dice.lognormvariate(0.0, 0.45) * (1.35 - (habit.diligence if habit else 0.2))
        return self.after(start, max(10.0, whole * share))

"""Random cases for the metrics: whatever can be, also what no procedure would let happen."""

from datetime import datetime, timedelta
from random import Random

from tests.cases.metrics_world import Ask, Case, Task, t

A, B = 1, 2


class Dice:
    """Random cases: whatever can be, also what no procedure would let happen."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - not for secrets

    def time(self) -> datetime:
        return t("08-01 00:00") + timedelta(hours=self.random.randint(0, 24 * 70))

    def maybe(self) -> datetime | None:
        return self.random.choice([None, self.time()])

    def times(self, most: int) -> range:
        return range(self.random.randint(0, most))

    def case(self) -> Case:
        choice = self.random.choice
        stage = choice(["handling", "verifying", "closed", "closed", "voided", "merged"])
        kinds = ["rework", "evasion", "redispatch"]
        tasks = [self.task() for _ in self.times(4)]
        return Case(
            choice([None, A, B]),
            tasks,
            stage,
            self.time() if stage in {"closed", "voided"} else None,
            choice(["", "fixed", "partly"]),
            choice(["web", "patrol"]),
            [(choice(kinds), choice([None, A, B]), self.time()) for _ in self.times(2)],
            [(choice([A, B]), self.time()) for _ in self.times(1)],
            [self.ask(tasks) for _ in self.times(3)],
            [(self.time(), choice(["satisfied", "partly", "dissatisfied"]))]
            * self.random.randint(0, 2),
            [(self.time(), self.maybe()) for _ in self.times(1)],
            self.maybe(),
            choice([True, False]),
        )

    def ask(self, tasks: list[Task]) -> Ask:
        choice = self.random.choice
        return Ask(
            choice(["dispute", "extension", "stop", "reopening", "unsolvable"]),
            choice([None, A, B]),
            self.time(),
            self.maybe(),
            choice(["accepted", "accepted", "rejected", "left"]),
            self.maybe(),
            choice([None, *range(len(tasks))]),
        )

    def task(self) -> Task:
        choice = self.random.choice
        begun, done = self.time(), self.maybe()
        return Task(
            choice([None, A, B]),
            begun,
            self.maybe(),
            None if done is None else max(done, begun),
            choice(["handled", "handled", "handled", "passed-on", "cancelled", "voided"]),
            choice(["handling", "handling", "handling", "intake", "verifying", "shelved"]),
            choice(["lead", "lead", "assist"]),
            self.maybe() if done else None,
            [(self.time(), self.maybe()) for _ in self.times(1)],
        )

"""The ledger of what cannot be solved now: since when, why, how often reviewed, and when next.

A case comes here by a granted ask (effect `unsolvable`) into a step of the stage `shelved`; the
limit of its task is the review date. Nothing in it is closed, and nothing is forgotten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from townkeeper.cases.models import Ask, Case, CaseQuerySet, Stage, Task
from townkeeper.kit import clock

UNSOLVABLE = "unsolvable"
"""The effect by which procedures mark the asks that lead here."""


@dataclass(frozen=True, slots=True)
class Unsolved:
    """One matter that waits for better days."""

    number: str
    title: str
    category: str
    unit: str
    """Name of the unit that will answer for it again."""
    area: str
    since: datetime
    ground: str
    """The ground that the procedure lists, by its name there."""
    reason: str
    asked_by: str
    granted_by: str
    reviews: int
    """How often it has been reviewed and kept since then."""
    next_review: datetime | None
    overdue_days: int
    """Days begun since the review was due; 0 where it is not overdue."""

    @property
    def is_overdue(self) -> bool:
        """Whether its review should have been by now."""
        return self.overdue_days > 0


def unsolvable(
    cases: CaseQuerySet | None = None, *, now: datetime | None = None, overdue: bool = False
) -> list[Unsolved]:
    """Return the ledger, the earliest review first; `cases` narrows it to what one may see.

    `overdue` leaves only those whose review date has passed.
    """
    moment = now or clock.now()
    rows = Case.objects.all() if cases is None else cases
    shelved = list(
        rows.running()  # by the index of running cases
        .filter(stage=Stage.SHELVED)
        .select_related("category", "unit", "area")
        .defer("unit__outline", "area__outline")
        .order_by("due_at", "pk")
    )
    stays = dict(_stays(case.pk for case in shelved))
    asks = _granted(case.pk for case in shelved)
    found = [_unsolved(case, stays[case.pk], asks.get(case.pk), moment) for case in shelved]
    return [each for each in found if each.is_overdue or not overdue]


def _stays(cases: Iterable[int]) -> Iterator[tuple[int, list[Task]]]:
    """Yield for each case the tasks of its present stay: the last unbroken row of shelved ones."""
    by_case: dict[int, list[Task]] = {pk: [] for pk in cases}
    tasks = Task.objects.filter(case__in=list(by_case)).order_by("pk")
    for task in tasks.only("case_id", "stage", "opened_at", "due_at"):
        kept = by_case[task.case_id]
        if task.stage != Stage.SHELVED:
            kept.clear()
        else:
            kept.append(task)
    yield from by_case.items()


def _granted(cases: Iterable[int]) -> dict[int, Ask]:
    """Return the last granted ask that brought each case here."""
    asks = Ask.objects.filter(case__in=list(cases), effect=UNSOLVABLE, is_accepted=True)
    return {ask.case_id: ask for ask in asks.order_by("decided_at")}


def _unsolved(case: Case, stay: list[Task], ask: Ask | None, now: datetime) -> Unsolved:
    due = stay[-1].due_at if stay else case.due_at
    late = now - due if due is not None and due < now else timedelta()
    return Unsolved(
        number=case.number,
        title=case.title,
        category=case.category.title if case.category else "",
        unit=case.unit.title if case.unit else "",
        area=case.area.title if case.area else "",
        since=stay[0].opened_at if stay else case.opened_at,
        ground=ask.ground if ask else "",
        reason=ask.reason if ask else "",
        asked_by=ask.actor if ask else "",
        granted_by=ask.decided_by if ask else "",
        reviews=max(0, len(stay) - 1),
        next_review=due,
        overdue_days=late.days + 1 if late else 0,
    )

"""A unit's own figures of the month so far, each with the cases behind it.

They say how it stands before the month is closed, from the records themselves, in one query each;
the published round remains what counts, and follows the scheme where a rule of that differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet

from townkeeper.cases.models import Alarm, Ask, Case, CaseQuerySet, Judgement, Stage, Task
from townkeeper.relapse.models import Recurrence
from townkeeper.units.models import Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of cases, out of how many; `out_of` None where it is a plain count."""

    name: str
    count: int
    out_of: int | None

    @property
    def share(self) -> float | None:
        """Return the ratio (0 to 1), or None where nothing was counted yet."""
        return self.count / self.out_of if self.out_of else None


@dataclass(frozen=True, slots=True)
class Span:
    """Whose figures, and from when until when (until is now, and does not count)."""

    units: tuple[int, ...]
    since: datetime
    until: datetime


def _due(span: Span) -> QuerySet[Task]:
    """Return the unit's handling, in the lead, that was due in the span; what was withdrawn not."""
    tasks = Task.objects.filter(
        unit__in=span.units, stage=Stage.HANDLING, part="lead",
        due_at__gte=span.since, due_at__lt=span.until,
    )  # fmt: skip
    return tasks.exclude(outcome="cancelled").exclude(case__stage__in=[Stage.MERGED, Stage.VOIDED])


def _reported(span: Span) -> QuerySet[Task]:
    tasks = Task.objects.filter(
        unit__in=span.units, stage=Stage.HANDLING, part="lead",
        done_at__gte=span.since, done_at__lt=span.until,
    )  # fmt: skip
    return tasks.exclude(outcome="cancelled")


def _on_time(span: Span) -> QuerySet[Task]:
    return _due(span).filter(done_at__lte=F("due_at"))


def _sent_back(span: Span) -> QuerySet[Task]:
    return _reported(span).filter(case__counts__rework__gte=1)


def _relapses(span: Span) -> QuerySet[Recurrence]:
    rows = Recurrence.objects.standing().filter(unit__in=span.units)
    return rows.filter(case__opened_at__gte=span.since, case__opened_at__lt=span.until)


def _disputes(span: Span) -> QuerySet[Ask]:
    return Ask.objects.filter(
        effect="dispute", unit__in=span.units, asked_at__gte=span.since, asked_at__lt=span.until
    )


def _rejected(span: Span) -> QuerySet[Ask]:
    return _disputes(span).filter(is_accepted=False)


def _judged(span: Span) -> QuerySet[Judgement]:
    return Judgement.objects.filter(
        case__unit__in=span.units, at__gte=span.since, at__lt=span.until
    )


def _satisfied(span: Span) -> QuerySet[Judgement]:
    return _judged(span).filter(verdict=Judgement.Verdict.SATISFIED)


def _cards(colour: str) -> Callable[[Span], QuerySet[Alarm]]:
    def find(span: Span) -> QuerySet[Alarm]:
        return Alarm.objects.filter(
            unit__in=span.units, card=colour, at__gte=span.since, at__lt=span.until
        )

    return find


def _overdue(span: Span) -> QuerySet[Task]:
    return Task.objects.filter(unit__in=span.units, done_at=None, due_at__lt=span.until)


def _assisting(span: Span) -> QuerySet[Task]:
    return Task.objects.filter(unit__in=span.units, done_at=None, part="assist")


Rows = Callable[[Span], QuerySet[Task] | QuerySet[Recurrence] | QuerySet[Ask] | QuerySet[Judgement]
                | QuerySet[Alarm]]  # fmt: skip
FIGURES: Final[Mapping[str, tuple[Rows, Rows | None]]] = {
    "on-time": (_on_time, _due),
    "rework": (_sent_back, _reported),
    "recurrence": (_relapses, _reported),
    "disputes": (_disputes, None),
    "rejected": (_rejected, _disputes),
    "satisfaction": (_satisfied, _judged),
    "yellow": (_cards("yellow"), None),
    "red": (_cards("red"), None),
    "overdue": (_overdue, None),
    "assisting": (_assisting, None),
}
"""What is counted, and out of what."""


def span_of(unit: Unit, since: datetime, until: datetime) -> Span:
    """Return a span for a unit and the teams below it."""
    units = Unit.objects.under(unit).values_list("pk", flat=True)
    return Span(tuple(units), since, until)


def figures_of(span: Span) -> dict[str, Figure]:
    """Return every figure, in one query for each count."""
    found = {}
    for name, (rows, whole) in FIGURES.items():
        out_of = whole(span).count() if whole is not None else None
        found[name] = Figure(name, rows(span).count(), out_of)
    return found


def _column(rows: Any, name: str) -> Any:  # noqa: ANN401 - rows of five kinds, each with a case
    return rows.order_by().values(name)


def cases_behind(span: Span, name: str, *, missed: bool = False) -> CaseQuerySet:
    """Return the cases that a figure counts; with `missed` those that it leaves out."""
    rows, whole = FIGURES[name]
    wanted = Q(pk__in=_column(rows(span), "case"))
    if missed and whole is not None:
        inside = whole(span).exclude(pk__in=_column(rows(span), "pk"))
        wanted = Q(pk__in=_column(inside, "case"))
    return Case.objects.filter(wanted)


@dataclass(frozen=True, slots=True)
class Load:
    """How much one person has in person; nobody's is what waits to be signed for."""

    username: str
    name: str
    open_tasks: int
    overdue: int


def loads_in(units: tuple[int, ...], now: datetime) -> list[Load]:
    """Return who has how many open tasks of some units, the most loaded first."""
    tasks = Task.objects.filter(unit__in=units, done_at=None).order_by()
    rows = tasks.values_list("assignee__username", "assignee__name").annotate(
        n=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now))
    )
    found = [Load(who or "", name or who or "", n, late) for who, name, n, late in rows]
    return sorted(found, key=lambda load: (load.username == "", -load.open_tasks, load.name))

"""Counts for the morning brief: five figures over three spans, units, kinds of matter and areas.

Each figure names the cases behind it, so that whoever opens it sees what was counted. Everything is
counted once a morning; pages read the stored edition. Definitions are in docs/brief.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from townkeeper.cases.models import Case, Stage, Task
from townkeeper.relapse.models import Recurrence
from townkeeper.units.models import Unit

SPANS: Final = {"day": 1, "week": 7, "month": 30}
"""Span → its days; each is compared with as many days before it."""
KEPT: Final = 2000
"""So many cases behind a figure are kept by id; the number itself is always the whole one."""
AREA_KINDS: Final = (Unit.Kind.COUNTY, Unit.Kind.TOWNSHIP, Unit.Kind.VILLAGE)


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the place that a brief tells about; `units` None where it is all of it."""

    area: Unit
    units: tuple[int, ...] | None

    @classmethod
    def of(cls, area: Unit) -> "Scope":
        """Return the scope of a unit: whatever it or one below it answers for or contains."""
        if area.parent_id is None and not Unit.objects.filter(parent=None).exclude(pk=area.pk):
            return cls(area, None)
        return cls(area, tuple(Unit.objects.under(area).values_list("pk", flat=True)))

    def on(self, prefix: str = "") -> Q:
        """Return the condition on a case, or on what refers to one."""
        if self.units is None:
            return Q()
        return Q(**{f"{prefix}area__in": self.units}) | Q(**{f"{prefix}unit__in": self.units})


@dataclass(frozen=True, slots=True)
class Counted:
    """A number with the cases behind it, newest first."""

    number: int
    ids: list[int]


def counted(cases: QuerySet[Any], column: str = "pk") -> Counted:
    """Count cases and keep the newest of their ids."""
    rows = cases.order_by(f"-{column}").values_list(column, flat=True).distinct()
    ids = list(rows[: KEPT + 1])
    return Counted(rows.count() if len(ids) > KEPT else len(ids), ids[:KEPT])


def midnight(moment: datetime) -> datetime:
    """Return the beginning of the site's day."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def flows(scope: Scope, begin: datetime, end: datetime) -> dict[str, tuple[Counted, int | None]]:
    """Return reported, closed, handled late and come back in a stretch of time.

    With handling comes the number of cases that were due: the rate's denominator.
    """
    span = {"opened_at__gte": begin, "opened_at__lt": end}
    within = Case.objects.filter(scope.on())
    closed = within.filter(stage=Stage.CLOSED, closed_at__gte=begin, closed_at__lt=end)
    back = Recurrence.objects.standing().filter(scope.on("case__"))
    back = back.filter(case__opened_at__gte=begin, case__opened_at__lt=end)
    due = Task.objects.filter(
        scope.on("case__"), stage=Stage.HANDLING, part="lead", due_at__gte=begin, due_at__lt=end
    ).exclude(outcome="cancelled")
    late = due.filter(Q(done_at=None) | Q(done_at__gt=F("due_at")))
    whole = due.order_by().values("case").distinct().count()
    return {
        "reported": (counted(within.filter(**span)), None),
        "closed": (counted(closed), None),
        "late": (counted(late, "case"), whole),
        "back": (counted(back, "case"), None),
    }


def overdue_at(scope: Scope, moment: datetime) -> Counted:
    """Return the cases that had an overdue leading task at a moment, by the deadlines of today."""
    return counted(late_at(scope, moment), "case")


def running_at(scope: Scope, moment: datetime) -> tuple[QuerySet[Case], QuerySet[Case]]:
    """Return the cases that were running at a moment: those that still are, and the others.

    An edition is of 08:00 also where nobody looked before noon.
    """
    opened = Case.objects.filter(scope.on(), opened_at__lte=moment)
    return opened.running(), opened.filter(closed_at__gt=moment)


def late_at(scope: Scope, moment: datetime) -> QuerySet[Task]:
    """Return the leading tasks that were overdue at a moment, by the deadlines of today."""
    tasks = Task.objects.filter(
        scope.on("case__"), part="lead", due_at__lt=moment, opened_at__lte=moment
    )
    return tasks.filter(Q(done_at=None) | Q(done_at__gt=moment))


def by_unit(scope: Scope, moment: datetime) -> list[tuple[int, int, int]]:
    """Return (unit, running cases, overdue ones) at a moment."""
    running: dict[int, int] = {}
    for cases in running_at(scope, moment):
        rows = cases.filter(unit__isnull=False).order_by().values("unit").annotate(n=Count("pk"))
        for unit, number in rows.values_list("unit", "n"):
            running[unit] = running.get(unit, 0) + number
    late = late_at(scope, moment).order_by().values("case__unit")
    over = dict(late.annotate(n=Count("case", distinct=True)).values_list("case__unit", "n"))
    return [(unit, number, over.get(unit, 0)) for unit, number in running.items()]


def late_of_unit(scope: Scope, moment: datetime, unit: int) -> Counted:
    """Return the cases of a unit that were overdue at a moment."""
    return counted(late_at(scope, moment).filter(case__unit=unit), "case")


def reports_of_kind(scope: Scope, end: datetime, days: int, category: int) -> Counted:
    """Return the cases of a kind reported in the last days."""
    begin = end - timedelta(days=days)
    rows = Case.objects.filter(
        scope.on(), category=category, opened_at__gte=begin, opened_at__lt=end
    )
    return counted(rows)


def by_category(scope: Scope, end: datetime, days: int) -> list[tuple[int, int, int]]:
    """Return (category, reports in the last days, reports in as many days before)."""
    middle, begin = end - timedelta(days=days), end - timedelta(days=2 * days)
    rows = Case.objects.filter(
        scope.on(), opened_at__gte=begin, opened_at__lt=end, category__isnull=False
    ).order_by()
    return [
        (category, now, before)
        for category, now, before in rows.values("category")
        .annotate(
            now=Count("pk", filter=Q(opened_at__gte=middle)),
            before=Count("pk", filter=Q(opened_at__lt=middle)),
        )
        .values_list("category", "now", "before")
    ]


def by_day(scope: Scope, end: datetime, days: int) -> list[list[Any]]:
    """Return [day, reported, closed] for each of the days before `end`."""
    begin = end - timedelta(days=days)
    counts: dict[str, dict[Any, int]] = {}
    for name, state in (("opened_at", {}), ("closed_at", {"stage": Stage.CLOSED})):
        rows = Case.objects.filter(
            scope.on(), **{f"{name}__gte": begin, f"{name}__lt": end}, **state
        ).order_by()
        day = TruncDate(name, tzinfo=end.tzinfo)
        counts[name] = dict(rows.annotate(day=day).values_list("day").annotate(n=Count("pk")))
    dates = [(begin + timedelta(days=n)).date() for n in range(days)]
    return [
        [on.isoformat(), counts["opened_at"].get(on, 0), counts["closed_at"].get(on, 0)]
        for on in dates
    ]


def by_area(scope: Scope, moment: datetime) -> dict[str, dict[str, Any]]:
    """Return running, overdue, reported and closed (7 days) by area code, rolled up the tree."""
    week = midnight(moment) - timedelta(days=7)
    found: dict[int, dict[str, float]] = {}

    def add(rows: QuerySet[Any], key: str = "area", **counts: Any) -> None:  # noqa: ANN401
        names = list(counts)
        rows = rows.filter(**{f"{key}__isnull": False}).order_by()
        for area, *numbers in rows.values(key).annotate(**counts).values_list(key, *names):
            row = found.setdefault(area, {})
            for name, number in zip(names, numbers, strict=True):
                row[name] = number if name in {"lon", "lat"} else row.get(name, 0) + number

    for cases in running_at(scope, moment):
        add(cases, running=Count("pk"))
    add(late_at(scope, moment), "case__area", overdue=Count("case", distinct=True))
    end = midnight(moment)
    within = Case.objects.filter(scope.on(), opened_at__lt=end)
    add(within.filter(opened_at__gte=week), reported=Count("pk"))
    add(within.filter(opened_at__gte=end - timedelta(days=30), lat__isnull=False),
        lon=Avg("lon"), lat=Avg("lat"))  # fmt: skip
    return _rolled_up(scope, found)


def _rolled_up(scope: Scope, found: dict[int, dict[str, float]]) -> dict[str, dict[str, Any]]:
    areas = list(
        Unit.objects.under(scope.area).filter(kind__in=AREA_KINDS, until=None)
        .only("pk", "code", "path", "parent").order_by("path")
    )  # fmt: skip
    by_path = {area.path: area for area in areas}
    rolled: dict[str, dict[str, Any]] = {
        area.code: {"running": 0, "overdue": 0, "reported": 0} for area in areas
    }
    for area in areas:
        own = found.get(area.pk, {})
        if own.get("lon") is not None and own.get("lat") is not None:
            rolled[area.code] |= {"lon": round(own["lon"], 5), "lat": round(own["lat"], 5)}
        path = area.path
        while path:
            above = by_path.get(path)
            if above is not None:
                for name in ("running", "overdue", "reported"):
                    rolled[above.code][name] += int(own.get(name, 0))
            path = path[: path[:-1].rfind(".") + 1]
    return rolled

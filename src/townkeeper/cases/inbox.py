"""The tasks that wait for a person in the field: handling in one list, verifying in another.

Both are the open tasks of the roles that a person has under their posts, narrowed to groups such as
"to sign for"; by due time a page at a time, or the nearest first from where somebody is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Count, Q, QuerySet

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, CaseQuerySet, Stage, Task
from townkeeper.cases.sight import Sight
from townkeeper.cases.worklist import Key, by_due, due_condition
from townkeeper.kit.globe import metres_between
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission

MOST_MEASURED: Final = 2000
"""Tasks whose distance is measured; whoever has more gets those that are due first."""
BOXES: Final = ("handling", "verifying")
GROUPS: Final = ("all", "mine", "sign", "doing", "soon", "rework", "assist")


class Spot(NamedTuple):
    """Where somebody is, in degrees (CGCS2000/WGS 84)."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Line:
    """One task of a list, with how far away its place is where that is known."""

    case_id: int
    task_id: int
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines in order, and the key behind which the next page begins."""

    lines: list[Line]
    following: Key | None = None


def inbox_of(sight: Sight, box: str) -> QuerySet[Task]:
    """Return the open tasks of a box that a person may do: of their roles, under their posts.

    This is the rule by which acts are allowed (`people.own_units`): a verifier of the inspection
    group, whose post looks over the district, finds what waits for any verifier there.
    """
    mine = Q(pk__in=[])
    for post in sight.posts:
        if Permission.CASES_CASE_ACT not in post.role.permissions:
            continue
        role = Q(performer=post.role.key, unit__isnull=False)
        if post.area.parent_id is not None:
            below = Unit.objects.under(post.area).values_list("pk", flat=True)
            role &= Q(unit__in=list(below))
        mine |= role
    is_verifying = Q(stage=Stage.VERIFYING)
    tasks = Task.objects.filter(mine, done_at=None)
    return tasks.filter(is_verifying if box == "verifying" else ~is_verifying)


def group_condition(group: str, user: User, now: datetime) -> Q:
    """Return what makes a task one of a group; an unknown group holds all.

    `sign`: nobody has signed yet. `soon`: yellow, red or within two hours. `rework`: sent back by
    a check, or taken up again after it was closed. `assist`: another unit leads.
    """
    conditions = {
        "mine": Q(assignee=user),
        "sign": Q(signed_at=None),
        "doing": Q(signed_at__isnull=False),
        "soon": due_condition("soon", now) | due_condition("over", now),
        "rework": Q(case__counts__rework__gte=1) | Q(case__counts__reopened__gte=1),
        "assist": Q(part="assist"),
    }
    return conditions.get(group, Q())


def count_groups(tasks: QuerySet[Task], user: User, now: datetime) -> dict[str, int]:
    """Count a box by group, in one query."""
    counts = {group: Count("pk", filter=group_condition(group, user, now)) for group in GROUPS[1:]}
    return tasks.order_by().aggregate(all=Count("pk"), **counts)


def page_by_due(tasks: QuerySet[Task], *, size: int, after: Key | None = None) -> Page:
    """Return one page by due time, the overdue first and those without a limit last."""
    rows = by_due(tasks, size + 1, after, "case")
    lines = [Line(row[2], row[1]) for row in rows[:size]]
    following = Key(rows[size - 1][0], rows[size - 1][1]) if len(rows) > size else None
    return Page(lines, following)


def page_by_distance(tasks: QuerySet[Task], spot: Spot, *, size: int) -> Page:
    """Return the nearest tasks, in metres from `spot`; those without a place come last."""
    columns = ("case", "case__lon", "case__lat", "case__place__lon", "case__place__lat")
    far = float("inf")
    lines = []
    for _due, task, case, *at in by_due(tasks, MOST_MEASURED, None, *columns):
        there = spot_of(at)
        lines.append(Line(case, task, metres_between(*spot, *there) if there else None))
    lines.sort(key=lambda line: far if line.metres is None else line.metres)
    return Page(lines[:size])


def cases_on(lines: Sequence[Line]) -> CaseQuerySet:
    """Return the cases of lines that a page was made of: those the person has a task in."""
    return Case.objects.filter(pk__in=[line.case_id for line in lines])


def tasks_on(lines: Sequence[Line]) -> dict[int, Task]:
    """Return the tasks of lines by id, with unit and person."""
    tasks = Task.objects.filter(pk__in=[line.task_id for line in lines])
    loaded = tasks.select_related("unit", "assignee").defer("unit__outline")
    return {task.pk: task for task in loaded}


def spot_of(columns: Sequence[float | None]) -> Spot | None:
    """Return a case's place from its own position and its key place's, which counts first."""
    lon, lat, place_lon, place_lat = columns
    if place_lon is not None and place_lat is not None:
        return Spot(place_lon, place_lat)
    return Spot(lon, lat) if lon is not None and lat is not None else None

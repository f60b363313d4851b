"""How far a person sees, in a form that indexes answer: the rule of `CaseQuerySet.visible_to`."""

import time
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, CaseQuerySet, Task
from townkeeper.units.models import Post, Unit, posts_of
from townkeeper.units.permissions import Permission

DENSE = 10_000
"""Cases or tasks from which on reading backwards meets those of a unit soon enough."""
KEPT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sight:
    """How far a person sees, worked out once for all lists of a page."""

    posts: tuple[Post, ...]
    everything: bool
    units: tuple[int, ...]
    """The units under the person's posts."""
    nowhere: bool
    """Whether also what belongs to no unit and no area."""

    @property
    def doing(self) -> list[tuple[str, int]]:
        """Return the roles and units in which the person does tasks."""
        return [(post.role.key, post.unit_id) for post in self.posts]


def sight_of(user: User | AnonymousUser, now: datetime) -> Sight:
    """Return how far a person sees on a day: the subtrees of those posts that may view cases."""
    posts = posts_of(user, timezone.localdate(now))
    areas = [p.area for p in posts if Permission.CASES_CASE_VIEW in p.role.permissions]
    tops = [area.pk for area in areas if area.parent_id is None]
    if tops and not Unit.objects.filter(parent=None).exclude(pk__in=tops).exists():
        return Sight(tuple(posts), everything=True, units=(), nowhere=True)
    below = Q(pk__in=[])
    for area in areas:
        below |= Q(path__gte=area.path, path__lt=area.path_end)
    units = tuple(Unit.objects.filter(below).order_by("pk").values_list("pk", flat=True))
    return Sight(tuple(posts), everything=False, units=units, nowhere=bool(tops))


def seen_by(cases: CaseQuerySet, sight: Sight, tab: str) -> CaseQuerySet:
    """Narrow to what a person sees.

    Among running cases a unit's are those it answers for, those in its area, and those in which it
    has an open task: each an index. Where it had a task that is done, it finds the case under
    "all", by search and by number; reading the tasks of all running cases would cost too much.
    """
    if sight.everything:
        return cases
    units = sight.units
    found = Q(unit__in=units) | Q(area__in=units)
    if tab == "open":
        with_us = Task.objects.filter(done_at=None, unit__in=units)
        found |= Q(pk__in=with_us.values("case"))
    else:
        found |= Q(Exists(Task.objects.filter(case=OuterRef("pk"), unit__in=units)))
    if sight.nowhere:
        placed = Task.objects.filter(case=OuterRef("pk")).exclude(unit=None)
        found |= Q(unit=None, area=None) & ~Exists(placed)
    return cases.filter(found)


_dense: dict[tuple[int, ...], tuple[float, bool]] = {}


def is_dense(units: tuple[int, ...]) -> bool:
    """Whether some units have many cases or tasks; asked anew every ten minutes."""
    at, answer = _dense.get(units, (float("-inf"), False))
    if time.monotonic() - at < KEPT_SECONDS:
        return answer
    counted = (
        Case.objects.filter(area__in=units),
        Case.objects.filter(unit__in=units),
        Task.objects.filter(unit__in=units),
    )
    answer = any(rows[:DENSE].count() == DENSE for rows in counted)
    _dense[units] = (time.monotonic(), answer)
    return answer

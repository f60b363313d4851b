"""How far a person sees, in a form that indexes answer: the rule of `CaseQuerySet.visible_to`."""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from townkeeper.accounts.models import User
from townkeeper.cases.models import Ask, Case, CaseQuerySet, Task
from townkeeper.cases.running import IsThere
from townkeeper.journal.actions import registers_stamp
from townkeeper.units.models import Post, Unit, posts_of
from townkeeper.units.permissions import Permission

FEW = 3000
"""Cases that are rather put together than looked for."""
MANY = 20_000
"""Tasks that are rather asked for case by case than listed."""
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
    tops = {area.pk for area in areas if area.parent_id is None}
    tree = _tree(registers_stamp())
    if tops and all(pk in tops for pk, parent, _path in tree if parent is None):
        return Sight(tuple(posts), everything=True, units=(), nowhere=True)
    paths = tuple({area.path for area in areas})
    units = tuple(pk for pk, _parent, path in tree if path.startswith(paths)) if paths else ()
    return Sight(tuple(posts), everything=False, units=units, nowhere=bool(tops))


def _tree(stamp: int) -> list[tuple[int, int | None, str]]:
    """Return all units (id, parent, path) in order of their ids, kept until they change."""
    # without a stamp nothing tells that they have changed
    return _kept_tree(stamp) if stamp else _read_tree()


@lru_cache(maxsize=1)
def _kept_tree(_stamp: int) -> list[tuple[int, int | None, str]]:
    return _read_tree()


def _read_tree() -> list[tuple[int, int | None, str]]:
    return list(Unit.objects.order_by("pk").values_list("pk", "parent", "path"))


def seen_by(cases: CaseQuerySet, sight: Sight, tab: str, *, of_few: bool = False) -> CaseQuerySet:
    """Narrow to what a person sees; `of_few` where the cases are a handful that search found.

    Among running cases a unit's are those it answers for, those in its area, and those in which it
    has an open task: each an index. Where it had a task that is done, it finds the case under
    "all", by search and by number; reading the tasks of all running cases would cost too much.
    """
    return cases if sight.everything else cases.filter(_seen(sight, tab, of_few=of_few))


def asks_seen(asks: QuerySet[Ask], sight: Sight) -> QuerySet[Ask]:
    """Narrow what was asked for to the cases that a person sees, asked case by case.

    A list of those cases would have PostgreSQL read all there are for some hundred asks.
    """
    if sight.everything:
        return asks
    return asks.filter(_seen(sight, "all", of_few=True, of="case__"))


def _seen(sight: Sight, tab: str, *, of_few: bool, of: str = "") -> Q:
    """Return the condition of `seen_by`; `of` leads from a row to its case."""
    units, case = sight.units, of.removesuffix("__") or "pk"
    found = Q(**{f"{of}unit__in": units}) | Q(**{f"{of}area__in": units})
    if tab == "open":
        tasks, listed = Task.objects.filter(done_at=None, unit__in=units), not of_few
    else:
        tasks = Task.objects.filter(unit__in=units)
        listed = not of_few and volume_of(units).tasks < MANY
    found |= Q(**{f"{case}__in": tasks.values("case")}) if listed else _one_of(tasks, case)
    # whoever is named in a dispute must be able to answer it
    named = Ask.objects.filter(decided_at=None, other__in=units)
    found |= Q(**{f"{case}__in": named.values("case")})
    if sight.nowhere:
        placed = Task.objects.filter(case=OuterRef(case)).exclude(unit=None)
        found |= Q(**{f"{of}unit": None, f"{of}area": None}) & Q(~Exists(placed))
    return found


def _one_of(tasks: QuerySet[Task], case: str) -> Q:
    """Return the condition that a case has one of some tasks, asked for case by case.

    From a list of cases it is answered quicker while that is short; where units have many tasks
    this is, as lists end after a page. A value that is compared with nothing, not EXISTS:
    PostgreSQL would turn that into the list.
    """
    one = tasks.filter(case=OuterRef(case)).order_by().values("case")[:1]
    return Q(IsThere(Subquery(one)))


def ids_of_few(sight: Sight) -> set[int] | None:
    """Return the cases that a person sees where they are few, None where they are not.

    Lists of the past are read backwards until a page is full; a unit with hardly any cases would
    have all read.
    """
    if sight.everything or sight.nowhere or volume_of(sight.units).cases >= FEW:
        return None
    units = sight.units
    return {
        *Case.objects.filter(unit__in=units).values_list("pk", flat=True),
        *Case.objects.filter(area__in=units).values_list("pk", flat=True),
        *Task.objects.filter(unit__in=units).values_list("case", flat=True),
        *Ask.objects.filter(decided_at=None, other__in=units).values_list("case", flat=True),
    }


class Volume(NamedTuple):
    """How much some units have to do with, counted up to a limit."""

    tasks: int
    cases: int
    """Tasks, cases answered for, and cases in the area together: an upper bound."""


_volumes: dict[tuple[int, ...], tuple[float, Volume]] = {}


def volume_of(units: tuple[int, ...]) -> Volume:
    """Return how much some units have to do with; asked anew every ten minutes."""
    at, known = _volumes.get(units, (float("-inf"), Volume(0, 0)))
    if time.monotonic() - at < KEPT_SECONDS:
        return known
    tasks = Task.objects.filter(unit__in=units)[:MANY].count()
    cases = tasks
    for rows in (Case.objects.filter(unit__in=units), Case.objects.filter(area__in=units)):
        cases += rows[:FEW].count() if cases < FEW else 0
    known = Volume(tasks, cases)
    _volumes[units] = (time.monotonic(), known)
    return known

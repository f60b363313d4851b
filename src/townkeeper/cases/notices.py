"""A person's notices: alarms of which their role is told, what they have read, how many are new.

The bell stands on every page, so its question is bounded: it looks through the newest alarms of the
person's area only, and its answer is remembered for some seconds.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from townkeeper.accounts.models import User
from townkeeper.cases.models import Alarm, NoticeMark
from townkeeper.kit import clock
from townkeeper.units.models import Post
from townkeeper.units.permissions import Permission

BACK: Final = timedelta(days=14)
"""Older alarms are on the case and on the board, and ring no bell."""
LOOKED_THROUGH: Final = 2000
MOST: Final = 99
KEPT_SECONDS: Final = 20.0
READ_SINGLY: Final = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """One alarm as its reader has it."""

    alarm: Alarm
    is_read: bool
    is_open: bool
    """Whether the clock still runs: what is done needs nothing any more."""


def notices_for(
    user: User, posts: Iterable[Post], *, only_open: bool = True, most: int = 100
) -> list[Notice]:
    """Return what a person is told, newest first, among the newest alarms of their area."""
    mine = _mine(posts, after=0)
    if mine is None:
        return []
    mark = _mark(user)
    alarms = (_running(mine) if only_open else mine).select_related("case", "unit", "task", "ask")
    alarms = alarms.defer("unit__outline", "case__text").order_by("-at", "-pk")[:most]
    return [Notice(alarm, _is_read(alarm.pk, mark), _is_open(alarm)) for alarm in alarms]


_counted: dict[int, tuple[float, int]] = {}


def count_new(user: User, posts: Iterable[Post]) -> int:
    """Return how many notices are new, at most 99; remembered for twenty seconds."""
    at, known = _counted.get(user.pk, (float("-inf"), 0))
    if time.monotonic() - at < KEPT_SECONDS:
        return known
    mark = _mark(user)
    mine = _mine(posts, after=mark.until)
    number = 0
    if mine is not None:
        new = _running(mine).exclude(pk__in=mark.read).order_by()
        number = new.values("pk")[:MOST].count()
    _counted[user.pk] = (time.monotonic(), number)
    return number


@transaction.atomic
def mark_read(user: User, alarm: int | None = None) -> None:
    """Put down that a person has read one alarm, or all there are by now.

    A reader's own mark: it says nothing about the case, so no journal holds it.
    """
    NoticeMark.objects.get_or_create(user=user)
    mark = NoticeMark.objects.select_for_update().get(user=user)
    if alarm is None:
        mark.until = Alarm.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    elif not _is_read(alarm, mark):
        mark.read = [*mark.read, alarm][-READ_SINGLY:]
    mark.read = [pk for pk in mark.read if pk > mark.until]
    mark.save()
    forget(user)


def forget(user: User | None = None) -> None:
    """Let the next count of a person, or of everybody, be asked anew."""
    if user is None:
        _counted.clear()
    else:
        _counted.pop(user.pk, None)


def _mark(user: User) -> NoticeMark:
    return NoticeMark.objects.filter(user=user).first() or NoticeMark(user=user, read=[])


def _is_read(alarm: int, mark: NoticeMark) -> bool:
    return alarm <= mark.until or alarm in mark.read


def _is_open(alarm: Alarm) -> bool:
    if alarm.task is not None:
        return alarm.task.done_at is None
    return alarm.ask is not None and alarm.ask.decided_at is None


def _running(alarms: QuerySet[Alarm]) -> QuerySet[Alarm]:
    task = Q(task__isnull=False, task__done_at=None)
    return alarms.filter(task | Q(ask__isnull=False, ask__decided_at=None))


def _mine(posts: Iterable[Post], *, after: int) -> QuerySet[Alarm] | None:
    """Return the alarms for somebody's roles; None for whoever may see no cases."""
    able = [post for post in posts if Permission.CASES_CASE_VIEW in post.role.permissions]
    if not able:
        return None
    here = Q()
    told = Q()
    everywhere = any(post.area.parent_id is None for post in able)
    for post in able:
        role = Q(roles__contains=f'"{post.role.key}"')
        if post.area.parent_id is None:
            told |= role
            continue
        place = Q(unit__path__gte=post.area.path, unit__path__lt=post.area.path_end)
        here |= place
        told |= role & place
    newest = Alarm.objects.filter(at__gte=clock.now() - BACK, pk__gt=after)
    if not everywhere:
        newest = newest.filter(here)
    few = newest.order_by("-at", "-pk").values("pk")[:LOOKED_THROUGH]
    return Alarm.objects.annotate(roles=Cast("tell", TextField())).filter(told, pk__in=few)

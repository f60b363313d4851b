"""What people are told: the alarms of a case, and those that concern a person."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from townkeeper.accounts.models import User
from townkeeper.cases.models import Alarm, Case
from townkeeper.kit import clock
from townkeeper.units.models import Post, posts_of
from townkeeper.units.permissions import Permission

NEWEST = 50


def alarms_of(case: Case) -> QuerySet[Alarm]:
    """Return the alarms of a case in the order in which their rungs were reached."""
    return case.alarms.select_related("unit", "task", "ask").order_by("due_at", "pk")


def alarms_for(user: User, *, only_open: bool = True, most: int = NEWEST) -> list[Alarm]:
    """Return what a person is told, newest first: alarms for their role, in their area.

    That is the unit whose clock it is, or one below the area of the post. `only_open` leaves out
    clocks that have been stopped by now: what is done needs no telling.
    """
    posts = [
        post
        for post in posts_of(user, clock.today())
        if Permission.CASES_CASE_VIEW in post.role.permissions
    ]
    concerned = _concerning(posts)
    if concerned is None:
        return []
    alarms = Alarm.objects.annotate(roles=Cast("tell", TextField())).filter(concerned)
    if only_open:
        running = Q(task__isnull=False, task__done_at=None)
        alarms = alarms.filter(running | Q(ask__isnull=False, ask__decided_at=None))
    shown = alarms.select_related("case", "unit", "task", "ask").defer(
        "unit__outline", "case__text"
    )
    return list(shown.order_by("-at", "-due_at", "-pk")[:most])


def _concerning(posts: Iterable[Post]) -> Q | None:
    """Return the condition that a role is told and the clock runs in the area of the post."""
    found: Q | None = None
    for post in posts:
        condition = Q(roles__contains=f'"{post.role.key}"')
        area = post.area
        if area.parent_id is not None:
            condition &= Q(unit__path__gte=area.path, unit__path__lt=area.path_end)
        found = condition if found is None else found | condition
    return found

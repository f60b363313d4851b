"""What a change of a calendar or of a limit would do to running cases, and doing it afterwards."""

from dataclasses import replace

from django.db import transaction

from townkeeper.calendars.actions import DEFAULT, Content, current_version
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.recompute import ACTOR, Recount, preview, recompute
from townkeeper.duties.kinds import check_limit, followers
from townkeeper.duties.models import Category
from townkeeper.duties.register import Register
from townkeeper.journal.actions import record


def calendar_effects(code: str, after: Content) -> Recount | None:
    """Count the running cases that would be due at another time; nothing is written.

    None for a calendar by which no case is counted.
    """
    if code != DEFAULT:
        return None
    return preview(code=code, version=current_version(code), calendar=after.calendar())


def limit_effects(category: Category, limit: str) -> Recount:
    """Count the running cases that another limit of a category would move; nothing is written.

    Looked at are the cases of the category and of those below it that have no limit of their own.
    Raises Problem for what is not a limit.
    """
    limit = check_limit(limit, where="limit")
    kinds = frozenset(followers(category))
    return preview(limits=True, picture=_with_limit(desk(), category.pk, limit), categories=kinds)


def _with_limit(known: Desk, pk: int, limit: str) -> Desk:
    old = known.register
    row = replace(old.categories[pk], limit=limit)
    after = Register(old.stamp, old.units, {**old.categories, pk: row}, old.duties)
    return replace(known, register=after)


def recount_limits() -> Recount:
    """Count running cases anew whose category got another limit that they are to follow.

    Background work: the mark is taken off first, so that a change made meanwhile counts again; it
    is put back where the counting fails or somebody was just writing to a case.
    """
    waiting = list(Category.objects.filter(is_recount_due=True))
    if not waiting:
        return Recount()
    keys = [category.pk for category in waiting]
    kinds = frozenset(pk for category in waiting for pk in followers(category))
    Category.objects.filter(pk__in=keys).update(is_recount_due=False)
    try:
        found = recompute(actor=ACTOR, limits=True, categories=kinds)
    except Exception:
        Category.objects.filter(pk__in=keys).update(is_recount_due=True)
        raise
    if found.busy:
        Category.objects.filter(pk__in=keys).update(is_recount_due=True)
    with transaction.atomic():
        for category in waiting:
            data = {"cases": found.cases, "moved": found.moved, "busy": found.busy}
            subject = f"category:{category.key}"
            record(subject=subject, act="category.recounted", actor=ACTOR, data=data)
    return found

"""Lists of relapses, chains and draws for those who watch over them, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import below_unit
from townkeeper.kit import clock
from townkeeper.relapse.models import Draw, Recurrence, RecurrenceQuerySet, Revisit

PLACED: Final = 500
"""Relapses that one map shows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which relapses a list shows; empty means no condition."""

    area: str = ""
    unit: str = ""
    """The unit whose fix did not last."""
    at_least: int = 2
    """Which time it is, or later."""
    state: str = ""
    """Empty: those that stand; `overruled`; `hand`: linked by a person."""


def relapses(user: User | AnonymousUser, wanted: Wanted) -> RecurrenceQuerySet:
    """Return the relapses that a person may see and a list asks for, newest first."""
    rows = _seen(Recurrence.objects.all(), user)
    rows = rows.filter(is_overruled=wanted.state == "overruled")
    if wanted.state == "hand":
        rows = rows.filter(how=Recurrence.How.HAND)
    if wanted.at_least > 2:  # noqa: PLR2004 - every relapse is a second time at least
        rows = rows.filter(ordinal__gte=wanted.at_least)
    if wanted.area:
        rows = rows.filter(case__area__in=below_unit(wanted.area))
    if wanted.unit:
        rows = rows.filter(unit__in=below_unit(wanted.unit))
    return rows.order_by("-pk")


def _seen(rows: RecurrenceQuerySet, user: User | AnonymousUser) -> RecurrenceQuerySet:
    """Narrow to what a person sees; for whoever sees all, no list of a million cases is made."""
    if sight_of(user, clock.now()).everything:
        return rows
    return rows.visible_to(user)


def relapse_page(
    user: User | AnonymousUser, wanted: Wanted, *, before: int | None = None, most: int
) -> list[Recurrence]:
    """Return relapses with their cases, newest first, behind the one with the id `before`."""
    rows = relapses(user, wanted)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    loaded = rows.select_related("case__area", "case__category", "former", "first", "unit")
    left = ("case__text", "former__text", "first__text", "unit__outline", "case__area__outline")
    return list(loaded.defer(*left)[:most])


def longest_first(user: User | AnonymousUser, wanted: Wanted, *, most: int) -> list[Recurrence]:
    """Return the last relapse of each chain, the longest chains first."""
    rows = relapses(user, wanted).order_by("-ordinal", "-pk")
    loaded = rows.select_related("case__area", "case__category", "former", "first", "unit")
    left = ("case__text", "former__text", "first__text", "unit__outline", "case__area__outline")
    found: dict[int, Recurrence] = {}
    for row in loaded.defer(*left)[: most * 10]:
        found.setdefault(row.first_id, row)
    return list(found.values())[:most]


def placed(rows: Iterable[Recurrence]) -> list[Recurrence]:
    """Return those whose case has a point, as many as a map shows."""
    return [row for row in rows if row.case.lat is not None and row.case.lon is not None][:PLACED]


def relapse_of(user: User | AnonymousUser, pk: int) -> Recurrence | None:
    """Return one relapse that a person may see."""
    return (
        Recurrence.objects.visible_to(user).select_related("case", "former").filter(pk=pk).first()
    )


def overruled_of(case: Case) -> list[Recurrence]:
    """Return what was once taken for a relapse and overruled, in both directions."""
    rows = Recurrence.objects.filter(is_overruled=True).filter(Q(case=case) | Q(former=case))
    return list(rows.select_related("case", "former").order_by("pk"))


def draw_page(*, before: date | None = None, most: int) -> list[Draw]:
    """Return draws, the latest day first, each with its visits counted.

    The attributes are `drawn`, `visited`, `relapsed` and `late`.
    """
    rows = Draw.objects.order_by("-on")
    if before is not None:
        rows = rows.filter(on__lt=before)
    visited = Q(revisits__visited_at__isnull=False)
    return list(
        rows.annotate(
            drawn=Count("revisits"),
            visited=Count("revisits", filter=visited),
            relapsed=Count("revisits", filter=Q(revisits__result=Revisit.Result.RELAPSED)),
            dropped=Count("revisits", filter=Q(revisits__dropped_at__isnull=False)),
        )[:most]
    )


def draw_of(day: date) -> Draw | None:
    """Return the draw of a day."""
    return Draw.objects.filter(on=day).first()


def visits_of(draw: Draw, user: User | AnonymousUser) -> list[Revisit]:
    """Return the visits of a draw that a person may see, by due time."""
    rows = Revisit.objects.visible_to(user).filter(draw=draw)
    loaded = rows.select_related("case", "unit", "fixer", "new_case")
    return list(
        loaded.defer("case__text", "unit__outline", "fixer__outline").order_by("due_at", "pk")
    )

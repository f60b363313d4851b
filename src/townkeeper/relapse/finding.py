"""Looks for relapses: everything written since the last look, or one case right after entry.

Every look may be made again, and by two processes at once: what is linked stays linked, what a
person has overruled is never found again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from townkeeper.cases.models import Case, Stage
from townkeeper.relapse.matching import ADDRESS, PLACE, POINT, Ints, Sites, join_sites, match
from townkeeper.relapse.models import Cursor, Recurrence
from townkeeper.relapse.recording import CURSOR, GONE, Pair, write_pairs
from townkeeper.relapse.sites import (
    EPOCH,
    MILLISECOND,
    Terms,
    closed_sites,
    opened_sites,
    read_terms,
    vague_points,
)

SYSTEM = "system"
OVERLAP = timedelta(minutes=5)
"""Looked at again each time, for transactions that were still open at the last look."""
VAGUE_FOR = timedelta(days=1)
"""How long a list of points that are no place is used."""
FEW = 500
"""Up to so many new cases the database is asked for their kinds only."""
HOWS = {
    PLACE: Recurrence.How.PLACE,
    ADDRESS: Recurrence.How.ADDRESS,
    POINT: Recurrence.How.POINT,
}
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look brought."""

    since: datetime | None
    """Cases written before this instant had been looked at earlier; None for the first look."""
    looked_at: int
    found: int


def look_for_relapses(
    *,
    whole: bool = False,
    actor: str = SYSTEM,
    progress: Callable[[int], object] = lambda _n: None,
) -> Look:
    """Look at every case written since the last look and record what came back.

    `whole` looks at all cases again; what is known already does not change. `progress` is called
    with the number of cases looked at.
    """
    as_of = timezone.now()
    cursor, _new = Cursor.objects.get_or_create(key=CURSOR)
    since = None if whole or cursor.at is None else cursor.at - OVERLAP
    terms = read_terms(_vague(cursor, as_of))
    cases = Case.objects.all() if since is None else Case.objects.filter(updated_at__gte=since)
    looked = found = 0
    for looked_now, pairs in _pairs_among(cases, terms, is_whole=since is None):
        found += len(write_pairs(pairs, actor=actor))
        looked += looked_now
        progress(looked_now)
    _advance(as_of)
    return Look(since, looked, found)


def pairs_among(
    cases: "QuerySet[Case]", *, is_whole: bool = False
) -> Iterator[tuple[int, list[Pair]]]:
    """Yield what a look would record, without recording it: (cases looked at, pairs).

    `is_whole` says that the cases are all there are: then nothing can follow from behind.
    """
    yield from _pairs_among(cases, read_terms(vague_points()), is_whole=is_whole)


def _pairs_among(
    cases: "QuerySet[Case]", terms: Terms, *, is_whole: bool
) -> Iterator[tuple[int, list[Pair]]]:
    for new, former in _slices(cases, terms, is_whole=is_whole):
        yield len(new), _pairs(new, former)


def explained(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the plans of the queries that read: of a whole look, and for one case."""
    terms = read_terms(())
    everything = Case.objects.exclude(stage__in=GONE).exclude(category=None)
    yield "new cases, all", everything.order_by("opened_at", "id").explain()
    low, high = case.opened_at - terms.longest, case.opened_at
    closed = Case.objects.filter(stage=Stage.CLOSED, closed_at__gte=low, closed_at__lt=high)
    yield "closed cases of a window", closed.explain()
    new = next(opened_sites(Case.objects.filter(pk=case.pk), terms))
    yield "one case", _near(case, new, terms).explain()


def look_at(case: Case, *, actor: str = SYSTEM) -> Recurrence | None:
    """Look at one case, right after it was entered; return the relapse that it is, if it is one."""
    known = Recurrence.objects.filter(case=case).order_by("is_overruled").first()
    if known is not None:
        return None if known.is_overruled else known
    cursor = Cursor.objects.filter(key=CURSOR).first()
    terms = read_terms(cursor.vague_points if cursor else ())
    new = next(opened_sites(Case.objects.filter(pk=case.pk), terms), None)
    if new is None or not new.group[0]:
        return None
    former = closed_sites(_near(case, new, terms), terms)
    written = write_pairs(_pairs(new, former), actor=actor)
    return written[0] if written else None


@transaction.atomic
def _advance(to: datetime) -> None:
    """Move the cursor on; a slower process never moves it back."""
    cursor = Cursor.objects.select_for_update().get(key=CURSOR)
    if cursor.at is None or cursor.at < to:
        cursor.at = to
        cursor.save(update_fields=["at"])


def _vague(cursor: Cursor, now: datetime) -> list[list[float]]:
    if cursor.vague_at is None or not now - VAGUE_FOR <= cursor.vague_at <= now:
        cursor.vague_points, cursor.vague_at = vague_points(), now
        cursor.save(update_fields=["vague_points", "vague_at"])
    found: list[list[float]] = cursor.vague_points
    return found


def _slices(
    cases: "QuerySet[Case]", terms: Terms, *, is_whole: bool
) -> Iterator[tuple[Sites, Sites]]:
    """Yield new cases with the closed ones that they may bring back, oldest first."""
    unlinked = cases.exclude(stage__in=GONE).exclude(category=None)
    shelf = _Shelf(terms)
    for new in opened_sites(unlinked, terms):
        fresh = new.take(~np.isin(new.id, _linked(new.id)))
        yield fresh, shelf.up_to(fresh)
    if not is_whole:
        yield from _followers(cases, terms)


def _followers(cases: "QuerySet[Case]", terms: Terms) -> Iterator[tuple[Sites, Sites]]:
    """Yield cases opened after closings that became known only now (an import, a late entry)."""
    former = closed_sites(cases, terms)
    if not len(former):
        return
    low, high = _instant(former.moment.min()), _instant(former.moment.max()) + terms.longest
    alike = terms.alike(_categories(cases))
    later = Case.objects.filter(opened_at__gt=low, opened_at__lte=high, category__in=alike).exclude(
        stage__in=GONE
    )
    for new in opened_sites(later, terms):
        yield new.take(~np.isin(new.id, _linked(new.id))), former


class _Shelf:
    """The closed cases of one window, moved along while new ones are read in order."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._held: Sites | None = None
        self._upto: datetime | None = None

    def up_to(self, new: Sites) -> Sites:
        """Return what was closed within the longest window before these cases."""
        if not len(new):
            return self._held or closed_sites(Case.objects.none(), self._terms)
        low, high = _instant(new.moment.min()) - self._terms.longest, _instant(new.moment.max())
        start = low if self._upto is None else max(low, self._upto)
        rows = Case.objects.filter(closed_at__gte=start, closed_at__lt=high)
        if len(new) <= FEW:
            rows = rows.filter(category__in=_alike(new, self._terms))
            return closed_sites(rows.filter(closed_at__gte=low), self._terms)
        fresh = closed_sites(rows, self._terms)
        if self._held is not None:
            kept = self._held.take(self._held.moment >= (low - EPOCH) // MILLISECOND)
            fresh = join_sites([kept, fresh])
        self._held, self._upto = fresh, max(start, high)
        return fresh


def _alike(new: Sites, terms: Terms) -> list[int]:
    groups = {int(group) for group in np.unique(new.group)}
    return sorted(pk for group in groups for pk in terms.members.get(group, ()))


def _categories(cases: "QuerySet[Case]") -> set[int]:
    placed = cases.filter(category__isnull=False).order_by()
    return set(placed.values_list("category__pk", flat=True).distinct())


def _near(case: Case, new: Sites, terms: Terms) -> "QuerySet[Case]":
    """Return the closed cases of the kind that may lie at the place of one case."""
    alike = _alike(new, terms)
    days = max(terms.rules[pk].days for pk in alike)
    metres = max(terms.rules[pk].metres for pk in alike)
    condition = Q(pk__in=[])
    if new.place[0]:
        condition |= Q(place=case.place_id)
    if new.address[0]:
        condition |= ~Q(address="")
    if np.isfinite(new.lat[0]):
        up = metres / METRES_PER_DEGREE * 1.01
        aside = min(180.0, up / max(0.01, float(np.cos(np.radians(new.lat[0])))))
        lat, lon = float(new.lat[0]), float(new.lon[0])
        condition |= Q(lat__range=(lat - up, lat + up), lon__range=(lon - aside, lon + aside))
    since = case.opened_at - timedelta(days=days)
    return Case.objects.filter(
        condition,
        stage=Stage.CLOSED,
        category__in=alike,
        closed_at__gte=since,
        closed_at__lt=case.opened_at,
    )


def _linked(ids: Ints) -> Ints:
    """Return the ids of cases that are linked already, or were."""
    known = Recurrence.objects.order_by()
    if len(ids) <= FEW:
        known = known.filter(case__in=[int(pk) for pk in ids])
    return np.fromiter(known.values_list("case_id", flat=True), dtype=np.int64)


def _pairs(new: Sites, former: Sites) -> list[Pair]:
    """Return what came back, with the rule by which it was found."""
    found = match(new, former)
    rows = np.flatnonzero(found.former >= 0)
    others = found.former[rows]
    columns = (
        new.id[rows],
        former.id[others],
        found.how[rows],
        found.distance[rows],
        former.days[others],
        former.metres[others],
    )
    return [
        Pair(
            case,
            other,
            HOWS[how],
            None if isnan(far) else round(far),
            {"window_days": days, "radius_m": metres},
        )
        for case, other, how, far, days, metres in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _instant(moment: int) -> datetime:
    return EPOCH + int(moment) * MILLISECOND

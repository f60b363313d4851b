"""Writes relapses: the row, both histories, the places in the chain; each exactly once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from townkeeper.cases.models import Case, Stage
from townkeeper.kit import clock
from townkeeper.relapse._history import Line, append_entries
from townkeeper.relapse.models import Cursor, Recurrence

CURSOR = "relapses"
BATCH = 400
ATTEMPTS = 3
"""How often a batch begins anew because somebody entered a case and looked at the same time."""
GONE = (Stage.VOIDED, Stage.MERGED)
"""A new case in these stages brings nothing back: it was none, or is another's twin."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A new case and the former one that it brings back."""

    case: int
    former: int
    how: str
    distance_m: int | None = None
    reason: Mapping[str, Any] = field(default_factory=dict)


def write_pairs(pairs: Sequence[Pair], *, actor: str) -> list[Recurrence]:
    """Record pairs, in the order of the new cases' opening; return those that are new.

    A case that is linked already, or whose link was overruled, is left as it is.
    """
    written: list[Recurrence] = []
    for start in range(0, len(pairs), BATCH):
        written += _write_batch(pairs[start : start + BATCH], actor)
    return written


def _write_batch(pairs: Sequence[Pair], actor: str) -> list[Recurrence]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _write_once(pairs, actor)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    return []


@transaction.atomic
def _write_once(pairs: Sequence[Pair], actor: str) -> list[Recurrence]:
    # whoever else writes relapses waits here: numbers in a chain follow from the rows before
    Cursor.objects.get_or_create(key=CURSOR)
    Cursor.objects.select_for_update().get(key=CURSOR)
    taken = set(
        Recurrence.objects.filter(case__in=[pair.case for pair in pairs]).values_list(
            "case_id", flat=True
        )
    )
    fresh = [pair for pair in pairs if pair.case not in taken]
    cases = _cases({pair.case for pair in fresh} | {pair.former for pair in fresh})
    places = places_of({pair.former for pair in fresh})
    now = clock.now()
    rows: list[Recurrence] = []
    for pair in fresh:
        case, former = cases[pair.case], cases[pair.former]
        if not still_fits(case, former):
            continue
        row = new_row(pair, case, former, places, found_at=now, actor=actor)
        places[case.pk] = (row.first_id, row.ordinal)
        rows.append(row)
    Recurrence.objects.bulk_create(rows)
    append_entries(
        [line for row in rows for line in lines_of(row, cases, "case.relapse")], actor=actor
    )
    _renumber_after({row.case_id for row in rows})
    return rows


def _cases(ids: Iterable[int]) -> dict[int, Case]:
    rows = Case.objects.only(
        "number", "opened_at", "closed_at", "stage", "unit_id", "outcome", "category_id"
    )
    return rows.in_bulk(list(ids))


def still_fits(case: Case, former: Case) -> bool:
    """Whether what was true when the pair was found is true now that it is written."""
    return (
        case.stage not in GONE
        and former.stage == Stage.CLOSED
        and former.closed_at is not None
        and former.closed_at < case.opened_at
    )


def new_row(
    pair: Pair,
    case: Case,
    former: Case,
    places: Mapping[int, tuple[int, int]],
    *,
    found_at: datetime,
    actor: str,
) -> Recurrence:
    """Return the row of a pair, not yet stored; `places` are the known places in chains."""
    closed_at = former.closed_at or case.opened_at
    first, before = places.get(former.pk, (former.pk, 1))
    return Recurrence(
        case=case,
        former=former,
        first_id=first,
        ordinal=before + 1,
        unit_id=former.unit_id,
        former_closed_at=closed_at,
        days=max(0, (case.opened_at - closed_at).days),
        distance_m=pair.distance_m,
        how=pair.how,
        reason={**pair.reason, "same_category": case.category_id == former.category_id},
        found_at=found_at,
        found_by=actor,
        updated_at=timezone.now(),
    )


def lines_of(
    row: Recurrence, cases: Mapping[int, Case], act: str, **more: object
) -> tuple[Line, Line]:
    """Return the entries of a relapse in the histories of both cases."""
    case, former = cases[row.case_id], cases[row.former_id]
    data = {
        "ordinal": row.ordinal,
        "how": row.how,
        "days": row.days,
        "distance_m": row.distance_m,
        **more,
    }
    return (
        Line(case.subject, act, {**data, "former": former.number}),
        Line(former.subject, f"{act}-of", {**data, "case": case.number}),
    )


def places_of(ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return first case and ordinal of those that are relapses themselves."""
    rows = Recurrence.objects.standing().filter(case__in=list(ids))
    return {pk: (first, ordinal) for pk, first, ordinal in rows.values_list(
        "case_id", "first_id", "ordinal")}  # fmt: skip


def _renumber_after(ids: set[int]) -> None:
    """Put right the chains that began with a case of which a former one is known only now."""
    if Recurrence.objects.standing().filter(first__in=ids).exists():
        renumber(ids)


def renumber(firsts: Iterable[int]) -> None:
    """Count anew the chains that began with these cases, after a link was added or taken away."""
    rows = list(
        Recurrence.objects.standing()
        .filter(Q(first__in=list(firsts)))
        .order_by("case__opened_at", "case_id")
    )
    own = {row.case_id: row for row in rows}
    outside = places_of({row.former_id for row in rows if row.former_id not in own})
    changed: list[Recurrence] = []
    places = dict(outside)
    for row in rows:
        first, before = places.get(row.former_id, (row.former_id, 1))
        places[row.case_id] = (first, before + 1)
        if (row.first_id, row.ordinal) != places[row.case_id]:
            row.first_id, row.ordinal = places[row.case_id]
            row.updated_at = timezone.now()
            changed.append(row)
    Recurrence.objects.bulk_update(changed, ["first", "ordinal", "updated_at"], batch_size=BATCH)

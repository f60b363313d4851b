"""What analytics may see of relapses and revisits: instants, units and results, no words."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import F, Q

from townkeeper.analytics.tables import Extract, Row, instant, register_extract
from townkeeper.cases.extracts import changed_cases
from townkeeper.cases.models import Case, Stage
from townkeeper.relapse.models import Recurrence, Revisit
from townkeeper.relapse.sites import read_rules

CHUNK = 5_000
LASTING = ("", "fixed", "partly")
"""Outcomes that say something was put right; only that can come back."""


def closing_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the closed cases that could be found again: fixed, of a kind, at some place."""
    rules = read_rules()
    placed = ~Q(place=None) | ~Q(address="") | ~Q(lat=None)
    cases = Case.objects.filter(
        placed,
        stage=Stage.CLOSED,
        outcome__in=LASTING,
        category__isnull=False,
        closed_at__gte=F("opened_at"),
    )
    if since is not None:
        cases = cases.filter(updated_at__gte=since)
    rows = cases.order_by("opened_at", "id").values_list(
        "id", instant("opened_at"), "unit_id", instant("closed_at"), "category_id"
    )
    for pk, opened, unit, closed, category in rows.iterator(CHUNK):
        yield pk, opened, unit, closed, float(rules[category].days) if category in rules else None


def relapse_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the relapses, the overruled ones too."""
    rows = Recurrence.objects.order_by("case__opened_at", "case_id", "id")
    if since is not None:
        rows = rows.filter(case__in=list(changed_relapses(since)))
    yield from rows.values_list(
        "case_id", instant("case__opened_at"), "former_id", "unit_id", instant("found_at"),
        instant("overruled_at"), "is_overruled", "ordinal",
    ).iterator(CHUNK)  # fmt: skip


def changed_relapses(since: datetime) -> Iterable[int]:
    """Yield the cases whose relapses were written since."""
    return Recurrence.objects.filter(updated_at__gte=since).values_list("case_id", flat=True)


def revisit_rows(since: datetime | None) -> Iterator[Row]:
    """Yield the revisits with the unit whose work was looked at."""
    rows = Revisit.objects.order_by("case__opened_at", "case_id", "id")
    if since is not None:
        rows = rows.filter(case__in=list(changed_revisits(since)))
    yield from rows.values_list(
        "case_id", instant("case__opened_at"), "id", "fixer_id", instant("closed_at"),
        instant("due_at"), instant("visited_at"), "result", instant("dropped_at"),
    ).iterator(CHUNK)  # fmt: skip


def changed_revisits(since: datetime) -> Iterable[int]:
    """Yield the cases whose revisits were written since."""
    return Revisit.objects.filter(updated_at__gte=since).values_list("case_id", flat=True)


register_extract(
    Extract(
        "closings",
        {
            "case_id": "id", "case_opened": "time", "unit_id": "id", "closed_at": "time",
            "window_days": "number",
        },
        closing_rows,
        partition="case_opened",
        changed=changed_cases,
    )
)  # fmt: skip
register_extract(
    Extract(
        "relapses",
        {
            "case_id": "id", "case_opened": "time", "former_id": "id", "unit_id": "id",
            "found_at": "time", "overruled_at": "time", "is_overruled": "flag",
            "ordinal": "id",
        },
        relapse_rows,
        partition="case_opened",
        changed=changed_relapses,
    )
)  # fmt: skip
register_extract(
    Extract(
        "revisits",
        {
            "case_id": "id", "case_opened": "time", "revisit_id": "id", "unit_id": "id",
            "closed_at": "time", "due_at": "time", "visited_at": "time", "result": "text",
            "dropped_at": "time",
        },
        revisit_rows,
        partition="case_opened",
        changed=changed_revisits,
    )
)  # fmt: skip

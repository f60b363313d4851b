"""The register of rulings: how disputes were decided, found again by words, unit and category."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from townkeeper.cases.models import Ask
from townkeeper.cases.running import Before
from townkeeper.cases.sight import Sight
from townkeeper.cases.worklist import below_category, below_unit

DISPUTE: Final = "dispute"
RESULTS: Final = ("upheld", "rejected", "waiting", "left")


@dataclass(frozen=True, slots=True)
class Searched:
    """What the register is searched for; empty means no condition."""

    words: str = ""
    """In clause, reason, statement, decision, title or number."""
    unit: str = ""
    """Either party, or the unit that answers since."""
    category: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """When it was raised."""


def disputes_page(
    sight: Sight, searched: Searched, *, after: tuple[datetime, int] | None = None, most: int
) -> list[Ask]:
    """Return disputes, the latest raised first, with case and units loaded."""
    rows = disputes(sight, searched)
    if after is not None:
        rows = rows.filter(Before("asked_at", "pk", after))
    loaded = rows.select_related("case__category", "case__area", "unit", "other", "ruled")
    left = (
        "case__text",
        "case__area__outline",
        "unit__outline",
        "other__outline",
        "ruled__outline",
    )
    return list(loaded.defer(*left).order_by("-asked_at", "-pk")[:most])


def disputes(sight: Sight, searched: Searched) -> QuerySet[Ask]:
    """Return the disputes that somebody oversees: by its unit, or as the unit that it names."""
    rows = Ask.objects.filter(effect=DISPUTE)
    if not sight.everything:
        rows = rows.filter(Q(unit__in=sight.units) | Q(other__in=sight.units))
    if searched.words:
        rows = rows.filter(_with(searched.words))
    if searched.unit:
        units = below_unit(searched.unit)
        rows = rows.filter(Q(unit__in=units) | Q(other__in=units) | Q(ruled__in=units))
    if searched.category:
        rows = rows.filter(case__category__in=below_category(searched.category))
    if searched.result:
        rows = rows.filter(_result(searched.result))
    if searched.since:
        rows = rows.filter(asked_at__gte=searched.since)
    if searched.until:
        rows = rows.filter(asked_at__lt=searched.until)
    return rows


def result_of(ask: Ask) -> str:
    """Return how a dispute stands: `upheld`, `rejected`, `waiting`, or `left` by the case."""
    if ask.is_accepted is not None:
        return "upheld" if ask.is_accepted else "rejected"
    return "left" if ask.decided_at else "waiting"


def _result(result: str) -> Q:
    return {
        "upheld": Q(is_accepted=True),
        "rejected": Q(is_accepted=False),
        "waiting": Q(is_accepted=None, decided_at=None),
        "left": Q(is_accepted=None, decided_at__isnull=False),
    }[result]


def _with(words: str) -> Q:
    """Return the condition that every word stands somewhere: disputes are few, no index is."""
    found = Q()
    for word in words.split():
        places = Q()
        for name in ("clause", "reason", "statement", "decision", "case__title", "case__number"):
            places |= Q(**{f"{name}__icontains": word})
        found &= places
    return found

"""What the filters of the supervision office offer, kept until the registers change."""

from functools import lru_cache

from django.utils.translation import get_language

from townkeeper.duties.models import Duty
from townkeeper.journal.actions import registers_stamp
from townkeeper.units.models import Unit

Choices = tuple[tuple[str, str], ...]
AREAS = (Unit.Kind.COUNTY, Unit.Kind.TOWNSHIP)


def unit_choices() -> Choices:
    """Return the units that answer for something, by name."""
    return _known()[0]


def area_choices() -> Choices:
    """Return counties and townships in the order of the tree."""
    return _known()[1]


def _known() -> tuple[Choices, Choices]:
    stamp = registers_stamp()
    # without a stamp nothing tells that they have changed
    return _kept(stamp, get_language() or "") if stamp else _read()


@lru_cache(maxsize=6)
def _kept(_stamp: int, _language: str) -> tuple[Choices, Choices]:
    return _read()


def _read() -> tuple[Choices, Choices]:
    owners = set(Duty.objects.values_list("unit", flat=True).distinct())
    existing = Unit.objects.filter(until=None).only("code", "name", "names", "kind", "sort_key")
    units = list(existing.order_by("sort_key"))
    return (
        tuple((unit.code, unit.title) for unit in units if unit.pk in owners),
        tuple((unit.code, unit.title) for unit in units if unit.kind in AREAS),
    )

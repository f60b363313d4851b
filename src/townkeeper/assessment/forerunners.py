"""Links units to those they took over from: a trend goes on across a merger, a split, a new name.

The past keeps its units: nothing is computed anew, and a month that a unit has itself stays its
own. Where several units became one there is no single line to go on, and none is drawn.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from townkeeper.units.models import Unit

Row = TypeVar("Row")
Month = TypeVar("Month")


def heirs_of(unit: Unit) -> tuple[str, ...]:
    """Return the codes of the units that took over from one that has ended."""
    named = unit.attributes.get("successors") or ()
    return tuple(named) or ((unit.successor.code,) if unit.successor else ())


def forerunners() -> dict[str, list[str]]:
    """Return code → codes of the units it took over from, through every change since."""
    ended = Unit.objects.filter(until__isnull=False).select_related("successor").order_by("path")
    direct: dict[str, list[str]] = {}
    for unit in ended.defer("outline", "successor__outline"):
        for heir in heirs_of(unit):
            direct.setdefault(heir, []).append(unit.code)
    return {code: _all_before(code, direct) for code in direct}


def _all_before(code: str, direct: Mapping[str, Iterable[str]]) -> list[str]:
    found: list[str] = []
    waiting = list(direct.get(code, ()))
    while waiting:
        each = waiting.pop(0)
        if each not in found and each != code:
            found.append(each)
            waiting += direct.get(each, ())
    return found


def prolonged(
    own: Mapping[str, Mapping[Month, Row]],
) -> dict[str, dict[Month, Row]]:
    """Return code → month → row, with the months before a unit's own from its one forerunner."""
    before = forerunners()
    known: dict[str, dict[Month, Row]] = {code: dict(rows) for code, rows in own.items()}
    for code, earlier in before.items():
        rows: dict[Month, list[Row]] = {}
        for each in earlier:
            for month, row in own.get(each, {}).items():
                rows.setdefault(month, []).append(row)
        mine = known.setdefault(code, {})
        for month, found in rows.items():
            if len(found) == 1 and month not in mine:
                mine[month] = found[0]
    return known

"""Finds what nobody leads: kinds of matters without an owner in some part of the area."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from townkeeper.duties.models import Duty
from townkeeper.duties.register import CategoryRow, Register, UnitRow

PLACES = frozenset({"province", "city", "county", "township", "village"})
"""Kinds of units that are parts of the country; others are areas where a duty or a case says so."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A kind of matter that nobody leads in an area, nor anywhere below it."""

    category: CategoryRow
    area: UnitRow


def gaps_by_area(
    known: Register, on: date, also: Iterable[int] = (), kinds: Iterable[int] = ()
) -> list[Gap]:
    """Return the gaps of a day, each for the largest area that it covers.

    Looked at are used categories without others below them, and those in `kinds`. `also`: ids of
    units that are areas although their kind does not say so: cases have been reported in them.
    """
    below, wanted = _areas(known, on, set(also)), set(kinds)
    parents = {row.parent for row in known.categories.values()}
    tops = below.get("", [])
    return [
        Gap(row, area)
        for row in known.categories.values()
        if (row.is_used and row.id not in parents) or row.id in wanted
        for covered in (led_areas(known, row, on),)
        for top in tops
        for area in _uncovered(top, covered, below)
    ]


def led_areas(known: Register, category: CategoryRow, on: date) -> tuple[str, ...]:
    """Return the paths of the areas in which somebody leads a category, or one above it."""
    found = {
        line.area.path
        for row in known.category_line(category)
        for line in known.lines(row, on)
        if line.duty.part == Duty.Part.LEAD
    }
    return tuple(sorted(found))


def _areas(known: Register, on: date, also: set[int]) -> dict[str, list[UnitRow]]:
    """Return path → the areas next below it; `""` for the topmost."""
    named = {duty.area_path for lines in known.duties.values() for duty in lines}
    wanted = sorted(
        (
            unit
            for unit in known.units.values()
            if unit.exists(on) and (unit.kind in PLACES or unit.path in named or unit.id in also)
        ),
        key=lambda unit: unit.path,
    )
    paths = {unit.path for unit in wanted}
    below: dict[str, list[UnitRow]] = {}
    for unit in wanted:
        below.setdefault(_above(unit.path, paths), []).append(unit)
    return below


def _above(path: str, paths: set[str]) -> str:
    parts = path.split(".")[:-2]
    for length in range(len(parts), 0, -1):
        above = ".".join(parts[:length]) + "."
        if above in paths:
            return above
    return ""


def _uncovered(
    area: UnitRow, covered: tuple[str, ...], below: dict[str, list[UnitRow]]
) -> Iterator[UnitRow]:
    if any(area.path.startswith(path) for path in covered):
        return
    if not any(path.startswith(area.path) for path in covered):
        yield area
        return
    for part in below.get(area.path, ()):
        yield from _uncovered(part, covered, below)

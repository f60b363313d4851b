"""When one case counts as the relapse of another: kinds that are the same, windows, radii.

A category takes what its class says, and the class what is said for all. Where nobody says
anything, 90 days and 50 metres hold: no standard fixes them, so they are this product's choice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

DEFAULT_DAYS = 90
DEFAULT_METRES = 50


class KindRow(NamedTuple):
    """What is said of one category itself; None where it says nothing."""

    id: int
    key: str
    parent: int | None
    days: int | None = None
    metres: int | None = None
    as_one: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """How cases of one category are compared."""

    group: int
    """Categories with the same group are the same kind."""
    days: int
    """How long after closing a case may come back as a relapse; 0 for never."""
    metres: int
    """How near is the same place, where only positions are known."""


def rules_of(rows: Iterable[KindRow]) -> dict[int, Rule]:
    """Return the rule of every category; a circle of parents is left where it closes."""
    known = {row.id: row for row in rows}
    return {pk: _rule(row, known) for pk, row in known.items()}


def _rule(row: KindRow, known: Mapping[int, KindRow]) -> Rule:
    line = _upward(row, known)
    group = next((above.id for above in reversed(line) if above.as_one), row.id)
    days = next((above.days for above in line if above.days is not None), DEFAULT_DAYS)
    metres = next((above.metres for above in line if above.metres), DEFAULT_METRES)
    return Rule(group, days, metres)


def _upward(row: KindRow, known: Mapping[int, KindRow]) -> list[KindRow]:
    """Return the category and everything above it, the nearest first."""
    line: dict[int, KindRow] = {}
    here: KindRow | None = row
    while here is not None and here.id not in line:
        line[here.id] = here
        here = known.get(here.parent) if here.parent is not None else None
    return list(line.values())

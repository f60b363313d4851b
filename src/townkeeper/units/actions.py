"""Changing the tree of units; every change is journaled and tells the other processes."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit

MAX_LEVEL = 39
"""40 segments of five characters fill the path column."""


@transaction.atomic
def add_unit(
    code: str,
    *,
    name: str,
    kind: str,
    actor: str,
    parent: Unit | None = None,
    names: Mapping[str, str] | None = None,
    **fields: object,
) -> Unit:
    """Add a unit below `parent` and give it the next free place among its siblings."""
    if parent is not None and parent.level >= MAX_LEVEL:
        raise Problem("units-too-deep", _("The tree of units is too deep here."), where=code)
    unit = Unit(code=code, name=name, kind=kind, parent=parent, **fields)
    unit.set_names(dict(names or {}))
    unit.path = next_path(parent)
    unit.level = parent.level + 1 if parent else 0
    unit.save(force_insert=True)
    record(
        subject=f"unit:{code}",
        act="unit.added",
        actor=actor,
        data={"name": name, "kind": kind, "parent": parent.code if parent else None},
    )
    touch_registers()
    return unit


def next_path(parent: Unit | None) -> str:
    """Return the path of the next child of `parent`."""
    last = (
        Unit.objects.filter(parent=parent).order_by("-path").values_list("path", flat=True).first()
    )
    base = parent.path if parent else ""
    number = int(last[len(base) :].rstrip(".")) + 1 if last else 1
    if number > 9999:  # noqa: PLR2004 - four digits a segment
        raise Problem("units-too-many", _("A unit can have at most 9,999 units below it."))
    return f"{base}{number:04d}."


@transaction.atomic
def close_unit(
    unit: Unit, *, on: date, actor: str, successor: Unit | None = None, reason: str = ""
) -> None:
    """End a unit on a day; its past stays with it, `successor` takes over what comes."""
    if successor is not None and successor.pk == unit.pk:
        raise Problem("unit-own-successor", _("A unit cannot be its own successor."))
    unit.until, unit.successor = on, successor
    unit.save(update_fields=["until", "successor"])
    record(
        subject=f"unit:{unit.code}",
        act="unit.closed",
        actor=actor,
        data={
            "on": on.isoformat(),
            "successor": successor.code if successor else None,
            "reason": reason,
        },
    )
    touch_registers()

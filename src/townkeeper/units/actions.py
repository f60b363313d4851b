"""Changing the tree of units; every change is journaled and tells the other processes."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
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
    if not name.strip():
        raise Problem("unit-nameless", _("A unit needs a name."), where=code)
    if Unit.objects.filter(code=code).exists():
        raise Problem(
            "unit-twice",
            _("There is a unit with the code “%(code)s” already.") % {"code": code},
            where=code,
        )
    parent = _kept_still(parent)
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


def _kept_still(parent: Unit | None) -> Unit | None:
    """Lock the place below which something comes: two at once never get the same path."""
    if parent is None:
        list(Unit.objects.select_for_update().filter(parent=None).values_list("pk"))
        return None
    return Unit.objects.select_for_update().get(pk=parent.pk)


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
    """End a unit: `on` is the first day without it. Its past stays, `successor` takes over."""
    if unit.until is not None:
        raise Problem(
            "unit-closed-already",
            _("The unit “%(name)s” was closed already.") % {"name": unit.name},
            where=unit.code,
        )
    if unit.since is not None and on < unit.since:
        raise Problem("unit-ends-first", _("A unit cannot end before it began."), where=unit.code)
    _refuse_circle(unit, successor)
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


def _refuse_circle(unit: Unit, successor: Unit | None) -> None:
    if successor is not None and successor.pk == unit.pk:
        raise Problem("unit-own-successor", _("A unit cannot be its own successor."))
    while successor is not None:
        if successor.pk == unit.pk:
            raise Problem(
                "unit-circle", _("The successors of units form a circle."), where=unit.code
            )
        successor = successor.successor


@transaction.atomic
def move_unit(
    unit: Unit, *, parent: Unit | None, actor: str, reason: str = "", seen: int | None = None
) -> None:
    """Put a unit, with everything below it, under another parent (or at the top)."""
    refuse_old(f"unit:{unit.code}", seen)
    unit.refresh_from_db()
    parent = _kept_still(parent)
    if parent is not None and parent.is_under(unit):
        raise Problem("unit-below-itself", _("A unit cannot lie below itself."), where=unit.code)
    below = list(Unit.objects.under(unit).exclude(pk=unit.pk))
    shift = (parent.level + 1 if parent else 0) - unit.level
    if max(each.level for each in [unit, *below]) + shift > MAX_LEVEL:
        raise Problem("units-too-deep", _("The tree of units is too deep here."), where=unit.code)
    former = unit.parent.code if unit.parent else None
    old, new = unit.path, next_path(parent)
    unit.parent = parent
    for each in [unit, *below]:
        each.path, each.level = new + each.path[len(old) :], each.level + shift
    Unit.objects.bulk_update([unit, *below], ["path", "level", "parent"])
    data = {"from": former, "to": parent.code if parent else None, "reason": reason}
    record(subject=f"unit:{unit.code}", act="unit.moved", actor=actor, data=data)
    touch_registers()


@transaction.atomic
def rename_unit(
    unit: Unit,
    *,
    name: str,
    on: date,
    actor: str,
    names: Mapping[str, str] | None = None,
    seen: int | None = None,
) -> None:
    """Give a unit a new name from a day on; people still find it under the old one.

    `attributes["former_names"]` keeps each name that it bore, with the first day without it.
    """
    refuse_old(f"unit:{unit.code}", seen)
    if not name.strip():
        raise Problem("unit-nameless", _("A unit needs a name."), where=unit.code)
    former = {"name": unit.name, "names": unit.names, "until": on.isoformat()}
    kept = unit.attributes.get("former_names", [])
    unit.attributes = {**unit.attributes, "former_names": [*kept, former]}
    unit.aliases = list(dict.fromkeys([*unit.aliases, unit.name]))
    unit.name = name
    unit.set_names(dict(names or {}))
    unit.save(update_fields=["attributes", "aliases", "name", "names", "sort_key"])
    data = {"former": former["name"], "name": name, "on": on.isoformat()}
    record(subject=f"unit:{unit.code}", act="unit.renamed", actor=actor, data=data)
    touch_registers()


@transaction.atomic
def merge_units(
    units: Iterable[Unit], *, into: Unit, on: date, actor: str, reason: str = ""
) -> None:
    """Close units on a day; `into` (a new unit, or one of them) takes over from all of them."""
    merged = list(units)
    leaving = [unit for unit in merged if unit.pk != into.pk]
    if len({unit.pk for unit in [*merged, into]}) <= 1 or len(merged) <= 1:
        raise Problem("merger-of-one", _("A merger needs at least two units."), where=into.code)
    for unit in leaving:
        close_unit(unit, on=on, actor=actor, successor=into, reason=reason)
    data = {"of": [unit.code for unit in merged], "on": on.isoformat(), "reason": reason}
    record(subject=f"unit:{into.code}", act="unit.merged", actor=actor, data=data)


@transaction.atomic
def split_unit(unit: Unit, *, into: Iterable[Unit], on: date, actor: str, reason: str = "") -> None:
    """Close a unit on a day for several; the first of them takes over what nobody reassigns.

    `attributes["successors"]` names them all.
    """
    parts = list(into)
    if len({part.pk for part in parts}) <= 1:
        raise Problem("split-in-one", _("A split needs at least two units."), where=unit.code)
    close_unit(unit, on=on, actor=actor, successor=parts[0], reason=reason)
    codes = [part.code for part in parts]
    unit.attributes = {**unit.attributes, "successors": codes}
    unit.save(update_fields=["attributes"])
    data = {"into": codes, "on": on.isoformat(), "reason": reason}
    record(subject=f"unit:{unit.code}", act="unit.split", actor=actor, data=data)
    touch_registers()

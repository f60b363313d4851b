"""Carries the lines of the duty register over to the heirs of a unit that ends.

A line ends on the day and a new one begins for the heir; the register of the past stays as it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import record, touch_registers
from townkeeper.units.carry import Piece
from townkeeper.units.changes import Kind, Stand
from townkeeper.units.heirs import Choice
from townkeeper.units.models import Unit

SOURCE_LENGTH = 80
Key = tuple[int, str, str, str]
"""Category, code of the area, code of the unit, part."""


@dataclass(frozen=True)
class CategoryTree:
    """Keys of categories and what lies above each."""

    keys: Mapping[int, str]
    parents: Mapping[int, int | None]

    def line(self, category: int | None) -> list[str]:
        """Return the key of a category and of those above it, the most specific first."""
        return [self.keys[pk] for pk in self.ids(category)]

    def ids(self, category: int | None) -> list[int]:
        """Return a category and those above it."""
        found: list[int] = []
        while category is not None and category not in found:
            found.append(category)
            category = self.parents[category]
        return found


def category_tree() -> CategoryTree:
    """Read the categories."""
    rows = list(Category.objects.values_list("pk", "key", "parent_id"))
    return CategoryTree({pk: key for pk, key, _up in rows}, {pk: up for pk, _key, up in rows})


@dataclass(frozen=True)
class DutyPlan:
    """The lines that end, and who leads instead: cases that came by a line follow it."""

    pieces: list[Piece]
    tree: CategoryTree
    leads: Mapping[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Category → (path of the area, the unit that led, its heir)."""

    def line_for(self, former: str, category: int | None, area_path: str) -> Choice | None:
        """Return the heir of the line by which a matter came to a unit; None for none."""
        for pk in self.tree.ids(category):
            found = [
                (len(path), heir)
                for path, unit, heir in self.leads.get(pk, ())
                if unit == former and area_path.startswith(path)
            ]
            if found:
                return Choice(max(found)[1], f"duty:{self.tree.keys[pk]}")
        return None


def plan_duties(stand: Stand) -> DutyPlan:
    """Return which lines end and who takes each over."""
    tree = category_tree()
    ids, plan = stand.ids, stand.plan
    living = Q(until=None) | Q(until__gt=plan.on)
    rows = list(
        Duty.objects.filter(living, Q(unit__in=ids) | Q(area__in=ids))
        .select_related("unit", "area")
        .defer("unit__outline", "area__outline")
        .order_by("pk")
    )
    pieces: list[Piece] = []
    leads: dict[int, list[tuple[str, str, str]]] = {}
    for duty in rows:
        key = f"{tree.keys[duty.category_id]}@{duty.area.code}"
        targets = list(_targets(duty, key, stand, tree))
        for area, choice in targets:
            heir, rule = choice or ("", "")
            former = duty.unit.code if duty.unit.code in stand.leaving else duty.area.code
            pieces.append(Piece("duty", key, former, heir, rule, (duty, area)))
            # Where each part has a line of its own, the line does not say whose a case is.
            is_clear = heir and len(targets) == 1 and duty.unit.code in stand.leaving
            if is_clear and duty.part == Duty.Part.LEAD:
                line = (duty.area.path, duty.unit.code, heir)
                leads.setdefault(duty.category_id, []).append(line)
    return DutyPlan(pieces, tree, leads)


def _targets(
    duty: Duty, key: str, stand: Stand, tree: CategoryTree
) -> Iterator[tuple[str, Choice | None]]:
    """Yield (area, who) of the lines that follow one: each part of a split area has its own."""
    heirs, leaving = stand.heirs, stand.leaving
    is_led, is_placed = duty.unit.code in leaving, duty.area.code in leaving
    if not is_placed:
        yield duty.area.code, _heir_of_line(duty, key, stand, tree)
        return
    if stand.plan.kind == Kind.SPLIT:
        areas = list(heirs.codes)
    else:
        choice = heirs.choose(area=duty.area.code)
        areas = [choice.heir] if choice else []
    if not areas:
        yield duty.area.code, None
    named = heirs.rules.of("duty", key)
    for area in areas:
        if named:
            yield area, Choice(named, f"duty:{key}")
        elif is_led and duty.unit_id == duty.area_id:
            yield area, Choice(area, "own-area")
        elif is_led:
            yield area, _heir_of_line(duty, key, stand, tree)
        else:
            yield area, Choice(duty.unit.code, "area")


def _heir_of_line(duty: Duty, key: str, stand: Stand, tree: CategoryTree) -> Choice | None:
    named = stand.heirs.rules.of("duty", key)
    if named:
        return Choice(named, f"duty:{key}")
    return stand.heirs.choose(
        area=duty.area.code,
        area_path=duty.area.path,
        categories=tree.line(duty.category_id),
    )


def carry_duties(stand: Stand, planned: DutyPlan, *, actor: str) -> int:
    """End the old lines and write the new ones; return how many were doubles and fell away."""
    if not planned.pieces:
        return 0
    on = stand.plan.on
    codes = {area for each in planned.pieces for area in (each.heir, each.row[1])}
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=codes).defer("outline")}
    there = _in_force(stand)
    fresh: list[Duty] = []
    ended: dict[int, Duty] = {}
    # Leads first: a unit that leads and assists after the change only leads.
    for each in sorted(planned.pieces, key=lambda each: each.row[0].part != Duty.Part.LEAD):
        duty, area = each.row
        ended[duty.pk] = duty
        key = (duty.category_id, area, each.heir, duty.part)
        led = (duty.category_id, area, each.heir, str(Duty.Part.LEAD))
        if key not in there and led not in there:
            there.add(key)
            fresh.append(_successor(duty, units[area], units[each.heir], stand))
    for duty in ended.values():
        duty.until = duty.since if duty.since and duty.since > on else on
    Duty.objects.bulk_update(ended.values(), ["until"], batch_size=400)
    Duty.objects.bulk_create(fresh, batch_size=400)
    data = {
        "change": stand.plan.label,
        "units": list(stand.leaving),
        "ended": len(ended),
        "opened": len(fresh),
        "lines": [[each.key, each.former, each.heir, each.rule] for each in planned.pieces],
    }
    record(subject="register:duties", act="duties.carried", actor=actor, data=data)
    touch_registers()
    return len(planned.pieces) - len(fresh)


def _successor(duty: Duty, area: Unit, unit: Unit, stand: Stand) -> Duty:
    on = stand.plan.on
    mark = f"{stand.plan.label}: {duty.unit.code}→{unit.code}"
    source = f"{duty.source}; {mark}" if duty.source else mark
    return Duty(
        category_id=duty.category_id,
        area=area,
        unit=unit,
        part=duty.part,
        since=duty.since if duty.since and duty.since > on else on,
        until=duty.until,
        note=duty.note,
        source=source if len(source) <= SOURCE_LENGTH else mark[:SOURCE_LENGTH],
    )


def _in_force(stand: Stand) -> set[Key]:
    """Return the lines that stay: a new one beside its equal would be a double."""
    ids = stand.ids
    living = Q(until=None) | Q(until__gt=stand.plan.on)
    stays: Iterable[Key] = (
        Duty.objects.filter(living)
        .exclude(Q(unit__in=ids) | Q(area__in=ids))
        .values_list("category_id", "area__code", "unit__code", "part")
    )
    return set(stays)

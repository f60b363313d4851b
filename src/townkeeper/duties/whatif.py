"""The duty register as it would be after a change: in memory only, nothing is written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from townkeeper.duties.loading import LinePlan, plan_lines, register_rows
from townkeeper.duties.models import Duty
from townkeeper.duties.program import DutyLine
from townkeeper.duties.register import CategoryRow, DutyRow, Register, UnitRow
from townkeeper.kit.errors import Problem
from townkeeper.units.program import UnitEntry, in_order

EVERYWHERE = "*"
EDIT = re.compile(
    r"(?P<category>[^@=]+)@(?P<area>[^@=]+)=(?P<unit>[^@=>:]+)(>(?P<to>[^@=>:]+))?(:(?P<part>\w+))?"
)


class LineChange(NamedTuple):
    """One line of the register that is other than before."""

    act: str
    """`added`, `changed`, `closed`."""
    category: str
    area: str
    unit: str
    part: str

    def as_dict(self) -> dict[str, str]:
        """Return the change as plain data."""
        return dict(zip(LineChange.__annotations__, self, strict=True))


@dataclass(frozen=True)
class WhatIf:
    """The register before and after, and the day on which both are asked."""

    before: Register
    after: Register
    changes: tuple[LineChange, ...]
    on: date


def after_program(
    known: Register,
    lines: Iterable[DutyLine],
    units: Iterable[UnitEntry],
    *,
    parents: Mapping[str, str | None] | None = None,
    today: date,
) -> WhatIf:
    """Return the register as loading a program would make it: its lines, units and new categories.

    What the office did itself stays, as `duties.loading` has it. Units that the program moves
    below another parent are taken where they are now. `parents`: category → the one above it.
    """
    plan = plan_lines(lines, register_rows(), today)
    later = [line.since for line in plan.added if line.since]
    later += [v["since"] for _row, v in plan.changed if v.get("since")]
    rows = _with_units(known, list(units))
    categories = _with_categories(known, parents or {})
    after = Register(known.stamp, rows, categories, {})
    after.duties.update(_with_lines(known, after, plan))
    changes = [LineChange("added", line.category, line.area, line.unit, line.part)
               for line in plan.added]  # fmt: skip
    changes += [LineChange("changed", *row.key) for row, _values in plan.changed]
    changes += [LineChange("closed", *row.key) for row in plan.closed]
    return WhatIf(known, after, tuple(changes), max([today, *later]))


def after_edits(
    known: Register,
    *,
    add: Sequence[str] = (),
    close: Sequence[str] = (),
    move: Sequence[str] = (),
    today: date,
) -> WhatIf:
    """Return the register after single edits, written `CATEGORY@AREA=UNIT` (`:assist` to assist).

    `move` is `CATEGORY@AREA=UNIT>UNIT`; `*` for the area means every area in which the unit has
    the category. Raises Problem for what is not there.
    """
    duties = {key: list(lines) for key, lines in known.duties.items()}
    changes: list[LineChange] = []
    for text in close:
        edit = _edit(text, known)
        for line in _found(edit, duties, known):
            duties[edit.category.id].remove(line)
            changes.append(edit.change("closed", _area(line, known), edit.unit))
    for text in move:
        edit = _edit(text, known, to=True)
        for line in _found(edit, duties, known):
            lines = duties[edit.category.id]
            lines[lines.index(line)] = replace(line, unit=edit.to.id)
            changes.append(edit.change("closed", _area(line, known), edit.unit))
            changes.append(edit.change("added", _area(line, known), edit.to))
    for text in add:
        edit = _edit(text, known, anywhere=False)
        line = DutyRow(edit.unit.id, edit.path, edit.part, None, None, "", "")
        duties.setdefault(edit.category.id, []).append(line)
        changes.append(edit.change("added", edit.area, edit.unit))
    after = Register(known.stamp, known.units, known.categories, duties)
    return WhatIf(known, after, tuple(changes), today)


class Edit(NamedTuple):
    """A single edit, looked up."""

    text: str
    category: CategoryRow
    area: str
    path: str
    unit: UnitRow
    to: UnitRow
    part: str

    def change(self, act: str, area: str, unit: UnitRow) -> LineChange:
        """Return the change of one line."""
        return LineChange(act, self.category.key, area, unit.code, self.part)


def _edit(text: str, known: Register, *, to: bool = False, anywhere: bool = True) -> Edit:
    match = EDIT.fullmatch(text.strip())
    part = (match and match["part"]) or str(Duty.Part.LEAD)
    if match is None or bool(match["to"]) != to or part not in Duty.Part.values:
        raise Problem(
            "edit-unreadable",
            _("“%(text)s” is no line of the register.") % {"text": text},
            where="duties",
            hint=_("Write CATEGORY@AREA=UNIT, or CATEGORY@AREA=UNIT>UNIT to move it."),
        )
    category = known.category_by_key.get(match["category"])
    if category is None:
        raise Problem(
            "category-unknown",
            _("There is no category “%(key)s” here.") % {"key": match["category"]},
            where=text,
        )
    area = match["area"]
    is_everywhere = area == EVERYWHERE and anywhere
    path = "" if is_everywhere else _unit(area, known, text).path
    unit = _unit(match["unit"], known, text)
    return Edit(
        text, category, area, path, unit, _unit(match["to"] or unit.code, known, text), part
    )


def _unit(code: str, known: Register, text: str) -> UnitRow:
    row = known.unit_by_code.get(code)
    if row is None:
        raise Problem(
            "unit-unknown",
            _("There is no unit with the code “%(code)s”.") % {"code": code},
            where=text,
        )
    return row


def _found(edit: Edit, duties: Mapping[int, list[DutyRow]], known: Register) -> list[DutyRow]:
    found = [
        line
        for line in duties.get(edit.category.id, ())
        if line.unit == edit.unit.id
        and line.part == edit.part
        and (not edit.path or line.area_path == edit.path)
    ]
    if not found:
        lines = duties.get(edit.category.id, ())
        there = dict.fromkeys(f"{known.units[li.unit].code}@{_area(li, known)}" for li in lines)
        raise Problem(
            "line-unknown",
            _("The register has no such line: %(text)s.") % {"text": edit.text},
            where="duties",
            hint=_("For this category it has: %(lines)s.")
            % {"lines": ", ".join(list(there)[:8]) or "–"},
        )
    return found


def _area(line: DutyRow, known: Register) -> str:
    return known.unit_by_path[line.area_path].code


def _with_units(known: Register, entries: Sequence[UnitEntry]) -> dict[int, UnitRow]:
    """Return the units with those that the program adds or ends."""
    rows = dict(known.units)
    by_code = dict(known.unit_by_code)
    for number, entry in enumerate(in_order(entries), 1):
        row = by_code.get(entry.code)
        if row is None:
            over = by_code.get(entry.parent or "")
            path = f"{over.path if over else ''}n{number:03d}."
            name = next(iter(entry.name.values()), entry.code)
            level = over.level + 1 if over else 0
            row = UnitRow(
                -number, entry.code, name, path, level, entry.kind, entry.since, entry.until
            )
        elif entry.until and row.until is None:
            row = replace(row, until=entry.until)
        heir = by_code.get(entry.successor or "")
        if heir is not None and row.successor is None:
            row = replace(row, successor=heir.id)
        rows[row.id] = by_code[entry.code] = row
    return rows


def _with_categories(known: Register, parents: Mapping[str, str | None]) -> dict[int, CategoryRow]:
    rows = dict(known.categories)
    ids = {row.key: row.id for row in rows.values()}
    fresh = [key for key in parents if key not in ids]
    ids |= {key: -number for number, key in enumerate(fresh, 1)}
    for key in fresh:
        rows[ids[key]] = CategoryRow(
            ids[key], key, key, ids.get(parents[key] or ""), "", is_used=True
        )
    return rows


def _with_lines(known: Register, after: Register, plan: LinePlan) -> dict[int, list[DutyRow]]:
    """Return the lines after the plan: the ended ones are gone, the others as they become."""
    gone = {row.id for row in plan.closed}
    changed = {row.id: values for row, values in plan.changed}
    duties: dict[int, list[DutyRow]] = {}
    for row in register_rows():
        if row.id in gone:
            continue
        category, area, unit, part = row.key
        values = {"since": row.since, "until": row.until, "note": row.note, "source": row.source}
        values |= changed.get(row.id, {})
        line = DutyRow(
            known.unit_by_code[unit].id,
            known.unit_by_code[area].path,
            part,
            **values,  # type: ignore[arg-type]
        )
        duties.setdefault(known.category_by_key[category].id, []).append(line)
    for new in plan.added:
        key = after.category_by_key.get(new.category)
        lead, place = after.unit_by_code.get(new.unit), after.unit_by_code.get(new.area)
        if key is None or lead is None or place is None:
            continue
        line = DutyRow(lead.id, place.path, new.part, new.since, new.until, new.note, new.source)
        duties.setdefault(key.id, []).append(line)
    return duties

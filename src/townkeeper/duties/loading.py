"""Brings the duty register to what a program says, and leaves alone what the office did itself.

A three-way comparison: what the program said last time (`Duty.said`), what it says now, and what
stands in the register. Only what the program itself has changed is applied; a line that a person
entered, ended or gave to another unit stays as that person left it, and is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from townkeeper.duties.models import Category, Duty
from townkeeper.duties.program import DutiesFile, DutyLine, expand_duties
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.schema import Change
from townkeeper.units.models import Unit

FIELDS = ("since", "until", "note", "source")
Key = tuple[str, str, str, str]
"""Category, area, unit, part."""


class Row(NamedTuple):
    """A line of the register as it stands."""

    id: int
    key: Key
    since: date | None
    until: date | None
    note: str
    source: str
    said: Mapping[str, Any] | None

    def holds(self, on: date) -> bool:
        """Whether the line is in force on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass
class LinePlan:
    """What a program does to the register."""

    added: list[DutyLine] = field(default_factory=list)
    changed: list[tuple[Row, dict[str, Any]]] = field(default_factory=list)
    """Lines and the fields that the program has changed."""
    closed: list[Row] = field(default_factory=list)
    """In force, and the program has dropped them."""
    said: dict[int, dict[str, Any] | None] = field(default_factory=dict)
    """Id → what the program says of the line from now on."""
    kept: list[Row] = field(default_factory=list)
    """The program goes on saying it, and the office has ended or changed it."""
    own: list[Row] = field(default_factory=list)
    """In force, entered by a person, and no program says it."""


def key_of(line: DutyLine) -> Key:
    """Return what tells a line from others."""
    return line.category, line.area, line.unit, line.part


def said_of(line: DutyLine) -> dict[str, Any]:
    """Return what a program says of a line, as `Duty.said` keeps it."""
    return {
        "since": line.since.isoformat() if line.since else None,
        "until": line.until.isoformat() if line.until else None,
        "note": line.note,
        "source": line.source,
    }


def plan_lines(lines: Iterable[DutyLine], rows: Iterable[Row], today: date) -> LinePlan:
    """Compare what a program says with the register; pure."""
    wanted: dict[Key, DutyLine] = {}
    for line in lines:
        wanted.setdefault(key_of(line), line)
    there: dict[Key, list[Row]] = {}
    for row in rows:
        there.setdefault(row.key, []).append(row)
    plan = LinePlan()
    for key, line in wanted.items():
        _plan_one(plan, line, there.get(key, []), today)
    for key, members in there.items():
        for row in members:
            if key in wanted or (row.said is None and not row.holds(today)):
                continue
            if row.said is None:
                plan.own.append(row)
                continue
            plan.said[row.id] = None
            if row.holds(today) or (row.since and row.since > today and row.until is None):
                plan.closed.append(row)
    return plan


def _plan_one(plan: LinePlan, line: DutyLine, rows: list[Row], today: date) -> None:
    says = said_of(line)
    ours = [row for row in rows if row.said is not None]
    if not ours:
        standing = next((row for row in rows if row.holds(today)), None)
        if standing is None:
            plan.added.append(line)
            return
        # A person entered what the program says now: it is the program's line from here on.
        plan.said[standing.id] = says
        values = {"note": line.note, "source": line.source, "until": line.until}
        values |= {"since": line.since} if line.since else {}
        _change(plan, standing, values)
        return
    row = ours[-1]
    before: Mapping[str, Any] = row.said or {}
    if before == says:
        if said_now(row) != before:
            plan.kept.append(row)
        return
    plan.said[row.id] = says
    fresh = {name: getattr(line, name) for name in FIELDS if says[name] != before.get(name)}
    _change(plan, row, fresh)
    left = [name for name in FIELDS if name not in fresh]
    if any(said_now(row)[name] != before.get(name) for name in left):
        plan.kept.append(row)


def _change(plan: LinePlan, row: Row, values: Mapping[str, Any]) -> None:
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    if different:
        plan.changed.append((row, different))


def said_now(row: Row) -> dict[str, Any]:
    """Return a line's fields in the form in which a program says them."""
    return {
        "since": row.since.isoformat() if row.since else None,
        "until": row.until.isoformat() if row.until else None,
        "note": row.note,
        "source": row.source,
    }


def register_rows() -> list[Row]:
    """Read the lines of the register, those of the past too."""
    names = ("category__key", "area__code", "unit__code", "part", "pk", *FIELDS, "said")
    rows = Duty.objects.order_by("pk").values_list(*names)
    return [Row(row[4], row[:4], *row[5:]) for row in rows]


def apply_duties(
    part: DutiesFile, *, groups: Mapping[str, Iterable[str]], actor: str
) -> list[Change]:
    """Bring the register to what the program says; a line that it drops ends today.

    `kept` changes tell what the office did and the loading left alone.
    """
    today = clock.today()
    plan = plan_lines(expand_duties(part.duties, groups), register_rows(), today)
    _write(plan, today)
    counts = {
        "added": len(plan.added),
        "changed": len(plan.changed),
        "closed": len(plan.closed),
    }
    changes = [Change("duty", act, "", count=count) for act, count in counts.items() if count]
    if changes:
        names = dict.fromkeys(entry.key for entry in part.duties)
        data = {**counts, "entries": list(names)}
        record(subject="register:duties", act="duties.changed", actor=actor, data=data)
        touch_registers()
    kept = len(plan.kept) + len(plan.own)
    return [*changes, Change("duty", "kept", "", count=kept)] if kept else changes


def _write(plan: LinePlan, today: date) -> None:
    categories = dict(Category.objects.values_list("key", "pk"))
    units = dict(Unit.objects.values_list("code", "pk"))
    changed = {row.id: values for row, values in plan.changed}
    touched = Duty.objects.in_bulk({*changed, *plan.said, *(row.id for row in plan.closed)})
    for row in plan.closed:
        touched[row.id].until = max(today, row.since) if row.since else today
    for pk, values in changed.items():
        for name, value in values.items():
            setattr(touched[pk], name, value)
    for pk, said in plan.said.items():
        touched[pk].said = said
    Duty.objects.bulk_update(touched.values(), [*FIELDS, "said"], batch_size=200)
    Duty.objects.bulk_create(
        [
            Duty(
                category_id=categories[line.category],
                area_id=units[line.area],
                unit_id=units[line.unit],
                part=line.part,
                since=line.since,
                until=line.until,
                note=line.note,
                source=line.source,
                said=said_of(line),
            )
            for line in plan.added
        ],
        batch_size=400,
    )

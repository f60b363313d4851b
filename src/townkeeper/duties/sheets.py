"""The duty register as a spreadsheet: its columns, and reading one back row by row.

A sheet adds lines and ends lines (by an `until`); what it leaves out stays, because a table that
somebody filtered before saving must not end half the register. Headers count in any language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from townkeeper.duties.lines import end_line, open_line
from townkeeper.duties.models import Category, Duty
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import Cell, Sheet, Table, as_text, find_table, open_sheet
from townkeeper.units.models import Unit

COLUMNS = {
    "category": gettext_noop("Category code"),
    "category_name": gettext_noop("Category"),
    "area": gettext_noop("Area code"),
    "area_name": gettext_noop("Area"),
    "unit": gettext_noop("Unit code"),
    "unit_name": gettext_noop("Unit"),
    "part": gettext_noop("Part"),
    "since": gettext_noop("From"),
    "until": gettext_noop("Until"),
    "source": gettext_noop("Source"),
    "note": gettext_noop("Remark"),
}
NEEDED = ("category", "area", "unit", "part")
LANGUAGE_CODES = ("zh-hant", "zh-hans", "en")
MOST_ROWS = 20_000
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the sheet, read: the line of the register that it wants."""

    row: int
    category: Category
    area: Unit
    unit: Unit
    part: str
    since: date
    until: date | None
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be taken, and why."""

    row: int
    text: str


@dataclass
class SheetPlan:
    """What a sheet does to the register."""

    added: list[Line] = field(default_factory=list)
    ended: list[tuple[Line, Duty]] = field(default_factory=list)
    same: int = 0
    faults: list[Fault] = field(default_factory=list)


def headers() -> list[str]:
    """Return the heads of the columns in the language of the page."""
    return [_(text) for text in COLUMNS.values()]


def export_rows(duties: Iterable[Duty]) -> Iterator[list[str]]:
    """Yield the register's lines as rows of the sheet."""
    for duty in duties:
        yield [
            duty.category.key,
            duty.category.title,
            duty.area.code,
            duty.area.title,
            duty.unit.code,
            duty.unit.title,
            str(duty.get_part_display()),
            duty.since.isoformat() if duty.since else "",
            duty.until.isoformat() if duty.until else "",
            duty.source,
            duty.note,
        ]


def read_register_sheet(path: Path) -> SheetPlan:
    """Read a sheet and say what it would do; nothing is written.

    Raises Problem where the file is none or columns are missing; what is wrong with a row is in
    `faults`, by the row's number.
    """
    sheet = open_sheet(path)
    table, places = _table(sheet)
    plan = SheetPlan()
    reader = _Reader(places)
    there = _there()
    taken: dict[Key, int] = {}
    for count, (number, cells) in enumerate(table.records(), 1):
        if count > MOST_ROWS:
            raise Problem("sheet-long", _("The sheet has too many rows."), where=path.name)
        try:
            line = reader.line(number, cells)
            _refuse_double(line, taken)
        except Problem as problem:
            plan.faults.append(Fault(number, f"{problem.message} {problem.hint}".strip()))
            continue
        _sort_in(plan, line, there)
    _try_out(plan)
    return plan


def _table(sheet: Sheet) -> tuple[Table, dict[str, int]]:
    """Find the header in whichever language it is written."""
    for code in LANGUAGE_CODES:
        with override(code):
            names = {name: _(text) for name, text in COLUMNS.items()}
        try:
            table = find_table(sheet, required=[names[name] for name in NEEDED])
        except Problem:
            continue
        places = {name: table.place(text) for name, text in names.items()}
        return table, {name: place for name, place in places.items() if place is not None}
    required = [_(COLUMNS[name]) for name in NEEDED]
    table = find_table(sheet, required=required)
    return table, {}


class _Reader:
    """Reads rows; what they name is looked up once."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self.places = places
        self.categories = {row.key: row for row in Category.objects.all()}
        self.units = {unit.code: unit for unit in Unit.objects.defer("outline")}
        self.parts: dict[str, str] = {value: value for value in Duty.Part.values}
        for code in LANGUAGE_CODES:
            with override(code):
                self.parts |= {str(label): value for value, label in Duty.Part.choices}

    def line(self, number: int, cells: "Iterable[Cell]") -> Line:
        row = list(cells)

        def text(name: str) -> str:
            place = self.places.get(name)
            return as_text(row[place]).strip() if place is not None else ""

        category = self.categories.get(text("category"))
        if category is None:
            raise Problem(
                "category-unknown",
                _("There is no category “%(key)s” here.") % {"key": text("category")},
            )
        part = self.parts.get(text("part").lower())
        if part is None:
            raise Problem("part-unknown", _("A unit leads or assists."))
        area, unit = (self._unit(text(name)) for name in ("area", "unit"))
        since = _day(text("since")) or clock.today()
        until = _day(text("until"))
        if until is not None and until <= since:
            raise Problem("dates-reversed", _("The last day lies before the first."))
        return Line(number, category, area, unit, part, since, until, text("source"), text("note"))

    def _unit(self, code: str) -> Unit:
        unit = self.units.get(code)
        if unit is None:
            raise Problem(
                "unit-unknown", _("There is no unit with the code “%(code)s”.") % {"code": code}
            )
        return unit


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise Problem(
            "date-wrong",
            _("“%(text)s” is no date.") % {"text": text},
            hint=_("Write it as 2026-12-01."),
        ) from None


def _there() -> dict[Key, Duty]:
    today = clock.today()
    rows = Duty.objects.exclude(until__lte=today).select_related("category", "area", "unit")
    rows = rows.defer("area__outline", "unit__outline").order_by("pk")
    return {(d.category.key, d.area.code, d.unit.code, str(d.part)): d for d in rows}


def _refuse_double(line: Line, taken: dict[Key, int]) -> None:
    key = (line.category.key, line.area.code, line.unit.code, line.part)
    if key in taken:
        raise Problem("row-twice", _("Row %(row)s says the same.") % {"row": taken[key]})
    taken[key] = line.row


def _sort_in(plan: SheetPlan, line: Line, there: Mapping[Key, Duty]) -> None:
    known = there.get((line.category.key, line.area.code, line.unit.code, line.part))
    if known is None:
        plan.added.append(line)
    elif line.until is not None and line.until != known.until:
        plan.ended.append((line, known))
    else:
        plan.same += 1


def _try_out(plan: SheetPlan) -> None:
    """Do it all as saving would, note which rows are refused, and take it back."""
    with transaction.atomic():
        plan.faults += _write(plan, actor="-")
        transaction.set_rollback(True)
    plan.faults.sort(key=lambda fault: fault.row)


def _write(plan: SheetPlan, *, actor: str) -> list[Fault]:
    """End lines first, so that one can change hands within one sheet; return what was refused."""
    faults = []
    for line, duty in plan.ended:
        try:
            with transaction.atomic():
                end_line(duty, on=line.until or line.since, actor=actor, reason=line.note)
        except Problem as problem:
            faults.append(Fault(line.row, f"{problem.message} {problem.hint}".strip()))
    for line in plan.added:
        try:
            with transaction.atomic():
                open_line(
                    line.category, line.area, line.unit, part=line.part, since=line.since,
                    until=line.until, source=line.source, note=line.note, actor=actor,
                )  # fmt: skip
        except Problem as problem:
            faults.append(Fault(line.row, f"{problem.message} {problem.hint}".strip()))
    return faults


@transaction.atomic
def apply_register_sheet(path: Path, *, actor: str) -> SheetPlan:
    """Take a sheet in as a whole; with any faulty row nothing is taken.

    Raises Problem that counts the faulty rows; `read_register_sheet` names them.
    """
    plan = read_register_sheet(path)
    if not plan.faults:
        plan.faults += _write(plan, actor=actor)
    if plan.faults:
        raise Problem(
            "sheet-faulty",
            _("%(count)s rows cannot be taken; nothing was saved.") % {"count": len(plan.faults)},
            where="file",
        )
    return plan

"""The duty register: the matrix of kinds and areas, gaps and overlaps, the lines as a sheet."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.dryrun import counted_gaps, counted_overlaps, month_before
from townkeeper.duties.gaps import PLACES
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.register import CategoryRow, Register, UnitRow, register
from townkeeper.duties.sheets import export_rows, headers
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Column
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.pages import place_after
from townkeeper.web.exports import Sheet, links, send_sheet

edits = needs(Permission.DUTIES_REGISTER_EDIT)
MOST_AREAS = 40
MOST_KINDS = 60
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """Who leads a kind in an area, and how the register comes to it."""

    area: UnitRow
    lead: str
    look: str
    """`own` (a line of this cell), `from` (of a kind or an area above), `gap`, `two`."""
    why: str
    href: str


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind with its cells."""

    key: str
    title: str
    level: int
    cells: list[Cell]


def duty_tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs over the pages of the register."""
    pairs = (
        ("administration:duties", _("Matrix")),
        ("administration:duty-lines", _("Lines")),
        ("administration:duty-gaps", _("Gaps and overlaps")),
        ("administration:duty-trial", _("Dry run")),
        ("administration:duty-import", _("Import")),
    )
    return [
        {"href": reverse(name), "label": label, "current": name == current, "count": None}
        for name, label in pairs
    ]


def cell_url(category: str, area: str) -> str:
    """Return the address of a cell of the matrix."""
    return (
        f"{reverse('administration:duty-cell')}?{urlencode({'category': category, 'area': area})}"
    )


@edits
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Show who leads each kind in each area: by line, by inheritance, by nobody, by two."""
    known, today = register(), clock.today()
    titles = _titles()
    tops = [row for row in known.categories.values() if row.parent is None]
    used = _used(known)
    tops = sorted((row for row in tops if used & _line(known, row)), key=lambda row: row.key)
    fullest = max(tops, key=lambda row: len(used & _line(known, row)), default=None)
    top = request.GET.get("class", "") or (fullest.key if fullest else "")
    unit = request.GET.get("unit", "")[:40]
    over = request.GET.get("area", "")[:40]
    areas = _areas(known, today, over)
    kinds = _kinds(known, top, used)
    rows = [_row(known, kind, level, areas[:MOST_AREAS], today) for kind, level in kinds]
    if unit:
        rows = [row for row in rows if any(cell.lead == unit for cell in row.cells)]
    names = _unit_titles()
    context = {
        "tabs": duty_tabs("administration:duties"),
        "classes": [(row.key, titles.get(row.key, row.name)) for row in tops],
        "chosen": {"class": top, "unit": unit, "area": over},
        "areas": areas[:MOST_AREAS],
        "area_names": {row.code: names.get(row.code, row.name) for row in areas},
        "names": names,
        "rows": rows[:MOST_KINDS],
        "titles": titles,
        "left_out": max(0, len(areas) - MOST_AREAS),
        "kinds_left_out": max(0, len(rows) - MOST_KINDS),
        "leads": _leads(known, today, names),
        "parents": [(row.code, names.get(row.code, row.name)) for row in _parents(known, today)],
        "page_actions": page_actions(),
    }
    return render(request, "administration/duties.html", context)


def page_actions(query: str = "") -> list[dict[str, Any]]:
    """Return the buttons over the register."""
    tail = f"?{query}" if query else ""
    return [
        *links(
            reverse("administration:duties-export", args=["xlsx"]) + tail,
            reverse("administration:duties-export", args=["csv"]) + tail,
        ),
        {"href": reverse("administration:duty-cell"), "icon": "plus", "label": _("New line"),
         "primary": True},
    ]  # fmt: skip


def _titles() -> dict[str, str]:
    return {row.key: row.title for row in Category.objects.all()}


def _unit_titles() -> dict[str, str]:
    return {unit.code: unit.title for unit in Unit.objects.defer("outline", "said")}


def _used(known: Register) -> set[int]:
    """Return the kinds in use and those above them."""
    found: set[int] = set()
    for row in known.categories.values():
        if row.is_used or row.id in known.duties:
            found |= {each.id for each in known.category_line(row)}
    return found


def _line(known: Register, top: CategoryRow) -> set[int]:
    return {
        row.id
        for row in known.categories.values()
        if top.id in {each.id for each in known.category_line(row)}
    }


def _kinds(known: Register, top: str, used: set[int]) -> list[tuple[CategoryRow, int]]:
    """Return a class and the used kinds below it, each with its depth."""
    first = known.category_by_key.get(top)
    if first is None:
        return []
    below: dict[int, list[CategoryRow]] = {}
    for row in sorted(known.categories.values(), key=lambda row: row.key):
        if row.parent and row.id in used:
            below.setdefault(row.parent, []).append(row)
    found: list[tuple[CategoryRow, int]] = []
    waiting = [(first, 0)]
    while waiting:
        row, level = waiting.pop()
        found.append((row, level))
        waiting += [(child, level + 1) for child in reversed(below.get(row.id, []))]
    return found


def _parents(known: Register, today: date) -> list[UnitRow]:
    """Return the areas that have areas below them: what a matrix can look into."""
    places = [row for row in known.units.values() if row.kind in PLACES and row.exists(today)]
    above = {row.path[:-5] for row in places}
    return sorted((row for row in places if row.path in above), key=lambda row: row.path)


def _areas(known: Register, today: date, over: str) -> list[UnitRow]:
    """Return the columns: an area and the places next below it, and whatever else has lines."""
    top = known.unit_by_code.get(over) or known.root
    if top is None:
        return []
    named = {duty.area_path for lines in known.duties.values() for duty in lines}
    below = [
        row
        for row in known.units.values()
        if row.path.startswith(top.path)
        and row.level == top.level + 1
        and row.exists(today)
        and (row.kind in PLACES or row.path in named)
    ]
    return [top, *sorted(below, key=lambda row: row.path)]


def _row(
    known: Register, kind: CategoryRow, level: int, areas: list[UnitRow], today: date
) -> KindRow:
    own = {line.area.code for line in known.lines(kind, today) if line.duty.part == "lead"}
    cells = [_cell(known, kind, area, own, today) for area in areas]
    return KindRow(kind.key, kind.name, level, cells)


def _cell(
    known: Register, kind: CategoryRow, area: UnitRow, own: Container[str], today: date
) -> Cell:
    answer = known.resolve(kind, area, today)
    href = cell_url(kind.key, area.code)
    if answer.lead is None:
        partly = not _is_leaf(known, kind) or _led_below(known, kind, area, today)
        return Cell(area, "", "part" if partly else "gap", "", href)
    is_own = area.code in own
    look = "two" if is_own and answer.conflict else "own" if is_own else "from"
    by = answer.category.key if answer.category else ""
    where = answer.area.code if answer.area else ""
    return Cell(area, answer.lead.code, look, f"{by} @ {where}", href)


def _is_leaf(known: Register, kind: CategoryRow) -> bool:
    return not any(row.parent == kind.id and row.is_used for row in known.categories.values())


def _led_below(known: Register, kind: CategoryRow, area: UnitRow, today: date) -> bool:
    """Whether somebody leads the kind in a part of the area: then it is no gap of the whole."""
    return any(
        line.duty.part == Duty.Part.LEAD and line.area.path.startswith(area.path)
        for row in known.category_line(kind)
        for line in known.lines(row, today)
    )


def _leads(known: Register, today: date, names: dict[str, str]) -> list[tuple[str, str]]:
    codes = {
        known.units[duty.unit].code
        for lines in known.duties.values()
        for duty in lines
        if duty.holds(today)
    }
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda pair: pair[1])


def _lines(request: HttpRequest) -> tuple[QuerySet[Duty], dict[str, str]]:
    keys = ("category", "area", "unit", "part", "ended")
    asked = {key: request.GET.get(key, "")[:60] for key in keys}
    rows = Duty.objects.select_related("category", "area", "unit").defer(
        "area__outline", "unit__outline"
    )
    if asked["ended"] != "1":
        rows = rows.exclude(until__lte=clock.today())
    for key, column in (("area", "area__code"), ("unit", "unit__code"), ("part", "part")):
        if asked[key]:
            rows = rows.filter(**{column: asked[key]})
    if asked["category"]:
        rows = rows.filter(category__key__startswith=asked["category"])
    return rows.order_by("category__key", "area__path", "part", "pk"), asked


@edits
@require_safe
def line_list(request: HttpRequest) -> HttpResponse:
    """List the lines of the register."""
    rows, asked = _lines(request)
    after = place_after(request)
    found = list(rows[after : after + SHOWN + 1])
    plain = {key: value for key, value in asked.items() if value}
    address = reverse("administration:duty-lines")
    today = clock.today()
    context = {
        "tabs": duty_tabs("administration:duty-lines"),
        "lines": [
            {"row": row, "href": cell_url(row.category.key, row.area.code),
             "is_past": bool(row.until and row.until <= today),
             "is_later": bool(row.since and row.since > today)}
            for row in found[:SHOWN]
        ],
        "asked": asked,
        "parts": Duty.Part.choices,
        "next_url": f"{address}?{urlencode({**plain, 'after': str(after + SHOWN)})}"
        if len(found) > SHOWN else "",
        "first_url": f"{address}?{urlencode(plain)}" if after else "",
        "page_actions": page_actions(urlencode(plain)),
    }  # fmt: skip
    return render(request, "administration/duty_lines.html", context)


@edits
@require_safe
def duties_export(request: HttpRequest, form: str) -> HttpResponse:
    """Send the register as the sheet that the import reads."""
    rows, _asked = _lines(request)
    columns = [Column(title) for title in headers()]
    sheet = Sheet("duties", _("Duty register"), columns, export_rows(rows))
    return send_sheet(request, sheet, form, back=reverse("administration:duty-lines"))  # type: ignore[return-value]


@edits
@require_safe
def gaps_page(request: HttpRequest) -> HttpResponse:
    """Show what nobody leads, and what two lead, with last month's cases."""
    known, today = register(), clock.today()
    month = month_before(today)
    gaps = counted_gaps(known, today, month=month)
    overlaps = counted_overlaps(known, today, month=month)
    titles, names = _titles(), _unit_titles()
    context = {
        "tabs": duty_tabs("administration:duty-gaps"),
        "month": month,
        "gaps": [
            {"gap": gap, "title": titles.get(gap.category, gap.name),
             "area": names.get(gap.area, gap.area_name), "href": cell_url(gap.category, gap.area)}
            for gap in gaps[:SHOWN]
        ],
        "gap_count": len(gaps),
        "gap_cases": sum(gap.cases for gap in gaps),
        "overlaps": [
            {"overlap": each, "title": titles.get(each.category, each.name),
             "area": names.get(each.area, each.area),
             "units": [names.get(code, code) for code in each.units],
             "href": cell_url(each.category, each.area)}
            for each in overlaps[:SHOWN]
        ],
        "page_actions": [],
    }  # fmt: skip
    return render(request, "administration/duty_gaps.html", context)

"""The small map of a brief, drawn on the server as SVG: areas by their outlines, else as circles.

Areas with an outline are filled by their overdue cases (choropleth). Where the program has none, a
circle stands in the middle of an area's reports: its size is the running cases, its colour the
overdue ones. Each is a link, and a table beside the map says the same in figures.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.publication.brief_figures import AREA_KINDS
from townkeeper.publication.models import BriefEdition
from townkeeper.publication.typeset.layout import ems
from townkeeper.units.models import Unit
from townkeeper.web.templatetags.ui import num

WIDTH: Final = 440.0
TALLEST: Final = 400.0
EDGE: Final = 14.0
LEVELS: Final = 4
"""Shades; an area is dark by four overdue cases or by having the most of them, not by one."""
ROUNDS: Final = 60
BETWEEN: Final = 2.0
NAME_SIZE: Final = 12.0
POINTS: Final = 400
"""An outline is thinned to so many points: the map is as wide as a hand."""
COUNTED: Final = ("running", "overdue", "reported")
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Shape:
    """An area on the map."""

    code: str
    title: str
    words: str
    href: str
    level: int
    """0 for none overdue, up to 4."""
    path: str = ""
    x: float = 0
    y: float = 0
    r: float = 0
    number: int = 0
    name_y: float = 0
    """Where the name of an area with overdue cases stands, beside the others."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The map, and the areas as a table."""

    width: float
    height: float
    ground: str = ""
    """The outline of the whole."""
    shapes: list[Shape] = field(default_factory=list)
    description: str = ""
    missing: str = ""
    """Areas with overdue cases whose place nothing says: they are named under the map."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area in figures."""

    code: str
    title: str
    running: int
    overdue: int
    reported: int
    href: str


def area_rows(edition: BriefEdition, parent: Unit) -> list[AreaRow]:
    """Return the areas directly below a unit with their figures, most overdue first."""
    found = edition.content["areas"]
    children = Unit.objects.filter(parent=parent, kind__in=AREA_KINDS, code__in=list(found))
    rows = [
        AreaRow(
            unit.code, unit.title, found[unit.code]["running"], found[unit.code]["overdue"],
            found[unit.code]["reported"], _href(edition, unit.code),
        )
        for unit in children.defer("outline").order_by("sort_key")
    ]  # fmt: skip
    rows.sort(key=lambda row: (-row.overdue, -row.running))
    rest = _rest(found.get(parent.code), rows)
    return [*rows, rest] if rest else rows


def _rest(whole: Mapping[str, int] | None, rows: Sequence[AreaRow]) -> AreaRow | None:
    """Return what lies in none of the areas below, so that the table adds up."""
    if whole is None or not rows:
        return None
    left = {name: whole[name] - sum(getattr(row, name) for row in rows) for name in COUNTED}
    if not any(left.values()):
        return None
    title = _("In none of these areas")
    return AreaRow("", title, left["running"], left["overdue"], left["reported"], "")


def _href(edition: BriefEdition, code: str) -> str:
    return reverse("leader:area", args=[edition.day.isoformat(), code])


def draw_map(edition: BriefEdition, parent: Unit) -> Drawing | None:
    """Return the map of the areas below a unit; None where nothing says where they are."""
    figures: Mapping[str, Mapping[str, Any]] = edition.content["areas"]
    children = list(Unit.objects.filter(parent=parent, kind__in=AREA_KINDS, code__in=list(figures)))
    outlines = [unit.outline for unit in children if unit.outline]
    points = [
        (figures[unit.code]["lon"], figures[unit.code]["lat"])
        for unit in children
        if not unit.outline and "lon" in figures[unit.code]
    ]
    if not outlines and not points:
        return None
    ground = Unit.objects.filter(pk=parent.pk).values_list("outline", flat=True).first()
    drawn = [each for each in (*outlines, ground) if each]
    corners = [(p[0], p[1]) for each in drawn for ring in rings_of(each) for p in ring]
    frame = Frame.around([*corners, *points])
    shapes = named(apart(list(_shapes(edition, children, frame)), frame.height))
    drawn_codes = {shape.code for shape in shapes}
    missing = [
        f"{unit.title} {num(figures[unit.code]['overdue'])}"
        for unit in children
        if unit.code not in drawn_codes and figures[unit.code]["overdue"]
    ]
    return Drawing(
        WIDTH, frame.height, frame.path(ground) if ground else "",
        sorted(shapes, key=lambda shape: (shape.number > 0, -shape.r)),
        _("Map of the areas by overdue cases; the table beside it has the figures."),
        " · ".join(missing),
    )  # fmt: skip


def _shapes(edition: BriefEdition, units: Sequence[Unit], frame: "Frame") -> Iterator[Shape]:
    figures = edition.content["areas"]
    most = max((figures[unit.code]["overdue"] for unit in units), default=0)
    widest = max((figures[unit.code]["running"] for unit in units), default=0)
    for unit in units:
        row = figures[unit.code]
        shape: dict[str, Any] = {
            "code": unit.code, "title": unit.title, "href": _href(edition, unit.code),
            "level": math.ceil(LEVELS * row["overdue"] / max(most, LEVELS)),
            "words": _("%(area)s: %(over)s overdue of %(running)s running")
            % {"area": unit.title, "over": num(row["overdue"]), "running": num(row["running"])},
            "number": row["overdue"],
        }  # fmt: skip
        if unit.outline:
            yield Shape(**shape, path=frame.path(unit.outline))
        elif "lon" in row:
            x, y = frame.place((row["lon"], row["lat"]))
            r = 5 + 15 * math.sqrt(row["running"] / widest) if widest else 5
            yield Shape(**shape, x=x, y=y, r=round(r, 1))


def apart(shapes: Sequence[Shape], height: float) -> list[Shape]:
    """Move circles that lie over each other apart, so that each can be read and hit.

    They stand for areas, not for places: a little beside the middle is no untruth.
    """
    at = [[shape.x, shape.y] for shape in shapes]
    round_ones = [n for n, shape in enumerate(shapes) if shape.r]
    for _round in range(ROUNDS):
        moved = False
        for one, other in itertools.combinations(round_ones, 2):
            gap = shapes[one].r + shapes[other].r + BETWEEN
            dx, dy = at[other][0] - at[one][0], at[other][1] - at[one][1]
            length = math.hypot(dx, dy)
            if length >= gap:
                continue
            if length < 1e-6:  # noqa: PLR2004 - the same place: to the right
                dx, dy, length = 1.0, 0.0, 1.0
            push = (gap - length) / 2 / length
            for place, sign in ((one, -1), (other, 1)):
                r = shapes[place].r
                at[place][0] = min(max(at[place][0] + sign * dx * push, r), WIDTH - r)
                at[place][1] = min(max(at[place][1] + sign * dy * push, r), height - r)
            moved = True
        if not moved:
            break
    return [
        replace(shape, x=round(x, 1), y=round(y, 1)) if shape.r else shape
        for shape, (x, y) in zip(shapes, at, strict=True)
    ]


def named(shapes: Sequence[Shape]) -> list[Shape]:
    """Put the names of areas with overdue cases over or under their circles, none over another."""
    taken: list[tuple[float, float, float]] = []
    found = []
    for shape in shapes:
        if not (shape.number and shape.r):
            found.append(shape)
            continue
        half = ems(shape.title) * NAME_SIZE / 2
        places = (shape.y - shape.r - 4, shape.y + shape.r + NAME_SIZE, shape.y - shape.r - 16)
        clear = [
            y
            for y in places
            if all(
                abs(y - other) >= NAME_SIZE or abs(shape.x - x) >= half + wide
                for x, other, wide in taken
            )
        ]
        y = (clear or places)[0]
        taken.append((shape.x, y, half))
        found.append(replace(shape, name_y=round(y, 1)))
    return found


@dataclass(frozen=True, slots=True)
class Frame:
    """Turns degrees into the drawing's units; true to shape at the middle latitude."""

    west: float
    north: float
    scale: float
    squeeze: float
    height: float

    @classmethod
    def around(cls, places: Sequence[tuple[float, float]]) -> "Frame":
        """Return the frame that holds all places."""
        west, east = min(p[0] for p in places), max(p[0] for p in places)
        south, north = min(p[1] for p in places), max(p[1] for p in places)
        squeeze = math.cos(math.radians((south + north) / 2))
        wide = max((east - west) * squeeze, 1e-4)
        high = max(north - south, 1e-4)
        scale = min((WIDTH - 2 * EDGE) / wide, (TALLEST - 2 * EDGE) / high)
        shift = (WIDTH - 2 * EDGE - wide * scale) / 2 / (scale * squeeze)
        return cls(west - shift, north, scale, squeeze, round(high * scale + 2 * EDGE, 1))

    def place(self, point: Sequence[float]) -> tuple[float, float]:
        """Return a place in the drawing."""
        x = EDGE + (point[0] - self.west) * self.squeeze * self.scale
        return round(x, 1), round(EDGE + (self.north - point[1]) * self.scale, 1)

    def path(self, outline: Mapping[str, Any]) -> str:
        """Return an outline as the data of an SVG path."""
        parts = []
        for ring in rings_of(outline):
            step = max(1, len(ring) // POINTS)
            points = [self.place(point) for point in ring[::step]]
            parts.append("M" + "L".join(f"{x},{y}" for x, y in points) + "Z")
        return "".join(parts)


def rings_of(outline: Mapping[str, Any]) -> Iterator[Ring]:
    """Yield the rings of a GeoJSON Polygon or MultiPolygon (RFC 7946, 3.1.6)."""
    many = outline["coordinates"]
    for polygon in [many] if outline["type"] == "Polygon" else many:
        yield from polygon

"""The small map of a brief, drawn on the server as SVG: areas by their outlines, else as circles.

Areas with an outline are filled by their overdue cases (choropleth). Where the program has none, a
circle stands in the middle of an area's reports: its size is the running cases, its colour the
overdue ones. Each is a link, and a table beside the map says the same in figures.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.publication.brief_figures import AREA_KINDS
from townkeeper.publication.models import BriefEdition
from townkeeper.units.models import Unit
from townkeeper.web.templatetags.ui import num

WIDTH: Final = 440.0
TALLEST: Final = 400.0
EDGE: Final = 14.0
LEVELS: Final = 4
POINTS: Final = 400
"""An outline is thinned to so many points: the map is as wide as a hand."""
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


@dataclass(frozen=True, slots=True)
class Drawing:
    """The map, and the areas as a table."""

    width: float
    height: float
    ground: str = ""
    """The outline of the whole."""
    shapes: list[Shape] = field(default_factory=list)
    description: str = ""


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
    return sorted(rows, key=lambda row: (-row.overdue, -row.running))


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
    shapes = list(_shapes(edition, children, frame))
    return Drawing(
        WIDTH, frame.height, frame.path(ground) if ground else "",
        sorted(shapes, key=lambda shape: (shape.number > 0, -shape.r)),
        _("Map of the areas by overdue cases; the table beside it has the figures."),
    )  # fmt: skip


def _shapes(edition: BriefEdition, units: Sequence[Unit], frame: "Frame") -> Iterator[Shape]:
    figures = edition.content["areas"]
    most = max((figures[unit.code]["overdue"] for unit in units), default=0)
    widest = max((figures[unit.code]["running"] for unit in units), default=0)
    for unit in units:
        row = figures[unit.code]
        shape: dict[str, Any] = {
            "code": unit.code, "title": unit.title, "href": _href(edition, unit.code),
            "level": math.ceil(LEVELS * row["overdue"] / most) if most else 0,
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

"""Draws a unit's outline as a small picture with its neighbours: no map service, no script."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from shapely import make_valid
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from townkeeper.kit import clock
from townkeeper.units.models import Unit

WIDTH = 480
MOST_HEIGHT = 360
MARGIN = 10
NEIGHBOURS = 60
KM_PER_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths of an SVG picture."""

    width: int
    height: int
    own: str
    former: str
    others: list[str]
    area_km2: float
    parts: int
    points: int


def outline_drawing(unit: Unit, outline: dict[str, Any] | None = None) -> Drawing | None:
    """Return the picture of a unit's outline, or of `outline` with the present one behind it."""
    drawn = _shape(outline or unit.outline)
    if drawn is None:
        return None
    former = _shape(unit.outline) if outline else None
    neighbours = [each for each in _neighbours(unit) if each.intersects(drawn.envelope.buffer(1))]
    west, south, east, north = (former.union(drawn) if former else drawn).bounds
    scale_x = cos(radians((south + north) / 2))
    wide, high = max((east - west) * scale_x, 1e-6), max(north - south, 1e-6)
    factor = min((WIDTH - 2 * MARGIN) / wide, (MOST_HEIGHT - 2 * MARGIN) / high)

    def place(lon: float, lat: float) -> str:
        x, y = MARGIN + (lon - west) * scale_x * factor, MARGIN + (north - lat) * factor
        return f"{x:.1f} {y:.1f}"

    def path(geometry: BaseGeometry) -> str:
        rough = geometry.simplify(0.6 / factor)
        return "".join(
            "M" + "L".join(place(*point[:2]) for point in ring.coords) + "Z"
            for ring in _rings(rough)
        )

    return Drawing(
        width=round(wide * factor) + 2 * MARGIN,
        height=round(high * factor) + 2 * MARGIN,
        own=path(drawn),
        former=path(former) if former else "",
        others=[path(each) for each in neighbours],
        area_km2=drawn.area * scale_x * KM_PER_DEGREE**2,
        parts=len(getattr(drawn, "geoms", [drawn])),
        points=sum(len(ring.coords) for ring in _rings(drawn)),
    )


def _shape(outline: dict[str, Any] | None) -> BaseGeometry | None:
    if not outline:
        return None
    try:
        return make_valid(shape(outline))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _neighbours(unit: Unit) -> list[BaseGeometry]:
    rows = Unit.objects.existing(clock.today()).filter(parent=unit.parent_id, outline__isnull=False)
    found = rows.exclude(pk=unit.pk).values_list("outline", flat=True)[:NEIGHBOURS]
    return [drawn for each in found if (drawn := _shape(each)) is not None]


def _rings(geometry: BaseGeometry) -> Iterator[Any]:
    for part in getattr(geometry, "geoms", [geometry]):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif hasattr(part, "geoms"):
            yield from _rings(part)

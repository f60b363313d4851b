"""Cases as points on a map: all of them in a box while they are few, counts per cell beyond.

A map of thousands of pins says nothing and takes seconds; a grid of counts says where they are.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import Count, F, FloatField, Func, IntegerField, Value
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases.models import CaseQuerySet
from townkeeper.duties.models import Category
from townkeeper.kit.errors import Problem

MOST = 2000
"""Points that one answer holds at most; beyond, cells."""
COLUMNS = 32
"""Cells from west to east, and as many from south to north."""
LONGITUDES, LATITUDES = 180.0, 90.0


class Box(NamedTuple):
    """A part of the map in degrees of WGS 84, as GeoJSON orders it (RFC 7946, 5)."""

    west: float
    south: float
    east: float
    north: float


class Pin(NamedTuple):
    """One case."""

    number: str
    title: str
    lon: float
    lat: float
    stage: str
    due_at: datetime | None
    category: str | None


class Cell(NamedTuple):
    """A part of the box and how many cases lie in it."""

    box: Box
    cases: int


@dataclass(frozen=True, slots=True)
class Points:
    """What a map shows of a box: pins, or cells where there are more than `MOST`."""

    pins: list[Pin]
    cells: list[Cell]


class Step(Func):
    """`floor((a - b) / c)` for numbers that are not negative, cheaply on both databases."""

    output_field: ClassVar = IntegerField()
    arity = 3

    @override
    def as_sql(  # type: ignore[override]  # one form for all
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, list[Any]]:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        a, b, c = (sql for sql, _params in parts)
        # PostgreSQL rounds when it casts, SQLite cuts
        whole = f"(({a} - {b}) / {c})"
        sql = f"CAST({whole} AS integer)" if connection.vendor == "sqlite" else f"floor{whole}"
        return sql, [value for _sql, params in parts for value in params]


def parse_box(text: str) -> Box:
    """Read `west,south,east,north`; raise a Problem that says what is wrong."""
    parts = text.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise Problem(
            "box-unreadable",
            _("A part of the map is four numbers: west, south, east, north."),
            where="bbox",
            hint="bbox=105.0,29.5,105.2,29.7",
        ) from None
    numbers = (west, south, east, north)
    on_earth = abs(west) <= LONGITUDES and abs(east) <= LONGITUDES
    on_earth = on_earth and abs(south) <= LATITUDES and abs(north) <= LATITUDES
    if not all(map(math.isfinite, numbers)) or not on_earth:
        raise Problem("box-off-earth", _("There is no such part of the map."), where="bbox")
    if west >= east or south >= north:
        raise Problem(
            "box-turned",
            _("West must be less than east, and south less than north."),
            where="bbox",
        )
    return Box(*numbers)


def points_in(cases: CaseQuerySet, box: Box, *, most: int = MOST) -> Points:
    """Return the cases of a box, or their counts per cell; `cases` carries sight and filters."""
    here = cases.order_by().filter(
        lat__gte=box.south, lat__lte=box.north, lon__gte=box.west, lon__lte=box.east
    )
    # whether there is one too many is answered by the index; two thousand rows are fetched in vain
    if here.values_list("pk")[most : most + 1].exists():
        return Points([], cells_of(here, box))
    columns = ("number", "title", "lon", "lat", "stage", "due_at", "category_id")
    rows = here.values_list(*columns)[:most]
    # a few hundred keys once, instead of a join for each of thousands of rows
    keys = dict(Category.objects.values_list("pk", "key"))
    pins = [Pin(n, t, x, y, s, due, keys.get(kind)) for n, t, x, y, s, due, kind in rows]
    return Points(pins, [])


def cells_of(here: CaseQuerySet, box: Box) -> list[Cell]:
    """Count the cases of a box per cell; empty cells are left out."""
    wide, high = (box.east - box.west) / COLUMNS, (box.north - box.south) / COLUMNS
    grid = here.annotate(
        x=Step(F("lon"), _number(box.west), _number(wide)),
        y=Step(F("lat"), _number(box.south), _number(high)),
    )
    counts: dict[tuple[int, int], int] = {}
    for x, y, count in grid.values_list("x", "y").annotate(n=Count("pk")):
        # what lies on the last edge belongs to the last cell
        key = min(int(x), COLUMNS - 1), min(int(y), COLUMNS - 1)
        counts[key] = counts.get(key, 0) + count
    return [
        Cell(
            Box(
                box.west + x * wide,
                box.south + y * high,
                box.west + (x + 1) * wide,
                box.south + (y + 1) * high,
            ),
            count,
        )
        for (x, y), count in sorted(counts.items())
    ]


def _number(value: float) -> Value:
    return Value(value, output_field=FloatField())


def as_geojson(points: Points) -> dict[str, object]:
    """Return a GeoJSON feature collection (RFC 7946): pins as points, cells as polygons."""
    features: list[dict[str, object]] = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [pin.lon, pin.lat]},
            "properties": {
                "number": pin.number,
                "title": pin.title,
                "stage": pin.stage,
                "due": pin.due_at.isoformat() if pin.due_at else None,
                "category": pin.category,
            },
        }
        for pin in points.pins
    ]
    features += [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [_ring(cell.box)]},
            "properties": {"count": cell.cases},
        }
        for cell in points.cells
    ]
    return {"type": "FeatureCollection", "features": features}


def _ring(box: Box) -> list[list[float]]:
    """Return a closed ring, against the clock."""
    west, south, east, north = (round(value, 6) for value in box)
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]

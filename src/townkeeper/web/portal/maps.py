"""Maps of the portal: outlines and coarse points; no other host is asked unless tiles are set."""

from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from shapely.geometry import shape

from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.units.models import Unit
from townkeeper.web.registers import registers

GEOJSON: Final = "application/geo+json"
DAY: Final = 24 * 3600


def map_facts() -> dict[str, Any]:
    """Return what a map needs to be drawn: where outlines are, tiles, the approval number, edges.

    Without any outline there is nothing to draw on: `edges` is empty and pages leave the map out
    unless tiles are set.
    """
    return {
        "areas": reverse("portal:areas"),
        "tiles": settings.MAP_TILES,
        "approval": registers().site("map_approval", settings.MAP_APPROVAL_NO),
        "edges": ",".join(f"{edge:.4f}" for edge in edges()),
    }


def edges() -> tuple[float, ...]:
    """Return west, south, east and north of all outlines; nothing where there are none."""
    key = f"portal:edges:{registers_stamp()}"
    found: tuple[float, ...] | None = cache.get(key)
    if found is None:
        boxes = [shape(unit.outline).bounds for unit in _outlined() if unit.outline]
        west, south, east, north = zip(*boxes, strict=True) if boxes else ((),) * 4
        found = (min(west), min(south), max(east), max(north)) if boxes else ()
        cache.set(key, found, DAY)
    return found


def _outlined() -> list[Unit]:
    units = Unit.objects.existing(clock.today()).filter(outline__isnull=False)
    return list(units.order_by("level", "path"))


@require_safe
def areas(_request: HttpRequest) -> HttpResponse:
    """Answer with the outlines of the areas as GeoJSON (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": unit.outline,
            "properties": {"code": unit.code, "name": unit.title, "level": unit.level},
        }
        for unit in _outlined()
    ]
    body = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    return HttpResponse(body, content_type=GEOJSON, headers={"Cache-Control": "max-age=3600"})

"""What a page needs to draw a map: outlines as GeoJSON, the tiles and the approval number if any.

The drawing itself is `static/townkeeper/map.js`. Without tiles (the default) no other host is asked
for anything: the ground is what the units' own outlines say.
"""

import json
from functools import lru_cache

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _

from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.units.models import Unit
from townkeeper.web.registers import registers


def map_settings() -> dict[str, str]:
    """Return what every map element carries: tiles, approval number, words; empty ones left out.

    An address of tiles that ends in `#gcj02` says that its ground is shifted (GCJ-02).
    """
    url, _hash, crs = settings.MAP_TILES.partition("#")
    tiles = [{"name": "tiles", "url": url, "crs": crs}] if url else []
    words = {
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "pin": _("The place; arrow keys move it"),
        "cell": _("%(n)s cases here; choose to look closer"),
        "cells": _("%(n)s cases in this part, counted by cell: look closer to see each"),
        "pins": _("%(n)s cases in this part"),
        "failed": _("The map could not be loaded. The list has the same cases."),
    }
    parts = {
        "tiles": json.dumps(tiles, ensure_ascii=False) if tiles else "",
        "approval": registers().site("map_approval", settings.MAP_APPROVAL_NO),
        "words": json.dumps(words, ensure_ascii=False),
    }
    return {name: value for name, value in parts.items() if value}


def outlines(stamp: int | None = None) -> bytes:
    """Return the outlines of the existing units as GeoJSON (RFC 7946, WGS 84), the largest first.

    Kept in the process until the registers change (`stamp`).
    """
    return _outlines(registers_stamp() if stamp is None else stamp)


@lru_cache(maxsize=2)
def _outlines(_stamp: int) -> bytes:
    units = Unit.objects.existing(clock.today()).filter(outline__isnull=False).order_by("path")
    features = [
        {
            "type": "Feature",
            "geometry": unit.outline,
            "properties": {"code": unit.code, "name": unit.name, "kind": unit.kind},
        }
        for unit in units
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})

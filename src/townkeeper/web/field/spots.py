"""Where somebody says they are: read from a form, shown as a distance, carried by links.

A position comes only with a form that a person sends after pressing a button. The address of a
sorted list carries it to four decimals (about ten metres), so that going back keeps the order.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from townkeeper.cases.inbox import Spot

KILOMETRE = 1000
FAR_AWAY = 10_000
MOST_LAT, MOST_LON = 90.0, 180.0


@dataclass(frozen=True, slots=True)
class Fix:
    """A position with what the telephone says of its own precision, in metres."""

    spot: Spot
    accuracy: float = 0.0


def read_fix(given: Mapping[str, str]) -> Fix | None:
    """Read `lat`, `lon` and `accuracy`; what is no position is none."""
    lat, lon = _number(given.get("lat")), _number(given.get("lon"))
    if lat is None or lon is None or abs(lat) > MOST_LAT or abs(lon) > MOST_LON:
        return None
    return Fix(Spot(lon, lat), max(0.0, _number(given.get("accuracy")) or 0.0))


def _number(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def fix_query(fix: Fix | None) -> str:
    """Return the part of an address that carries a position, with its question mark."""
    if fix is None:
        return ""
    return "?" + urlencode({"lat": f"{fix.spot.lat:.4f}", "lon": f"{fix.spot.lon:.4f}"})


def distance_words(metres: float | None) -> str:
    """Say how far something is: `35 m`, `1.2 km`, `14 km`; empty where it is not known."""
    if metres is None:
        return ""
    if metres < KILOMETRE:
        return _("%(metres)s m") % {"metres": round(metres)}
    places = 1 if metres < FAR_AWAY else 0
    return _("%(km)s km") % {"km": f"{metres / KILOMETRE:.{places}f}"}

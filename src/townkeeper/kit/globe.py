"""Distances between two points, and the box around one, near enough for a town."""

import math
from typing import Final, NamedTuple

EARTH_M: Final = 6_371_008.8
"""Mean radius of the earth in metres (IUGG)."""
METRES_PER_DEGREE: Final = EARTH_M * math.pi / 180


class Span(NamedTuple):
    """The corners of a box, in degrees."""

    west: float
    south: float
    east: float
    north: float


def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return metres along the great circle (haversine)."""
    one, two = math.radians(lat1), math.radians(lat2)
    half = math.sin((two - one) / 2) ** 2
    half += math.cos(one) * math.cos(two) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def box_around(lon: float, lat: float, metres: float) -> Span:
    """Return a box that holds every point within `metres`; not for the poles or the date line."""
    up = metres / METRES_PER_DEGREE
    aside = up / max(0.01, math.cos(math.radians(lat)))
    return Span(lon - aside, lat - up, lon + aside, lat + up)

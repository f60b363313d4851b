"""Knows how a limit is written, so that a procedure can be checked without any calendar."""

import re
from collections.abc import Callable

LIMIT = re.compile(
    r"(?P<amount>\d+(?:\.\d+)?)(?P<unit>wmin|wh|wd|min|h|d)"
    r"|same-day|by-category|none|(?:[01]?\d|2[0-3]):[0-5]\d"
)
WORKING_HOURS_OF_A_DAY = 8
HOURS = {
    "wmin": ("working", 1 / 60),
    "wh": ("working", 1.0),
    "wd": ("working", float(WORKING_HOURS_OF_A_DAY)),
    "min": ("running", 1 / 60),
    "h": ("running", 1.0),
    "d": ("running", 24.0),
}


def is_limit(text: str) -> bool:
    """Tell whether `text` is a limit: `30wmin`, `4wh`, `2wd`, `24h`, `7d`, `same-day`, `20:30`."""
    match = LIMIT.fullmatch(text)
    return match is not None and (match["amount"] is None or float(match["amount"]) > 0)


def is_within(part: str, whole: str, limit_hours: Callable[[str], float | None] | None) -> bool:
    """Tell whether `part` is no longer than `whole`; true where that cannot be known.

    Without `limit_hours`, working time is compared with working time (8 hours a day) and running
    time with running time, never one with the other: that takes a calendar.
    """
    if limit_hours is not None:
        hours, most = limit_hours(part), limit_hours(whole)
        return hours is None or most is None or hours <= most
    (kind, length), (kind_of_whole, length_of_whole) = _length(part), _length(whole)
    return not kind or kind != kind_of_whole or length <= length_of_whole


def _length(limit: str) -> tuple[str, float]:
    match = LIMIT.fullmatch(limit)
    if match is None or match["amount"] is None:
        return "", 0.0
    kind, hours = HOURS[match["unit"]]
    return kind, float(match["amount"]) * hours

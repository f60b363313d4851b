"""Knows how a limit is written, so that a procedure can be checked without any calendar."""

import re
from collections.abc import Callable
from typing import NamedTuple

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


RUNG = re.compile(r"(?P<percent>\d+(?:\.\d+)?)%|due(?:(?P<sign>[+-])(?P<limit>.+))?")


class RungAt(NamedTuple):
    """When a rung of a ladder is reached: at a share of the limit, or so long from the due time."""

    share: float | None
    """Between 0 and 1; None where it is counted from the due time."""
    sign: int
    """-1 before the due time, 0 at it, 1 after it."""
    limit: str


def rung_at(text: str) -> RungAt | None:
    """Read `80%`, `due`, `due-1wh` or `due+1wd`; None for what is not a rung.

    From the due time only lengths are counted (no `20:30`, no `same-day`), and 100% is `due`.
    """
    match = RUNG.fullmatch(text)
    if match is None:
        return None
    if match["percent"]:
        share = round(float(match["percent"]) / 100, 10)
        return RungAt(share, 0, "") if 0 < share < 1 else None
    if match["sign"] is None:
        return RungAt(None, 0, "")
    length = LIMIT.fullmatch(match["limit"])
    if length is None or length["amount"] is None or not is_limit(match["limit"]):
        return None
    return RungAt(None, 1 if match["sign"] == "+" else -1, match["limit"])


def is_window(text: str) -> bool:
    """Tell whether `text` can say how long something is possible: a limit that has an end."""
    return is_limit(text) and text not in {"by-category", "none"}


def comes_before(first: str, second: str) -> bool:
    """Tell whether rung `first` is surely reached no later than `second`, where this can be known.

    A share and a length before the due time cannot be compared without the limit itself.
    """
    one, other = rung_at(first), rung_at(second)
    if one is None or other is None:
        return True
    if one.share is not None and other.share is not None:
        return one.share < other.share
    if one.share is not None or other.share is not None:
        return other.share is None or one.sign < 0
    if one.sign != other.sign:
        return one.sign < other.sign
    (kind, length), (other_kind, other_length) = _length(one.limit), _length(other.limit)
    if kind != other_kind:
        return True
    return bool(one.sign) and (length - other_length) * one.sign < 0


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

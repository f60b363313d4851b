"""Where something is: key places, streets and addresses of past cases, and areas, as one list.

A caller says "the market at Jiulong" or "86 Hongxing Road"; the operator types a few letters of
it. What was chosen says the area (and so who answers); the words stay as they were typed.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from townkeeper.calls.callers import latest_addresses, street_of
from townkeeper.cases.desk import desk
from townkeeper.cases.models import CaseQuerySet
from townkeeper.cases.sight import Sight
from townkeeper.duties.register import UnitRow, register
from townkeeper.kit import clock
from townkeeper.web.options import AREA_KINDS, Option, book_of, find_options, where_words
from townkeeper.web.options import Book as Options

LATEST: Final = 4_000
"""Addresses are learnt from so many cases, the latest that the person sees."""
DAYS: Final = 400
KEPT_SECONDS: Final = 600.0
MOST_OF_EACH: Final = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that a case may be at."""

    value: str
    """`place:CODE`, `area:CODE`, `street:AREA`, `case:NUMBER` (whose point and area are taken)."""
    label: str
    note: str
    reason: str = ""
    text: str = ""
    """What is written down as the address: the name in the place's own language."""
    area: str = ""
    """The code of the area that it lies in, if that is certain."""

    def item(self) -> dict[str, Any]:
        """Return it as the browser takes it."""
        return {
            "value": self.value,
            "label": self.label,
            "path": self.note,
            "reason": self.reason,
            "parent": "",
            "more": False,
            "text": self.text or self.label,
            "area": self.area,
            "area_label": _area_title(self.area),
        }


def _area_title(code: str) -> str:
    option = book_of("areas").by_value.get(code)
    return option.title if option else ""


@dataclass(frozen=True, slots=True)
class Where:
    """What a chosen spot says of a new case."""

    place: str | None = None
    area: str | None = None
    lon: float | None = None
    lat: float | None = None


def find_spots(sight: Sight, typed: str, *, most: int) -> list[Spot]:
    """Return the spots that fit what was typed: key places, streets, addresses, then areas."""
    if not typed:
        return []
    past = _past(sight)
    groups = (
        _found(book_of("places"), typed, "place"),
        _found(past.streets, typed, "street"),
        _found(past.addresses, typed, "case"),
        _found(book_of("areas"), typed, "area"),
    )
    picked: dict[str, Spot] = {}
    for group in groups:
        for spot in group[:MOST_OF_EACH]:
            picked.setdefault(spot.label, spot)  # a key place stands for its earlier cases
    return list(picked.values())[:most]


def _found(book: Options, typed: str, sort: str) -> list[Spot]:
    spots = []
    for option, reason in find_options(book, typed):
        note = _street_words(option) if sort == "street" else where_words(book, option)
        value = f"{sort}:{option.value}" if ":" not in option.value else option.value
        area = option.value if sort == "area" else option.area
        spots.append(Spot(value, option.title, note, reason or _SORTS[sort](), option.name, area))
    return spots


def _street_words(option: Option) -> str:
    area = book_of("units").by_value.get(option.area)
    cases = ngettext("%(n)d case", "%(n)d cases", option.cases) % {"n": option.cases}
    return f"{area.title if area else _('several areas')} · {cases}"


_SORTS = {
    "place": lambda: _("key place"),
    "street": lambda: _("street"),
    "case": lambda: _("address of an earlier case"),
    "area": lambda: _("area"),
}


@dataclass(frozen=True)
class _Past:
    """Streets and addresses of past cases."""

    streets: Options
    addresses: Options


_lock = threading.Lock()
_seen: dict[object, tuple[float, _Past]] = {}


def _past(sight: Sight) -> _Past:
    """Return what past cases teach, read again after ten minutes for each breadth of sight."""
    key = "all" if sight.everything else sight.units
    with _lock:
        known = _seen.get(key)
        if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
            known = (time.monotonic(), _learn(sight))
            _seen[key] = known
        return known[1]


def forget_spots() -> None:
    """Let the next search read past addresses anew."""
    with _lock:
        _seen.clear()


def _learn(sight: Sight) -> _Past:
    since = clock.now() - timedelta(days=DAYS)
    rows = latest_addresses(sight, since=since, most=LATEST)
    units = register().units
    latest: dict[str, tuple[str, int | None]] = {}
    streets: dict[str, Counter[int | None]] = {}
    for number, address, area in rows:
        latest.setdefault(address.strip(), (number, area))
        if street := street_of(address.strip()):
            streets.setdefault(street, Counter())[area] += 1
    addresses = (
        Option(f"case:{number}", address, area=units[area].code if area in units else "")
        for address, (number, area) in latest.items()
    )
    return _Past(Options(tuple(_street_options(streets))), Options(tuple(addresses)))


def _street_options(streets: dict[str, Counter[int | None]]) -> Iterable[Option]:
    """Yield each street; its area is taken along only where all of its cases lie in one."""
    units = register().units
    for street, areas in streets.items():
        first = next(iter(areas))
        area = units[first].code if len(areas) == 1 and first in units else ""
        yield Option(f"street:{area}:{street}", street, area=area, cases=areas.total())


def where_of(key: str, text: str, cases: CaseQuerySet) -> Where:
    """Return what a chosen spot stands for; one that is gone or not to be seen says nothing.

    `text` is the address as it was finally typed: the point of an earlier case counts only for the
    very same words, its area also for the house next door.
    """
    sort, _colon, value = key.partition(":")
    if sort == "place" and value in desk().places:
        return Where(place=value)
    if sort in {"area", "street"}:
        code = value.partition(":")[0]
        return Where(area=code) if code in register().unit_by_code else Where()
    if sort == "case":
        row = cases.filter(number=value).values("area__code", "address", "lon", "lat").first()
        if row is None:
            return Where()
        is_same = row["address"].strip() == text.strip()
        lon, lat = (row["lon"], row["lat"]) if is_same else (None, None)
        return Where(area=row["area__code"], lon=lon, lat=lat)
    return Where()


def area_in_words(text: str) -> UnitRow | None:
    """Return the smallest area whose name stands in a text, if it is only one."""
    on = clock.today()
    found = [
        unit
        for unit in register().units.values()
        if unit.kind in AREA_KINDS and unit.level and unit.exists(on) and unit.name in text
    ]
    if not found:
        return None
    deepest = max(unit.level for unit in found)
    smallest = [unit for unit in found if unit.level == deepest]
    return smallest[0] if len(smallest) == 1 else None

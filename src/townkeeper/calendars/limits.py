"""Time limits as people write them (`4wh`, `2wd`, `24h`, `same-day`): one small exact value."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from typing_extensions import override

from townkeeper.calendars.words import LIMIT_ERRORS, LIMIT_TITLES


class Kind(StrEnum):
    """How a limit is counted; each kind is one counting rule of `worktime`."""

    WORKING_TIME = "working-time"
    WORKING_DAYS = "working-days"
    ELAPSED = "elapsed"
    DAYS = "days"
    SAME_DAY = "same-day"
    CLOCK = "clock"
    NONE = "none"


UNITS: Final[Mapping[str, tuple[Kind, int]]] = {
    "wh": (Kind.WORKING_TIME, 3600),
    "wmin": (Kind.WORKING_TIME, 60),
    "wd": (Kind.WORKING_DAYS, 1),
    "h": (Kind.ELAPSED, 3600),
    "min": (Kind.ELAPSED, 60),
    "d": (Kind.DAYS, 1),
}
"""Unit → its kind and its size (seconds, or days for `wd` and `d`)."""

LONGEST: Final[Mapping[Kind, int]] = {
    Kind.WORKING_TIME: 20_000 * 3600,
    Kind.WORKING_DAYS: 2_500,
    Kind.ELAPSED: 3_660 * 86_400,
    Kind.DAYS: 3_660,
}
"""About ten years: no lawful limit is longer, and a slip of the keyboard is."""


_FORMS: Final = "4wh, 30wmin, 2wd, 24h, 30min, 7d, same-day, 20:30, none"
_AMOUNT: Final = re.compile(r"(?P<n>\d{1,12}(?:\.\d{1,9})?)\s*(?P<unit>wh|wmin|wd|h|min|d)")
_CLOCK: Final = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})")


class Fault(StrEnum):
    """What can be wrong with a written limit; the key of its message."""

    NOT_TEXT = "not-text"
    EMPTY = "empty"
    UNKNOWN = "unknown"
    ZERO = "zero"
    FRACTION = "fraction"
    TOO_FINE = "too-fine"
    TOO_LONG = "too-long"
    CLOCK = "clock"


class LimitError(ValueError):
    """Says what is wrong with a written limit and what would be right."""

    def __init__(self, code: Fault, text: object, hint: str = "") -> None:
        """Keep the parts, so that the message exists in every language."""
        self.code = code
        self.text = str(text)
        self.hint = hint
        super().__init__(self.in_words("en"))

    def in_words(self, lang: str) -> str:
        return LIMIT_ERRORS[lang][self.code].format(text=self.text, forms=_FORMS, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: its kind and its amount.

    `amount` is in seconds (working time, elapsed time), days (working days, calendar days) or
    minutes after midnight (clock). Equal limits are equal however they were written: `60min`
    is `1h`; `unit` only remembers the writing.
    """

    kind: Kind
    amount: int = 0
    unit: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a written limit; full-width characters are accepted. Errors: `LimitError`."""
        if not isinstance(text, str):
            raise LimitError(Fault.NOT_TEXT, text)
        plain = unicodedata.normalize("NFKC", text).strip().lower()
        if not plain:
            raise LimitError(Fault.EMPTY, text)
        if plain in {Kind.SAME_DAY, Kind.NONE}:
            return cls(Kind(plain), 0, plain)
        if match := _CLOCK.fullmatch(plain):
            return cls(Kind.CLOCK, _minutes(match, text), "clock")
        if match := _AMOUNT.fullmatch(plain):
            unit = match["unit"]
            kind, size = UNITS[unit]
            return cls(kind, _whole(Decimal(match["n"]), size=size, kind=kind, text=text), unit)
        raise LimitError(Fault.UNKNOWN, text)

    @property
    def is_calendar_bound(self) -> bool:
        """Whether holidays can move it; only such a limit can be provisional."""
        return self.kind not in {Kind.ELAPSED, Kind.CLOCK, Kind.NONE}

    def title(self, lang: str) -> str:
        """Say it as people do, in `zh-Hant`, `zh-Hans` or `en` ("4 工作時")."""
        number = self._number()
        one, many = LIMIT_TITLES[lang][self._unit()]
        return (one if number == "1" else many).format(n=number)

    @override
    def __str__(self) -> str:
        number, unit = self._number(), self._unit()
        return number if unit == "clock" else number + unit

    def _unit(self) -> str:
        if self.unit:
            return self.unit
        for unit, (kind, size) in UNITS.items():
            if kind is self.kind and self.amount % size == 0:
                return unit
        return str(self.kind)

    def _number(self) -> str:
        if self.kind is Kind.CLOCK:
            return f"{self.amount // 60:02d}:{self.amount % 60:02d}"
        if self.kind in {Kind.SAME_DAY, Kind.NONE}:
            return ""
        # Nine decimals are the most that `parse` reads: 1 s is 0.000277778wh and comes back as 1 s.
        value = round(Decimal(self.amount) / UNITS[self._unit()][1], 9)
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def _minutes(match: re.Match[str], text: str) -> int:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 23 or minute > 59:  # noqa: PLR2004 - a clock
        raise LimitError(Fault.CLOCK, text)
    return hour * 60 + minute


def _whole(number: Decimal, *, size: int, kind: Kind, text: str) -> int:
    amount = number * size
    if size == 1 and number % 1:
        raise LimitError(Fault.FRACTION, text, "4wh" if kind is Kind.WORKING_DAYS else "12h")
    if number == 0:
        raise LimitError(Fault.ZERO, text)
    whole = round(amount)
    # A millionth of a second is the rounding of nine written decimals, not a finer wish.
    if abs(amount - whole) > Decimal("0.00001"):
        raise LimitError(Fault.TOO_FINE, text)
    if whole > LONGEST[kind]:
        raise LimitError(Fault.TOO_LONG, text)
    return whole

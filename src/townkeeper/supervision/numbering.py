"""Numbers of orders (文號): one sequence a year for each form of number that an office uses.

An office says its forms in its unit's attribute `order_numbers`: kind → pattern, `*` for all
others, with `{year}` and `{serial}` (GB/T 9704-2012, 7.2.5: the year in 〔〕, no leading zeros).
Kinds that share a pattern share a sequence.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from townkeeper.cases.numbers import take_serials
from townkeeper.kit.errors import Problem
from townkeeper.supervision.models import Order
from townkeeper.units.models import Unit

SETTING: Final = "order_numbers"
OTHERS: Final = "*"
WORDS: Final[Mapping[str, str]] = {
    Order.Kind.SUPERVISION: "督",
    Order.Kind.RECTIFICATION: "改",
    Order.Kind.INSTRUCTION: "批",
    Order.Kind.TALK: "談",
    Order.Kind.CRITICISM: "通",
}
"""The word of a kind in the number, where the office has not said its own form."""
ATTEMPTS: Final = 50
LONGEST: Final = 60


def patterns_of(unit: Unit) -> dict[str, str]:
    """Return the form of number of every kind: the office's own, else its name with a word."""
    said = unit.attributes.get(SETTING)
    own = said if isinstance(said, dict) else {}
    name = unit.name[:30].replace("{", "").replace("}", "")
    return {
        kind: str(own.get(kind) or own.get(OTHERS) or f"{name}{word}〔{{year}}〕{{serial}}號")
        for kind, word in WORDS.items()
    }


def written_number(pattern: str, year: int, serial: int) -> str:
    """Return the number in a form. Errors: Problem for a form that cannot be filled."""
    if "{year}" not in pattern or "{serial}" not in pattern or len(pattern) > LONGEST:
        raise _wrong(pattern)
    try:
        return pattern.format(year=year, serial=serial)
    except (KeyError, IndexError, ValueError) as error:
        raise _wrong(pattern) from error


def _wrong(pattern: str) -> Problem:
    return Problem(
        "number-form",
        _("A form of number needs the year and the serial, at most 60 characters."),
        where=pattern,
        hint=_("Right would be: %(form)s") % {"form": "東治督〔{year}〕{serial}號"},
    )


def take_number(unit: Unit, kind: str, year: int) -> tuple[str, int]:
    """Take the next number of a kind, inside the caller's transaction; return it and its serial.

    The counter's row is locked until the order is stored, so that a refused order leaves no gap.
    """
    patterns = patterns_of(unit)
    first = min(each for each in patterns if patterns[each] == patterns[kind])
    key = f"order:{unit.pk}:{first}:{year}"
    for _attempt in range(ATTEMPTS):
        serial = take_serials(key, 1)[0]
        number = written_number(patterns[kind], year, serial)
        # numbers of a form that another office uses too, or that was used before, are passed over
        if not Order.objects.filter(number=number).exists():
            return number, serial
    raise Problem("number-taken", _("No free number was found in this form."), where=patterns[kind])

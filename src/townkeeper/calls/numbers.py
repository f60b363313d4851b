"""Telephone numbers as they are typed, brought into the one form in which they are compared."""

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from townkeeper.cases.search.folding import fold
from townkeeper.kit.errors import Problem

GAPS: Final = re.compile(r"[\s\-().·]+")
WHOLE: Final = re.compile(r"\+?[0-9]{3,20}(#[0-9]{1,6})?")
HOME: Final = re.compile(r"(\+86|0086)(?=1[0-9]{10}$)")


def normal_number(typed: str) -> str:
    """Return a number without gaps and without the country's code; empty stays empty.

    Full-width digits become plain ones; `#12` at the end is an extension. Raises Problem
    `phone-letters` for what no telephone has.
    """
    text = GAPS.sub("", fold(typed))
    if not text:
        return ""
    if not WHOLE.fullmatch(text):
        raise Problem(
            "phone-letters",
            _("“%(typed)s” is not a telephone number.") % {"typed": typed[:40]},
            where="phone",
            hint=_("Digits only, 3 to 20 of them; an extension after #."),
        )
    return HOME.sub("", text)


def masked(number: str) -> str:
    """Return a number with its middle hidden, as every list shows it."""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "*" * len(number)  # noqa: PLR2004

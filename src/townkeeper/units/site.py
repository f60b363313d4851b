"""What an office sets for itself in the browser: telephone of the hotline, name of the place.

What concerns the machine stays in the environment (docs/settings.md); here is only what people of
the office know better. Every change is journalled under `setting:KEY`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.units.models import SiteSetting

TEXT_MAX = 300
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{1,28}[0-9]")
APPROVAL = re.compile(r"\S{1,20}\D\d{4}\D\s*(?:第)?\d{2,8}\s*[號号]")
"""`GS(2024)0650号`, `川S【2024】00012号`: who approved, the year in brackets, a number."""
Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """A setting that an office may change."""

    key: str
    label: str | Promise
    hint: str | Promise
    by_language: bool = False
    check: Check | None = None
    wrong: str | Promise = ""
    """What would be right, where the check refuses."""


def _is_phone(text: str) -> bool:
    return bool(PHONE.fullmatch(text))


def _is_approval(text: str) -> bool:
    return bool(APPROVAL.fullmatch(text))


KNOWN: tuple[Known, ...] = (
    Known(
        "site_name",
        _("Name of the site"),
        _("Shown at the top of every page and on paper; empty: the name of the topmost unit."),
        by_language=True,
    ),
    Known(
        "hotline",
        _("Telephone of the hotline"),
        _("Shown to the public wherever somebody may prefer to call."),
        check=_is_phone,
        wrong=_("Digits, spaces and hyphens, such as 12345 or 0832-220 0000."),
    ),
    Known(
        "office_contact",
        _("Office and address"),
        _("Who answers for this site and where to find them; shown at the foot of public pages."),
        by_language=True,
    ),
    Known(
        "map_approval",
        _("Approval number of the map"),
        _("Shown on every map, as the rules for public maps ask (審圖號)."),
        check=_is_approval,
        wrong=_("It names the authority, the year in brackets and a number: GS(2024)0650號."),
    ),
    Known(
        "public_notice",
        _("Notice to the public"),
        _("One sentence above the public pages, such as a day on which nobody answers."),
        by_language=True,
    ),
)
BY_KEY = {known.key: known for known in KNOWN}


def site_value(key: str) -> str:
    """Return a setting in the language of the page; empty where the office has set nothing."""
    value = SiteSetting.objects.filter(key=key).values_list("value", flat=True).first()
    return say(value) if value else ""


def set_site_value(
    key: str, value: dict[str, str], *, actor: str, seen: int | None = None
) -> SiteSetting | None:
    """Set what the office says; `value` is text by language (`""` where one text is for all).

    Empty texts take the setting away. Raises Problem for what is not known or not in its form.
    """
    known = BY_KEY.get(key)
    if known is None:
        raise Problem("setting-unknown", _("There is no such setting."), where=key)
    texts = {tag: text.strip() for tag, text in value.items() if text.strip()}
    for text in texts.values():
        if len(text) > TEXT_MAX:
            raise Problem("setting-long", _("This text is too long."), where=key)
        if known.check and not known.check(text):
            raise Problem("setting-wrong", known.wrong, where=key)
    with transaction.atomic():
        refuse_old(f"setting:{key}", seen)
        row = SiteSetting.objects.filter(key=key).first() or SiteSetting(key=key)
        before = row.value
        if before == texts:
            return row
        row.value, row.changed_at, row.changed_by = texts, clock.now(), actor
        row.save()
        data = {"before": before, "value": texts}
        record(subject=f"setting:{key}", act="setting.changed", actor=actor, data=data)
        touch_registers()
    return row

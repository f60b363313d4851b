"""Adds names in languages that are missing, for units, categories and roles; overwrites none."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.duties.models import Category
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.units.models import Role, Unit

SORTS: Mapping[str, tuple[type[Any], str, int]] = {
    "unit": (Unit, "code", 120),
    "category": (Category, "key", 160),
    "role": (Role, "key", 80),
}


@transaction.atomic
def translate_name(sort: str, key: str, names: Mapping[str, str], *, actor: str) -> bool:
    """Add the names that a record lacks; return whether any was added.

    A name that is there stays: two people filling in the same table do not undo each other.
    """
    model, field, most = SORTS[sort]
    row = model.objects.select_for_update().filter(**{field: key}).first()
    if row is None:
        raise Problem("name-unknown", _("There is nothing of this name any more."), where=key)
    fresh = {
        tag: text.strip()[:most]
        for tag, text in names.items()
        if tag in LANGUAGES and text.strip() and not row.names.get(tag)
    }
    if not fresh:
        return False
    row.names = {**row.names, **fresh}
    row.save(update_fields=["names"])
    record(subject=f"{sort}:{key}", act="name.translated", actor=actor, data={"names": fresh})
    touch_registers()
    return True

"""Changes the kinds of matters: names, limits, promises, relapse windows, whether one is offered.

A case keeps the limit under which it was opened. Whoever changes a limit says whether open cases
follow; then the category is marked, and the background work counts their clocks anew.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.duties.models import Category
from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import pinyin_key
from townkeeper.kit.schema import LANGUAGES

KEY = re.compile(r"local/[a-z0-9][a-z0-9-]{0,50}")
MOST_DAYS = 3650
MOST_METRES = 5000
SPOKEN = {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans", "en": "en"}


def check_limit(text: str, *, where: str) -> str:
    """Return a limit as it is stored; empty takes the one above. Raises Problem in words."""
    text = text.strip()
    if not text:
        return ""
    try:
        Limit.parse(text)
    except LimitError as error:
        said = error.in_words(SPOKEN.get(get_language() or "", "en"))
        raise Problem("limit-wrong", said, where=where) from error
    return text


def _names(names: Mapping[str, str]) -> dict[str, str]:
    told = {tag: names[tag].strip() for tag in LANGUAGES if names.get(tag, "").strip()}
    if not told:
        raise Problem("category-nameless", _("A category needs a name."), where="names")
    return told


def _whole(value: int | None, most: int, where: str) -> int | None:
    if value is not None and not 0 < value <= most:
        raise Problem(
            "number-wrong",
            _("This is between 1 and %(most)s, or empty.") % {"most": most},
            where=where,
        )
    return value


@transaction.atomic
def add_category(
    key: str, *, names: Mapping[str, str], parent: Category | None, actor: str, limit: str = ""
) -> Category:
    """Add a kind of the place's own; its key begins with `local/`."""
    if not KEY.fullmatch(key):
        raise Problem(
            "category-key",
            _("This cannot be the code of a local category."),
            where="key",
            hint=_("Write local/ and small letters, digits or hyphens: local/bird-scarers."),
        )
    if Category.objects.filter(key=key).exists():
        raise Problem(
            "category-twice",
            _("There is a category with the code “%(key)s” already.") % {"key": key},
            where="key",
        )
    told = _names(names)
    name = next(iter(told.values()))
    category = Category.objects.create(
        key=key, kind=Category.Kind.LOCAL, name=name, names=told, parent=parent,
        limit=check_limit(limit, where="limit"), sort_key=pinyin_key(name),
    )  # fmt: skip
    data = {"name": name, "parent": parent.key if parent else None, "limit": category.limit}
    record(subject=f"category:{key}", act="category.added", actor=actor, data=data)
    touch_registers()
    return category


@transaction.atomic
def change_category(
    category: Category,
    *,
    actor: str,
    names: Mapping[str, str],
    limit: str,
    promise: str,
    relapse_days: int | None,
    relapse_metres: int | None,
    relapse_as_one: bool,
    is_used: bool,
    keywords: list[str] | None = None,
    open_too: bool = False,
    seen: int | None = None,
) -> bool:
    """Change what is said of a kind; return whether anything was different.

    `open_too`: running cases follow the new limit; the background work counts them anew.
    """
    refuse_old(f"category:{category.key}", seen)
    told = _names(names)
    wanted: dict[str, Any] = {
        "names": told,
        "name": category.name if category.name in told.values() else next(iter(told.values())),
        "limit": check_limit(limit, where="limit"),
        "promise": check_limit(promise, where="promise"),
        "relapse_days": _whole(relapse_days, MOST_DAYS, "relapse_days"),
        "relapse_metres": _whole(relapse_metres, MOST_METRES, "relapse_metres"),
        "relapse_as_one": relapse_as_one,
        "is_used": is_used,
    }
    if keywords is not None:
        wanted["keywords"] = keywords
    changed = {key: value for key, value in wanted.items() if getattr(category, key) != value}
    if changed:
        _write(category, changed, actor=actor, open_too=open_too)
    return bool(changed)


def _write(category: Category, changed: Mapping[str, Any], *, actor: str, open_too: bool) -> None:
    values = {key: [getattr(category, key), value] for key, value in changed.items()}
    data: dict[str, Any] = {"act": "changed", "fields": list(changed), "values": values}
    for key, value in changed.items():
        setattr(category, key, value)
    category.sort_key = pinyin_key(category.name)
    if open_too and "limit" in changed:
        category.is_recount_due = True
        data["open_too"] = True
    category.save(update_fields=[*changed, "sort_key", "is_recount_due"])
    record(subject=f"category:{category.key}", act="category.changed", actor=actor, data=data)
    touch_registers()


def followers(category: Category) -> set[int]:
    """Return the categories whose limit is this one's: itself and those below without their own."""
    children: dict[int | None, list[Category]] = {}
    for each in Category.objects.all():
        children.setdefault(each.parent_id, []).append(each)
    found, waiting = set(), [category]
    while waiting:
        each = waiting.pop()
        found.add(each.pk)
        waiting += [child for child in children.get(each.pk, []) if not child.limit]
    return found

"""Kinds and areas to choose from: the common kinds first, all of them in a list."""

from collections import Counter
from typing import Any, Final

from django.core.cache import cache
from django.utils.translation import get_language

from townkeeper.cases.publicity import listed_cases
from townkeeper.duties.models import Category
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.suggestions.suggest import suggest
from townkeeper.units.models import Unit

COMMON: Final = 8
LATEST: Final = 2_000
TEN_MINUTES: Final = 600
Choice = tuple[str, str]


def kind_groups() -> list[tuple[str, list[Choice]]]:
    """Return the kinds in use, (key, name), under the name of the kind above them."""
    rows = {row.pk: row for row in Category.objects.filter(is_used=True)}
    above = {row.parent_id for row in rows.values()}
    parents = Category.objects.in_bulk({row.parent_id for row in rows.values() if row.parent_id})
    groups: dict[str, list[Choice]] = {}
    for row in sorted(rows.values(), key=lambda each: each.key):
        if row.pk not in above:
            parent = parents.get(row.parent_id or 0)
            groups.setdefault(parent.title if parent else "", []).append((row.key, row.title))
    return list(groups.items())


def common_kinds(groups: list[tuple[str, list[Choice]]]) -> list[Choice]:
    """Return the kinds that are reported most of late."""
    names = {key: name for _group, kinds in groups for key, name in kinds}
    keys: list[str] | None = cache.get(f"portal:common:{registers_stamp()}")
    if keys is None:
        latest = listed_cases().order_by("-opened_at", "-pk")
        counted = Counter(latest.values_list("category__key", flat=True)[:LATEST])
        keys = [key for key, _n in counted.most_common() if key][: COMMON * 3]
        cache.set(f"portal:common:{registers_stamp()}", keys, TEN_MINUTES)
    chosen = [key for key in keys if key in names][:COMMON]
    chosen += [key for key in names if key not in chosen][: COMMON - len(chosen)]
    return [(key, names[key]) for key in chosen]


def guessed_kinds(words: str) -> list[dict[str, str]]:
    """Return the kinds that the words speak of, the likeliest first; never applied silently."""
    text = words.strip()
    if not text:
        return []
    return [{"key": row.category, "title": row.name} for row in suggest(text[:200], text, limit=4)]


def areas() -> list[Unit]:
    """Return the areas to choose from: towns and sub-districts, else whatever has an outline."""
    standing = Unit.objects.existing(clock.today()).defer("outline", "said", "attributes")
    found = list(standing.filter(kind=Unit.Kind.TOWNSHIP))
    if not found:
        found = list(standing.filter(outline__isnull=False))
    is_english = (get_language() or "").startswith("en")
    return sorted(found, key=lambda unit: unit.title if is_english else unit.sort_key)


def area_choices() -> list[Choice]:
    """Return codes and names of the areas."""
    return [(unit.code, unit.title) for unit in areas()]


def chips(chosen: str, groups: list[tuple[str, list[Choice]]]) -> list[dict[str, Any]]:
    """Return the chips of the reporting page; the one chosen before is always among them."""
    shown = common_kinds(groups)
    names = {key: name for _group, kinds in groups for key, name in kinds}
    if chosen in names and chosen not in dict(shown):
        shown = [(chosen, names[chosen]), *shown[: COMMON - 1]]
    return [{"key": key, "title": name, "checked": key == chosen} for key, name in shown]

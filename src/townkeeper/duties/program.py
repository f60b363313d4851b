"""The part of a program that says what kinds of matters there are and who answers for them."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from pydantic import Field

from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit.names import pinyin_key
from townkeeper.kit.schema import Change, Code, Key, Names, Sourced, Strict, Texts, plain, tagged

EACH = "each"
"""In a duty: every unit of the area for its own area (屬地管理)."""
GROUP = "group:"


class RelapseRule(Sourced):
    """When the same kind of matter at the same place counts as having come back."""

    days: int | None = Field(default=None, ge=0, le=3650)
    """Within how many days after closing, 0 for never; empty takes the class's."""
    metres: int | None = Field(default=None, ge=1, le=5000)
    """How near is the same place; empty takes the class's."""
    as_one: bool = False
    """For a class: all its kinds count as the same kind."""


class CategoryUse(Sourced):
    """A category that this place uses, with its limit and the words people use for it."""

    key: str = Field(max_length=60)
    limit: str | None = Field(default=None, max_length=20)
    promise: str | None = Field(default=None, max_length=20)
    """The limit of the whole case that the public is promised; empty takes the class's."""
    outside_hours: Literal["intended"] | None = None
    """Says that a limit outside the office hours is meant, and not a slip."""
    keywords: list[str] = []
    note: Texts | None = None
    relapse: RelapseRule | None = None


class LocalCategory(CategoryUse):
    """A kind of matter for which the national list has no code."""

    key: str = Field(max_length=60, pattern=r"^local/[a-z0-9][a-z0-9_-]*$")
    name: Names
    parent: str | None = None
    nearest: str | None = None
    """The closest national code, and `because` why it does not fit."""
    because: Texts | None = None
    aliases: list[str] = []


class CategoriesFile(Strict):
    """`categories.yaml`."""

    catalogue: str | None = None
    standard: str = Field(default="", max_length=40)
    relapse: RelapseRule | None = None
    """For every kind of matter that says nothing itself, and whose class says nothing."""
    classes: list[CategoryUse] = []
    categories: list[CategoryUse] = []
    local: list[LocalCategory] = []


class DutyEntry(Sourced):
    """Who leads and who assists for some categories in some areas."""

    key: Key
    lead: Code | None = None
    assist: list[Code] = []
    area: list[Code] = Field(min_length=1)
    assist_area: list[Code] | None = None
    categories: list[str] = Field(min_length=1)
    words: str = Field(default="", max_length=300)
    since: date | None = None
    until: date | None = None


class StandingDuty(Sourced):
    """Work with a frequency instead of a deadline; scheduled by a later part."""

    key: Key
    units: list[Code] = Field(min_length=1)
    what: Texts
    when: Literal["daily", "after-market-day", "market-day", "holidays", "ongoing"]
    times_per_day: int | None = Field(default=None, ge=1, le=100)
    until: str | None = None


class DutiesFile(Strict):
    """`duties.yaml`."""

    duties: list[DutyEntry] = []
    standing: list[StandingDuty] = []


class CatalogueRow(NamedTuple):
    """One line of a shipped catalogue."""

    key: str
    parent: str
    names: dict[str, str]
    aliases: list[str]


class DutyLine(NamedTuple):
    """One line of the register as a program's entry expands to it."""

    category: str
    area: str
    unit: str
    part: str
    since: date | None
    until: date | None
    note: str
    source: str
    entry: int
    """The number of the entry in the file, to point back at its line."""


def catalogues() -> list[str]:
    """Return the names of the shipped catalogues."""
    folder = files("townkeeper.duties") / "catalogues"
    return sorted(p.name.removesuffix(".csv") for p in folder.iterdir() if p.name.endswith(".csv"))


@lru_cache(maxsize=8)
def read_catalogue(name: str) -> tuple[CatalogueRow, ...]:
    """Return the rows of a shipped catalogue, classes before their members."""
    text = (files("townkeeper.duties") / "catalogues" / f"{name}.csv").read_text("utf-8")
    return tuple(
        CatalogueRow(
            row["key"],
            row["parent"],
            {tag: row[tag] for tag in ("zh-Hant", "zh-Hans", "en")},
            [alias for alias in row["aliases"].split("; ") if alias],
        )
        for row in csv.DictReader(text.splitlines())
    )


def expand_areas(areas: Iterable[str], groups: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the unit codes of areas, in which `group:x` stands for the group's units."""
    codes: list[str] = []
    for area in areas:
        codes += groups.get(area.removeprefix(GROUP), ()) if area.startswith(GROUP) else [area]
    return list(dict.fromkeys(codes))


def expand_duties(
    entries: Iterable[DutyEntry], groups: Mapping[str, Iterable[str]]
) -> list[DutyLine]:
    """Return every line of the register that the entries stand for."""
    lines: list[DutyLine] = []
    for number, entry in enumerate(entries):
        common = (entry.since, entry.until, entry.words, entry.source, number)
        areas = expand_areas(entry.area, groups)
        helped = areas if entry.assist_area is None else expand_areas(entry.assist_area, groups)
        for category in entry.categories:
            if entry.lead:
                lines += [
                    DutyLine(category, area, _who(entry.lead, area), Duty.Part.LEAD, *common)
                    for area in areas
                ]
            lines += [
                DutyLine(category, area, _who(unit, area), Duty.Part.ASSIST, *common)
                for area in helped
                for unit in expand_areas(entry.assist, groups)
                if _who(unit, area) != (entry.lead and _who(entry.lead, area))
            ]
    return lines


def _who(unit: str, area: str) -> str:
    return area if unit == EACH else unit


def uses_of(part: CategoriesFile) -> dict[str, CategoryUse]:
    """Return what the file says of each category, classes first."""
    return {use.key: use for use in [*part.classes, *part.categories, *part.local]}


def used_keys(part: CategoriesFile) -> set[str]:
    """Return the keys offered when a case is opened: members of used classes, named ones, local."""
    classes = {use.key for use in part.classes}
    keys = {use.key for use in [*part.categories, *part.local]} | classes
    if part.catalogue:
        rows = read_catalogue(part.catalogue)
        keys |= {row.key for row in rows if row.parent in classes}
        parents = {row.key: row.parent for row in rows}
        keys |= {parents[key] for key in keys if parents.get(key)}
    return keys


def apply_categories(part: CategoriesFile, *, actor: str) -> list[Change]:
    """Bring the categories to what the program says; what it drops is no longer offered."""
    known = Category.objects.select_related("parent").in_bulk(field_name="key")
    wanted = wanted_categories(part)
    changes: list[Change] = []
    fresh: dict[str, Category] = {}
    for key, (parent_key, fields) in wanted.items():
        if parent_key in fresh:
            # Parents come first: one insert for each level of the list, not one for each row.
            Category.objects.bulk_create(fresh.values())
            fresh = {}
        fields["parent"] = known.get(parent_key)
        said = fields["names"] or {"": fields["name"]}
        category = known.get(key)
        if category is None:
            known[key] = fresh[key] = Category(key=key, **fields)
            changes.append(Change("category", "added", key, said))
        elif changed := _update_category(category, fields):
            changes.append(Change("category", "changed", key, said, changed))
    Category.objects.bulk_create(fresh.values())
    changes += [
        Change("category", "closed", category.key, category.names)
        for category in known.values()
        if category.key not in wanted and _update_category(category, {"is_used": False})
    ]
    for change in changes:
        if change.act != "added":
            data = {"act": change.act, "fields": list(change.fields)}
            record(subject=f"category:{change.key}", act="category.changed", actor=actor, data=data)
    if changes:
        touch_registers()
    return changes


def wanted_categories(part: CategoriesFile) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return parent and fields of every category that loading the file makes, parents first."""
    rows = read_catalogue(part.catalogue) if part.catalogue else ()
    uses, used = uses_of(part), used_keys(part)
    wanted = {
        row.key: (row.parent, _national(row, uses.get(row.key), part.standard)) for row in rows
    }
    for entry in _local_in_order(part.local):
        wanted[entry.key] = (entry.parent or "", _local(entry))
    for key, (parent, fields) in wanted.items():
        fields["is_used"] = key in used
        fields.update(_relapse(uses.get(key), None if parent else part.relapse))
    return wanted


def _relapse(use: CategoryUse | None, common: RelapseRule | None) -> dict[str, Any]:
    """Return what is said of a category itself; the topmost ones take what is said for all."""
    own, rest = (use and use.relapse) or RelapseRule(), common or RelapseRule()
    return {
        "relapse_days": rest.days if own.days is None else own.days,
        "relapse_metres": own.metres or rest.metres,
        "relapse_as_one": own.as_one,
    }


def _update_category(category: Category, fields: Mapping[str, object]) -> tuple[str, ...]:
    changed = tuple(name for name, value in fields.items() if getattr(category, name) != value)
    for name in changed:
        setattr(category, name, fields[name])
    if changed:
        category.save(update_fields=changed)
    return changed


def _common(use: CategoryUse | None, names: dict[str, str], name: str) -> dict[str, Any]:
    return {
        "name": name,
        "names": names,
        "sort_key": pinyin_key(name),
        "limit": (use.limit or "") if use else "",
        "promise": (use.promise or "") if use else "",
        "keywords": use.keywords if use else [],
        "source": use.source if use else "",
    }


def _national(row: CatalogueRow, use: CategoryUse | None, standard: str) -> dict[str, Any]:
    fields = _common(use, row.names, plain(row.names))
    return fields | {"kind": row.key.split("/")[0], "standard": standard, "aliases": row.aliases}


def _local(entry: LocalCategory) -> dict[str, Any]:
    fields = _common(entry, tagged(entry.name), plain(entry.name))
    return fields | {"kind": Category.Kind.LOCAL, "standard": "", "aliases": entry.aliases}


def _local_in_order(entries: Iterable[LocalCategory]) -> list[LocalCategory]:
    """Return local categories with local parents before their children."""
    waiting = {entry.key: entry for entry in entries}
    ordered: dict[str, LocalCategory] = {}
    while waiting:
        ready = [key for key, entry in waiting.items() if entry.parent not in waiting]
        for key in ready or list(waiting):
            ordered[key] = waiting.pop(key)
    return list(ordered.values())

"""Checks who answers for what: categories, duties, gaps and overlaps."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date

from townkeeper.duties.program import (
    EACH,
    GROUP,
    CategoriesFile,
    CategoryUse,
    DutiesFile,
    DutyEntry,
    DutyLine,
    LocalCategory,
    catalogues,
    expand_duties,
    read_catalogue,
    used_keys,
)
from townkeeper.programs.findings import Finding
from townkeeper.programs.fitting import meant
from townkeeper.programs.folder import Folder
from townkeeper.programs.reader import Document, Place
from townkeeper.units.program import PlacesFile, UnitEntry

LAST = date.max
FIRST = date.min


def known_categories(folder: Folder) -> dict[str, str]:
    """Return every category key and its parent, of the catalogue and of the place."""
    part = folder.part("categories.yaml", CategoriesFile)
    if part is None:
        return {}
    known: dict[str, str] = {}
    if part.catalogue in catalogues():
        known = {row.key: row.parent for row in read_catalogue(part.catalogue or "")}
    return known | {entry.key: entry.parent or "" for entry in part.local}


def check_categories(folder: Folder) -> Iterator[Finding]:
    """Yield what is wrong with the list of categories."""
    part = folder.part("categories.yaml", CategoriesFile)
    if part is None:
        return
    document = folder.documents["categories.yaml"]
    if part.catalogue and part.catalogue not in catalogues():
        params = {"catalogue": part.catalogue, "known": catalogues()}
        yield document.find("catalogue-unknown", "catalogue", **params)
        return
    known = known_categories(folder)
    seen: dict[str, int] = {}
    for place, use in uses_in(part):
        if use.key in seen:
            first = f"categories.yaml:{seen[use.key]}"
            yield document.find("code-twice", *place, "key", code=use.key, first=first)
        seen.setdefault(use.key, document.line(*place, "key"))
        named = [("key", use.key)]
        if isinstance(use, LocalCategory):
            named += [("parent", use.parent or ""), ("nearest", use.nearest or "")]
            if part.catalogue and use.because is None:
                yield document.find("local-without-reason", *place, category=use.key)
        for name, key in named:
            if key and key not in known:
                guess = meant(key, known)
                yield document.find("category-unknown", *place, name, category=key, meant=guess)


def uses_in(part: CategoriesFile) -> Iterator[tuple[Place, CategoryUse]]:
    """Yield every entry of the file with its place."""
    yield from ((("classes", number), use) for number, use in enumerate(part.classes))
    yield from ((("categories", number), use) for number, use in enumerate(part.categories))
    yield from ((("local", number), use) for number, use in enumerate(part.local))


def check_duties(folder: Folder) -> Iterator[Finding]:
    """Yield unknown names, two leads, gaps and overlaps of the register."""
    part = folder.part("duties.yaml", DutiesFile)
    if part is None:
        return
    document = folder.documents["duties.yaml"]
    groups = folder.group_codes()
    units = {located.entry.code: located.entry for located in folder.units()}
    categories = known_categories(folder)
    yield from _names(folder, part, units, categories)
    lines = expand_duties(part.duties, groups)
    yield from _two_leads(document, lines, units)
    yield from _said_twice(document, lines)
    yield from _closed_units(document, lines, units)
    if categories and units and folder.is_whole("units/", "categories.yaml"):
        yield from _gaps(folder, lines, units, categories)


def _names(
    folder: Folder,
    part: DutiesFile,
    units: Mapping[str, UnitEntry],
    categories: Mapping[str, str],
) -> Iterator[Finding]:
    document, groups = folder.documents["duties.yaml"], folder.group_codes()
    named: list[tuple[Place, str]] = []
    for number, entry in enumerate(part.duties):
        if entry.lead is None and not entry.assist:
            yield document.find("duty-empty", "duties", number, key=entry.key)
        named += _codes_of(number, entry)
        for index, key in enumerate(entry.categories):
            if categories and key not in categories:
                at: Place = ("duties", number, "categories", index)
                guess = meant(key, categories)
                yield document.find("category-unknown", *at, category=key, meant=guess)
    for number, standing in enumerate(part.standing):
        named += [(("standing", number, "units", i), c) for i, c in enumerate(standing.units)]
    if not folder.is_whole("units/"):
        return
    for place, code in named:
        if found := _unknown(code, units, groups):
            yield document.find(found[0], *place, **found[1])


def _codes_of(number: int, entry: DutyEntry) -> Iterator[tuple[Place, str]]:
    """Yield every unit, area or group that an entry names, with its place."""
    if entry.lead:
        yield ("duties", number, "lead"), entry.lead
    for name in ("assist", "area", "assist_area"):
        for index, code in enumerate(getattr(entry, name) or ()):
            yield ("duties", number, name, index), code


def _unknown(
    code: str, units: Collection[str], groups: Collection[str]
) -> tuple[str, dict[str, object]] | None:
    if code.startswith(GROUP):
        name = code.removeprefix(GROUP)
        missing = name not in groups
        return ("group-unknown", {"group": name, "meant": meant(name, groups)}) if missing else None
    if code == EACH or code in units:
        return None
    return "unit-unknown", {"code": code, "meant": meant(code, [*units, EACH])}


def _overlap(one: DutyLine, other: DutyLine) -> bool:
    return (one.since or FIRST) < (other.until or LAST) and (other.since or FIRST) < (
        one.until or LAST
    )


def _two_leads(
    document: Document, lines: list[DutyLine], units: Mapping[str, UnitEntry]
) -> Iterator[Finding]:
    """Yield two leads for one category and area at the same time, once per pair of entries."""
    leads: dict[tuple[str, str], list[DutyLine]] = defaultdict(list)
    for line in lines:
        if line.part == "lead":
            leads[line.category, line.area].append(line)
    pairs: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for (category, area), rivals in leads.items():
        for index, one in enumerate(rivals):
            for other in rivals[index + 1 :]:
                if one.unit != other.unit and _overlap(one, other):
                    pairs[one.entry, other.entry, category].append(area)
    for (first, second, category), areas in pairs.items():
        place = ("duties", second, "lead")
        yield document.find(
            "two-leads",
            *place,
            category=category,
            areas=[_name(units, code) for code in areas[:5]],
            more="…" if len(areas) > 5 else "",  # noqa: PLR2004 - enough to recognise them
            first=f"{document.name}:{document.line('duties', first, 'lead')}",
        )


def _said_twice(document: Document, lines: list[DutyLine]) -> Iterator[Finding]:
    """Yield entries that say what another one says, or make a lead its own assistant."""
    seen: dict[tuple[str, str, str], DutyLine] = {}
    told: set[tuple[int, int]] = set()
    for line in lines:
        first = seen.setdefault((line.category, line.area, line.unit), line)
        pair = (first.entry, line.entry)
        if first is line or pair in told or not _overlap(first, line):
            continue
        told.add(pair)
        where = f"{document.name}:{document.line('duties', first.entry)}"
        params = {"category": line.category, "unit": line.unit, "first": where}
        yield document.find("duty-twice", "duties", line.entry, **params)


def _name(units: Mapping[str, UnitEntry], code: str) -> object:
    return units[code].name if code in units else code


def _closed_units(
    document: Document, lines: list[DutyLine], units: Mapping[str, UnitEntry]
) -> Iterator[Finding]:
    """Yield duties of units that end before the duty does."""
    seen: set[tuple[int, str]] = set()
    for line in lines:
        unit = units.get(line.unit)
        if unit is None or unit.until is None or (line.entry, line.unit) in seen:
            continue
        if line.until is None or line.until > unit.until:
            seen.add((line.entry, line.unit))
            params = {"unit": unit.name, "until": unit.until}
            yield document.find("duty-of-closed-unit", "duties", line.entry, **params)


def _gaps(
    folder: Folder,
    lines: list[DutyLine],
    units: Mapping[str, UnitEntry],
    categories: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield used categories for which somewhere nobody leads: the loud state, found beforehand."""
    part = folder.part("categories.yaml", CategoriesFile)
    if part is None:
        return
    parents = {parent for parent in categories.values() if parent}
    leads: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.part == "lead":
            leads[line.category].add(line.area)
    areas = [code for code, unit in units.items() if unit.kind == "township" and not unit.until]
    areas = areas or [code for code, unit in units.items() if unit.parent is None]
    above = {code: _line_of(units, code) for code in areas}
    for key in sorted(used_keys(part) - parents):
        chain = _category_line(categories, key)
        without = [
            code
            for code in areas
            if not any(leads[one] & set(above[code]) for one in chain if one in leads)
        ]
        if not without:
            continue
        place = _use_place(part, key)
        document = folder.documents["categories.yaml"]
        if len(without) == len(areas):
            yield document.find("duty-gap", *place, category=_label(part, key))
        else:
            params = {"areas": [_name(units, code) for code in without], "count": len(without)}
            yield document.find("duty-gap-somewhere", *place, category=_label(part, key), **params)


def check_place_owners(folder: Folder) -> Iterator[Finding]:
    """Yield key places at which nobody leads for the very problem that they are named for."""
    places = folder.part("places.yaml", PlacesFile)
    duties = folder.part("duties.yaml", DutiesFile)
    categories = known_categories(folder)
    if places is None or duties is None or not folder.is_whole("units/", "categories.yaml"):
        return
    units = {located.entry.code: located.entry for located in folder.units()}
    lines = expand_duties(duties.duties, folder.group_codes())
    leads = {(line.category, line.area) for line in lines if line.part == "lead"}
    for number, place in enumerate(places.places):
        areas = _line_of(units, place.area)
        named = {key for problem in place.problems for key in problem.categories}
        without = sorted(
            key
            for key in named & set(categories)
            if not any((c, a) in leads for c in _category_line(categories, key) for a in areas)
        )
        if areas and without:
            params = {"place": place.name, "categories": without}
            yield folder.documents["places.yaml"].find(
                "place-ownerless", "places", number, **params
            )


def _line_of(units: Mapping[str, UnitEntry], code: str) -> list[str]:
    found: list[str] = []
    at: str | None = code
    while at is not None and at in units and at not in found:
        found.append(at)
        at = units[at].parent
    return found


def _category_line(categories: Mapping[str, str], key: str) -> list[str]:
    found: list[str] = []
    while key in categories and key not in found:
        found.append(key)
        key = categories[key]
    return found


def _use_place(part: CategoriesFile, key: str) -> Place:
    """Return where the file names a category, or its class."""
    places = {use.key: place for place, use in uses_in(part)}
    parent = key[: key.find("/") + 3]
    return (*places.get(key, places.get(parent, ())), "key")


def _label(part: CategoriesFile, key: str) -> dict[str, str]:
    """Return the category's key with its name, by language."""
    names: Mapping[str, str] = next((e.name for e in part.local if e.key == key), {})
    if not names and part.catalogue:
        rows = read_catalogue(part.catalogue)
        names = next((row.names for row in rows if row.key == key), {})
    return {tag: f"{key} {name}" for tag, name in names.items()} or {"": key}

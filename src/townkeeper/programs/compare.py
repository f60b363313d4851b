"""Compares two versions of a program, entry by entry and field by field; nothing is left out.

Every file becomes a tree whose lists of entries are keyed as people think of them (a unit by its
code, a step by its name), so that moving a line or splitting a file is no difference. What
`differences()` yields is complete by construction: it walks all of both trees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from townkeeper.assessment.program import SchemeFile
from townkeeper.calendars.program import CalendarFile
from townkeeper.duties.program import CategoriesFile, DutiesFile, expand_duties, uses_of
from townkeeper.procedures.language import to_data
from townkeeper.programs.check_procedures import procedures_of
from townkeeper.programs.folder import Folder
from townkeeper.programs.parts import (
    BulletinFile,
    IndicatorsFile,
    RulesFile,
    TargetsFile,
)
from townkeeper.units.program import PlacesFile, PostsFile, RolesFile

Path = tuple[str, ...]
Tree = Mapping[str, Any]

PARTS = (
    "program", "settings", "calendar", "units", "groups", "duties", "standing", "categories",
    "procedures", "schemes", "indicators", "targets", "rules", "bulletins", "roles", "places",
    "posts",
)  # fmt: skip
"""In the order in which a leader wants to hear of them."""
KEYED = ("name", "key", "at", "date", "indicator")
"""What tells the entries of an inner list apart."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different: where, what it was, what it is (None: it is not there)."""

    part: str
    key: str
    """The entry: a unit's code, a category's key; empty for the part as a whole."""
    path: Path
    """The way inside the entry; empty where the entry itself came or went."""
    before: Any = None
    after: Any = None

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Moved:
    """Kinds of matters in areas whose lead unit is another now; None for nobody."""

    before: str | None
    after: str | None
    categories: tuple[str, ...]
    areas: tuple[str, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that is different between two programs."""

    before: Mapping[str, Tree]
    after: Mapping[str, Tree]
    differences: tuple[Difference, ...]
    moved: tuple[Moved, ...]
    """The effect of the changed duties, line by line of the register."""

    @property
    def same(self) -> bool:
        """Whether nothing is different."""
        return not self.differences


def compare_folders(before: Folder, after: Folder) -> Comparison:
    """Compare two programs that could be read."""
    old, new = tree_of(before), tree_of(after)
    found = tuple(differences(old, new))
    return Comparison(old, new, found, tuple(moved_duties(before, after)))


def tree_of(folder: Folder) -> dict[str, Tree]:
    """Return what a program says, as one tree: part → entry → fields."""
    tree: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    if program := folder.program:
        said = _plain(program)
        tree["settings"] = said.pop("settings", {})
        tree["program"] = {"": said}
    if calendar := folder.part("calendar.yaml", CalendarFile):
        tree["calendar"] = {"": _plain(calendar)}
    for located in folder.units():
        tree["units"][located.entry.code] = _plain(located.entry)
    for key, group in folder.groups():
        tree["groups"][key] = _plain(group.entry)
    _put_duties(folder, tree)
    for _document, procedure in procedures_of(folder):
        tree["procedures"][procedure.key] = keyed(to_data(procedure))
    for _document, scheme in folder.all(SchemeFile):
        said = scheme.model_dump(mode="json", by_alias=True, exclude_none=True)
        tree["schemes"][scheme.scheme] = keyed(said)
    for _document, bulletin in folder.all(BulletinFile):
        tree["bulletins"][bulletin.bulletin] = _plain(bulletin)
    _put_rest(folder, tree)
    return dict(tree)


def _put_duties(folder: Folder, tree: dict[str, dict[str, Any]]) -> None:
    if categories := folder.part("categories.yaml", CategoriesFile):
        tree["categories"] = {key: _plain(use) for key, use in uses_of(categories).items()}
        rest = categories.model_dump(mode="json", exclude_none=True)
        tree["categories"][""] = keyed(
            {k: v for k, v in rest.items() if k not in ("classes", "categories", "local")}
        )
    if duties := folder.part("duties.yaml", DutiesFile):
        tree["duties"] = {entry.key: _plain(entry) for entry in duties.duties}
        tree["standing"] = {entry.key: _plain(entry) for entry in duties.standing}


def _put_rest(folder: Folder, tree: dict[str, dict[str, Any]]) -> None:
    if roles := folder.part("roles.yaml", RolesFile):
        tree["roles"] = {key: _plain(entry) for key, entry in roles.roles.items()}
    if places := folder.part("places.yaml", PlacesFile):
        tree["places"] = {entry.key: _plain(entry) for entry in places.places}
    if posts := folder.part("posts.yaml", PostsFile):
        tree["posts"] = {f"{p.user}/{p.unit}/{p.role}": _plain(p) for p in posts.posts}
    if indicators := folder.part("indicators.yaml", IndicatorsFile):
        tree["indicators"] = {key: _plain(entry) for key, entry in indicators.indicators.items()}
    if targets := folder.part("targets.yaml", TargetsFile):
        tree["targets"] = _numbered(
            (f"{entry.indicator} {','.join(entry.for_)} {entry.by}".strip(), _plain(entry))
            for entry in targets.targets
        )
    if rules := folder.part("rules.yaml", RulesFile):
        tree["rules"] = {entry.key: _plain(entry) for entry in rules.rules}


def _numbered(entries: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    """Key entries that have no key of their own; the second of the same gets a number."""
    found: dict[str, Any] = {}
    for key, entry in entries:
        name, number = key, 2
        while name in found:
            name, number = f"{key} #{number}", number + 1
        found[name] = entry
    return found


def _plain(part: Any) -> dict[str, Any]:  # noqa: ANN401 - any model of any part
    said: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: keyed(value) for name, value in said.items()}


def keyed(value: Any) -> Any:  # noqa: ANN401 - data as YAML gives it
    """Return data with its lists of named entries as mappings by name."""
    if isinstance(value, Mapping):
        return {str(name): keyed(inner) for name, inner in value.items()}
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        return value
    for name in KEYED:
        names = [entry.get(name) for entry in value]
        if all(isinstance(n, str) for n in names) and len(set(names)) == len(names):
            return {entry[name]: keyed(entry) for entry in value}
    return [keyed(entry) for entry in value]


def differences(before: Mapping[str, Tree], after: Mapping[str, Tree]) -> Iterator[Difference]:
    """Yield everything that is different, part by part."""
    for part in PARTS:
        old, new = before.get(part, {}), after.get(part, {})
        for key in dict.fromkeys([*old, *new]):
            for path, was, now in _walk((), old.get(key), new.get(key)):
                yield Difference(part, key, path, was, now)


def _walk(path: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:  # noqa: ANN401
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _walk((*path, name), before.get(name), after.get(name))
    else:
        yield path, before, after


def moved_duties(before: Folder, after: Folder) -> Iterator[Moved]:
    """Yield whose matters are another's now, by the lines that the duties stand for."""
    old, new = _leads(before), _leads(after)
    groups: dict[tuple[str | None, str | None], list[tuple[str, str]]] = {}
    for line in dict.fromkeys([*old, *new]):
        was, now = old.get(line), new.get(line)
        if was != now:
            groups.setdefault((was, now), []).append(line)
    for (was, now), lines in sorted(groups.items(), key=lambda item: -len(item[1])):
        categories = tuple(dict.fromkeys(category for category, _ in lines))
        areas = tuple(dict.fromkeys(area for _, area in lines))
        yield Moved(was, now, categories, areas, len(lines))


def _leads(folder: Folder) -> dict[tuple[str, str], str]:
    part = folder.part("duties.yaml", DutiesFile)
    lines = expand_duties(part.duties, folder.group_codes()) if part else []
    leads = [line for line in lines if line.part == "lead"]
    return {(line.category, line.area): line.unit for line in reversed(leads)}

"""The part of a program that says who there is: units, groups, roles, posts, key places."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field

from townkeeper.accounts.models import User
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.names import pinyin_key
from townkeeper.kit.schema import (
    Change,
    Code,
    Key,
    Names,
    ShortKey,
    Sourced,
    Strict,
    Texts,
    plain,
    tagged,
)
from townkeeper.units.actions import close_unit, next_path
from townkeeper.units.models import Place, Post, Role, Unit

UnitKind = Literal[
    "province", "city", "county", "township", "village", "department", "office", "team", "centre",
    "window", "school", "grade", "class", "other",
]  # fmt: skip

SEGMENT = 5
"""Characters of one level in a path: `0001.`"""
HISTORY = ("former_names", "successors", "scores")
"""Attributes that the tree remembers of a unit, which no program says."""


class UnitEntry(Sourced):
    """One unit of the tree."""

    code: Code
    name: Names
    kind: UnitKind
    parent: Code | None = None
    aliases: list[str] = []
    since: date | None = None
    until: date | None = None
    successor: Code | None = None
    attributes: dict[str, Any] = {}


class GroupEntry(Sourced):
    """Units that are compared with each other, or that a duty names together."""

    title: Texts
    units: list[Code] = Field(min_length=0)
    said: int | None = Field(default=None, ge=0)
    """How many there are, as the policy says; it may name fewer."""


class UnitsFile(Strict):
    """`units/*.yaml`: units, groups, or both."""

    units: list[UnitEntry] = []
    groups: dict[Key, GroupEntry] = {}


class RoleEntry(Sourced):
    """A role and what it may do."""

    title: Texts
    permissions: list[str]


class RolesFile(Strict):
    """`roles.yaml`."""

    roles: dict[ShortKey, RoleEntry]


class PostEntry(Sourced):
    """A person, for a demonstration or a start, and the post they hold."""

    user: str = Field(pattern=r"^[a-z0-9][a-z0-9_.@+-]*$", max_length=60)
    name: Names
    unit: Code
    role: ShortKey
    scope: Code | None = None
    title: str = Field(default="", max_length=80)
    since: date | None = None


class PostsFile(Strict):
    """`posts.yaml`: loaded only when asked for."""

    posts: list[PostEntry]


class Position(Strict):
    """Where a place is, in WGS 84 degrees; `demo` marks a position that nobody measured."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    demo: bool = False


class PlaceProblem(Strict):
    """What goes wrong at a place, in the words of the policy and as categories."""

    categories: list[str] = Field(min_length=1)
    words: str = ""
    source: str = Field(default="", max_length=80)


class PlaceEntry(Sourced):
    """A key place with a name."""

    key: Key
    name: Names
    area: Code
    area_because: str = ""
    position: Position | None = None
    problems: list[PlaceProblem] = []


class PlacesFile(Strict):
    """`places.yaml`."""

    places: list[PlaceEntry]


def in_order(entries: Iterable[UnitEntry]) -> list[UnitEntry]:
    """Return the units so that each parent comes before its children; cycles are left out."""
    waiting = {entry.code: entry for entry in entries}
    children: dict[str | None, list[UnitEntry]] = {}
    for entry in waiting.values():
        parent = entry.parent if entry.parent in waiting else None
        children.setdefault(parent, []).append(entry)
    ordered: list[UnitEntry] = []
    stack = list(reversed(children.get(None, [])))
    while stack:
        entry = stack.pop()
        ordered.append(entry)
        stack += reversed(children.get(entry.code, []))
    return ordered


def apply_units(
    entries: Iterable[UnitEntry],
    *,
    groups: Mapping[str, GroupEntry],
    outlines: Mapping[str, object],
    program: str,
    actor: str,
) -> list[Change]:
    """Bring the tree to what the program says; units it once had and no longer names are closed."""
    ordered = in_order(entries)
    known = {unit.code: unit for unit in Unit.objects.all()}
    by_id = {unit.pk: unit for unit in known.values()}
    paths = _Paths(known)
    changes: list[Change] = []
    settled: set[str] = set()
    for entry in ordered:
        wanted = _unit_fields(entry, groups, outlines.get(entry.code), program)
        said = _said(entry, wanted)
        parent = known[entry.parent] if entry.parent else None
        unit = known.get(entry.code)
        if unit is None:
            unit = _add(entry.code, parent, wanted, paths, said)
            changes.append(Change("unit", "added", entry.code, entry.name))
        else:
            stays = _stays(unit, said, program)
            asked = _without(wanted, unit, said, stays)
            place = by_id.get(unit.parent_id or 0) if "parent" in stays else parent
            if changed := _update(unit, place, asked, paths, actor=actor):
                changes.append(Change("unit", "changed", entry.code, entry.name, changed))
            if own := _own(unit, parent, said, stays):
                changes.append(Change("unit", "kept", entry.code, entry.name, tuple(own)))
            if "successor" in stays:
                settled.add(entry.code)
            _remember(unit, said)
        known[entry.code] = unit
    _link_successors([entry for entry in ordered if entry.code not in settled], known)
    changes += _close_missing(ordered, known, program=program, actor=actor)
    if changes:
        touch_registers()
    return changes


def _said(entry: UnitEntry, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program says of a unit in the form that `Unit.said` keeps."""
    said = {name: value for name, value in wanted.items() if name != "outline"}
    return {
        **said,
        "since": _day(entry.since),
        "until": _day(entry.until),
        "parent": entry.parent,
        "successor": entry.successor,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _stays(unit: Unit, said: Mapping[str, Any], program: str) -> set[str]:
    """Return the fields of which the program says the same as last time: they are the office's."""
    if unit.said is None or unit.attributes.get("program") != program:
        return set()
    return {name for name in said if name in unit.said and said[name] == unit.said[name]}


def _without(
    wanted: dict[str, Any], unit: Unit, said: Mapping[str, Any], stays: set[str]
) -> dict[str, Any]:
    """Return what the program wants changed; of attributes one by one."""
    left = {name: value for name, value in wanted.items() if name not in stays}
    if unit.said is not None and left["outline"] is None:
        del left["outline"]  # the program says nothing of it; a person may have drawn it
    if "attributes" in left and unit.said is not None:
        before: Mapping[str, Any] = unit.said.get("attributes", {})
        now: Mapping[str, Any] = said["attributes"]
        merged = dict(unit.attributes)
        for name in {*before, *now}:
            if before.get(name) == now.get(name):
                continue
            if name in now:
                merged[name] = now[name]
            else:
                merged.pop(name, None)
        left["attributes"] = merged
    return left


def _own(unit: Unit, parent: Unit | None, said: Mapping[str, Any], stays: set[str]) -> list[str]:
    """Return the fields in which the unit is other than the program says, by the office's doing."""
    differs = {
        "name": unit.name != said["name"],
        "parent": unit.parent_id != (parent.pk if parent else None),
        "until": _day(unit.until) != said["until"],
    }
    return [name for name, is_other in differs.items() if is_other and name in stays]


def _remember(unit: Unit, said: dict[str, Any]) -> None:
    if unit.said != said:
        unit.said = said
        unit.save(update_fields=["said"])


def _unit_fields(
    entry: UnitEntry, groups: Mapping[str, GroupEntry], outline: object, program: str
) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(entry.attributes) | {"program": program}
    belongs = sorted(key for key, group in groups.items() if entry.code in group.units)
    if belongs:
        attributes["groups"] = belongs
    if entry.decide:
        attributes["decide"] = tagged(entry.decide)
    return {
        "name": plain(entry.name),
        "names": tagged(entry.name),
        "kind": entry.kind,
        "aliases": entry.aliases,
        "attributes": attributes,
        "since": entry.since,
        "until": entry.until,
        "source": entry.source,
        "outline": outline,
    }


class _Paths:
    """Gives out free places in the tree without asking the database for each."""

    def __init__(self, known: Mapping[str, Unit]) -> None:
        self._known = known
        self._last: dict[str, int] = {}
        self._count()

    def _count(self) -> None:
        for unit in self._known.values():
            base, number = unit.path[:-SEGMENT], int(unit.path[-SEGMENT:-1])
            self._last[base] = max(number, self._last.get(base, 0))

    def free(self, parent: Unit | None) -> str:
        """Return the path of the next child."""
        base = parent.path if parent else ""
        number = self._last[base] = self._last.get(base, 0) + 1
        # Past the last number of four digits the action says what is wrong.
        return f"{base}{number:04d}." if number < 10**4 else next_path(parent)

    def move(self, unit: Unit, parent: Unit | None) -> None:
        """Give the unit a new place, and everything below it with it; the caller saves the unit.

        The units in memory move too: the load goes on with them.
        """
        old, new = unit.path, self.free(parent)
        shift = (parent.level + 1 if parent else 0) - unit.level
        below = [each for each in self._known.values() if each.path.startswith(old)]
        for each in below:
            each.path, each.level = new + each.path[len(old) :], each.level + shift
        Unit.objects.bulk_update([each for each in below if each.pk != unit.pk], ["path", "level"])
        unit.parent = parent
        self._count()


def _add(
    code: str,
    parent: Unit | None,
    wanted: dict[str, Any],
    paths: _Paths,
    said: dict[str, Any],
) -> Unit:
    """Add a unit; the load as a whole is journaled by the `programs` app, with all codes."""
    unit = Unit(code=code, parent=parent, path=paths.free(parent), said=said, **wanted)
    unit.level = parent.level + 1 if parent else 0
    unit.sort_key = pinyin_key(unit.name)
    unit.save(force_insert=True)
    return unit


def _update(
    unit: Unit,
    parent: Unit | None,
    wanted: dict[str, Any],
    paths: _Paths,
    *,
    actor: str,
) -> tuple[str, ...]:
    """Apply what the program has changed."""
    former = unit.name
    name = wanted.get("name", former)
    if "aliases" in wanted or name != former:
        # Names that were replaced stay findable.
        listed = wanted.get("aliases", unit.aliases)
        also = [former] if name != former else []
        kept = [alias for alias in [*also, *unit.aliases] if alias not in listed]
        wanted = wanted | {"aliases": [*listed, *dict.fromkeys(kept)]}
    given = wanted.get("attributes", unit.attributes)
    wanted = wanted | {"attributes": given | _history(unit, name)}
    changed = [key for key, value in wanted.items() if getattr(unit, key) != value]
    if unit.parent_id != (parent.pk if parent else None):
        changed.append("parent")
    if not changed:
        return ()
    for key, value in wanted.items():
        setattr(unit, key, value)
    unit.sort_key = pinyin_key(unit.name)
    if "parent" in changed:
        paths.move(unit, parent)
    unit.save()
    record(
        subject=f"unit:{unit.code}",
        act="unit.changed",
        actor=actor,
        data={"fields": sorted(changed), "name": unit.name, "former": former},
    )
    return tuple(sorted(changed))


def _history(unit: Unit, name: str) -> dict[str, Any]:
    """Return what the tree remembers of a unit, which no program says."""
    kept = {key: unit.attributes[key] for key in HISTORY if key in unit.attributes}
    if name != unit.name:
        former = {"name": unit.name, "names": unit.names, "until": clock.today().isoformat()}
        kept["former_names"] = [*kept.get("former_names", []), former]
    return kept


def _link_successors(ordered: list[UnitEntry], known: Mapping[str, Unit]) -> None:
    for entry in ordered:
        unit = known[entry.code]
        successor = known[entry.successor] if entry.successor else None
        if unit.successor_id != (successor.pk if successor else None):
            unit.successor = successor
            unit.save(update_fields=["successor"])


def _close_missing(
    ordered: list[UnitEntry], known: Mapping[str, Unit], *, program: str, actor: str
) -> list[Change]:
    named = {entry.code for entry in ordered}
    today = clock.today()
    changes = []
    for unit in known.values():
        if unit.code in named or unit.attributes.get("program") != program or unit.until:
            continue
        close_unit(unit, on=today, actor=actor, reason="no longer in the program")
        changes.append(Change("unit", "closed", unit.code, unit.names or {"": unit.name}))
    return changes


def apply_roles(entries: Mapping[str, RoleEntry], *, actor: str) -> list[Change]:
    """Create and update roles; a role that posts hold is never removed."""
    changes = []
    known = Role.objects.in_bulk(field_name="key")
    for key, entry in entries.items():
        names, permissions = dict(entry.title), sorted(entry.permissions)
        role = known.get(key) or Role(key=key)
        wanted: dict[str, Any] = {"names": names, "permissions": permissions}
        fields = tuple(name for name, value in wanted.items() if getattr(role, name) != value)
        if role.pk and not fields:
            continue
        act = "changed" if role.pk else "added"
        role.names, role.permissions = names, permissions
        role.save()
        record(subject=f"role:{key}", act=f"role.{act}", actor=actor, data=wanted)
        changes.append(Change("role", act, key, names, fields if act == "changed" else ()))
    return changes


def apply_posts(entries: Iterable[PostEntry], *, actor: str) -> list[Change]:
    """Create demonstration accounts without a usable password, and their posts."""
    units = Unit.objects.in_bulk(field_name="code")
    roles = Role.objects.in_bulk(field_name="key")
    changes = []
    for entry in entries:
        user, _made = User.objects.get_or_create(
            username=entry.user,
            defaults={"name": plain(entry.name)[:80], "is_demo": True, "password": "!"},
        )
        scope = units[entry.scope] if entry.scope else None
        wanted = {"user": user, "unit": units[entry.unit], "role": roles[entry.role]}
        held = list(Post.objects.filter(**wanted).order_by("pk"))
        if len(held) > 1 or any(post.until for post in held):
            continue  # a change of units has carried the post over
        added = not held
        post = held[0] if held else Post(**wanted, title=entry.title, since=entry.since)
        if added:
            post.scope = scope
            post.save()
        fields = () if added or post.scope_id == (scope.pk if scope else None) else ("scope",)
        if fields:
            post.scope = scope
            post.save(update_fields=["scope"])
        if added or fields:
            act = "added" if added else "changed"
            data = {"unit": entry.unit, "role": entry.role, "scope": entry.scope}
            record(subject=f"user:{entry.user}", act=f"post.{act}", actor=actor, data=data)
            changes.append(Change("post", act, entry.user, entry.name, fields))
    return changes


def apply_places(entries: Iterable[PlaceEntry], *, program: str, actor: str) -> list[Change]:
    """Create and update key places; those the program once named and names no more end today."""
    units = Unit.objects.in_bulk(field_name="code")
    known = Place.objects.select_related("area").in_bulk(field_name="code")
    changes = []
    for entry in entries:
        wanted = _place_fields(entry, units, program)
        place = known.pop(entry.key, None)
        if place is None:
            Place.objects.create(code=entry.key, **wanted)
            changes.append(Change("place", "added", entry.key, entry.name))
            continue
        if units[entry.area].until and not place.area.until:
            wanted["area"] = place.area  # it went over to the heir of its area
        fields = tuple(name for name, value in wanted.items() if getattr(place, name) != value)
        if fields:
            for name, value in wanted.items():
                setattr(place, name, value)
            place.save()
            changes.append(Change("place", "changed", entry.key, entry.name, fields))
    for place in known.values():
        if place.until is None and place.attributes.get("program") == program:
            place.until = clock.today()
            place.save(update_fields=["until"])
            changes.append(Change("place", "closed", place.code, place.names))
    for change in changes:
        data = {"act": change.act, "fields": list(change.fields)}
        record(subject=f"place:{change.key}", act=f"place.{change.act}", actor=actor, data=data)
    return changes


def _place_fields(entry: PlaceEntry, units: Mapping[str, Unit], program: str) -> dict[str, Any]:
    position = entry.position
    problems = [problem.model_dump() for problem in entry.problems]
    attributes: dict[str, Any] = {"problems": problems, "program": program}
    if position and position.demo:
        attributes["position"] = "demo"
    if entry.area_because:
        attributes["area_because"] = entry.area_because
    if entry.decide:
        attributes["decide"] = tagged(entry.decide)
    categories = [key for problem in entry.problems for key in problem.categories]
    return {
        "name": plain(entry.name),
        "names": tagged(entry.name),
        "area": units[entry.area],
        "lon": position.lon if position else None,
        "lat": position.lat if position else None,
        "problems": list(dict.fromkeys(categories)),
        "attributes": attributes,
        "source": entry.source or next((p.source for p in entry.problems if p.source), ""),
        "until": None,
    }

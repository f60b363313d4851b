"""Checks who there is: the tree of units, groups, roles, posts, places."""

from collections.abc import Collection, Iterator, Mapping

from townkeeper.programs.findings import Finding
from townkeeper.programs.fitting import meant
from townkeeper.programs.folder import Folder, Located
from townkeeper.units.actions import MAX_LEVEL
from townkeeper.units.permissions import Permission
from townkeeper.units.program import PlacesFile, PostsFile, RolesFile, UnitEntry


def check_units(folder: Folder) -> Iterator[Finding]:
    """Yield what is wrong with the tree and the groups."""
    by_code: dict[str, Located[UnitEntry]] = {}
    for located in folder.units():
        code = located.entry.code
        if code in by_code:
            first = by_code[code].find("code-twice")
            yield located.find("code-twice", "code", code=code, first=first.where)
        else:
            by_code[code] = located
    for located in by_code.values():
        yield from _references(located, by_code, whole=folder.is_whole("units/"))
    yield from _cycles(by_code)
    yield from _too_deep(by_code)
    yield from _roots(folder, by_code)
    for key, group in folder.groups():
        if not group.entry.units:
            yield group.find("group-empty", "units", group=key)
        for number, code in enumerate(group.entry.units):
            if code not in by_code and folder.is_whole("units/"):
                yield group.find(
                    "unit-unknown", "units", number, code=code, meant=meant(code, by_code)
                )


def _references(
    located: Located[UnitEntry], by_code: Mapping[str, Located[UnitEntry]], *, whole: bool
) -> Iterator[Finding]:
    entry = located.entry
    for name, code in (("parent", entry.parent), ("successor", entry.successor)):
        if code and code not in by_code and whole:
            yield located.find("unit-unknown", name, code=code, meant=meant(code, by_code))
    if entry.successor == entry.code:
        yield located.find("own-successor", "successor", code=entry.code)
    if entry.since and entry.until and entry.until <= entry.since:
        yield located.find("dates-reversed", "until", since=entry.since, until=entry.until)


def _cycles(by_code: Mapping[str, Located[UnitEntry]]) -> Iterator[Finding]:
    """Yield each ring of parents once, with the whole way round."""
    done: set[str] = set()
    for start in by_code:
        way: list[str] = []
        code: str | None = start
        while code is not None and code in by_code and code not in {*done, *way}:
            way.append(code)
            code = by_code[code].entry.parent
        if code in way:
            ring = way[way.index(code) :]
            names = [*ring, code]
            yield by_code[ring[0]].find("unit-cycle", "parent", ring=" → ".join(map(str, names)))
        done.update(way)


def _too_deep(by_code: Mapping[str, Located[UnitEntry]]) -> Iterator[Finding]:
    """Yield units at more levels than the tree can hold; circles are said elsewhere."""
    for code, located in by_code.items():
        depth, at = 0, located.entry.parent
        while at is not None and at in by_code and depth <= MAX_LEVEL + 1:
            depth, at = depth + 1, by_code[at].entry.parent
        if depth == MAX_LEVEL + 1:
            yield located.find("unit-too-deep", "parent", code=code, limit=MAX_LEVEL)


def _roots(folder: Folder, by_code: Mapping[str, Located[UnitEntry]]) -> Iterator[Finding]:
    roots = [located for located in by_code.values() if located.entry.parent is None]
    program = folder.program
    for located in roots[1:]:
        first = roots[0].entry.code
        yield located.find("second-root", "code", code=located.entry.code, first=first)
    if program and by_code and folder.is_whole("units/") and program.place.code not in by_code:
        document = folder.documents["program.yaml"]
        yield document.find("unit-unknown", "place", "code", code=program.place.code, meant="")


def known_codes(folder: Folder) -> set[str]:
    """Return the codes of all units."""
    return {located.entry.code for located in folder.units()}


def check_people(folder: Folder) -> Iterator[Finding]:
    """Yield what is wrong with roles and posts."""
    roles = folder.part("roles.yaml", RolesFile)
    known_roles = set(roles.roles) if roles else set()
    permissions = [permission.value for permission in Permission]
    for key, role in (roles.roles if roles else {}).items():
        for number, name in enumerate(role.permissions):
            if name not in permissions:
                yield folder.documents["roles.yaml"].find(
                    "permission-unknown",
                    "roles",
                    key,
                    "permissions",
                    number,
                    permission=name,
                    meant=meant(name, permissions),
                )
    posts = folder.part("posts.yaml", PostsFile)
    if not posts:
        return
    document, codes = folder.documents["posts.yaml"], known_codes(folder)
    for number, post in enumerate(posts.posts):
        if roles and post.role not in known_roles:
            params = {"role": post.role, "meant": meant(post.role, known_roles)}
            yield document.find("role-unknown", "posts", number, "role", **params)
        for name, code in (("unit", post.unit), ("scope", post.scope)):
            if code and code not in codes and folder.is_whole("units/"):
                params = {"code": code, "meant": meant(code, codes)}
                yield document.find("unit-unknown", "posts", number, name, **params)


def check_places(folder: Folder, categories: Collection[str]) -> Iterator[Finding]:
    """Yield what is wrong with key places."""
    part = folder.part("places.yaml", PlacesFile)
    if not part:
        return
    document, codes = folder.documents["places.yaml"], known_codes(folder)
    seen: dict[str, int] = {}
    for number, place in enumerate(part.places):
        if place.key in seen:
            first = f"places.yaml:{document.line('places', seen[place.key])}"
            yield document.find("code-twice", "places", number, "key", code=place.key, first=first)
        seen.setdefault(place.key, number)
        if place.area not in codes and folder.is_whole("units/"):
            params = {"code": place.area, "meant": meant(place.area, codes)}
            yield document.find("unit-unknown", "places", number, "area", **params)
        for at, problem in enumerate(place.problems):
            for index, key in enumerate(problem.categories):
                if categories and key not in categories:
                    where = ("places", number, "problems", at, "categories", index)
                    params = {"category": key, "meant": meant(key, categories)}
                    yield document.find("category-unknown", *where, **params)

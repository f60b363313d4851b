"""Turns the tables of a running office back into entries of a program's files.

Each function gets what the file said (parsed) and returns the data that the file must say now, or
None where it says it already: then the file stays as people wrote it, comments and all.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from django.db.models import Q

from townkeeper.calendars.actions import content_of, current_version
from townkeeper.calendars.hours import written_hours
from townkeeper.calendars.models import Calendar
from townkeeper.calendars.program import PROGRAM, CalendarFile, CalendarSpec
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.program import (
    CategoriesFile,
    DutiesFile,
    DutyLine,
    expand_duties,
    wanted_categories,
)
from townkeeper.kit import clock
from townkeeper.programs.folder import Folder
from townkeeper.units.models import Place, Role, Unit
from townkeeper.units.program import PlacesFile, RolesFile

Data = dict[str, Any]
OWN = ("program", "groups", "decide", "number_prefix")
"""Attributes of a unit that loading derives from elsewhere in the program."""


def texts(name: str, names: Mapping[str, str]) -> object:
    """Return a name as a file writes it: the one entered first comes first, as it was entered."""
    if not names:
        return name
    first = {tag: text for tag, text in names.items() if text == name} or {"": name}
    return first | {tag: text for tag, text in names.items() if tag not in first}


def unit_data(unit: Unit, codes: Mapping[int, str]) -> Data:
    """Return a unit as an entry of `units/*.yaml`; what is empty is left out."""
    attributes = {key: value for key, value in unit.attributes.items() if key not in OWN}
    data = {
        "code": unit.code,
        "name": texts(unit.name, unit.names),
        "kind": unit.kind,
        "parent": codes[unit.parent_id] if unit.parent_id else None,
        "aliases": list(unit.aliases),
        "since": unit.since.isoformat() if unit.since else None,
        "until": unit.until.isoformat() if unit.until else None,
        "successor": codes[unit.successor_id] if unit.successor_id else None,
        "attributes": attributes,
        "source": unit.source,
        "decide": unit.attributes.get("decide"),
    }
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}


def units_files(folder: Folder) -> dict[str, Data]:
    """Return the unit files that must change, by name; new units come into one of their own."""
    rows = {unit.code: unit for unit in Unit.objects.order_by("path")}
    codes = {unit.pk: unit.code for unit in rows.values()}
    said = {located.entry.code: located for located in folder.units()}
    changed: dict[str, Data] = {}
    for code, located in said.items():
        now = unit_data(rows[code], codes) if code in rows else None
        then = _entry_data(located.entry.model_dump(mode="json", exclude_none=True))
        if now != then:
            data = changed.setdefault(located.document.name, _copy(located.document.data))
            data["units"][int(located.place[1])] = now
    for data in changed.values():
        data["units"] = [entry for entry in data.get("units", []) if entry is not None]
    if fresh := [unit_data(unit, codes) for code, unit in rows.items() if code not in said]:
        changed["units/since-loading.yaml"] = {"units": fresh}
    _put_groups(folder, rows, changed)
    return changed


def _entry_data(entry: Data) -> Data:
    """Return an entry as `unit_data` would write it: without what is empty, names as texts."""
    name = entry["name"]
    entry["name"] = name[""] if set(name) == {""} else {k: v for k, v in name.items() if k}
    decide = entry.pop("decide", None)
    entry.pop("default_because", None)
    said = {key: value for key, value in entry.items() if value not in (None, "", [], {})}
    tags = {tag: text for tag, text in (decide or {}).items() if tag}
    return said | ({"decide": tags} if tags else {})


def _put_groups(folder: Folder, rows: Mapping[str, Unit], changed: dict[str, Data]) -> None:
    members: dict[str, list[str]] = {}
    for unit in rows.values():
        for group in unit.attributes.get("groups", ()):
            members.setdefault(group, []).append(unit.code)
    for key, located in folder.groups():
        if set(located.entry.units) != set(members.get(key, ())):
            name = located.document.name
            data = changed.setdefault(name, _copy(located.document.data))
            data["groups"][key]["units"] = members.get(key, [])


def _copy(data: object) -> Data:
    return deepcopy(data) if isinstance(data, dict) else {}


def roles_data(folder: Folder) -> Data | None:
    """Return `roles.yaml` where the roles are others now."""
    rows = list(Role.objects.order_by("pk"))
    part = folder.part("roles.yaml", RolesFile)
    now = {row.key: (dict(row.names), sorted(row.permissions)) for row in rows}
    then = (
        {k: (dict(r.title), sorted(r.permissions)) for k, r in part.roles.items()} if part else {}
    )
    if now == then:
        return None
    return {
        "roles": {
            row.key: {"title": dict(row.names), "permissions": sorted(row.permissions)}
            for row in rows
        }
    }


def categories_data(folder: Folder) -> Data | None:
    """Return `categories.yaml` where limits, words or the choice of kinds are others now."""
    part = folder.part("categories.yaml", CategoriesFile) or CategoriesFile()
    raw = _copy(folder.documents["categories.yaml"].data) if part.categories else {}
    wanted = wanted_categories(part)
    listed = {
        entry["key"]: entry
        for name in ("classes", "categories", "local")
        for entry in raw.get(name, [])
    }
    found = False
    for row in Category.objects.select_related("parent").order_by("pk"):
        _parent, fields = wanted.get(row.key, ("", None))
        if fields is not None and not _differs(row, fields):
            continue
        if fields is None and not row.is_used:
            continue
        found = True
        _put_category(raw, listed, row, known=fields)
    return raw if found else None


def _differs(row: Category, fields: Mapping[str, object]) -> bool:
    return any(getattr(row, name) != value for name, value in fields.items() if name != "parent")


def _put_category(
    raw: Data, listed: dict[str, Data], row: Category, *, known: Mapping[str, Any] | None
) -> None:
    """Change or add the entry of a kind of matter; one that is not used any more goes."""
    entry = listed.get(row.key)
    national = row.kind != Category.Kind.LOCAL
    if entry is not None and not row.is_used:
        for name in ("classes", "categories", "local"):
            raw[name] = [one for one in raw.get(name, []) if one is not entry]
        return
    if entry is None:
        entry = {"key": row.key}
        raw.setdefault("categories" if national else "local", []).append(entry)
    values: Data = {
        "limit": row.limit,
        "promise": row.promise,
        "keywords": list(row.keywords),
        "source": row.source,
    }
    relapse = {
        "days": row.relapse_days,
        "metres": row.relapse_metres,
        "as_one": row.relapse_as_one or None,
    }
    values["relapse"] = {key: value for key, value in relapse.items() if value is not None}
    if not national:
        values |= {"name": texts(row.name, row.names), "aliases": list(row.aliases)}
        values["parent"] = row.parent.key if row.parent else None
    for name, value in values.items():
        if known is not None and name in known and getattr(row, name, None) == known[name]:
            continue
        if value in (None, "", [], {}):
            entry.pop(name, None)
        else:
            entry[name] = value


Line = tuple[str, str, str, str]
"""Category, area, unit, part."""


def duties_data(folder: Folder) -> Data | None:
    """Return `duties.yaml` where lines of the register came, went or changed."""
    part = folder.part("duties.yaml", DutiesFile)
    said = expand_duties(part.duties, folder.group_codes()) if part else []
    then = {line[:4]: line for line in reversed(said)}
    now = {line[:4]: line for line in _register_lines()}
    if _same_lines(then, now):
        return None
    data = _copy(folder.documents["duties.yaml"].data) if part else {"duties": []}
    broken = {line.entry for line in said if line[:4] not in now or not _same(line, now[line[:4]])}
    kept = {line[:4] for line in said if line.entry not in broken}
    entries = [entry for n, entry in enumerate(data.get("duties") or []) if n not in broken]
    loose = [line for key, line in now.items() if key not in kept]
    taken = {entry["key"] for entry in entries}
    data["duties"] = entries + _gathered(loose, taken)
    return data


def _register_lines() -> list[DutyLine]:
    """Return the lines that hold today or later."""
    rows = Duty.objects.filter(Q(until=None) | Q(until__gt=clock.today()))
    values = rows.order_by("pk").values_list(
        "category__key", "area__code", "unit__code", "part", "since", "until", "note", "source"
    )
    return [DutyLine(*row, entry=-1) for row in values]


def _same(one: DutyLine, other: DutyLine) -> bool:
    return one[:8] == other[:8]


def _same_lines(then: Mapping[Any, DutyLine], now: Mapping[Any, DutyLine]) -> bool:
    return then.keys() == now.keys() and all(_same(then[key], now[key]) for key in then)


def _gathered(lines: Iterable[DutyLine], taken: set[str]) -> list[Data]:
    """Write lines as entries: one for each unit, part and reason, over all its kinds and areas."""
    areas: dict[tuple[Any, ...], dict[str, list[str]]] = {}
    for line in lines:
        common = (line.unit, line.part, line.since, line.until, line.note, line.source)
        areas.setdefault(common, {}).setdefault(line.category, []).append(line.area)
    entries = []
    for common, by_category in areas.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for category, places in by_category.items():
            groups.setdefault(tuple(sorted(places)), []).append(category)
        entries += [_entry(common, where, kinds, taken) for where, kinds in groups.items()]
    return entries


def _entry(
    common: tuple[Any, ...], areas: tuple[str, ...], categories: list[str], taken: set[str]
) -> Data:
    unit, part, since, until, note, source = common
    number = 1
    while (key := f"register-{number}") in taken:
        number += 1
    taken.add(key)
    who: Data = {"lead": unit} if part == Duty.Part.LEAD else {"assist": [unit]}
    rest = {
        "words": note,
        "source": source,
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
    }
    data: Data = {"key": key, **who, "area": list(areas), "categories": categories}
    return data | {name: value for name, value in rest.items() if value}


def calendar_data(folder: Folder) -> Data | None:
    """Return `calendar.yaml` where hours, zone or local days are others now."""
    part = folder.part("calendar.yaml", CalendarFile)
    raw = _copy(folder.documents["calendar.yaml"].data) if part else {}
    found = False
    for calendar in Calendar.objects.order_by("pk"):
        spec: CalendarSpec | None = part
        data = raw
        if calendar.code != "default":
            spec = part.others.get(calendar.code) if part else None
            data = raw.setdefault("others", {}).setdefault(calendar.code, {})
        found |= _put_calendar(calendar, spec, data)
    return raw if found else None


def _put_calendar(calendar: Calendar, spec: CalendarSpec | None, data: Data) -> bool:
    """Write one calendar into the data; say whether anything was different."""
    version = current_version(calendar.code)
    content = content_of(version)
    days = [
        {
            "date": on.isoformat(),
            "working": entry.is_working,
            "name": entry.name,
            **({"hours": [span.text() for span in entry.hours]} if entry.hours else {}),
            **({"source": said} if (said := entry.source.removeprefix(PROGRAM).strip()) else {}),
        }
        for on, entry in sorted(content.days.items())
        if entry.is_local
    ]
    now = (content.hours, content.time_zone, content.makeup_weekday)
    then = spec and (spec.hours, spec.time_zone, spec.makeup_weekday)
    dates = {day["date"] for day in days}
    same_days = spec is not None and dates == {day.date.isoformat() for day in spec.days}
    if now == then and same_days:
        return False
    if now != then:
        data["hours"] = written_hours(content.hours)
        data["time_zone"] = content.time_zone
        data["makeup_weekday"] = content.makeup_weekday
    if not same_days:
        data["days"] = days
    if spec is None:
        data["title"] = dict(calendar.title) or calendar.code
        statutory = any(not entry.is_local for entry in content.days.values())
        data["holidays"] = "cn" if statutory else "none"
    return True


def places_data(folder: Folder) -> Data | None:
    """Return `places.yaml` where key places came, ended or moved."""
    part = folder.part("places.yaml", PlacesFile)
    said = {entry.key: entry for entry in part.places} if part else {}
    raw = _copy(folder.documents["places.yaml"].data) if part else {"places": []}
    listed = {entry["key"]: entry for entry in raw["places"]}
    found = False
    rows = Place.objects.select_related("area").order_by("pk")
    for row in rows:
        entry = said.get(row.code)
        if row.until is not None:
            if entry is not None:
                raw["places"].remove(listed[row.code])
                found = True
            continue
        position = entry.position if entry else None
        then = entry and (entry.area, position and position.lon, position and position.lat)
        if entry is not None and then == (row.area.code, row.lon, row.lat):
            continue
        found = True
        data = listed.get(row.code) or {"key": row.code, "name": texts(row.name, row.names)}
        if entry is None:
            raw["places"].append(data)
        data["area"] = row.area.code
        if row.lon is not None and row.lat is not None:
            data["position"] = {"lon": row.lon, "lat": row.lat}
    return raw if found else None

"""Writes a drafted program as the files of a program's folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from typing_extensions import override

from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.draft_model import SMALL_UNIT, Draft, Duty
from townkeeper.programs.draft_words import bulletin_data, scheme_data

MODEL_PROGRAM: Final = "dongxing"
"""Whose procedure and roles a draft begins with; its sources are left out."""
PROVENANCE: Final = frozenset({"source", "default_because", "decide"})

Texts = dict[str, str]


class _Dumper(yaml.SafeDumper):
    """Writes every value out: programs know no anchors."""

    @override
    def ignore_aliases(self, data: object) -> bool:
        return True

    @override
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key, as people write them."""
        super().increase_indent(flow, indentless=False)


def dumped(data: object, *comments: str) -> str:
    """Return data as the text of a program's file, with comments above."""
    lines = "".join(f"# {line}\n" for comment in comments for line in comment.splitlines())
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return lines + text


def said(make: Callable[[], str]) -> Texts:
    """Return a sentence in every language of programs."""
    texts: Texts = {}
    for tag in LANGUAGES:
        with translation.override(tag.lower()):
            texts[tag] = make()
    return texts


def texts_of(names: Mapping[str, str]) -> Texts | str:
    """Return names as a file writes them: one text where there is no language."""
    return names[""] if set(names) == {""} else dict(names)


def language_of(draft: Draft) -> str:
    """Return the language of the records: the one that their kinds of matters are written in."""
    names = "".join(kind.name for kind in draft.learned.kinds)
    han = sum("一" <= char <= "鿿" for char in names)
    if han * 4 < len(names):
        return "en"
    return "zh-Hans" if draft.mapping.table.encoding.startswith("gb") else _script(names)


def _script(text: str) -> str:
    """Tell the scripts apart by what Big5 cannot write: simplified characters."""
    simplified = sum(not _in_big5(char) for char in text)
    return "zh-Hans" if simplified * 20 > len(text) else "zh-Hant"


def _in_big5(char: str) -> bool:
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return False
    return True


def program_data(draft: Draft) -> dict[str, Any]:
    """Return `program.yaml`."""
    first = language_of(draft)
    place: dict[str, Any] = {"code": draft.root, "name": texts_of(draft.place_name)}
    return {
        "format": 1,
        "key": draft.answers.key or draft.mapping.system,
        "title": texts_of(draft.mapping.title or draft.place_name),
        "summary": said(
            lambda: (
                _("Drafted from %(rows)s records of %(file)s; see DECISIONS.md.")
                % {"rows": f"{draft.learned.rows:,}", "file": draft.file}
            )
        ),
        "place": place,
        "languages": [first, *(tag for tag in LANGUAGES if tag != first)],
        "time_zone": draft.mapping.time_zone,
        "number_prefix": _prefix(draft),
    }


def _prefix(draft: Draft) -> str:
    letters = "".join(c for c in draft.mapping.number_prefix.upper() if c.isalnum())[:6]
    return letters if letters[:1].isalpha() else "TK"


def calendar_data(draft: Draft) -> dict[str, Any]:
    """Return `calendar.yaml`: the hours and days off that the records show, or that were given."""
    answers, week = draft.answers, draft.week
    data: dict[str, Any] = {
        "title": texts_of(draft.place_name),
        "time_zone": draft.mapping.time_zone,
        "holidays": "cn" if draft.mapping.time_zone == "Asia/Shanghai" else "none",
    }
    if answers.hours:
        days, _colon, spans = answers.hours.partition(":")
        data["hours"] = {days.strip(): spans.strip()}
    else:
        data["hours"] = {"mon-fri": week.hours}
        data["default_because"] = said(
            lambda: (
                _("Nine tenths of the closings on weekdays lie between %(hours)s.")
                % {"hours": week.hours}
            )
        )
        data["decide"] = said(lambda: _("When is the office open?"))
    if answers.days_off is not None:
        off = [(day, {"": why or day.isoformat()}) for day, why in answers.days_off.items()]
    else:
        off = [(day, said(lambda: _("day off (guessed)"))) for day in week.days_off]
    data["days"] = [
        {"date": day.isoformat(), "working": False, "name": texts_of(name)} for day, name in off
    ]
    return data


def units_data(draft: Draft) -> dict[str, Any]:
    """Return `units/units.yaml`: the place, its departments and areas, and groups of them."""
    answers = draft.answers
    root: dict[str, Any] = {
        "code": draft.root,
        "kind": answers.place.kind if answers.place else "county",
        "name": texts_of(draft.place_name),
        "attributes": {"number_prefix": _prefix(draft)},
    }
    if not answers.office:
        root["attributes"]["office"] = True
    units = [root]
    for unit, code in draft.codes.items():
        entry = _unit(draft, "unit", unit, code)
        if unit == answers.office:
            entry["attributes"] = {"office": True}
        units.append(entry)
    units += [
        _unit(draft, "area", area, code)
        for area, code in draft.area_codes.items()
        if code != draft.root
    ]
    groups = {
        "departments": {
            "title": said(lambda: _("Departments")),
            "units": [draft.codes[unit] for unit in ranked_units(draft)],
        },
    }
    areas = [code for code in draft.area_codes.values() if code != draft.root]
    if areas:
        groups["areas"] = {"title": said(lambda: _("Areas")), "units": areas}
    return {"units": units, "groups": groups}


def ranked_units(draft: Draft) -> list[str]:
    """Return the units that are compared: those chosen, or all that handled enough."""
    if draft.answers.rank:
        return [unit for unit in draft.answers.rank if unit in draft.codes]
    enough = [unit for unit in draft.codes if draft.learned.units[unit] >= SMALL_UNIT]
    return enough or list(draft.codes)


def _unit(draft: Draft, part: str, value: str, code: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "code": code,
        "parent": draft.root,
        "kind": "department" if part == "unit" else "township",
        "name": texts_of(draft.names_of(part, value)),
    }
    if aliases := draft.aliases_of(part, value):
        entry["aliases"] = aliases
    return entry


def categories_data(draft: Draft) -> dict[str, Any]:
    """Return `categories.yaml`: the office's own kinds, each with the limit it was given."""
    because = said(
        lambda: _("The office's own name; nobody has compared it with the national list yet.")
    )
    local: list[dict[str, Any]] = [
        {"key": key, "name": group, "because": because} for group, key in draft.group_keys.items()
    ]
    for kind, key in draft.keys.items():
        entry: dict[str, Any] = {"key": key, "name": kind.name, "because": because}
        if kind.group:
            entry["parent"] = draft.group_keys[kind.group]
        if limit := draft.limit_of(kind):
            entry["limit"] = limit
        guess = draft.limits.get(kind)
        if guess and limit == guess.limit:
            entry["default_because"] = said(
                lambda guess=guess: (
                    _("Explains %(share)s of %(rows)s due times.")  # type: ignore[misc]
                    % {"share": f"{guess.share:.0%}", "rows": f"{guess.rows:,}"}
                )
            )
        local.append(entry)
    return {"local": local}


def duties_data(draft: Draft) -> dict[str, Any]:
    """Return `duties.yaml`: an entry for each unit and area, with the kinds it leads for."""
    used: set[str] = set()
    entries = []
    for duty in draft.duties:
        entry = {
            "key": _duty_key(draft, duty, used),
            "lead": draft.codes[duty.unit],
            "area": [draft.area_codes[duty.area] if duty.area else draft.root],
            "categories": [draft.keys[kind] for kind in duty.kinds],
            "default_because": said(lambda: _("Learnt from who handled what in the records.")),
        }
        entries.append(entry)
    return {"duties": entries}


def _duty_key(draft: Draft, duty: Duty, used: set[str]) -> str:
    stem = len(draft.root) + 1
    code = draft.codes[duty.unit][stem:]
    key = code if not duty.area else f"{code}-{draft.area_codes[duty.area][stem:]}"
    key = key.lower()[:36].strip("-")
    unique, number = key, 2
    while unique in used:
        unique, number = f"{key}-{number}", number + 1
    used.add(unique)
    return unique


def posts_data(draft: Draft) -> dict[str, Any]:
    """Return `posts.yaml`: accounts for a demonstration, named after their posts."""
    root = draft.root
    office = draft.codes.get(draft.answers.office, root)
    posts: list[dict[str, Any]] = [
        {"user": role, "name": role, "unit": office, "role": role, "scope": root}
        for role in ("administrator", "leader", "supervisor", "arbiter", "operator", "dispatcher")
    ]
    posts.append(
        {"user": "verifier", "name": "verifier", "unit": office, "role": "verifier", "scope": root}
    )
    for code in draft.codes.values():
        name = code[len(root) + 1 :].lower()
        posts.append({"user": name, "name": name, "unit": code, "role": "handler"})
    return {"posts": posts}


def model_file(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return a file of the model program without what belongs to its own place."""
    path = Path(settings.BASE_DIR) / "programs" / MODEL_PROGRAM / name
    return _without_provenance(yaml.safe_load(path.read_text("utf-8")))


def _without_provenance(data: Any) -> Any:  # noqa: ANN401 - a tree of YAML
    if isinstance(data, dict):
        return {k: _without_provenance(v) for k, v in data.items() if k not in PROVENANCE}
    if isinstance(data, list):
        return [_without_provenance(item) for item in data]
    return data


def write_folder(draft: Draft, folder: Path) -> list[str]:
    """Write every file of the program; return their names."""
    language = language_of(draft)
    note = _("Drafted from %(rows)s records of %(file)s.") % {
        "rows": f"{draft.learned.rows:,}",
        "file": draft.file,
    }
    taken = _("Taken over from the program “%(model)s”; adapt it.") % {"model": MODEL_PROGRAM}
    files = {
        "program.yaml": dumped(program_data(draft), note),
        "calendar.yaml": dumped(calendar_data(draft), note),
        "units/units.yaml": dumped(units_data(draft), note),
        "categories.yaml": dumped(categories_data(draft), note),
        "duties.yaml": dumped(duties_data(draft), note),
        "posts.yaml": dumped(posts_data(draft), note),
        "roles.yaml": dumped(model_file("roles.yaml"), taken),
        "procedures/problem.yaml": dumped(model_file("procedures/problem.yaml"), taken),
        "schemes/monthly.yaml": dumped(scheme_data(draft), note),
        "bulletins/monthly.yaml": dumped(bulletin_data(draft, language), note),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)

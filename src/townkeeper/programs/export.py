"""Writes a running office out as a program again: load, export, load is the same.

A file that still says what the tables hold is written out as it was loaded, comments and all; only
what has changed since (by people, by mergers, by notices) is written anew. What no table holds yet
(indicators, targets, rules, standing duties) comes from the loaded files.
"""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from townkeeper.assessment.models import Scheme
from townkeeper.assessment.program import SchemeFile
from townkeeper.cases.models import ProcedureVersion
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.procedures.language import digest, parse, to_data
from townkeeper.programs.check import check_folder
from townkeeper.programs.check_procedures import procedures_of
from townkeeper.programs.draft_files import dumped
from townkeeper.programs.export_parts import (
    calendar_data,
    categories_data,
    duties_data,
    places_data,
    roles_data,
    units_files,
)
from townkeeper.programs.findings import Report
from townkeeper.programs.folder import Folder, read_folder
from townkeeper.programs.loaded import current_program, lay_out
from townkeeper.programs.models import LoadedProgram
from townkeeper.programs.outlines import read_outlines
from townkeeper.programs.schemes import definition_of
from townkeeper.units.models import Unit

SINGLE = {
    "roles.yaml": roles_data,
    "categories.yaml": categories_data,
    "duties.yaml": duties_data,
    "calendar.yaml": calendar_data,
    "places.yaml": places_data,
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and whether it could be loaded as it stands."""

    folder: Path
    rewritten: tuple[str, ...]
    """Files that say something else now than when they were loaded."""
    kept: tuple[str, ...]
    report: Report = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "ok": self.report.ok,
            "folder": str(self.folder),
            "rewritten": list(self.rewritten),
            "kept": list(self.kept),
            "check": self.report.as_dict(),
        }


def export_program(out: Path) -> Exported:
    """Write the program of the running office into an empty folder.

    Errors: `Problem` where the folder holds something already, or there are no units yet.
    """
    if out.exists() and any(out.iterdir()):
        raise Problem(
            "folder-not-empty",
            _("The folder holds something already; nothing was written."),
            where=str(out),
            hint=_("Name a new folder."),
        )
    if not Unit.objects.exists():
        raise Problem("no-units", _("There is nothing to write out: no unit is known here."))
    program = current_program()
    files = dict(program.files) if program else {}
    with tempfile.TemporaryDirectory(prefix="townkeeper-program-") as home:
        lay_out(Path(home), files)
        changed = _changed_files(read_folder(Path(home)), program)
    lay_out(out, files | changed)
    report = check_folder(read_folder(out))
    kept = tuple(sorted(name for name in files if name not in changed))
    return Exported(out, tuple(sorted(changed)), kept, report)


def _changed_files(folder: Folder, program: LoadedProgram | None) -> dict[str, str]:
    """Return the text of every file that must say something else now."""
    note = str(_("Written out of the running office; comments of the former file are not kept."))
    data: dict[str, Any] = dict(units_files(folder))
    for name, make in SINGLE.items():
        if (said := make(folder)) is not None:
            data[name] = said
    data |= _procedures(folder) | _schemes(folder)
    if program is None:
        data["program.yaml"] = _program_data()
    texts = {name: dumped(said, note) for name, said in data.items()}
    return texts | _outlines(folder)


def _procedures(folder: Folder) -> dict[str, Any]:
    said = {procedure.key: (document.name, digest(procedure)) for document, procedure in
            procedures_of(folder)}  # fmt: skip
    changed = {}
    for row in ProcedureVersion.objects.filter(is_current=True).order_by("key"):
        name, mark = said.get(row.key, (f"procedures/{row.key}.yaml", ""))
        if mark != row.digest:
            changed[name] = to_data(parse(row.definition), brief=True)
    return changed


def _schemes(folder: Folder) -> dict[str, Any]:
    groups = folder.group_codes()
    said = {part.scheme: (document.name, definition_of(part, groups)) for document, part in
            folder.all(SchemeFile)}  # fmt: skip
    changed = {}
    for row in Scheme.objects.filter(is_current=True).order_by("key"):
        name, definition = said.get(row.key, (f"schemes/{row.key}.yaml", None))
        if definition != row.definition:
            changed[name] = row.definition
    return changed


def _program_data() -> dict[str, Any]:
    """Return `program.yaml` of an office that was set up without one."""
    root = Unit.objects.filter(parent=None).order_by("path")[0]
    title = dict(root.names) or {LANGUAGES[0]: root.name}
    return {
        "format": 1,
        "key": "office",
        "title": title,
        "place": {"code": root.code, "name": title},
        "languages": list(LANGUAGES),
        "time_zone": "Asia/Shanghai",
        "number_prefix": root.attributes.get("number_prefix", "TK"),
    }


def _outlines(folder: Folder) -> dict[str, str]:
    """Return the outlines where a unit's area is another now."""
    program = folder.program
    if program is None or not program.outline:
        return {}
    said = read_outlines(folder.path, program)
    rows = Unit.objects.exclude(outline=None).order_by("path").values_list("code", "outline")
    now = dict(rows)
    if now == said:
        return {}
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": outline}
        for code, outline in now.items()
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return {program.outline: text + "\n"}

"""Makes the office run by a program: all of it or nothing, and the second time nothing changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from townkeeper.assessment.program import SchemeFile
from townkeeper.calendars.program import CalendarFile
from townkeeper.calendars.program import apply as apply_calendar
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.handover import settle_closed
from townkeeper.duties.loading import apply_duties
from townkeeper.duties.program import CategoriesFile, DutiesFile, apply_categories
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.schema import LANGUAGES, Change, gather
from townkeeper.programs.changes import say_change, say_nothing
from townkeeper.programs.check import check_folder
from townkeeper.programs.check_procedures import procedures_of
from townkeeper.programs.findings import Report
from townkeeper.programs.folder import Folder, read_folder, texts_of
from townkeeper.programs.models import LoadedProgram
from townkeeper.programs.outlines import read_outlines
from townkeeper.programs.parts import BulletinFile, ProgramFile
from townkeeper.programs.schemes import install_bulletin, install_scheme
from townkeeper.units.models import Unit
from townkeeper.units.program import (
    PlacesFile,
    PostsFile,
    RolesFile,
    UnitEntry,
    apply_places,
    apply_posts,
    apply_roles,
    apply_units,
)

_LOCK = 0x70726F67
"""`prog`: the number by which loadings on PostgreSQL wait for each other."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of a loading."""

    report: Report
    changes: tuple[Change, ...] = ()
    key: str = ""
    kept: tuple[Change, ...] = ()
    """What the office did itself since the last loading, and this one left alone."""

    @property
    def ok(self) -> bool:
        """Whether the program is in force; if not, nothing was touched."""
        return self.report.ok

    def words(self, language: str | None = None) -> list[str]:
        """Say what changed, one sentence each."""
        if not self.ok:
            return []
        said = [say_change(change, language) for change in gather(self.changes)]
        kept = [say_change(change, language) for change in gather(self.kept)]
        return (said or [say_nothing(language)]) + kept

    def as_dict(self) -> dict[str, object]:
        """Return the loading for JSON."""
        return {
            "ok": self.ok,
            "program": self.key,
            "digest": self.report.digest,
            "changed": len(self.changes),
            "changes": self.words(),
            "kept": len(self.kept),
            "changes_by_language": {tag: self.words(tag) for tag in LANGUAGES},
            "check": self.report.as_dict(),
        }


def load_program(path: Path, *, actor: str, with_people: bool = False) -> LoadReport:
    """Check a program and bring the database to what it says.

    A program with errors is not loaded, and nothing is touched. `with_people` also makes the
    demonstration accounts of `posts.yaml`.
    """
    folder = read_folder(path)
    report = check_folder(folder)
    program = folder.program
    if not report.ok or program is None:
        return LoadReport(report)
    with transaction.atomic():
        _wait_for_others()
        told = _apply(folder, program, actor=actor, with_people=with_people)
        changes = [change for change in told if change.act != "kept"]
        changes += _keep(folder, program, changes, actor=actor)
        settle_closed(actor=actor)
    kept = tuple(change for change in told if change.act == "kept")
    return LoadReport(report, tuple(changes), program.key, kept)


def _wait_for_others() -> None:
    """Let one loading finish before the next looks; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _apply(folder: Folder, program: ProgramFile, *, actor: str, with_people: bool) -> list[Change]:
    """Apply each part, from what others need to what needs them."""
    groups = folder.group_codes()
    changes: list[Change] = []
    if calendar := folder.part("calendar.yaml", CalendarFile):
        changes += apply_calendar(calendar, actor=actor)
    changes += apply_units(
        _entries(folder, program),
        groups={key: located.entry for key, located in folder.groups()},
        outlines=_outlines(folder, program),
        program=program.key,
        actor=actor,
    )
    if roles := folder.part("roles.yaml", RolesFile):
        changes += apply_roles(roles.roles, actor=actor)
    if categories := folder.part("categories.yaml", CategoriesFile):
        changes += apply_categories(categories, actor=actor)
    if duties := folder.part("duties.yaml", DutiesFile):
        changes += apply_duties(duties, groups=groups, actor=actor)
    if places := folder.part("places.yaml", PlacesFile):
        changes += apply_places(places.places, program=program.key, actor=actor)
    for _document, procedure in procedures_of(folder):
        version, is_new = install_procedure(procedure, actor=actor)
        if is_new:
            act = "added" if version.number == 1 else "changed"
            changes.append(Change("procedure", act, str(version), dict(procedure.title)))
    changes += _apply_assessment(folder, program, groups=groups, actor=actor)
    posts = folder.part("posts.yaml", PostsFile)
    if with_people and posts:
        changes += apply_posts(posts.posts, actor=actor)
    return changes


def _apply_assessment(
    folder: Folder, program: ProgramFile, *, groups: Mapping[str, list[str]], actor: str
) -> list[Change]:
    """Put schemes and the bulletins that report on them in force."""
    changes: list[Change] = []
    for _document, scheme in folder.all(SchemeFile):
        changes += install_scheme(scheme, groups=groups, actor=actor)
    for _document, bulletin in folder.all(BulletinFile):
        changes += install_bulletin(bulletin, place=program.place.name, actor=actor)
    return changes


def _entries(folder: Folder, program: ProgramFile) -> list[UnitEntry]:
    """Return the units; the place itself carries the prefix of case numbers."""
    entries = []
    for located in folder.units():
        entry = located.entry
        if entry.code == program.place.code:
            attributes = {**entry.attributes, "number_prefix": program.number_prefix}
            entry = entry.model_copy(update={"attributes": attributes})
        entries.append(entry)
    return entries


def _outlines(folder: Folder, program: ProgramFile) -> dict[str, object]:
    """Return the outline of the place, and of any unit whose code a feature carries."""
    return read_outlines(folder.path, program) if program.outline else {}


def _keep(
    folder: Folder, program: ProgramFile, changes: list[Change], *, actor: str
) -> list[Change]:
    """Keep the files with the loading and journal it; the same files again leave no trace."""
    current = LoadedProgram.objects.filter(key=program.key, is_current=True).first()
    if current and current.digest == folder.digest and not changes:
        return []
    texts = texts_of(folder)
    own = [] if current is None else _file_changes(current.files, texts)
    LoadedProgram.objects.filter(is_current=True).update(is_current=False)
    LoadedProgram.objects.create(
        key=program.key,
        titles=program.title,
        digest=folder.digest,
        loaded_at=clock.now(),
        loaded_by=actor,
        files=texts,
        settings=_settings(program),
    )
    record(
        subject=f"program:{program.key}",
        act="program.loaded",
        actor=actor,
        data={
            "digest": folder.digest,
            "files": len(texts),
            "units": list(Unit.objects.order_by("path").values_list("code", flat=True)),
            "changes": [say_change(change, "en") for change in gather([*changes, *own])],
        },
    )
    touch_registers()
    return own


def _file_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return the files that differ, so that a changed note or rule is a change too."""
    acts = {
        **{name: "closed" for name in before if name not in after},
        **{name: "added" for name in after if name not in before},
        **{name: "changed" for name in after if name in before and before[name] != after[name]},
    }
    return [Change("file", act, name) for name, act in sorted(acts.items())]


def _settings(program: ProgramFile) -> dict[str, object]:
    return {
        key: {
            "title": setting.title,
            "value": setting.value,
            "unit": setting.unit,
            "default": setting.value if setting.default_because else None,
            "default_because": setting.default_because,
            "decide": setting.decide,
            "source": setting.source,
        }
        for key, setting in program.settings.items()
    }

"""A program as it lies in its folder: every file read and fitted, every entry with its line."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from townkeeper.assessment.program import SchemeFile
from townkeeper.calendars.program import CalendarFile
from townkeeper.duties.program import CategoriesFile, DutiesFile
from townkeeper.programs.findings import Finding
from townkeeper.programs.fitting import fit, meant
from townkeeper.programs.parts import (
    BulletinFile,
    IndicatorsFile,
    ProgramFile,
    RulesFile,
    TargetsFile,
)
from townkeeper.programs.reader import Document, Place, read_document
from townkeeper.units.program import (
    GroupEntry,
    PlacesFile,
    PostsFile,
    RolesFile,
    UnitEntry,
    UnitsFile,
)

Model = TypeVar("Model", bound=BaseModel)

SINGLE: Mapping[str, type[BaseModel] | None] = {
    "program.yaml": ProgramFile,
    "calendar.yaml": CalendarFile,
    "categories.yaml": CategoriesFile,
    "duties.yaml": DutiesFile,
    "places.yaml": PlacesFile,
    "indicators.yaml": IndicatorsFile,
    "targets.yaml": TargetsFile,
    "rules.yaml": RulesFile,
    "roles.yaml": RolesFile,
    "posts.yaml": PostsFile,
}
"""Files at the top; None where another app fits the data itself."""
FOLDERS: Mapping[str, type[BaseModel] | None] = {
    "units": UnitsFile,
    "procedures": None,
    "schemes": SchemeFile,
    "bulletins": BulletinFile,
}
REQUIRED = ("program.yaml", "calendar.yaml", "roles.yaml", "categories.yaml", "duties.yaml")
BESIDE = frozenset({"README.md", "README.en.md", "DECISIONS.md", "decisions.yaml"})
MAX_FILES = 500


@dataclass(frozen=True)
class Located(Generic[Model]):
    """An entry and where it stands."""

    entry: Model
    document: Document
    place: Place

    def find(self, code: str, /, *inner: str | int, **params: object) -> Finding:
        """Return a finding at the entry, or at something inside it."""
        return self.document.find(code, *self.place, *inner, **params)


@dataclass
class Folder:
    """What a program's folder holds; parts that could not be read are absent."""

    path: Path
    documents: dict[str, Document] = field(default_factory=dict)
    parts: dict[str, BaseModel] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    digest: str = ""

    def part(self, name: str, model: type[Model]) -> Model | None:
        """Return a file's content, if it is there and right."""
        found = self.parts.get(name)
        return found if isinstance(found, model) else None

    def all(self, model: type[Model]) -> list[tuple[Document, Model]]:
        """Return the contents of all files of one schema, by name."""
        return [
            (self.documents[name], part)
            for name, part in sorted(self.parts.items())
            if isinstance(part, model)
        ]

    def raw(self, prefix: str) -> list[Document]:
        """Return the readable documents whose name begins with `prefix`."""
        return [
            document
            for name, document in sorted(self.documents.items())
            if name.startswith(prefix) and document.data is not None
        ]

    @property
    def program(self) -> ProgramFile | None:
        """Return `program.yaml`."""
        return self.part("program.yaml", ProgramFile)

    def units(self) -> list[Located[UnitEntry]]:
        """Return every unit."""
        return [
            Located(entry, document, ("units", number))
            for document, part in self.all(UnitsFile)
            for number, entry in enumerate(part.units)
        ]

    def groups(self) -> list[tuple[str, Located[GroupEntry]]]:
        """Return every group with its key."""
        return [
            (key, Located(entry, document, ("groups", key)))
            for document, part in self.all(UnitsFile)
            for key, entry in part.groups.items()
        ]

    def group_codes(self) -> dict[str, list[str]]:
        """Return the unit codes of each group."""
        return {key: located.entry.units for key, located in self.groups()}

    def is_whole(self, *names: str) -> bool:
        """Whether the named files could all be read, so that a missing name means something."""
        return not any(
            document.broken for name, document in self.documents.items() if name.startswith(names)
        )

    def everything(self) -> list[Finding]:
        """Return the findings of the folder and of every file."""
        found = list(self.findings)
        for document in self.documents.values():
            found += document.findings
        return found


def read_folder(path: Path) -> Folder:
    """Read a program; what is wrong stands in the findings."""
    folder = Folder(path)
    if not path.is_dir():
        folder.findings.append(Finding("folder-missing", str(path)))
        return folder
    files = _files(path)
    if len(files) > MAX_FILES:
        folder.findings.append(Finding("too-many-files", str(path), None, {"limit": MAX_FILES}))
        return folder
    for name in files:
        _read(folder, name)
    for name in REQUIRED:
        if name not in folder.documents:
            folder.findings.append(Finding("file-missing", name, None, {"name": name}))
    if not folder.raw("units/"):
        folder.findings.append(Finding("file-missing", "units/", None, {"name": "units/….yaml"}))
    folder.digest = digest_of(path, files)
    return folder


def _files(path: Path) -> list[str]:
    """Return the files that belong to the program: no hidden ones, no links to elsewhere."""
    return sorted(
        found.relative_to(path).as_posix()
        for found in path.rglob("*")
        if found.is_file()
        and not found.is_symlink()
        and not any(part.startswith(".") for part in found.relative_to(path).parts)
    )


def digest_of(path: Path, files: Iterable[str]) -> str:
    """Return the SHA-256 over names and contents, the same on every machine."""
    total = hashlib.sha256()
    for name in sorted(files):
        content = hashlib.sha256((path / name).read_bytes()).hexdigest()
        total.update(f"{name}\n{content}\n".encode())
    return total.hexdigest()


def texts_of(folder: Folder) -> dict[str, str]:
    """Return the text of every file, to be kept with the loading."""
    return {
        name: (folder.path / name).read_text("utf-8-sig", errors="replace")
        for name in _files(folder.path)
    }


def _read(folder: Folder, name: str) -> None:
    top, _, rest = name.partition("/")
    if name in SINGLE:
        model = SINGLE[name]
    elif rest and top in FOLDERS and name.endswith(".yaml"):
        model = FOLDERS[top]
    else:
        _remark(folder, name)
        return
    document = read_document(folder.path / name, name=name)
    folder.documents[name] = document
    if model is not None and (part := fit(document, model)) is not None:
        folder.parts[name] = part


def _remark(folder: Folder, name: str) -> None:
    """Warn of a file that nothing reads: most likely its name is misspelt."""
    if name in BESIDE or not name.endswith((".yaml", ".yml", ".json")):
        return
    known = [*SINGLE, *(f"{top}/{Path(name).name}" for top in FOLDERS)]
    if name.endswith(".yml"):
        guess = {"": Path(name).with_suffix(".yaml").as_posix()}
        folder.findings.append(Finding("file-suffix", name, None, {"meant": guess}))
        return
    params = {"meant": meant(name, known)}
    folder.findings.append(Finding("file-unknown", name, None, params))

"""What the program in force says beyond the tables: bulletins, targets, rules, standing duties."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from townkeeper.duties.program import CategoriesFile, CategoryUse, uses_of
from townkeeper.programs.fitting import fit
from townkeeper.programs.models import LoadedProgram
from townkeeper.programs.parts import BulletinFile
from townkeeper.programs.reader import Document, read_text

Model = TypeVar("Model", bound=BaseModel)


def current_program() -> LoadedProgram | None:
    """Return the program by which the office runs, or None before the first loading."""
    return LoadedProgram.objects.filter(is_current=True).order_by("-pk").first()


def lay_out(home: Path, files: Mapping[str, str]) -> None:
    """Write the files of a program into a folder."""
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def part_of(program: LoadedProgram, name: str, model: type[Model]) -> Model | None:
    """Return a file of a loaded program as its schema, such as `targets.yaml` as TargetsFile."""
    text = program.files.get(name)
    return None if text is None else _fitted(text, name, model)


@lru_cache(maxsize=64)
def _fitted(text: str, name: str, model: type[Model]) -> Model | None:
    return fit(read_text(text, Document(name)), model)


def categories_of(program: LoadedProgram) -> dict[str, CategoryUse]:
    """Return what a loaded program says of each category: limit, source, why a default."""
    part = part_of(program, "categories.yaml", CategoriesFile)
    return uses_of(part) if part else {}


def bulletins_of(program: LoadedProgram) -> dict[str, BulletinFile]:
    """Return the bulletins of a loaded program by key."""
    found = {}
    for name in sorted(program.files):
        if name.startswith("bulletins/") and name.endswith(".yaml"):
            part = part_of(program, name, BulletinFile)
            if part is not None:
                found[part.bulletin] = part
    return found

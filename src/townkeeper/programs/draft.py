"""Drafts a first program from an office's spreadsheet, and lists what a person must decide."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.run import table_for
from townkeeper.kit.errors import Problem
from townkeeper.programs.draft_answers import Answers
from townkeeper.programs.draft_decisions import answers_text, decisions_text
from townkeeper.programs.draft_files import write_folder
from townkeeper.programs.draft_learn import Learner
from townkeeper.programs.draft_model import Decision, Draft, decide


@dataclass
class DraftReport:
    """What was drafted, and what is left to decide."""

    folder: str
    rows: int
    skipped: int
    units: int
    areas: int
    categories: int
    duties: int
    led: int
    """Categories with a lead somewhere."""
    limited: int
    """Categories with a limit."""
    files: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    def words(self, language: str | None = None) -> list[str]:
        """Return the report as sentences."""
        with translation.override(language or translation.get_language()):
            counts = Counter(decision.kind for decision in self.decisions)
            first = _(
                "%(rows)s records read: %(units)s units, %(areas)s areas, %(categories)s kinds of "
                "matters; %(led)s have a lead and %(limited)s a limit."
            )
            numbers = {
                name: f"{getattr(self, name):,}"
                for name in ("rows", "units", "areas", "categories", "led", "limited")
            }
            where = _("%(count)s decisions for a person: %(file)s")
            file = str(Path(self.folder) / "DECISIONS.md")
            return [
                first % numbers,
                where % {"count": len(self.decisions), "file": file},
                *(f"  {count:>5}  {kind}" for kind, count in counts.most_common()),
            ]


def draft_program(
    file: Path, mapping: ImportMapping, out_dir: Path, *, answers: Answers | None = None
) -> DraftReport:
    """Draft a program into a folder that is empty or holds an earlier draft.

    `answers` are the decisions of a person (`--decisions`). Raises Problem when the file cannot be
    used, the mapping names no unit or category, or the folder holds something else.
    """
    answers = answers or Answers()
    _check(mapping, out_dir)
    learner = Learner(
        table_for(file, mapping),
        mapping,
        same={"unit": answers.same.unit, "area": answers.same.area},
        drop={"unit": set(answers.drop.unit), "area": set(answers.drop.area)},
    )
    draft = Draft(mapping, learner.learn(), answers, file.name)
    draft.decisions = decide(draft)
    files = write_folder(draft, out_dir)
    beside = {
        "DECISIONS.md": decisions_text(draft),
        "decisions.yaml": answers_text(draft),
    }
    for name, text in beside.items():
        (out_dir / name).write_text(text, encoding="utf-8")
    return DraftReport(
        folder=str(out_dir),
        rows=draft.learned.rows,
        skipped=draft.learned.skipped,
        units=len(draft.codes),
        areas=len(draft.area_codes),
        categories=len(draft.keys),
        duties=len(draft.duties),
        led=len(draft.led()),
        limited=sum(bool(draft.limit_of(kind)) for kind in draft.keys),
        files=[*files, *beside],
        decisions=draft.decisions,
    )


def _check(mapping: ImportMapping, out_dir: Path) -> None:
    if not mapping.columns.unit or mapping.columns.category is None:
        raise Problem(
            "draft-columns",
            _("A draft needs a column of units and one of categories."),
            where="columns",
            hint=_("Name them in the mapping: unit and category."),
        )
    there = [path.name for path in out_dir.iterdir()] if out_dir.is_dir() else []
    if there and "DECISIONS.md" not in there:
        raise Problem(
            "draft-folder",
            _("The folder holds something else; a draft does not write over it."),
            where=str(out_dir),
            hint=_("Name a new folder with --out."),
        )

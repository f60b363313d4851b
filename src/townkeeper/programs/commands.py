"""What the commands of `townkeeper program` do, as plain functions with plain results."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.check import check_program
from townkeeper.programs.compare import Comparison, compare_folders
from townkeeper.programs.compare_words import say, say_comparison
from townkeeper.programs.draft import DraftReport, draft_program
from townkeeper.programs.draft_answers import load_answers
from townkeeper.programs.findings import Finding, Report, language_tag
from townkeeper.programs.folder import Folder, read_folder
from townkeeper.programs.load import LoadReport, load_program
from townkeeper.programs.loaded import current_program, lay_out


def check_command(folder: str, *, policy: str | None = None) -> Report:
    """Check the program in a folder; `report.ok` decides the exit code, `as_dict()` is the JSON."""
    return check_program(Path(folder), policy=Path(policy) if policy else None)


def load_command(folder: str, *, actor: str, with_people: bool = False) -> LoadReport:
    """Load the program in a folder; `as_dict()` is the JSON, `words()` the sentences."""
    return load_program(Path(folder), actor=actor, with_people=with_people)


def lines(report: Report, language: str | None = None, *, notes: bool = False) -> list[str]:
    """Return a report as lines for a terminal: where, what, and the remedy below it."""
    said = []
    for finding in report.findings:
        if finding.severity == "note" and not notes:
            continue
        said.append(f"{finding.where}: {finding.severity}: {finding.message(language)}")
        if hint := finding.hint(language):
            said.append(f"    {hint}")
    return said


def draft_command(
    file: Path, mapping: Path, out: Path, *, decisions: Path | None = None
) -> DraftReport:
    """Draft a program from a spreadsheet; `decisions` is what a person decided about a draft."""
    answers = load_answers(decisions) if decisions else None
    return draft_program(file, load_mapping(mapping), out, answers=answers)


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What is different between two programs, and what could not be read of them."""

    compared: Comparison
    unreadable: tuple[Finding, ...] = ()

    def words(self, language: str | None = None, *, everything: bool = False) -> list[str]:
        """Say it part by part, one sentence a line."""
        tag = language_tag(language)
        said = [str(finding) for finding in self.unreadable]
        for section in say_comparison(self.compared, tag, everything=everything):
            said += ["", section.title, *(f"  {line}" for line in section.lines)]
        total = len(self.compared.differences)
        said += ["", say("total", tag, count=total)] if total else [say("same", tag)]
        return said[1:] if said and not said[0] else said

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON: every difference as data, and the sentences in all languages."""
        return {
            "same": self.compared.same,
            "unreadable": [finding.as_dict() for finding in self.unreadable],
            "differences": [
                {
                    "part": one.part,
                    "entry": one.key,
                    "field": ".".join(one.path),
                    "kind": one.kind,
                    "before": one.before,
                    "after": one.after,
                }
                for one in self.compared.differences
            ],
            "words": {tag: self.words(tag) for tag in LANGUAGES},
        }


def diff_command(before: Path | None, after: Path) -> DiffReport:
    """Compare two programs; without `before` the one by which the office runs is compared."""
    with _loaded_folder() if before is None else nullcontext(read_folder(before)) as old:
        new = read_folder(after)
        errors = [
            finding
            for folder in (old, new)
            for finding in folder.everything()
            if finding.severity == "error"
        ]
        return DiffReport(compare_folders(old, new), tuple(errors))


@contextmanager
def _loaded_folder() -> Iterator[Folder]:
    """Lay the files of the program in force out in a folder for the time of reading."""
    program = current_program()
    if program is None:
        raise Problem(
            "no-program",
            _("No program has been loaded here yet."),
            hint=_("Name two folders to compare them with each other."),
        )
    with tempfile.TemporaryDirectory(prefix="townkeeper-program-") as home:
        lay_out(Path(home), program.files)
        yield read_folder(Path(home))

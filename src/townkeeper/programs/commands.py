"""What `townkeeper program check` and `program load` do, as plain functions with plain results."""

from pathlib import Path

from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.programs.check import check_program
from townkeeper.programs.draft import DraftReport, draft_program
from townkeeper.programs.draft_answers import load_answers
from townkeeper.programs.findings import Report
from townkeeper.programs.load import LoadReport, load_program


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

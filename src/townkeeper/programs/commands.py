"""What `townkeeper program check` and `program load` do, as plain functions with plain results."""

from pathlib import Path

from townkeeper.programs.check import check_program
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

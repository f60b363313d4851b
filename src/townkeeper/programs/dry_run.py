"""Asks of a changed program what it would have done to the cases of a month, without loading it."""

from pathlib import Path

from townkeeper.cases.dryrun import DryRun, dry_run
from townkeeper.duties.program import (
    CategoriesFile,
    DutiesFile,
    expand_duties,
    wanted_categories,
)
from townkeeper.duties.register import register
from townkeeper.duties.whatif import after_program
from townkeeper.kit import clock
from townkeeper.programs.check import check_folder
from townkeeper.programs.findings import Report
from townkeeper.programs.folder import read_folder


def dry_run_program(path: Path, *, month: str = "") -> DryRun | Report:
    """Return what loading the program would do to a month's owners, or why it cannot be loaded."""
    folder = read_folder(path)
    report = check_folder(folder)
    if not report.ok:
        return report
    duties = folder.part("duties.yaml", DutiesFile) or DutiesFile()
    categories = folder.part("categories.yaml", CategoriesFile) or CategoriesFile()
    wanted = wanted_categories(categories)
    what = after_program(
        register(),
        expand_duties(duties.duties, folder.group_codes()),
        [located.entry for located in folder.units()],
        parents={key: parent or None for key, (parent, _fields) in wanted.items()},
        today=clock.today(),
    )
    return dry_run(what, month=month)

"""Importing in the background: the same as the command, for a file that was sent by a page."""

from pathlib import Path
from typing import Any

from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.cases.imports.run import import_file
from townkeeper.jobs.actions import folder_of
from townkeeper.jobs.kinds import Tell
from townkeeper.jobs.models import Job


def run_import(job: Job, tell: Tell) -> dict[str, Any]:
    """Import the file that the job names, or try it out; returns the report as plain data."""
    folder = folder_of(job)
    report = import_file(
        Path(job.given["file"]),
        load_mapping(Path(job.given["mapping"])),
        actor=job.user.username,
        dry_run=bool(job.given["dry_run"]),
        progress=tell,
        out_dir=folder,
    )
    return report.as_dict()

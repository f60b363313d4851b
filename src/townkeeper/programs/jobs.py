"""Loading a program in the background: all of it or nothing, as by the command."""

from pathlib import Path
from typing import Any

from townkeeper.jobs.kinds import Tell
from townkeeper.jobs.models import Job
from townkeeper.programs.load import load_program


def run_loading(job: Job, tell: Tell) -> dict[str, Any]:
    """Load the program in the folder that the job names; returns what changed, in sentences."""
    tell(0, 1)
    loaded = load_program(Path(job.given["folder"]), actor=job.user.username)
    tell(1, 1)
    return loaded.as_dict()

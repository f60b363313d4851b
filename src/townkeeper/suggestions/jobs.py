"""Learning from decided cases in the background."""

from dataclasses import asdict
from typing import Any

from townkeeper.jobs.kinds import Tell
from townkeeper.jobs.models import Job
from townkeeper.suggestions.actions import train_model


def run_training(job: Job, tell: Tell) -> dict[str, Any]:
    """Train a new model; returns its version and how good it is."""
    steps = 0

    def step(count: int = 1) -> None:
        nonlocal steps
        steps += count
        tell(steps, 0)

    made = train_model(
        actor=job.user.username, simulated=bool(job.given.get("simulated")), progress=step
    )
    return {"version": made.version, **(asdict(made.measured) if made.measured else {})}

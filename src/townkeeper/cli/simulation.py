"""Drives the simulation with a bar; `simulate` and `demo` share it."""

from townkeeper.cli.console import progress
from townkeeper.cli.words import gettext as _


def simulate_months(*, months: int, seed: int, per_day: float) -> dict[str, object]:
    """Simulate the months before the present one, up to now, with the program that is loaded."""
    from townkeeper.programs.simulation.run import simulate  # noqa: PLC0415 - Django is set up

    with progress(_("Simulating"), unit=_("acts")) as bar:
        return simulate(months, seed, per_day=per_day, progress=bar.update)

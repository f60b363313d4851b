"""Drives the simulation with a bar; `simulate` and `demo` share it."""

from townkeeper.cli.console import progress
from townkeeper.cli.words import gettext as _


def simulate_months(*, months: int, seed: int) -> dict[str, object]:
    """Simulate the months before the present one with the program that is loaded."""
    from townkeeper.programs.simulation import simulate  # noqa: PLC0415 - Django is set up by now

    with progress(_("Simulating"), unit=_("days")) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = simulate(months=months, seed=seed, progress=advance)
    return report.as_dict()

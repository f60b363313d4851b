"""`simulate`: months of made-up work through the real actions."""

import argparse

from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.simulation import simulate_months
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

EXAMPLES = (
    "./townkeeper --home var/trial program load programs/dongxing --with-people",
    "./townkeeper --home var/trial simulate --months 6 --seed 1",
)
_MOST = 60
_MOST_A_DAY = 10_000


def help_text() -> str:
    return _("simulate months of work, marked as simulated, for trials and load runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--months", type=int, required=True, help=_("how many full months"))
    parser.add_argument("--seed", type=int, required=True, help=_("the same seed, the same town"))
    parser.add_argument(
        "--per-day", type=float, default=8.0, help=_("reports on an ordinary day (default: 8)")
    )


def run(args: argparse.Namespace) -> Outcome:
    if not 1 <= args.months <= _MOST:
        raise Problem("too-long", _("Simulate between 1 and 60 months."))
    if not 0 < args.per_day <= _MOST_A_DAY:
        raise Problem("too-many", _("Simulate at most 10,000 reports a day."))
    ready()
    data = simulate_months(months=args.months, seed=args.seed, per_day=args.per_day)
    return Outcome(data, "\n".join(f"{name}: {value}" for name, value in data.items()))

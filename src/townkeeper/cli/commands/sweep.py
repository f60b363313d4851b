"""`sweep`: ring the alarms of all clocks that have reached a rung of their ladder."""

import argparse

from townkeeper.cli.background import LANES
from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = ("./townkeeper sweep", "./townkeeper sweep --json")


def help_text() -> str:
    return _("ring the alarms that are due: whoever the procedures name is told, once")


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """There is nothing to say: the clock and the procedures decide."""


def run(_args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.cases.sweep import as_data, sweep  # noqa: PLC0415 - Django is set up by now

    swept = sweep(lanes=LANES)
    lines = [
        _("%(reached)s  %(case)s  %(rule)s  → %(roles)s")
        % {
            "reached": f"{fired.reached_at.astimezone():%F %H:%M}",
            "case": fired.number,
            "rule": fired.rule,
            "roles": ", ".join(fired.tell),
        }
        for fired in swept.first
    ]
    if swept.alarms > len(swept.first):
        lines.append(_("… and %(n)d more") % {"n": swept.alarms - len(swept.first)})
    lines.append(
        _("%(alarms)d alarms on %(clocks)d clocks")
        % {"alarms": swept.alarms, "clocks": swept.tasks + swept.asks}
    )
    if swept.missed:
        lines.append(
            _("%(n)d of them made up for: nobody had looked when they were due.")
            % {"n": swept.missed}
        )
    data = {
        "alarms": swept.alarms,
        "tasks": swept.tasks,
        "asks": swept.asks,
        "missed": swept.missed,
        "first": [as_data(fired) for fired in swept.first],
    }
    return Outcome(data, "\n".join(lines))

"""`assess`: scores and ranks the units for a month from the records."""

import argparse
from typing import TYPE_CHECKING, Any

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.rounds import assess
from townkeeper.cli.words import gettext as _

if TYPE_CHECKING:
    from townkeeper.assessment.models import Round

EXAMPLES = ("./townkeeper assess --month 2026-10", "./townkeeper assess --month 2026-10 --publish")
ACTOR = "command-line"


def help_text() -> str:
    return _("score and rank the units for a month")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--month", required=True, metavar=_("YYYY-MM"), help=_("the month, as 2026-10")
    )
    parser.add_argument(
        "--publish", action="store_true", help=_("freeze the result: it never changes again")
    )
    parser.add_argument(
        "--scheme", metavar=_("KEY"), help=_("which scheme, where there are several")
    )


def run(args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.assessment.published import round_as_dict  # noqa: PLC0415 - Django is up

    made = assess(args.month, publish=args.publish, actor=ACTOR, scheme=args.scheme)
    data = round_as_dict(made)
    return Outcome({**data, "units": [_plain(unit) for unit in _units(data)]}, _say(made))


def _units(data: dict[str, object]) -> list[dict[str, Any]]:
    units = data["units"]
    return list(units) if isinstance(units, list) else []


def _plain(unit: dict[str, Any]) -> dict[str, Any]:
    """Give scripts the score as a number; the frozen content keeps decimals as text."""
    return {**unit, "score": None if unit["score"] is None else float(unit["score"])}


def _say(made: "Round") -> str:
    scores = made.scores.select_related("unit").order_by("group", "rank", "unit_name")
    rows = [
        [
            score.group,
            score.rank,
            None if score.score is None else float(score.score),
            score.unit_name,
            score.note,
        ]
        for score in scores
    ]
    title = f"{made.scheme.title} {made.period} · {made.get_state_display()}"
    return title + "\n" + table(rows, (_("group"), _("rank"), _("score"), _("unit"), _("note")))

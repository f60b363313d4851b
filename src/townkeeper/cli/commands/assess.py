"""`assess`: scores and ranks the units for a month from the records."""

import argparse
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.assessment.models import Round, UnitScore

EXAMPLES = ("./townkeeper assess --month 2026-10", "./townkeeper assess --month 2026-10 --publish")
ACTOR = "command-line"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def help_text() -> str:
    return _("score and rank the units for a month")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--month", required=True, metavar=_("YYYY-MM"), help=_("the month, as 2026-10")
    )
    parser.add_argument(
        "--publish", action="store_true", help=_("freeze the result: it never changes again")
    )
    parser.add_argument("--scheme", metavar=_("KEY"), help=_("only this scheme (default: all)"))


def run(args: argparse.Namespace) -> Outcome:
    if not _MONTH.fullmatch(args.month):
        raise Problem(
            "no-such-month",
            _("%(month)s is not a month.") % {"month": args.month},
            hint=_("Write it as 2026-10."),
        )
    ready()
    rounds = assess_month(args.month, publish=args.publish, actor=ACTOR, scheme=args.scheme)
    described = [describe(made) for made in rounds]
    data = described[0] if len(described) == 1 else {**described[-1], "rounds": described}
    return Outcome(data, "\n\n".join(_say(made) for made in rounds))


def assess_month(
    month: str, *, publish: bool, actor: str, scheme: str | None = None
) -> "list[Round]":
    """Score a month by every scheme in force, or one; publish if asked."""
    from townkeeper.assessment.actions import compute_round, publish_round  # noqa: PLC0415
    from townkeeper.assessment.models import Scheme  # noqa: PLC0415 - Django is set up by now

    schemes = Scheme.objects.filter(is_current=True).order_by("key")
    if scheme is not None:
        schemes = schemes.filter(key=scheme)
    if not schemes:
        raise Problem(
            "no-scheme",
            _("There is no scheme to score by."),
            hint=_("Load a program: ./townkeeper program load DIR."),
        )
    rounds = [compute_round(found, month, actor=actor) for found in schemes]
    return [publish_round(made, actor=actor) for made in rounds] if publish else rounds


def describe(made: "Round") -> dict[str, Any]:
    """Return a round as the command line promises it."""
    return {
        "round": made.subject.removeprefix("round:"),
        "id": made.pk,
        "scheme": str(made.scheme),
        "month": made.period,
        "state": made.state,
        "origin": made.origin,
        "units": [_unit(score) for score in _scores(made)],
    }


def _scores(made: "Round") -> "list[UnitScore]":
    return list(made.scores.select_related("unit").order_by("group", "rank", "unit_name"))


def _unit(score: "UnitScore") -> dict[str, Any]:
    return {
        "code": score.unit.code,
        "name": score.unit_name,
        "group": score.group,
        "score": _number(score.score),
        "rank": score.rank,
        "inputs": {item["key"]: item for item in score.items},
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _say(made: "Round") -> str:
    rows = [
        [score.group, score.rank, _number(score.score), score.unit_name] for score in _scores(made)
    ]
    title = f"{made.scheme.title} {made.period} · {made.get_state_display()}"
    return title + "\n" + table(rows, (_("group"), _("rank"), _("score"), _("unit")))

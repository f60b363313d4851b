"""`bulletin`: the official document of a round, as PDF, Word and Excel."""

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.assessment.models import Round

EXAMPLES = (
    "./townkeeper bulletin --round latest --out var/out",
    "./townkeeper bulletin --round 2026-10 --out var/out",
)
ACTOR = "command-line"


def help_text() -> str:
    return _("make the bulletin of a round: PDF, Word, Excel")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--round", default="latest", metavar=_("ROUND"),
        help=_("latest, a month as 2026-10, or the number of a round"),
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar=_("DIR"), help=_("folder for the files"))


def run(args: argparse.Namespace) -> Outcome:
    home = ready()
    made = find_round(args.round)
    files = make_bulletin(made, actor=ACTOR, out=args.out or home / "out")
    data = {kind: str(path) for kind, path in files.items()}
    return Outcome({**data, "round": made.subject.removeprefix("round:")},
                   "\n".join(data.values()))  # fmt: skip


def find_round(name: str) -> "Round":
    """Return the published round that is meant, or say which there are."""
    from townkeeper.assessment.models import Round  # noqa: PLC0415 - Django is set up by now

    rounds = Round.objects.filter(state=Round.State.PUBLISHED).order_by("-period", "-number")
    if name.isdecimal():
        rounds = rounds.filter(pk=int(name))
    elif name != "latest":
        rounds = rounds.filter(period=name)
    found = rounds.first()
    if found is None:
        raise Problem(
            "no-such-round",
            _("There is no published round %(name)s.") % {"name": name},
            hint=_("Make one: ./townkeeper assess --month YYYY-MM --publish."),
        )
    return found


def make_bulletin(made: "Round", *, actor: str, out: Path | None = None) -> dict[str, Path]:
    """Make the documents of a round and copy them to a folder."""
    from townkeeper.publication.actions import issue_bulletin  # noqa: PLC0415

    files = issue_bulletin(made, actor=actor)
    if out is None:
        return files
    out.mkdir(parents=True, exist_ok=True)
    copied = {kind: out / path.name for kind, path in files.items()}
    for kind, path in files.items():
        if path.resolve() != copied[kind].resolve():
            shutil.copyfile(path, copied[kind])
    return copied

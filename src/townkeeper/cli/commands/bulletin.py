"""`bulletin`: the official document of a round, as PDF, Word and Excel."""

import argparse
from pathlib import Path
from typing import Literal

from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.rounds import find_round
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper bulletin --round latest --out var/out",
    "./townkeeper bulletin --round 2026-10 --out var/out",
)
ACTOR = "command-line"
TAGS: dict[str | None, Literal["zh-Hant", "zh-Hans", "en"]] = {
    "zh-hant": "zh-Hant",
    "zh-hans": "zh-Hans",
    "en": "en",
}


def help_text() -> str:
    return _("make the bulletin of a round: PDF, Word, Excel")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--round", default="latest", metavar=_("ROUND"),
        help=_("latest, a month as 2026-10, or the number of a round"),
    )  # fmt: skip
    parser.add_argument(
        "--in", dest="in_language", choices=list(TAGS),
        help=_("language of the document (default: the program's)"),
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar=_("DIR"), help=_("folder for the files"))


def run(args: argparse.Namespace) -> Outcome:
    home = ready()
    from townkeeper.publication.actions import issue_bulletin  # noqa: PLC0415 - Django is set up

    made = find_round(args.round)
    out = (args.out or home / "out" / "bulletins").resolve()
    files = issue_bulletin(made, actor=ACTOR, language=TAGS.get(args.in_language), out_dir=out)
    data = {kind: str(path) for kind, path in files.items()}
    return Outcome({**data, "round": made.subject.removeprefix("round:")}, "\n".join(data.values()))

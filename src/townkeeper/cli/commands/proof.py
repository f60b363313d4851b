"""`proof`: one case's history with its proof, for somebody who trusts nobody."""

import argparse
from pathlib import Path

from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = ("./townkeeper proof DX20261105-0317 --out var/out/proof",)


def help_text() -> str:
    return _("write one case's history with its proof, to be checked off line by anyone")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar=_("NUMBER"), help=_("a case's number"))
    parser.add_argument("--out", type=Path, metavar=_("DIR"), help=_("folder for the files"))


def run(args: argparse.Namespace) -> Outcome:
    home = ready()
    from townkeeper.journal.proofs import write_proof  # noqa: PLC0415 - Django is set up by now

    subject = args.case if ":" in args.case else f"case:{args.case}"
    folder = (args.out or home / "out" / "proofs" / subject.partition(":")[2]).resolve()
    proof = write_proof(subject, folder)
    lines = [str(proof.history), str(proof.script)]
    lines.append(
        _("%(entries)s entries, %(sealed)s of them under a seal.")
        % {"entries": proof.entries, "sealed": proof.sealed}
    )
    if proof.sealed < proof.entries:
        lines.append(_("The later ones are not sealed yet: townkeeper seal does it."))
    for key in proof.public_keys.values():
        lines.append(_("Anyone checks it with Python alone:"))
        lines.append(f"  python3 {proof.script.name} {proof.history.name} --key {key}")
    data = {
        "history": str(proof.history),
        "script": str(proof.script),
        "entries": proof.entries,
        "sealed": proof.sealed,
        "public_keys": proof.public_keys,
    }
    return Outcome(data, "\n".join(lines))

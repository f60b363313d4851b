"""`check`: every gate of the code, one after the other, with one table at the end."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from townkeeper.cli import console
from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ROOT
from townkeeper.cli.words import gettext as _

EXAMPLES = ("./townkeeper check", "./townkeeper check ruff mypy")

BIN = Path(sys.executable).parent
GATES: dict[str, list[str]] = {
    "ruff": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "imports": [str(BIN / "lint-imports")],
    "mypy": [str(BIN / "mypy")],
    "djlint": [str(BIN / "djlint"), "src/townkeeper", "--lint", "--quiet"],
    "migrations": [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"],
    "vendor": [sys.executable, "tools/vendor.py", "--check"],
    "locale": [sys.executable, "tools/catalogues.py", "--check"],
}
"""The gates of the code by name; `docs/contributing.md` says what each holds."""


def help_text() -> str:
    return _("check the code: style, types, directions, templates, migrations, translations")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "gates",
        nargs="*",
        metavar=_("GATE"),
        help=_("only these: %(names)s") % {"names": ", ".join(GATES)},
    )


def run(args: argparse.Namespace) -> Outcome:
    unknown = [name for name in args.gates if name not in GATES]
    if unknown:
        console.note(_("There is no gate %(names)s.") % {"names": ", ".join(unknown)})
        return Outcome({"error": {"code": "no-such-gate", "message": unknown[0]}}, findings=True)
    results = []
    for name in args.gates or GATES:
        console.note(f"{name} …")
        began = time.monotonic()
        code, output = _pass(GATES[name])
        if code:
            console.note(output.rstrip())
        results.append({"gate": name, "ok": code == 0, "seconds": time.monotonic() - began})
    good = all(result["ok"] for result in results)
    rows = [
        (result["gate"], _("good") if result["ok"] else _("FINDINGS"), result["seconds"])
        for result in results
    ]
    text = table(rows, (_("gate"), _("result"), _("seconds")))
    return Outcome({"ok": good, "gates": results}, text, findings=not good)


def _pass(command: list[str]) -> tuple[int, str]:
    """Run one gate in an empty home, so that it changes nothing of an installation."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
            "TOWNKEEPER_HOME": home,
        }
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(  # noqa: S603 - our own list of commands
            command,
            cwd=ROOT,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return done.returncode, done.stdout

"""`bench`: measures what the product promises, each beside something to compare it with."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from townkeeper.cli import console
from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ROOT
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

EXAMPLES = (
    "./townkeeper bench",
    "./townkeeper bench deadlines --quick",
    "./townkeeper bench --list",
)


def help_text() -> str:
    return _("measure speed and size")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="*", metavar=_("NAME"), help=_("only these: %(names)s")
        % {"names": ", ".join(names())},
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help=_("smaller and shorter; results are not kept")
    )
    parser.add_argument("--list", action="store_true", help=_("list the names and leave"))


def names() -> list[str]:
    """Return the benchmarks there are; `import_` is called `import`."""
    files = (ROOT / "bench").glob("[!_]*.py")
    return sorted(
        path.stem.rstrip("_") for path in files if "\ndef run(" in path.read_text(encoding="utf-8")
    )


def run(args: argparse.Namespace) -> Outcome:
    if args.list:
        return Outcome({"names": names()}, "\n".join(names()))
    unknown = sorted(set(args.names) - set(names()))
    if unknown:
        raise Problem(
            "no-such-benchmark",
            _("There is no benchmark %(names)s.") % {"names": ", ".join(unknown)},
        )
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    for name in args.names or names():
        console.note(_("Measuring %(name)s …") % {"name": name})
        result = _measure(name, quick=args.quick)
        if result is None:
            failed.append(name)
            continue
        rows += result["results"]
        if not args.quick:
            text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
            (ROOT / "bench" / "results" / f"{name}.json").write_text(text, encoding="utf-8")
    data: dict[str, object] = {"results": rows}
    if failed:
        data["failed"] = failed
    head = (_("name"), _("value"), _("unit"), _("reference"), _("ratio"))
    shown = [[_figure(row.get(key)) for key in ("name", "value", "unit", "reference", "ratio")]
             for row in rows]  # fmt: skip
    return Outcome(data, table(shown, head), findings=bool(failed))


def _figure(value: object) -> object:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three digits
    return value


def _measure(name: str, *, quick: bool) -> dict[str, Any] | None:
    """Run one benchmark in a process and a home of its own; None when it fails."""
    with tempfile.TemporaryDirectory(prefix="townkeeper-bench-") as folder:
        out = Path(folder) / "result.json"
        command = [sys.executable, "-m", "bench", name, "--out", str(out)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
            "TOWNKEEPER_HOME": str(Path(folder) / "home"),
        }
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "--quick"] if quick else command,
            cwd=ROOT, env=environment, check=False, stdout=sys.stderr,
        )  # fmt: skip
        if done.returncode or not out.exists():
            console.note(_("%(name)s failed.") % {"name": name})
            return None
        result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return result

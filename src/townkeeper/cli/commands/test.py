"""`test`: the whole suite, on SQLite and again on a PostgreSQL of its own."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from townkeeper.cli import console
from townkeeper.cli.browsers import find_browser
from townkeeper.cli.console import Outcome
from townkeeper.cli.postgres import UNSAFE_BUT_FAST, cluster
from townkeeper.cli.ready import ROOT
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper test",
    "./townkeeper test --fast",
    "./townkeeper test tests/calendars -k holiday",
)
TAKES_REST = True

BROWSER_PACKAGES = ("chromium", "fonts-noto-cjk")
TRIED_BEFORE = "TESTS_TRIED_BEFORE"
"""Set for the second database: tests that ask no database, or look at pages only, ran already."""
NO_TESTS = 5
"""pytest's exit code when it collected nothing."""


def help_text() -> str:
    return _("run the tests on SQLite and on PostgreSQL")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fast", action="store_true", help=_("SQLite only, without slow and browser tests")
    )
    parser.add_argument(
        "--database",
        choices=("both", "sqlite", "postgres"),
        default="both",
        help=_("where to run (default: both)"),
    )
    parser.add_argument(
        "pytest", nargs="*", metavar=_("ARGUMENT"), help=_("passed on to pytest, as -k or a path")
    )


def run(args: argparse.Namespace) -> Outcome:
    began = time.monotonic()
    words = _for_pytest(args.words)
    if args.fast:
        words = ["-m", "not slow and not browser", *words]
    else:
        _install_browser()
    counts: Counter[str] = Counter()
    codes: list[int] = []
    databases = ["sqlite"] if args.fast or args.database == "sqlite" else ["sqlite", "postgres"]
    for database in ["postgres"] if args.database == "postgres" else databases:
        console.note(_("Testing on %(database)s …") % {"database": database})
        code, found = _suite(database, words, quiet=args.json, again=bool(codes))
        codes.append(code)
        counts += found
    bad = any(code not in {0, NO_TESTS} for code in codes) or all(c == NO_TESTS for c in codes)
    line = closing_line(counts, time.monotonic() - began)
    data = {
        **{key: counts[key] for key in ("passed", "failed", "errors", "skipped")},
        "databases": databases,
        "ok": not bad,
    }
    # One run has pytest's own closing line, unless that was asked to be quieter still.
    shown = len(codes) > 1 or any(word.startswith("-q") for word in words)
    return Outcome(data, line if shown else "", findings=bad)


def _for_pytest(words: list[str]) -> list[str]:
    """Return what stands behind `test`, as it stands there, without our own options."""
    kept: list[str] = []
    skip = False
    for word in words[words.index("test") + 1 :]:
        if skip or word in {"--fast", "--database"}:
            skip = word == "--database"
        elif not word.startswith("--database="):
            kept.append(word)
    return kept[1:] if kept[:1] == ["--"] else kept


def closing_line(counts: Counter[str], seconds: float) -> str:
    """Return pytest's own closing line for all runs together."""
    names = [("failed", "failed"), ("passed", "passed"), ("skipped", "skipped")]
    if counts["errors"]:
        names.append(("errors", "error" if counts["errors"] == 1 else "errors"))
    parts = [f"{counts[key]} {word}" for key, word in names if counts[key]]
    return f"{', '.join(parts) or 'no tests ran'} in {seconds:.2f}s"


def _suite(
    database: str, words: list[str], *, quiet: bool, again: bool
) -> tuple[int, Counter[str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        environment.pop(TRIED_BEFORE, None)
        if again:
            environment[TRIED_BEFORE] = "1"
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}"]
        if not any(word.startswith("-n") for word in words):
            command += ["-n", "auto"]
        command += words
        given = environment.pop("DATABASE_URL", "")
        if database == "sqlite":
            code = _call(command, environment, quiet=quiet)
        elif given.startswith("postgres"):
            code = _call(command, {**environment, "DATABASE_URL": given}, quiet=quiet)
        else:
            with cluster(options=UNSAFE_BUT_FAST) as address:
                code = _call(command, {**environment, "DATABASE_URL": address}, quiet=quiet)
        return code, _count(report)


def _call(command: list[str], environment: dict[str, str], *, quiet: bool) -> int:
    """Run pytest; its output goes where the command's own words go."""
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, stdout=sys.stderr if quiet else None
    ) as pytest:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            pytest.terminate()
            raise


def _count(report: Path) -> Counter[str]:
    if not report.exists():
        return Counter(errors=1)
    counts: Counter[str] = Counter()
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - written by pytest just now
        total, failed, errors, skipped = (
            int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
        )
        counts.update(passed=total - failed - errors - skipped, failed=failed, errors=errors)
        counts["skipped"] += skipped
    return counts


def _install_browser() -> None:
    """Fetch a browser where that needs no question: as root on Debian or Ubuntu."""
    if find_browser():
        return
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        console.note(_("No Chromium here: the browser tests will be skipped."))
        return
    console.note(_("Installing Chromium for the browser tests …"))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "update", "-q"],
        [apt, "install", "-q", "-y", "--no-install-recommends", *BROWSER_PACKAGES],
    ):
        done = subprocess.run(  # noqa: S603 - our own commands
            command, env=environment, check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode:
            console.note(_("Chromium could not be installed: the browser tests will be skipped."))
            return

"""`demo`: a whole district to look at, with nothing to prepare."""

import argparse
import os
import webbrowser
from functools import partial

from townkeeper.cli import console
from townkeeper.cli.console import Outcome, table
from townkeeper.cli.demonstration import PASSWORD, prepare, sign_ins
from townkeeper.cli.ready import ROOT, set_up
from townkeeper.cli.server import check_port, free_port, serve
from townkeeper.cli.words import gettext as _

EXAMPLES = ("./townkeeper demo", "./townkeeper demo --port 8080 --no-browser")
HOST = "127.0.0.1"


def help_text() -> str:
    return _("show a district with six simulated months in the browser")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help=_("port (default: 8000, or the next free one)"))
    parser.add_argument("--no-browser", action="store_true", help=_("do not open the browser"))
    parser.add_argument(
        "--prepare-only", action="store_true", help=_("make the town and leave without serving")
    )


def run(args: argparse.Namespace) -> Outcome:
    if args.port is not None:
        check_port(HOST, args.port)
    os.environ.setdefault("TOWNKEEPER_HOME", str(ROOT / "var" / "demo"))
    os.environ["TOWNKEEPER_DEMO"] = "1"
    if os.environ.pop("DATABASE_URL", ""):
        console.note(
            _("The demonstration keeps its own SQLite file and leaves DATABASE_URL alone.")
        )
    home = set_up()
    from townkeeper.kit import clock  # noqa: PLC0415 - Django is set up by now

    made = prepare(home, clock.today())
    people = [
        {"role": person.role, "username": person.username, "password": PASSWORD,
         "unit": person.unit}
        for person in sign_ins()
    ]  # fmt: skip
    data = {"home": str(home), "made": made, "sign_in": people}
    if args.prepare_only:
        return Outcome(data, _("The demonstration is ready."))

    serve(
        home=home,
        host=HOST,
        port=args.port or free_port(HOST, 8000),
        workers=2,
        with_work=True,
        on_ready=partial(_announce, people, browser=not args.no_browser),
    )
    return Outcome({**data, "stopped": True}, _("Stopped."))


def _announce(people: list[dict[str, str]], address: str, *, browser: bool) -> None:
    rows = [list(person.values()) for person in people]
    console.tell(table(rows, (_("role"), _("user name"), _("password"), _("unit"))))
    console.tell()
    console.tell(_("Everything shown is simulated. Ctrl-C ends the demonstration."))
    console.tell(_("Open %(address)s") % {"address": address})
    if browser:
        webbrowser.open(address)

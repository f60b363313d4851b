"""`serve`: the pages and the interface, by granian, with the background work beside them."""

import argparse
import os

from townkeeper.cli import console
from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.server import check_port, serve
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper serve",
    "./townkeeper serve --port 9000 --host 0.0.0.0 --workers 4",
    "DATABASE_URL=postgres://town@localhost/town ./townkeeper serve",
)


def help_text() -> str:
    return _("serve the pages and the JSON interface")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server_arguments(parser)
    parser.add_argument(
        "--no-work",
        action="store_true",
        help=_("leave the background work to `townkeeper work`"),
    )


def add_server_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `demo` and `serve` share."""
    parser.add_argument("--port", type=int, default=8000, help=_("port (default: 8000)"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=_("address to listen on (default: this computer only)")
    )
    parser.add_argument(
        "--workers", type=int, default=2, help=_("number of server processes (default: 2)")
    )


def run(args: argparse.Namespace) -> Outcome:
    check_port(args.host, args.port)
    home = ready()
    if args.host not in {"127.0.0.1", "localhost", "::1"} and "TOWNKEEPER_HOSTS" not in os.environ:
        console.note(
            _(
                "Set TOWNKEEPER_HOSTS to the names under which people reach this server, "
                "or they will be refused."
            )
        )
    serve(
        home=home,
        host=args.host,
        port=args.port,
        workers=args.workers,
        with_work=not args.no_work,
        on_ready=lambda address: console.tell(_("Open %(address)s") % {"address": address}),
    )
    return Outcome({"stopped": True}, _("Stopped."))

"""`work`: the background work, in a process of its own."""

import argparse
import threading

from townkeeper.cli import console
from townkeeper.cli.background import INTERVAL, do_jobs_until, work_once, work_until
from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = ("./townkeeper work", "./townkeeper work --once --json")


def help_text() -> str:
    return _("do the background work: alarms, changed calendars, relapses, data for metrics")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help=_("do everything once and leave"))
    parser.add_argument(
        "--every",
        type=float,
        default=INTERVAL,
        metavar=_("SECONDS"),
        help=_("seconds between two rounds (default: 60)"),
    )


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.once:
        results = work_once()
        lines = [f"{name}: {result}" for name, result in results.items()]
        return Outcome({"work": results}, "\n".join(lines))
    console.tell(_("Working in the background; Ctrl-C ends it."))
    done = threading.Event()
    jobs = threading.Thread(target=do_jobs_until, args=(done,), name="jobs", daemon=True)
    jobs.start()
    try:
        work_until(done, interval=args.every)
    except KeyboardInterrupt:
        done.set()
    return Outcome({"stopped": True}, _("Stopped."))

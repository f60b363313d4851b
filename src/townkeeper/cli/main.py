"""The one door of the command line: options, language, and what happens when something fails."""

import argparse
import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from townkeeper.cli import console
from townkeeper.cli.console import Outcome
from townkeeper.cli.registry import Command, commands
from townkeeper.cli.words import LANGUAGES, guess_language, speak
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

USAGE_ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141


class WrongUsage(Exception):  # noqa: N818 - it is the caller's mistake, said to the caller
    """The command line cannot be understood."""

    def __init__(self, message: str, usage: str) -> None:
        self.usage = usage
        super().__init__(message)


class Parser(argparse.ArgumentParser):
    """argparse that raises instead of leaving, so that `--json` holds for wrong usage too."""

    @override
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(message, self.format_usage())


def build_parser() -> Parser:
    """Return the whole command line; the words are in the language in use."""
    shared = Parser(add_help=False)
    _add_shared(shared, default=argparse.SUPPRESS)
    parser = Parser(
        prog="townkeeper",
        description=_(
            "Townkeeper keeps the daily work of a town in order: reports, deadlines, "
            "scores and bulletins."
        ),
        epilog=_(
            "First steps:\n"
            "  ./townkeeper demo            a district with six simulated months, in a browser\n"
            "  ./townkeeper program check programs/dongxing\n"
            "  ./townkeeper COMMAND --help  what a command does, with examples"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_shared(parser, default=None)
    places = parser.add_subparsers(dest="command", metavar=_("COMMAND"), title=_("commands"))
    for name, command in commands().items():
        sub = places.add_parser(
            name,
            help=command.help(),
            description=command.help(),
            epilog=_("Examples:") + "\n" + "\n".join(f"  {line}" for line in command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            parents=[shared],
        )
        command.add_arguments(sub)
        sub.set_defaults(spec=command)
    return parser


def _add_shared(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    group = parser.add_argument_group(_("for every command"))
    group.add_argument(
        "--home",
        metavar=_("DIR"),
        type=Path,
        default=default,
        help=_("folder of the database, files and keys (default: var/ beside the program)"),
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help=_("print one JSON object as the last thing on standard output"),
    )
    group.add_argument(
        "--language",
        choices=LANGUAGES,
        default=default,
        help=_("language of messages (default: TOWNKEEPER_LANGUAGE, then LANG)"),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    speak(guess_language(os.environ))
    as_json = "--json" in words
    try:
        return _run(words)
    except WrongUsage as wrong:
        return _usage(wrong, as_json=as_json)
    except Problem as problem:
        return _refuse(problem, as_json=as_json)
    except KeyboardInterrupt:
        console.note("\n" + _("Interrupted."))
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is wrong, nothing more can be said.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last line of defence: log all, say little
        return _unexpected(error, as_json=as_json)


def _run(words: list[str]) -> int:
    common, words = _read_shared(words)
    parser = build_parser()
    args, unknown = parser.parse_known_args(words)
    spec: Command | None = getattr(args, "spec", None)
    if spec is None:
        parser.print_help()
        return USAGE_ERROR if words else 0
    if unknown and not spec.takes_rest:
        parser.error(_("unknown arguments: %(words)s") % {"words": " ".join(unknown)})
    args.words = words
    args.json = common.json
    if common.home is not None:
        os.environ["TOWNKEEPER_HOME"] = str(common.home.resolve())
    console.keep_stdout_clean(on=args.json)
    signal.signal(signal.SIGTERM, _stop)
    return console.finish(spec.run(args), as_json=args.json)


def _read_shared(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Take out the options that every command has, wherever they stand.

    The language comes first of all: argparse's own words depend on it.
    """
    shared = Parser(prog="townkeeper", add_help=False, allow_abbrev=False)
    _add_shared(shared, default=None)
    common, rest = shared.parse_known_args(words)
    if common.language:
        speak(common.language)
    return common, rest


def _stop(_number: int, _frame: object) -> NoReturn:
    """Leave through the same doors as Ctrl-C, once, so that servers and clusters are put away."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _usage(wrong: WrongUsage, *, as_json: bool) -> int:
    console.note(wrong.usage.rstrip())
    console.note(_("Wrong usage: %(message)s") % {"message": wrong})
    console.note(_("`./townkeeper COMMAND --help` explains a command."))
    if as_json:
        data = {"error": {"code": "usage", "message": str(wrong), "where": "", "hint": ""}}
        console.finish(Outcome(data), as_json=True)
    return USAGE_ERROR


def _refuse(problem: Problem, *, as_json: bool) -> int:
    console.note(str(problem))
    return console.finish(
        Outcome({"error": problem.as_dict()} if as_json else {}, findings=True), as_json=as_json
    )


def _unexpected(error: Exception, *, as_json: bool) -> int:
    """Keep the traceback in the log of the home folder; a person gets one sentence."""
    home = Path(os.environ.get("TOWNKEEPER_HOME") or Path(__file__).parents[3] / "var")
    log = home / "log" / "errors.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as kept:
            kept.write(time.strftime("--- %Y-%m-%d %H:%M:%S ") + " ".join(sys.argv) + "\n")
            kept.write("".join(traceback.format_exception(error)))
        place = str(log)
    except OSError:
        traceback.print_exception(error)
        place = "-"
    problem = Problem(
        "unexpected",
        _("Something unexpected happened: %(error)s.")
        % {"error": f"{type(error).__name__}: {error}"[:300]},
        hint=_("The details are in %(log)s; please send them along when asking for help.")
        % {"log": place},
    )
    return _refuse(problem, as_json=as_json)

"""`clocks`: what a changed calendar or limit does to open due times, and doing it."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from townkeeper.cli.background import LANES
from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from townkeeper.cases.recompute import Recount

EXAMPLES = (
    "./townkeeper clocks preview",
    "./townkeeper clocks recompute --calendar default",
    "./townkeeper clocks recompute --limits --json",
)


def help_text() -> str:
    return _("count open due times anew after a calendar or a limit has changed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=["preview", "recompute"],
        help=_("preview: what would move; recompute: move it, with a reason in each case"),
    )  # fmt: skip
    parser.add_argument(
        "--calendar",
        default="default",
        metavar=_("CODE"),
        help=_("the calendar (default: default)"),
    )
    parser.add_argument(
        "--limits", action="store_true",
        help=_("also take the limits that categories and procedures have now"),
    )  # fmt: skip
    parser.add_argument(
        "--all", action="store_true",
        help=_("count every open clock, not only those that a changed day can move"),
    )  # fmt: skip


def run(args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.cases.recompute import preview, recompute  # noqa: PLC0415 - Django is set up

    if args.what == "preview":
        found = preview(code=args.calendar, limits=args.limits, everything=args.all)
        head = _("%(moved)d of %(cases)d running cases would have another due time.")
    else:
        found = recompute(
            actor="command-line",
            code=args.calendar,
            limits=args.limits,
            everything=args.all,
            lanes=LANES,
        )
        head = _("%(moved)d of %(cases)d running cases have another due time.")
    lines = [
        _("Calendar %(code)s, version %(number)d")
        % {"code": found.calendar, "number": found.version},
        head % {"moved": found.moved, "cases": found.cases},
        *_sums(found),
        *(_line(each.number, each.what, each.name, each.old, each.new) for each in found.first),
    ]
    if found.clocks > len(found.first):
        lines.append(_("… and %(n)d more") % {"n": found.clocks - len(found.first)})
    if found.busy:
        lines.append(
            _("%(n)d cases were just being written to; run it again for them.") % {"n": found.busy}
        )
    return Outcome(found.as_dict(), "\n".join(lines))


def _sums(found: "Recount") -> list[str]:
    return [
        text % {"n": count, "most": _length(most)}
        for text, count, most in (
            (_("%(n)d earlier, by %(most)s at most"), found.earlier, -found.most_earlier),
            (_("%(n)d later, by %(most)s at most"), found.later, found.most_later),
        )
        if count
    ]


def _length(span: timedelta) -> str:
    hours, minutes = divmod(round(span.total_seconds()) // 60, 60)
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def _line(number: str, what: str, name: str, old: "datetime | None", new: "datetime | None") -> str:
    words = {"task": name, "ask": name, "promise": _("public promise")}
    return f"  {number}  {words[what]}  {_at(old)} → {_at(new)}"


def _at(moment: "datetime | None") -> str:
    return f"{moment.astimezone():%F %H:%M}" if moment else "–"

"""`relapse`: find what came back, list the chains, overrule or link by hand."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, progress, table
from townkeeper.cli.people import user_called
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.cases.models import Case

EXAMPLES = (
    "./townkeeper relapse find",
    "./townkeeper relapse chains --limit 10",
    "./townkeeper relapse chains DX20261105-0317",
    './townkeeper relapse overrule DX20261105-0317 --as lihua --reason "another heap"',
    './townkeeper relapse link DX20261105-0317 DX20261020-0004 --as lihua --reason "one stall"',
)
ACTOR = "command-line"


def help_text() -> str:
    return _("find what came back after it was closed, and show the chains")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("PART"))
    find = parts.add_parser("find", help=_("look at what was written since the last look"))
    find.add_argument("--all", action="store_true", help=_("look at every case again"))
    chains = parts.add_parser("chains", help=_("list the longest chains, or show one"))
    chains.add_argument("number", nargs="?", metavar=_("NUMBER"))
    chains.add_argument("--limit", type=int, default=20, metavar="N")
    overrule = parts.add_parser("overrule", help=_("say that a case is no relapse"))
    overrule.add_argument("number", metavar=_("NUMBER"))
    link = parts.add_parser("link", help=_("say that a case brings back a former one"))
    link.add_argument("number", metavar=_("NUMBER"))
    link.add_argument("former", metavar=_("FORMER"))
    for part in (overrule, link):
        part.add_argument("--as", dest="user", required=True, metavar=_("USER"))
        part.add_argument("--reason", required=True, metavar=_("TEXT"))


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.part == "find":
        return _find(whole=args.all)
    if args.part == "chains":
        return _chain(args.number) if args.number else _chains(args.limit)
    return _overrule(args) if args.part == "overrule" else _link(args)


def _find(*, whole: bool) -> Outcome:
    from townkeeper.relapse.finding import look_for_relapses  # noqa: PLC0415 - Django is set up

    with progress(_("Looking"), unit=_("cases")) as bar:
        look = look_for_relapses(whole=whole, actor=ACTOR, progress=bar.update)
    text = _("%(looked)s cases looked at, %(found)s came back.") % {
        "looked": f"{look.looked_at:,}",
        "found": f"{look.found:,}",
    }
    return Outcome({"looked_at": look.looked_at, "found": look.found}, text)


def _chains(limit: int) -> Outcome:
    from townkeeper.relapse.chains import longest_chains, say_times  # noqa: PLC0415

    found = longest_chains(max(1, limit))
    rows = [
        {
            "first": chain.first.number,
            "last": chain.last.number,
            "times": chain.length,
            "days": chain.span // timedelta(days=1),
            "place": chain.last.address or chain.last.title,
            "words": say_times(chain.length, chain.span),
        }
        for chain in found
    ]
    head = (_("first"), _("last"), _("place"), _("chain"))
    shown = [[row["first"], row["last"], row["place"], row["words"]] for row in rows]
    return Outcome({"chains": rows}, table(shown, head))


def _chain(number: str) -> Outcome:
    from townkeeper.relapse.chains import chain_of, why_words  # noqa: PLC0415

    chain = chain_of(_case(number))
    rows = [
        {
            "number": link.number,
            "ordinal": link.ordinal,
            "opened": f"{link.opened_at:%F}",
            "closed": f"{link.closed_at:%F}" if link.closed_at else None,
            "outcome": link.outcome,
            "unit": link.unit.code if link.unit else None,
            "why": why_words(link.recurrence) if link.recurrence else "",
        }
        for link in chain.links
    ]
    head = ("", _("number"), _("opened"), _("closed"), _("unit"), _("why"))
    columns = ("ordinal", "number", "opened", "closed", "unit", "why")
    text = table([[row[name] for name in columns] for row in rows], head)
    return Outcome({"chain": rows, "words": chain.words}, f"{chain.words}\n{text}".strip())


def _overrule(args: argparse.Namespace) -> Outcome:
    from townkeeper.relapse.actions import overrule_relapse  # noqa: PLC0415
    from townkeeper.relapse.models import Recurrence  # noqa: PLC0415

    case, actor = _case(args.number), user_called(args.user)
    row = Recurrence.objects.filter(case=case).order_by("is_overruled").first()
    if row is None:
        raise Problem("no-relapse", _("%(number)s counts as no relapse.") % {"number": case.number})
    overrule_relapse(row, actor=actor, reason=args.reason)
    text = _("%(number)s no longer counts as a relapse.") % {"number": case.number}
    return Outcome({"overruled": case.number}, text)


def _link(args: argparse.Namespace) -> Outcome:
    from townkeeper.relapse.actions import link_relapse  # noqa: PLC0415

    actor = user_called(args.user)
    row = link_relapse(_case(args.number), _case(args.former), actor=actor, reason=args.reason)
    text = _("%(number)s brings back %(former)s.") % {"number": args.number, "former": args.former}
    return Outcome({"linked": args.number, "former": args.former, "ordinal": row.ordinal}, text)


def _case(number: str) -> "Case":
    from townkeeper.cases.models import Case  # noqa: PLC0415

    case = Case.objects.filter(number=number).first()
    if case is None:
        raise Problem("no-such-case", _("There is no case %(number)s.") % {"number": number})
    return case

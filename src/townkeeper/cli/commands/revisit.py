"""`revisit`: draw closed cases for a later look, list the visits, record what was found."""

import argparse
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.people import user_called
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.relapse.models import Draw

EXAMPLES = (
    "./townkeeper revisit draw",
    "./townkeeper revisit draw --from 2026-10-01 --to 2026-10-31 --seed letters-of-the-lottery",
    "./townkeeper revisit list --due",
    './townkeeper revisit record DX20261005-0317 stands --as lihua --note "clean"',
    "./townkeeper revisit verify --from 2026-10-01 --to 2026-10-31",
)
ACTOR = "command-line"


def help_text() -> str:
    return _("draw closed cases for a revisit, record what was found")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("PART"))
    draw = parts.add_parser("draw", help=_("draw for a day or for several"))
    verify = parts.add_parser("verify", help=_("draw again and compare"))
    for part in (draw, verify):
        part.add_argument("--from", dest="first", type=date.fromisoformat, metavar=_("DAY"))
        part.add_argument("--to", dest="last", type=date.fromisoformat, metavar=_("DAY"))
    draw.add_argument("--seed", metavar=_("TEXT"), help=_("instead of one made by chance"))
    shown = parts.add_parser("list", help=_("list the visits that are still to be made"))
    shown.add_argument("--due", action="store_true", help=_("only those that are due"))
    shown.add_argument("--limit", type=int, default=50, metavar="N")
    record = parts.add_parser("record", help=_("record what a visit found"))
    record.add_argument("number", metavar=_("NUMBER"))
    record.add_argument("result", choices=("stands", "relapsed", "unclear"))
    record.add_argument("--as", dest="user", required=True, metavar=_("USER"))
    record.add_argument("--note", default="", metavar=_("TEXT"))
    record.add_argument("--evidence", type=int, nargs="*", default=[], metavar=_("NUMBER"))
    record.add_argument(
        "--reopen", action="store_true", help=_("ask for the case itself to run again")
    )


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.part == "list":
        return _list(due=args.due, limit=args.limit)
    if args.part == "record":
        return _record(args)
    from townkeeper.kit import clock  # noqa: PLC0415 - Django is set up by now

    first = args.first or clock.today()
    last = args.last or (first if args.first else clock.today())
    return _draw(first, last, args.seed) if args.part == "draw" else _verify(first, last)


def _draw(first: date, last: date, seed: str | None) -> Outcome:
    from townkeeper.relapse.draws import draw_revisits  # noqa: PLC0415

    draws = draw_revisits(first, last, seed=seed, actor=ACTOR)
    rows = [_as_data(draw) for draw in draws]
    head = (_("day"), _("candidates"), _("drawn"), _("seed"))
    shown = [[row["on"], row["candidates"], row["drawn"], row["seed"]] for row in rows]
    return Outcome({"draws": rows}, table(shown, head))


def _as_data(draw: "Draw") -> dict[str, object]:
    return {
        "on": f"{draw.on:%F}",
        "candidates": len(draw.candidates),
        "drawn": draw.revisits.count(),
        "seed": draw.seed,
        "is_seed_given": draw.is_seed_given,
        "digest": draw.digest,
    }


def _verify(first: date, last: date) -> Outcome:
    from townkeeper.relapse.draws import verify_draw  # noqa: PLC0415
    from townkeeper.relapse.models import Draw  # noqa: PLC0415

    rows, lines = [], []
    for draw in Draw.objects.filter(on__range=(first, last)).order_by("on"):
        found = verify_draw(draw)
        rows.append({"on": f"{draw.on:%F}", "is_right": found.is_right, **asdict(found)})
        if not found.is_right:
            lines.append(_("%(day)s is not what seed and list make of it.") % {"day": draw.on})
    wrong = len(lines)
    lines.append(
        _("%(right)s of %(all)s draws are right.") % {"right": len(rows) - wrong, "all": len(rows)}
    )
    return Outcome({"draws": rows}, "\n".join(lines), findings=bool(wrong))


def _list(*, due: bool, limit: int) -> Outcome:
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.relapse.models import Revisit  # noqa: PLC0415

    visits = Revisit.objects.waiting().select_related("case", "unit", "fixer").order_by("due_at")
    if due:
        visits = visits.filter(due_at__lte=clock.now())
    rows = [
        {
            "number": visit.case.number,
            "until": f"{visit.due_at.astimezone() - timedelta(seconds=1):%F}",
            "unit": visit.unit.code if visit.unit else None,
            "fixer": visit.fixer.code if visit.fixer else None,
            "title": visit.case.title,
        }
        for visit in visits[: max(1, limit)]
    ]
    head = (_("number"), _("until"), _("visits"), _("fixed it"), _("title"))
    return Outcome({"revisits": rows}, table([list(row.values()) for row in rows], head))


def _record(args: argparse.Namespace) -> Outcome:
    from townkeeper.relapse.models import Revisit  # noqa: PLC0415
    from townkeeper.relapse.revisiting import Finding, record_revisit  # noqa: PLC0415

    visits = Revisit.objects.filter(case__number=args.number)
    visit: Revisit | None = (visits.waiting().last() or visits.last())  # fmt: skip
    if visit is None:
        raise Problem(
            "not-drawn",
            _("%(number)s was not drawn for a revisit.") % {"number": args.number},
        )
    finding = Finding(args.result, args.note, args.evidence, args.reopen)
    visit = record_revisit(visit, finding, actor=user_called(args.user))
    new = visit.new_case.number if visit.new_case else None
    text = _("Recorded.")
    if new:
        text += " " + _("Opened: %(number)s.") % {"number": new}
    return Outcome({"revisit": args.number, "result": visit.result, "new_case": new}, text)

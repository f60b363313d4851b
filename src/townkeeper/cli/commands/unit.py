"""`unit`: changing units: mergers, splits, abolitions, new names, moves, with what they hold."""

import argparse
from datetime import date
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.cases.handover import Preview
    from townkeeper.units.changes import Plan
    from townkeeper.units.models import Unit

EXAMPLES = (
    "./townkeeper unit merge CGJ GSJ --into ZFJ --on 2026-12-01 --preview",
    "./townkeeper unit split S1 --into S1E S1W --on 2026-12-01 --rule default=S1E",
    "./townkeeper unit close CGJ --rule category:matter/06=ZFJ --rule default=GSJ",
    "./townkeeper unit rename S1 --name 東興新區 --on 2026-12-01",
    "./townkeeper unit changes",
)
ACTOR = "unit"
MOST = 40


def help_text() -> str:
    return _("merge, split, close, rename and move units with everything under way")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    add = parts.add_parser("add", help=_("a new unit"))
    merge = parts.add_parser("merge", help=_("units end; one takes over all"))
    split = parts.add_parser("split", help=_("a unit ends; its parts take over by rule"))
    close = parts.add_parser("close", help=_("a unit ends; the rules say who takes over"))
    rename = parts.add_parser("rename", help=_("a new name; people still find the old one"))
    move = parts.add_parser("move", help=_("put a unit under another one"))
    merge.add_argument("units", nargs="+", metavar=_("CODE"))
    for part in (add, split, close, rename, move):
        part.add_argument("unit", metavar=_("CODE"))
    merge.add_argument("--into", required=True, metavar=_("CODE"))
    split.add_argument("--into", required=True, nargs="+", metavar=_("CODE"))
    for part in (merge, split, close):
        part.add_argument(
            "--rule", action="append", default=[], metavar=_("RULE"),
            help=_("default=CODE, category:KEY=CODE, area:CODE=CODE, duty:KEY@AREA=CODE, "
                   "post:USER=CODE, child:CODE=CODE, office=CODE, scores=successor"),
        )  # fmt: skip
        part.add_argument("--preview", action="store_true", help=_("only say what would happen"))
    for part in (merge, split, close, rename):
        part.add_argument(
            "--on", type=_day, metavar=_("DATE"), help=_("the first day of it (default: today)")
        )
    for part in (merge, split, close, move):
        part.add_argument("--reason", default="", metavar=_("TEXT"))
    for part in (add, rename):
        part.add_argument("--name", required=True, metavar=_("TEXT"))
    add.add_argument("--kind", default="department", metavar=_("KIND"))
    for part in (add, move):
        part.add_argument("--under", metavar=_("CODE"), help=_("the unit above it"))
    parts.add_parser("changes", help=_("what is planned, and what has been carried out"))
    withdraw = parts.add_parser("withdraw", help=_("give up a planned change"))
    withdraw.add_argument("number", type=int, metavar=_("NUMBER"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("not a date, such as 2026-12-01")) from error


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.part in {"merge", "split", "close"}:
        return _change(args)
    if args.part == "changes":
        return _changes()
    return _simple(args)


def _plan(args: argparse.Namespace) -> "Plan":
    from townkeeper.kit import clock  # noqa: PLC0415 - Django is set up
    from townkeeper.units.changes import abolition, merger, split  # noqa: PLC0415

    on, rules, reason = args.on or clock.today(), args.rule, args.reason
    if args.part == "merge":
        return merger(args.units, into=args.into, on=on, rules=rules, reason=reason)
    if args.part == "split":
        return split(args.unit, into=args.into, on=on, rules=rules, reason=reason)
    return abolition(args.unit, on=on, rules=rules, reason=reason)


def _change(args: argparse.Namespace) -> Outcome:
    from townkeeper.cases.handover import apply_change, preview_change  # noqa: PLC0415

    plan = _plan(args)
    if not args.preview:
        done = apply_change(plan, actor=ACTOR)
        return Outcome(done.as_dict(), _say(done))
    seen = preview_change(plan)
    return Outcome(seen.as_dict(), _say(seen), findings=bool(seen.uncovered))


def _say(preview: "Preview") -> str:
    nobody = _("(nobody)")
    rows = [
        (what, former, heir or nobody, rule, count)
        for (what, former, heir, rule), count in sorted(preview.counts().items())
    ]
    head = (_("what"), _("from"), _("to"), _("rule"), _("count"))
    lines = [table(rows[:MOST], head)]
    if len(rows) > MOST:
        lines.append(_("… and %(count)s more") % {"count": len(rows) - MOST})
    if preview.doubles:
        lines.append(
            _("%(count)s assisting tasks fall away: the unit leads the case itself.")
            % {"count": preview.doubles}
        )
    if preview.left_over:
        lines.append(
            _("The outlines of the parts leave %(share)s of the area over.")
            % {"share": f"{preview.left_over:.1%}"}
        )
    left = preview.uncovered
    if left:
        lines.append(
            _("%(count)s things would belong to nobody: %(shown)s.")
            % {"count": len(left), "shown": ", ".join(f"{p.what} {p.key}" for p in left[:5])}
        )
    return "\n".join([*lines, _verdict(preview)])


def _verdict(preview: "Preview") -> str:
    change = preview.change
    if change is None:
        return _("Nothing was changed.")
    if change.state == "waiting":
        return _("Planned as number %(number)s; carried out on %(day)s by the background work.") % {
            "number": change.pk,
            "day": f"{change.on:%F}",
        }
    return _("Carried out as number %(number)s.") % {"number": change.pk}


def _changes() -> Outcome:
    from townkeeper.units.models import UnitChange  # noqa: PLC0415

    found = list(UnitChange.objects.order_by("-on", "-pk")[:MOST])
    rows = [
        (
            change.pk,
            change.get_kind_display(),
            f"{change.on:%F}",
            ", ".join(change.plan["units"]),
            ", ".join(change.plan["into"]),
            change.get_state_display(),
        )
        for change in found
    ]
    head = (_("number"), _("what"), _("day"), _("from"), _("to"), _("state"))
    data = [
        {"number": c.pk, "kind": c.kind, "on": f"{c.on:%F}", **c.plan, "state": c.state}
        for c in found
    ]
    return Outcome({"changes": data}, table(rows, head) if rows else _("No change is planned."))


def _simple(args: argparse.Namespace) -> Outcome:
    from townkeeper.cases.handover import withdraw_change  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.units.actions import add_unit, move_unit, rename_unit  # noqa: PLC0415

    if args.part == "withdraw":
        change = withdraw_change(args.number, actor=ACTOR)
        return Outcome({"withdrawn": change.pk}, _("Withdrawn."))
    if args.part == "add":
        parent = _unit(args.under) if args.under else None
        unit = add_unit(args.unit, name=args.name, kind=args.kind, parent=parent, actor=ACTOR)
    elif args.part == "rename":
        unit = _unit(args.unit)
        rename_unit(unit, name=args.name, on=args.on or clock.today(), actor=ACTOR)
    else:
        unit = _unit(args.unit)
        parent = _unit(args.under) if args.under else None
        move_unit(unit, parent=parent, actor=ACTOR, reason=args.reason)
    data = {"unit": unit.code, "name": unit.name, "path": unit.path}
    return Outcome(data, f"{unit.name} ({unit.code}) {unit.path}")


def _unit(code: str) -> "Unit":
    from townkeeper.units.models import Unit  # noqa: PLC0415

    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise Problem(
            "unit-unknown",
            _("There is no unit with the code “%(code)s”.") % {"code": code},
            where=code,
        )
    return unit

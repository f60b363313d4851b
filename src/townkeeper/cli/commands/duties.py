"""`duties`: the duty register: what a change would have done, what nobody leads, what two lead."""

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, existing, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import spoken

if TYPE_CHECKING:
    from townkeeper.cases.dryrun import DryRun

EXAMPLES = (
    "./townkeeper duties dry-run --program programs/dongxing --month 2026-10 --csv moved.csv",
    "./townkeeper duties dry-run --move 'matter/06010@*=CGJ>GSJ'",
    "./townkeeper duties gaps",
    "./townkeeper duties overlaps",
)
MOST = 20
"""Lines that are shown of a table; the file and `--json` have them all."""


def help_text() -> str:
    return _("who answers for what: a dry run of changes, gaps, overlaps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    dry = parts.add_parser(
        "dry-run", help=_("what a change would have done to the cases of a month")
    )
    dry.add_argument(
        "--program", type=Path, metavar=_("DIR"), help=_("folder of the changed program")
    )
    for name, said in (
        ("--add", _("a new line: CATEGORY@AREA=UNIT, with :assist to assist")),
        ("--close", _("a line that ends: CATEGORY@AREA=UNIT; * for every area")),
        ("--move", _("a line that goes to another unit: CATEGORY@AREA=UNIT>UNIT")),
    ):
        dry.add_argument(name, action="append", default=[], metavar=_("LINE"), help=said)
    dry.add_argument(
        "--csv", type=Path, metavar=_("FILE"), help=_("write the cases concerned, one a row")
    )
    gaps = parts.add_parser("gaps", help=_("kinds of matters that nobody leads, by area"))
    overlaps = parts.add_parser("overlaps", help=_("kinds of matters with two leads, by area"))
    for part in (dry, gaps, overlaps):
        part.add_argument(
            "--month", default="", metavar=_("MONTH"), help=_("such as 2026-10 (default: the last)")
        )


def run(args: argparse.Namespace) -> Outcome:
    if args.part == "dry-run" and args.program:
        existing(args.program, folder=True)
    ready()
    if args.part == "dry-run":
        return _dry_run(args)
    return _gaps(args) if args.part == "gaps" else _overlaps(args)


def _dry_run(args: argparse.Namespace) -> Outcome:
    from townkeeper.cases.dryrun import DryRun, dry_run  # noqa: PLC0415 - Django is set up
    from townkeeper.duties.register import register  # noqa: PLC0415
    from townkeeper.duties.whatif import after_edits  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.programs.commands import lines  # noqa: PLC0415
    from townkeeper.programs.dry_run import dry_run_program  # noqa: PLC0415

    if args.program:
        result = dry_run_program(args.program, month=args.month)
        if not isinstance(result, DryRun):
            return Outcome(result.as_dict(), "\n".join(lines(result, spoken())), findings=True)
    else:
        what = after_edits(
            register(), add=args.add, close=args.close, move=args.move, today=clock.today()
        )
        result = dry_run(what, month=args.month)
    text = _say(result)
    if args.csv:
        text += "\n" + _write(args.csv, result.case_rows())
    return Outcome(result.as_dict(), text)


def _say(run: "DryRun") -> str:
    names = {row.code: row.name for row in run.what.after.units.values()}
    kinds = {row.key: row.name for row in run.what.after.categories.values()}
    nobody = _("(nobody)")

    def unit(code: str) -> str:
        return f"{names.get(code, code)} ({code})" if code else nobody

    moved = sum(run.moves().values())
    lines = [
        _("%(cases)s cases opened in %(month)s; %(moved)s would have had another owner.")
        % {"cases": run.total, "month": run.month, "moved": moved}
    ]
    units = [(unit(code), b, a, a - b) for code, b, a in run.units()]
    lines += _shown(units, (_("unit"), _("before"), _("after"), _("difference")))
    rows = [(kinds.get(key, key), key, unit(b), unit(a), n) for key, b, a, n in run.categories()]
    lines += _shown(rows, (_("kind"), _("key"), _("from"), _("to"), _("cases")))
    pairs = (
        (_("without an owner"), run.ownerless()),
        (_("with two leads"), run.conflicts()),
        (_("dispatched otherwise than the register says"), run.overruled()),
    )
    states = [(name, before, after) for name, (before, after) in pairs]
    lines += ["", table(states, ("", _("before"), _("after")))]
    idle = run.idle()
    if idle:
        lines += ["", _("%(count)s changed lines made no difference to any case:")
                  % {"count": len(idle)}]  # fmt: skip
        lines += [f"  {c.act} {c.category}@{c.area}={c.unit} ({c.part})" for c in idle[:MOST]]
    return "\n".join(lines)


def _shown(rows: Sequence[tuple[object, ...]], head: tuple[str, ...]) -> list[str]:
    if not rows:
        return []
    more = [_("… and %(count)s more") % {"count": len(rows) - MOST}] if len(rows) > MOST else []
    return ["", table(rows[:MOST], head), *more]


def _write(path: Path, rows: Iterable[dict[str, object]]) -> str:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer: csv.DictWriter[str] | None = None
        for count, row in enumerate(rows, 1):  # noqa: B007 - the number of rows is told
            if writer is None:
                writer = csv.DictWriter(out, list(row))
                writer.writeheader()
            writer.writerow(row)
    return _("%(count)s cases written to %(file)s.") % {"count": count, "file": path}


def _gaps(args: argparse.Namespace) -> Outcome:
    from townkeeper.cases.dryrun import counted_gaps, month_before  # noqa: PLC0415
    from townkeeper.duties.register import register  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    today = clock.today()
    month = args.month or month_before(today)
    gaps = counted_gaps(register(), today, month=month)
    cases = sum(gap.cases for gap in gaps)
    rows: list[tuple[object, ...]] = [
        (gap.name, gap.category, f"{gap.area_name} ({gap.area})", gap.cases) for gap in gaps
    ]
    head = (_("kind"), _("key"), _("nobody leads it in"), _("cases"))
    total = _("%(gaps)s gaps; %(cases)s cases of %(month)s fell into them.")
    text = [total % {"gaps": len(gaps), "cases": cases, "month": month}, *_shown(rows, head)]
    data = {
        "month": month,
        "cases": cases,
        "gaps": [{"category": gap.category, "area": gap.area, "cases": gap.cases} for gap in gaps],
    }
    return Outcome(data, "\n".join(text), findings=bool(gaps))


def _overlaps(args: argparse.Namespace) -> Outcome:
    from townkeeper.cases.dryrun import counted_overlaps, month_before  # noqa: PLC0415
    from townkeeper.duties.register import register  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    today = clock.today()
    month = args.month or month_before(today)
    found = counted_overlaps(register(), today, month=month)
    rows: list[tuple[object, ...]] = [
        (each.name, each.category, each.area, ", ".join(each.units), each.cases) for each in found
    ]
    head = (_("kind"), _("key"), _("area"), _("leads"), _("cases"))
    total = _("%(count)s overlaps in the register (cases of %(month)s).")
    text = [total % {"count": len(found), "month": month}, *_shown(rows, head)]
    data = {
        "month": month,
        "overlaps": [
            {"category": e.category, "area": e.area, "units": list(e.units), "cases": e.cases}
            for e in found
        ],
    }
    return Outcome(data, "\n".join(text), findings=bool(found))

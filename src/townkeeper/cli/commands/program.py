"""`program`: check, load, compare, write out and draft the files that say how a place works."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, existing
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import spoken
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.programs.findings import Report

EXAMPLES = (
    "./townkeeper program check programs/dongxing",
    "./townkeeper program load programs/dongxing",
    "./townkeeper program diff programs/dongxing programs/ours",
    "./townkeeper program diff programs/ours",
    "./townkeeper program export --out programs/ours",
    "./townkeeper program draft --from cases.xlsx --mapping mapping.yaml --out programs/ours",
)
ACTOR = "program"


def help_text() -> str:
    return _("check, load or draft a program: units, duties, limits, schemes as files")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    check = parts.add_parser("check", help=_("say what is wrong, with file, line and remedy"))
    check.add_argument(
        "--policy", type=Path, metavar=_("FILE"),
        help=_("text of the policy, to check the lines that sources name"),
    )  # fmt: skip
    check.add_argument("--notes", action="store_true", help=_("show remarks too"))
    load = parts.add_parser("load", help=_("bring the database to what the program says"))
    load.add_argument(
        "--with-people", action="store_true", help=_("make the accounts for a demonstration too")
    )
    for part in (check, load):
        part.add_argument("folder", type=Path, metavar=_("DIR"), help=_("folder of the program"))
    diff = parts.add_parser("diff", help=_("say in words what is different in another version"))
    diff.add_argument(
        "folders", type=Path, nargs="+", metavar=_("DIR"),
        help=_("the older and the newer folder; one alone is compared with what is loaded"),
    )  # fmt: skip
    diff.add_argument("--all", action="store_true", help=_("also changed sources and notes"))
    export = parts.add_parser("export", help=_("write the running office out as a program"))
    export.add_argument("--out", type=Path, required=True, metavar=_("DIR"), help=_("a new folder"))
    draft = parts.add_parser(
        "draft", help=_("make a first program from an office's existing spreadsheet")
    )
    draft.add_argument("--from", dest="file", type=Path, required=True, metavar=_("FILE"))
    draft.add_argument("--mapping", type=Path, required=True, metavar=_("FILE"))
    draft.add_argument("--out", type=Path, required=True, metavar=_("DIR"))
    draft.add_argument(
        "--decisions", type=Path, metavar=_("FILE"),
        help=_("what a person decided about an earlier draft"),
    )  # fmt: skip


def run(args: argparse.Namespace) -> Outcome:
    if args.part == "draft":
        return _draft(args)
    if args.part == "diff":
        return _diff(args)
    if args.part == "export":
        return _export(args)
    existing(args.folder, folder=True)
    ready()
    return _check(args) if args.part == "check" else _load(args)


def _check(args: argparse.Namespace) -> Outcome:
    from townkeeper.programs.commands import check_command  # noqa: PLC0415 - Django is set up

    report = check_command(str(args.folder), policy=str(args.policy) if args.policy else None)
    return Outcome(report.as_dict(), _say(report, notes=args.notes), findings=not report.ok)


def _say(report: "Report", *, notes: bool = False) -> str:
    from townkeeper.programs.commands import lines  # noqa: PLC0415

    tally = report.tally()
    counts = ", ".join(f"{name} {number}" for name, number in report.counts.items())
    total = _("%(errors)s errors, %(warnings)s warnings, %(notes)s remarks.") % {
        "errors": tally["error"],
        "warnings": tally["warning"],
        "notes": tally["note"],
    }
    verdict = _("The program can be loaded.") if report.ok else _("The program is not loaded.")
    return "\n".join([*lines(report, spoken(), notes=notes), counts, f"{total} {verdict}"])


def _load(args: argparse.Namespace) -> Outcome:
    from townkeeper.programs.commands import load_command  # noqa: PLC0415

    loaded = load_command(str(args.folder), actor=ACTOR, with_people=args.with_people)
    text = "\n".join(loaded.words(spoken())) if loaded.ok else _say(loaded.report)
    return Outcome(loaded.as_dict(), text, findings=not loaded.ok)


def _draft(args: argparse.Namespace) -> Outcome:
    existing(args.file)
    existing(args.mapping)
    if args.decisions:
        existing(args.decisions)
    ready()
    from townkeeper.programs.commands import draft_command  # noqa: PLC0415

    drafted = draft_command(args.file, args.mapping, args.out, decisions=args.decisions)
    return Outcome(drafted.as_dict(), "\n".join(drafted.words(spoken())))


def _diff(args: argparse.Namespace) -> Outcome:
    for folder in args.folders:
        existing(folder, folder=True)
    if len(args.folders) > 2:  # noqa: PLR2004 - two versions
        raise Problem("too-many-folders", _("Two folders can be compared, not more."))
    ready()
    from townkeeper.programs.commands import diff_command  # noqa: PLC0415

    *older, newer = args.folders
    report = diff_command(older[0] if older else None, newer)
    text = "\n".join(report.words(spoken(), everything=args.all))
    return Outcome(report.as_dict(), text, findings=not report.compared.same)


def _export(args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.programs.export import export_program  # noqa: PLC0415

    exported = export_program(args.out.resolve())
    said = [
        _("%(new)s files say something new, %(kept)s are as they were loaded.")
        % {"new": len(exported.rewritten), "kept": len(exported.kept)},
        *(f"  {name}" for name in exported.rewritten),
        str(exported.folder),
    ]
    if not exported.report.ok:
        said.append(_say(exported.report))
    return Outcome(exported.as_dict(), "\n".join(said), findings=not exported.report.ok)

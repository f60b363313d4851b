"""`import`: historical records from a spreadsheet, by a mapping file."""

import argparse
from pathlib import Path
from typing import Any

from townkeeper.cli.console import Outcome, existing, progress
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper import reports.csv --mapping docs/examples/boston.yaml --dry-run",
    "./townkeeper import reports.csv --mapping docs/examples/boston.yaml --json",
)
ACTOR = "import"


def help_text() -> str:
    return _("take in records from a CSV or Excel file")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar=_("FILE"), help=_("CSV (also .gz), XLSX or XLS file")
    )
    parser.add_argument(
        "--mapping",
        type=Path,
        required=True,
        metavar=_("FILE"),
        help=_("which column means what (docs/examples has some)"),
    )
    parser.add_argument("--dry-run", action="store_true", help=_("do everything except writing"))


def run(args: argparse.Namespace) -> Outcome:
    existing(args.file)
    existing(args.mapping)
    home = ready()
    from townkeeper.cases.answers import answer_times  # noqa: PLC0415 - Django is set up
    from townkeeper.cases.imports.mapping import load_mapping  # noqa: PLC0415
    from townkeeper.cases.imports.run import import_file  # noqa: PLC0415

    mapping = load_mapping(args.mapping)
    with progress(_("Importing"), unit=_("rows")) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = import_file(
            args.file,
            mapping,
            actor=ACTOR,
            dry_run=args.dry_run,
            progress=advance,
            out_dir=home / "out",
        )
    data = report.as_dict()
    if mapping.columns.answer and not args.dry_run:
        data["answers"] = answer_times(system=mapping.system).as_dict()
    return Outcome(data, _say(data), findings=bool(report.rejected))


def _say(data: dict[str, Any]) -> str:
    lines = [
        _("%(read)s read: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
          "%(rejected)s rejected.")
        % {key: f"{data[key]:,}" for key in
           ("read", "created", "updated", "unchanged", "rejected")}
    ]  # fmt: skip
    if data["dry_run"]:
        lines[0] = _("Dry run, nothing was written.") + " " + lines[0]
    lines += [
        f"  {warning['count']:>7,}  {warning['text']}  ({'; '.join(warning['examples'][:3])})"
        for warning in data["warnings"]
    ]
    if data["linked"] or data["unlinked"]:
        lines.append(
            _("Duplicates: %(linked)s linked with the case they repeat, %(unlinked)s with none.")
            % {key: f"{data[key]:,}" for key in ("linked", "unlinked")}
        )
    if data["unlinked_file"]:
        lines.append(_("Duplicates of nothing found: %(file)s") % {"file": data["unlinked_file"]})
    answers = data.get("answers")
    if answers and answers["answered"]:
        lines.append(
            _("%(n)s answered: half within %(median)s working days, nine tenths within %(p90)s.")
            % {
                "n": f"{answers['answered']:,}",
                "median": f"{answers['median']:.0f}",
                "p90": f"{answers['p90']:.0f}",
            }
        )
    if data["rejections_file"]:
        lines.append(_("Rejected rows with reasons: %(file)s") % {"file": data["rejections_file"]})
    return "\n".join(lines)

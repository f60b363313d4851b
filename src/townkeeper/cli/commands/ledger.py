"""`ledger`: what cannot be solved now, and whose review date is near or past."""

import argparse
import csv
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

if TYPE_CHECKING:
    from townkeeper.cases.ledger import Unsolved

EXAMPLES = (
    "./townkeeper ledger",
    "./townkeeper ledger --overdue",
    "./townkeeper ledger --csv var/out/ledger.csv",
)
DANGEROUS = ("=", "+", "-", "@", "\t")
"""A spreadsheet takes a text that begins so for a formula."""


def help_text() -> str:
    return _("list what cannot be solved now: since when, why, when it is reviewed next")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overdue", action="store_true", help=_("only those to be reviewed now"))
    parser.add_argument("--csv", type=Path, metavar=_("FILE"), help=_("write a spreadsheet too"))


def run(args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.cases.ledger import unsolvable  # noqa: PLC0415 - Django is set up by now

    found = unsolvable(overdue=args.overdue)
    late = sum(each.is_overdue for each in found)
    lines = [table([_row(each) for each in found], _head())] if found else []
    lines.append(
        _("%(count)s matters wait, %(late)s of them past their review date.")
        % {"count": len(found), "late": late}
    )
    if args.csv:
        _write(args.csv, found)
        lines.append(str(args.csv.resolve()))
    data = {"matters": [dataclasses.asdict(each) for each in found], "overdue": late}
    return Outcome(data, "\n".join(lines))


def _head() -> tuple[str, ...]:
    return (
        _("case"), _("matter"), _("unit"), _("since"), _("ground"), _("reviews"), _("next review"),
        _("days overdue"),
    )  # fmt: skip


def _row(each: "Unsolved") -> tuple[object, ...]:
    from townkeeper.cases.refusals import until_words  # noqa: PLC0415 - Django is set up by now

    review = until_words(each.next_review)[:10] if each.next_review else "–"
    return (
        each.number,
        each.title,
        each.unit or "–",
        until_words(each.since)[:10],
        each.ground,
        each.reviews,
        review,
        each.overdue_days or "",
    )


def _write(path: Path, found: list["Unsolved"]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*_head(), _("reason")])
        for each in found:
            writer.writerow([_safe(value) for value in (*_row(each), each.reason)])


def _safe(value: object) -> object:
    """Keep a spreadsheet from running what somebody typed."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value

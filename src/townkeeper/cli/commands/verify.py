"""`verify`: is history as it was written? Checks the journal, or a published file."""

import argparse
from dataclasses import asdict
from pathlib import Path

from townkeeper.cli.console import Outcome, existing, progress
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import ngettext

EXAMPLES = (
    "./townkeeper verify",
    "./townkeeper verify --json",
    "./townkeeper verify var/out/2026-10.round.json",
)
_SHOWN = 20
"""Problems listed one by one for a person; JSON has all."""


def help_text() -> str:
    return _("check that no record of history was changed, removed or inserted")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, metavar=_("FILE"),
        help=_("a published round; without it the whole journal is checked"),
    )  # fmt: skip


def run(args: argparse.Namespace) -> Outcome:
    if args.file is not None:
        existing(args.file)
        return _verify_file(args.file)
    ready()
    from townkeeper.journal.actions import verify_journal  # noqa: PLC0415 - Django is set up by now
    from townkeeper.journal.models import Entry  # noqa: PLC0415

    with progress(_("Verifying"), total=Entry.objects.count(), unit=_("entries")) as bar:
        checked = verify_journal(progress=bar.update)
    problems = [
        {"subject": found.subject, "entry": found.seq, "kind": str(found.kind)}
        for found in checked.problems
    ]
    data = {"ok": not problems, "entries": checked.entries, "problems": problems}
    return Outcome(data, _say(checked.entries, problems), findings=bool(problems))


def _say(entries: int, problems: list[dict[str, object]]) -> str:
    if not problems:
        return ngettext(
            "%(count)s entry, all as written.", "%(count)s entries, all as written.", entries
        ) % {"count": f"{entries:,}"}
    lines = [
        ngettext(
            "%(count)s problem in %(entries)s entries:",
            "%(count)s problems in %(entries)s entries:",
            len(problems),
        )
        % {"count": len(problems), "entries": f"{entries:,}"}
    ]
    lines += [f"  {p['subject']} #{p['entry']}: {_kind(str(p['kind']))}" for p in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append("  …")
    return "\n".join(lines)


def _kind(kind: str) -> str:
    words = {
        "changed": _("changed after it was written"),
        "removed": _("entries were removed"),
        "inserted": _("inserted afterwards"),
        "head": _("the last entry is not the one that was written last"),
        "orphan": _("belongs to no known chain"),
    }
    return words.get(kind, kind)


def _file_kind(kind: str) -> str:
    words = {
        "unreadable": _("This is not a file that Townkeeper has published."),
        "format": _("The file has another format."),
        "digest": _("The content is not the one whose digest the file names."),
        "signature": _("The signature does not belong to the content."),
        "key-id": _("The key is not the one that the file names."),
        "key-unknown": _("The file was signed with a key that is not known here."),
        "score": _("A score computed again is different."),
        "count": _("A number of cases does not agree with the list of them."),
        "figure": _("A figure does not follow from its parts."),
    }
    return words.get(kind, kind)


def _verify_file(path: Path) -> Outcome:
    """Check a published file by itself: digest, signature, and the scores computed again."""
    ready()
    from townkeeper.assessment.published import verify_publication  # noqa: PLC0415

    found = verify_publication(path)
    problems = [asdict(finding) for finding in found]
    data = {"ok": not problems, "entries": 1, "problems": problems}
    lines = [
        f"  {_file_kind(finding.kind)} {finding.where} {finding.said} {finding.found}".rstrip()
        for finding in found[:_SHOWN]
    ]
    good = _("The file is as it was published.")
    text = "\n".join([_("The file does not hold together:"), *lines]) if problems else good
    return Outcome(data, text, findings=bool(problems))

"""`verify`: is history as it was written? Checks the journal, or a published file."""

import argparse
import json
from pathlib import Path

from townkeeper.cli.console import Outcome, progress
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import ngettext
from townkeeper.kit.errors import Problem

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


def _verify_file(path: Path) -> Outcome:
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text)
    except OSError as error:
        raise Problem(
            "file-unreadable",
            _("The file cannot be read: %(reason)s") % {"reason": error.strerror},
            where=str(path),
        ) from error
    except ValueError as error:
        raise Problem(
            "not-a-publication",
            _("This is not a file that Townkeeper has published."),
            where=str(path),
        ) from error
    raise Problem(
        "not-a-publication",
        _("This is not a file that Townkeeper has published."),
        where=str(path),
    )

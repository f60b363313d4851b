"""`verify`: is history as it was written? Checks journal and seals, one case, or a given file."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from townkeeper.cli.console import Outcome, existing, progress
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import ngettext

if TYPE_CHECKING:
    from townkeeper.journal.chain import ChainProblem
    from townkeeper.journal.sealing import SealsChecked

EXAMPLES = (
    "./townkeeper verify",
    "./townkeeper verify --case DX20261105-0317",
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
        help=_("a published round or a case's history; without it the whole journal is checked"),
    )  # fmt: skip
    parser.add_argument("--case", metavar=_("NUMBER"), help=_("check one case only"))


def run(args: argparse.Namespace) -> Outcome:
    if args.file is not None:
        existing(args.file)
        return _verify_file(args.file)
    ready()
    if args.case is not None:
        return _verify_case(args.case)
    return _verify_all()


def _verify_all() -> Outcome:
    from townkeeper.journal.actions import verify_journal  # noqa: PLC0415 - Django is set up by now
    from townkeeper.journal.models import Entry  # noqa: PLC0415
    from townkeeper.journal.sealing import verify_seals  # noqa: PLC0415

    total = Entry.objects.count()
    with progress(_("Verifying"), total=total, unit=_("entries")) as bar:
        checked = verify_journal(progress=bar.update)
    with progress(_("Verifying the seals"), total=total, unit=_("entries")) as bar:
        seals = verify_seals(progress=bar.update)
    problems = [_as_dict(found) for found in checked.problems]
    broken = [asdict(found) for found in seals.problems]
    data = {
        "ok": not problems and not broken,
        "entries": checked.entries,
        "problems": problems,
        "seals": {
            "count": seals.seals,
            "sealed": seals.sealed,
            "open": seals.open,
            "problems": broken,
        },
    }
    lines = [_say(checked.entries, problems), *_say_seals(seals)]
    return Outcome(data, "\n".join(lines), findings=bool(problems or broken))


def _verify_case(number: str) -> Outcome:
    """Check one history, and that its entries lie under the seals that cover them."""
    from townkeeper.journal.actions import verify_journal  # noqa: PLC0415
    from townkeeper.journal.keys import known_keys  # noqa: PLC0415
    from townkeeper.journal.proofs import history_of  # noqa: PLC0415
    from townkeeper.journal.shipped.verify_history import findings  # noqa: PLC0415

    subject = number if ":" in number else f"case:{number}"
    history = history_of(subject)
    problems = [_as_dict(found) for found in verify_journal(subject).problems]
    said = findings(history, [bytes.fromhex(key) for key in known_keys().values()])
    count = len(history["entries"])
    sealed = sum(entry["proof"] is not None for entry in history["entries"])
    data = {
        "ok": not problems and not said,
        "entries": count,
        "sealed": sealed,
        "problems": problems,
        "findings": said,
    }
    lines = [_say(count, problems), *(f"  {line}" for line in said)]
    lines.append(
        _("%(entries)s entries, %(sealed)s of them under a seal.")
        % {"entries": count, "sealed": sealed}
    )
    return Outcome(data, "\n".join(lines), findings=bool(problems or said))


def _as_dict(found: "ChainProblem") -> dict[str, object]:
    return {"subject": found.subject, "entry": found.seq, "kind": str(found.kind)}


def _say_seals(checked: "SealsChecked") -> list[str]:
    if not checked.seals:
        return [_("There is no seal yet.")]
    lines = [
        _("%(seals)s seals over %(sealed)s entries; %(open)s written since.")
        % {"seals": checked.seals, "sealed": f"{checked.sealed:,}", "open": f"{checked.open:,}"}
    ]
    for found in checked.problems[:_SHOWN]:
        named = ", ".join(f"#{pk}" for pk in found.entries[:_SHOWN])
        lines.append(
            "  "
            + _("seal %(number)s: %(what)s %(entries)s")
            % {"number": found.number, "what": _seal_kind(found.kind), "entries": named}
        )
    return [line.rstrip() for line in lines]


def _seal_kind(kind: str) -> str:
    words = {
        "signature": _("the signature does not belong to it"),
        "key-unknown": _("signed with a key that is not known here"),
        "previous": _("does not follow from the seal before it"),
        "gap": _("leaves out entries after the seal before it"),
        "removed": _("entries under it were removed"),
        "inserted": _("entries were put in between later"),
        "root": _("the entries under it are not those that were sealed"),
    }
    return words[kind]


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
    """Check a given file by itself: a case's history, or a published round."""
    ready()
    if path.name.endswith(".history.json"):
        return _verify_history(path)
    return _verify_round(path)


def _verify_history(path: Path) -> Outcome:
    from townkeeper.journal.keys import known_keys  # noqa: PLC0415
    from townkeeper.journal.proofs import check_history  # noqa: PLC0415

    found = check_history(path, keys=known_keys().values())
    lines = [_("The file does not hold together:"), *(f"  {line}" for line in found[:_SHOWN])]
    text = "\n".join(lines) if found else _("The file is as it was given out.")
    return Outcome({"ok": not found, "problems": found}, text, findings=bool(found))


def _verify_round(path: Path) -> Outcome:
    """Check a published round: digest, signature, and the scores computed again."""
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

"""`seal`: sign what has been recorded so far, so that nobody can change it unseen."""

import argparse
import json
from pathlib import Path

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import ngettext

EXAMPLES = (
    "./townkeeper seal",
    "./townkeeper seal --list",
    "./townkeeper seal --export var/out/seals.json",
)
_SHOWN = 20


def help_text() -> str:
    return _("seal the record: sign everything written since the last seal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", action="store_true", help=_("show the last seals"))
    parser.add_argument(
        "--export", type=Path, metavar=_("FILE"),
        help=_("write all seals to a file, to be kept where others can see it"),
    )  # fmt: skip


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.list:
        return _list()
    if args.export is not None:
        return _export(args.export.resolve())
    from townkeeper.journal.models import Entry  # noqa: PLC0415 - Django is set up by now
    from townkeeper.journal.sealing import seal_journal, statement_of  # noqa: PLC0415

    made = seal_journal()
    if not made:
        said = _("Nothing has been written since the last seal.") if Entry.objects.exists() else ""
        return Outcome({"seals": []}, said or _("Nothing has been recorded yet."))
    count = sum(seal.count for seal in made)
    last = statement_of(made[-1])
    text = ngettext(
        "%(count)s entry sealed; seal %(number)s, root %(root)s.",
        "%(count)s entries sealed; seal %(number)s, root %(root)s.",
        count,
    ) % {"count": f"{count:,}", "number": last.number, "root": last.root}
    data = [{"number": seal.number, "count": seal.count, "root": seal.root.hex()} for seal in made]
    return Outcome({"seals": data}, text)


def _list() -> Outcome:
    from townkeeper.journal.models import Seal  # noqa: PLC0415

    seals = list(Seal.objects.order_by("-number")[:_SHOWN])
    rows = [
        (seal.number, f"{seal.made_at:%F %T}", seal.count, bytes(seal.root).hex()[:16], seal.key_id)
        for seal in seals
    ]
    head = (_("seal"), _("made"), _("entries"), _("root"), _("key"))
    names = ("number", "made_at", "count", "root", "key_id")
    data = {"seals": [dict(zip(names, row, strict=True)) for row in rows]}
    return Outcome(data, table(rows, head) if rows else _("There is no seal yet."))


def _export(path: Path) -> Outcome:
    from townkeeper.files.actions import write_whole  # noqa: PLC0415
    from townkeeper.journal.proofs import seals_as_data  # noqa: PLC0415

    data = seals_as_data()
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    write_whole(path, text.encode())
    return Outcome({"file": str(path), "seals": len(data["seals"])}, str(path))

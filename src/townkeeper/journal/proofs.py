"""Gives out one subject's history with its proof, for third parties to check without us."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from townkeeper.journal.chain import time_text
from townkeeper.journal.merkle import levels, path_in
from townkeeper.journal.models import Entry, Seal
from townkeeper.journal.sealing import entries_under, statement_of
from townkeeper.journal.shipped import verify_history
from townkeeper.kit.errors import Problem

SCRIPT = Path(verify_history.__file__)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was written for a third party."""

    folder: Path
    history: Path
    script: Path
    entries: int
    sealed: int
    public_keys: dict[str, str]
    """Key id → public key; whoever checks gets it from the office by another way as well."""


def history_of(subject: str) -> dict[str, Any]:
    """Return a subject's entries, each with the path to the root of the seal that covers it.

    Errors: `Problem` where nothing is known of the subject.
    """
    entries = list(Entry.objects.filter(subject=subject).order_by("seq"))
    if not entries:
        raise Problem(
            "history-unknown",
            _("Nothing is recorded of “%(subject)s”.") % {"subject": subject},
            where=subject,
            hint=_("Cases are named “case:” and their number."),
        )
    proofs, seals = _proofs(entries)
    return {
        "format": verify_history.FORMAT,
        "subject": subject,
        "entries": [_entry(entry) | {"proof": proofs.get(entry.pk)} for entry in entries],
        "seals": [_seal(seal) for seal in seals],
    }


def write_proof(subject: str, folder: Path) -> Proof:
    """Write history, public key and the checking script into a folder."""
    history = history_of(subject)
    folder.mkdir(parents=True, exist_ok=True)
    name = subject.partition(":")[2] or subject
    path = folder / f"{name.replace('/', '_')}.history.json"
    text = json.dumps(history, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
    script = folder / SCRIPT.name
    shutil.copyfile(SCRIPT, script)
    keys = {seal["key_id"]: seal["public_key"] for seal in history["seals"]}
    for key_id, public in keys.items():
        (folder / f"{key_id}.pub").write_text(public + "\n")
    entries = history["entries"]
    sealed = sum(entry["proof"] is not None for entry in entries)
    return Proof(folder, path, script, len(entries), sealed, keys)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "subject": entry.subject,
        "seq": entry.seq,
        "time": time_text(entry.time),
        "actor": entry.actor,
        "act": entry.act,
        "origin": entry.origin,
        "data": entry.data,
        "hash": bytes(entry.hash).hex(),
    }


def _seal(seal: Seal) -> dict[str, str]:
    return {
        "statement": statement_of(seal).text(),
        "signature": bytes(seal.signature).hex(),
        "key_id": seal.key_id,
        "public_key": seal.public_key,
    }


def _proofs(entries: list[Entry]) -> tuple[dict[int, dict[str, Any]], list[Seal]]:
    """Return entry → its place and path under a seal, and the seals in their order."""
    wanted = {entry.pk for entry in entries}
    proofs: dict[int, dict[str, Any]] = {}
    used: list[Seal] = []
    least, most = min(wanted), max(wanted)
    later = Seal.objects.filter(last_entry__gte=least).order_by("number")
    for seal in later.iterator():
        if seal.first_entry > most and not (seal.late and wanted & set(seal.late)):
            continue
        if not any(seal.first_entry <= pk <= seal.last_entry or pk in seal.late for pk in wanted):
            continue
        rows = entries_under(seal)
        tree = levels(mark for _, mark in rows)
        for index, (pk, _mark) in enumerate(rows):
            if pk in wanted:
                path = [sister.hex() for sister in path_in(tree, index)]
                proofs[pk] = {"seal": seal.number, "index": index, "path": path}
        used.append(seal)
    return proofs, used


def seals_as_data() -> dict[str, Any]:
    """Return all seals, to be kept outside: whoever has them knows what was sealed when."""
    seals = Seal.objects.order_by("number").iterator()
    return {"format": "townkeeper-seals-1", "seals": [_seal(seal) for seal in seals]}


def check_history(path: Path, *, keys: Iterable[str]) -> list[str]:
    """Check a history file as a third party would, with these public keys; what is wrong with it.

    Errors: `Problem` where the file is none.
    """
    try:
        history = json.loads(path.read_text("utf-8"))
        return verify_history.findings(history, [bytes.fromhex(key) for key in keys])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Problem(
            "history-unreadable",
            _("This is not a history that Townkeeper has given out."),
            where=path.name,
        ) from error

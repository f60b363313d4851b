"""Evidence on cases: photos and papers, what they show and what speaks against them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._proof import AFTER, BEFORE, Proof, photos_before, prove
from townkeeper.cases._save import Batch, Row
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Case, Evidence, Task
from townkeeper.cases.people import own_task
from townkeeper.cases.photo_checks import best_before
from townkeeper.cases.turns import take_turn
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

FINDINGS = {
    "far": _("taken far from the place of the case"),
    "too-early": _("taken too long before"),
    "in-the-future": _("the camera's time lies in the future"),
    "used-before": _("this picture was used before"),
    "no-position": _("does not say where it was taken"),
    "no-time": _("does not say when it was taken"),
}
"""What `Evidence.findings` says, in words."""


def add_evidence(
    case: Case,
    *,
    kind: str,
    actor: User,
    file: StoredFile | None = None,
    note: str = "",
    task: Task | None = None,
    before: Evidence | None = None,
    is_public: bool = False,
    after_end: bool = False,
) -> Evidence:
    """Attach a photo or paper to a case; without a `task` to the person's own open one, if any.

    A photo's time, distance and earlier uses are checked; what speaks against it is kept and
    journaled, and refuses nothing. A photo from after the work is put beside one from before: the
    one that is given, else the likeliest of the same case. `after_end` is for looks at what was
    closed (a revisit); everything else ends with the case.
    """
    _check_before(case, kind, before)
    proof = prove(file, case, kind) if file is not None and file.has_public_copy else Proof()

    def work_out(batch: Batch, picture: Desk) -> Row:
        _refuse_ended(batch.seen.case, task, after_end=after_end)
        own = own_task(batch.seen, picture.register.units) if task is None else None
        task_id = task.pk if task else own.id if own else None
        pair = before.pk if before else _likeliest(batch, kind, file, task_id)
        row = batch.add(
            Evidence,
            task_id=task_id,
            kind=kind,
            file_id=file.pk if file else None,
            note=note,
            is_public=is_public,
            before_id=pair,
            **proof.columns,
            added_at=clock.now(),
            actor=actor.username,
        )
        data = _said(proof, pair, is_guess=before is None)
        data |= {"kind": kind, "sha256": file.sha256 if file else None, "note": note}
        batch.say("case.evidence", actor=actor.username, data=data)
        return row

    row = take_turn(case, work_out, actor=actor)[1]
    return Evidence(id=row.id, **row.values)


def _refuse_ended(case: Case, task: Task | None, *, after_end: bool) -> None:
    if case.is_ended and not after_end:
        raise Problem("case-ended", _("The case has ended; nothing can be added."))
    if task is not None and task.case_id != case.pk:
        raise Problem("task-missing", _("This task belongs to another case."), where=case.number)


def _likeliest(batch: Batch, kind: str, file: StoredFile | None, task_id: int | None) -> int | None:
    """Return the photo from before that one from after may belong to.

    The database is asked only where there is a choice: most cases were not photographed before.
    """
    has_before = any(each.kind.startswith(BEFORE) for each in batch.seen.evidence)
    if not kind.startswith(AFTER) or not has_before:
        return None
    found = best_before(photos_before(batch.seen.case, file), task_id)
    return found.id if found else None


def _check_before(case: Case, kind: str, before: Evidence | None) -> None:
    if before is None:
        return
    if not kind.startswith(AFTER):
        raise Problem(
            "pair-kind", _("Only a photo from after the work has one from before."), where="before"
        )
    if before.case_id != case.pk or not before.kind.startswith(BEFORE):
        raise Problem(
            "pair-case",
            _("This is no photo from before the work on this case."),
            where="before",
        )


def _said(proof: Proof, before: int | None, *, is_guess: bool) -> dict[str, object]:
    """Return what the journal says of a photo's checks; nothing of what is in order."""
    used = proof.repeats
    said: dict[str, object] = {
        "distance_m": proof.distance_m,
        "findings": list(proof.findings),
        "repeats": {"evidence": used.id, "changed": round(used.changed, 3)} if used else None,
        "before": {"evidence": before, "guessed": is_guess} if before is not None else None,
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


@dataclass(frozen=True, slots=True)
class Pair:
    """One spot before and after the work; either may be missing."""

    before: Evidence | None
    after: Evidence | None

    @property
    def began_at(self) -> datetime:
        """Return when the first of the two was added."""
        times = [each.added_at for each in (self.before, self.after) if each is not None]
        return min(times)


def pairs_of(case: Case, known: Iterable[Evidence] | None = None) -> list[Pair]:
    """Return the photos of a case side by side: each from after with its one from before.

    A photo from before that none is paired with stands alone, in its place in time. After rework
    one photo from before has several from after. Where an import names no pair and there is only
    one photo from before, that is the one. `known` is the evidence of the case, where it was read.
    """
    found = case.evidence.select_related("file", "repeats__case") if known is None else known
    rows = sorted(found, key=lambda row: (row.added_at, row.pk))
    befores = {row.pk: row for row in rows if row.kind.startswith(BEFORE)}
    only = next(iter(befores.values())) if len(befores) == 1 else None
    pairs = [
        Pair(befores.get(row.before_id) if row.before_id else only, row)
        for row in rows
        if row.kind.startswith(AFTER)
    ]
    paired = {pair.before.pk for pair in pairs if pair.before}
    alone = [Pair(row, None) for pk, row in befores.items() if pk not in paired]
    return sorted(pairs + alone, key=lambda pair: pair.began_at)

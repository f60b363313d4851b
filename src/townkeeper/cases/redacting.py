"""Photos that show too much: hiding parts of them, taking that back, looking at the original."""

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Evidence
from townkeeper.files.actions import path_of
from townkeeper.files.models import Redaction, StoredFile
from townkeeper.files.photos import Box
from townkeeper.files.redaction import hide_parts, show_parts
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import posts_of
from townkeeper.units.permissions import Permission


@transaction.atomic
def redact_photo(
    evidence: Evidence, boxes: Sequence[Box], *, reason: str, actor: User
) -> Redaction:
    """Black out rectangles of a photo in what the public sees; the original stays as it is.

    `boxes` are (left, top, right, bottom) as shares of the upright picture. The same photo on
    another case shows them blacked out as well, because it is the same file.
    """
    file = _photo_of(evidence)
    _refuse_stranger(evidence, actor)
    redaction = hide_parts(file, boxes, reason=reason, actor=actor.username)
    _record(
        evidence,
        "case.photo_redacted",
        actor,
        {"redaction": redaction.pk, "boxes": redaction.boxes, "reason": redaction.reason},
    )
    return redaction


@transaction.atomic
def undo_redaction(
    evidence: Evidence, redaction: Redaction, *, reason: str, actor: User
) -> Redaction:
    """Show again what a redaction hid; other redactions of the photo stay."""
    file = _photo_of(evidence)
    _refuse_stranger(evidence, actor)
    if redaction.file_id != file.pk:
        raise Problem("redaction-missing", _("This photo has no such redaction."))
    done = show_parts(redaction, reason=reason, actor=actor.username)
    _record(
        evidence,
        "case.redaction_undone",
        actor,
        {"redaction": redaction.pk, "reason": done.undone_reason},
    )
    return done


@transaction.atomic
def look_at_original(evidence: Evidence, *, actor: User) -> Path:
    """Return where the original lies, for staff who act on the case; who looked is recorded."""
    file = _photo_of(evidence)
    _refuse_stranger(evidence, actor)
    path = path_of(file.sha256)
    if not path.is_file():
        raise Problem(
            "original-missing",
            _("The original of this photo cannot be read."),
            where=file.sha256[:12],
            hint=_("Ask the administrator for the backup of the folder of files."),
        )
    _record(evidence, "case.original_seen", actor, {})
    return path


def standing_redactions(evidence: Evidence) -> list[Redaction]:
    """Return what is hidden in a photo now, oldest first."""
    if evidence.file_id is None:
        return []
    return list(Redaction.objects.filter(file_id=evidence.file_id, undone_at=None).order_by("pk"))


def _photo_of(evidence: Evidence) -> StoredFile:
    if evidence.file is None or not evidence.file.has_public_copy:
        raise Problem("not-a-photo", _("Only photos can be blacked out."))
    return evidence.file


def _refuse_stranger(evidence: Evidence, actor: User) -> None:
    """Refuse whoever does not act on cases, or does not see this one; both sound alike."""
    may = any(
        Permission.CASES_CASE_ACT in post.role.permissions
        for post in posts_of(actor, clock.today())
    )
    if not may or not Case.objects.visible_to(actor).filter(pk=evidence.case_id).exists():
        raise Problem("not-permitted", _("Your posts do not allow this."))


def _record(evidence: Evidence, act: str, actor: User, data: dict[str, object]) -> None:
    sha256 = evidence.file.sha256 if evidence.file else None
    record(
        subject=evidence.case.subject,
        act=act,
        actor=actor.username,
        data={"evidence": evidence.pk, "sha256": sha256, **data},
    )

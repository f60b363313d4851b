"""Hides parts of a photo from the public: the copies are made anew, the original stays."""

import math
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.files.actions import path_of, write_all
from townkeeper.files.models import Redaction, StoredFile
from townkeeper.files.photos import Box, NotAPhotoError, copies
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

BOXES_MAX = 50


def hide_parts(file: StoredFile, boxes: Sequence[Box], *, reason: str, actor: str) -> Redaction:
    """Black out rectangles in public copy and thumbnail, inside the caller's transaction.

    The copies are written before the transaction ends: should it fail afterwards, the public sees
    less than it may, never more.
    """
    _check(file, boxes, reason)
    StoredFile.objects.select_for_update().get(pk=file.pk)
    redaction = Redaction.objects.create(
        file=file,
        boxes=[list(box) for box in boxes],
        reason=reason.strip(),
        actor=actor,
        at=clock.now(),
    )
    remake_copies(file)
    return redaction


def show_parts(redaction: Redaction, *, reason: str, actor: str) -> Redaction:
    """Take a redaction back, inside the caller's transaction; others of the photo stay.

    The copies are written only once the transaction has ended well, for the same reason.
    """
    if not reason.strip():
        raise Problem("reason-missing", _("Say why."), where="reason")
    StoredFile.objects.select_for_update().get(pk=redaction.file_id)
    redaction.refresh_from_db()
    if redaction.undone_at is not None:
        raise Problem("redaction-undone", _("This has been taken back already."))
    redaction.undone_at, redaction.undone_by = clock.now(), actor
    redaction.undone_reason = reason.strip()
    redaction.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    file = redaction.file
    transaction.on_commit(lambda: _remade(file))
    return redaction


@transaction.atomic
def _remade(file: StoredFile) -> None:
    """Make the copies anew while nobody hides another part of the photo."""
    StoredFile.objects.select_for_update().get(pk=file.pk)
    remake_copies(file)


def remake_copies(file: StoredFile) -> None:
    """Make public copy and thumbnail of a photo anew from its original and what is hidden in it.

    Also for photos stored before there were thumbnails. Raises Problem when the original is gone.
    """
    hidden: list[Box] = []
    for redaction in Redaction.objects.filter(file=file, undone_at=None):
        hidden += [(box[0], box[1], box[2], box[3]) for box in redaction.boxes]
    try:
        public, thumbnail = copies(path_of(file.sha256).read_bytes(), hidden)
    except (OSError, NotAPhotoError) as error:
        raise Problem(
            "original-missing",
            _("The original of this photo cannot be read."),
            where=file.sha256[:12],
            hint=_("Ask the administrator for the backup of the folder of files."),
        ) from error
    write_all(
        [
            (path_of(file.sha256, public=True), public),
            (path_of(file.sha256, thumbnail=True), thumbnail),
        ]
    )


def _check(file: StoredFile, boxes: Sequence[Box], reason: str) -> None:
    if not file.has_public_copy:
        raise Problem("not-a-photo", _("Only photos can be blacked out."), where=file.sha256[:12])
    if not reason.strip():
        raise Problem("reason-missing", _("Say why."), where="reason")
    if not boxes or len(boxes) > BOXES_MAX:
        raise Problem(
            "boxes-number",
            _("Mark between one and %(max)d rectangles.") % {"max": BOXES_MAX},
            where="boxes",
        )
    for box in boxes:
        left, top, right, bottom = box
        inside = all(math.isfinite(share) and 0 <= share <= 1 for share in box)
        if not inside or left >= right or top >= bottom:
            raise Problem(
                "box-outside",
                _("A rectangle lies inside the picture, its left before its right."),
                where="boxes",
                hint=_("Give left, top, right and bottom as shares of the picture, 0 to 1."),
            )

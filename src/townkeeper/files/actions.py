"""Taking in uploads: by content, not by what they call themselves; whole or not at all."""

import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.files.models import StoredFile
from townkeeper.files.photos import NotAPhotoError, Seen, TooManyPixelsError, look, public_copy
from townkeeper.journal.actions import record
from townkeeper.kit.errors import Problem

MEGABYTE = 1_000_000


def path_of(sha256: str, *, public: bool = False) -> Path:
    """Return where a stored file lies below the home folder."""
    name = f"{sha256}.public.jpg" if public else sha256
    return Path(settings.HOME) / "files" / sha256[:2] / name


@transaction.atomic
def store_photo(data: bytes, *, name: str, actor: str) -> StoredFile:
    """Keep a photo and its public copy; a Problem says why it cannot be taken.

    The same content again is the same file. The declared type and the name's ending are not
    believed; only the content counts.
    """
    _refuse_size(data, name)
    seen, small = _look(data, name)
    sha256 = hashlib.sha256(data).hexdigest()
    known = StoredFile.objects.filter(sha256=sha256).first()
    if known is not None:
        return known
    write_whole(path_of(sha256), data)
    write_whole(path_of(sha256, public=True), small)
    stored = StoredFile.objects.create(
        sha256=sha256,
        media_type=seen.media_type,
        size=len(data),
        width=seen.width,
        height=seen.height,
        has_public_copy=True,
        taken_at=seen.taken_at,
        lon=seen.lon,
        lat=seen.lat,
        stored_at=timezone.now(),
    )
    record(
        subject=f"file:{sha256[:32]}",
        act="file.stored",
        actor=actor,
        data={"sha256": sha256, "size": len(data), "type": seen.media_type},
    )
    return stored


def _look(data: bytes, name: str) -> tuple[Seen, bytes]:
    """Return what the content is, and its public copy."""
    try:
        return look(data), public_copy(data)
    except TooManyPixelsError as error:
        raise Problem(
            "photo-too-large",
            _("The picture has too many pixels (%(width)d × %(height)d).")
            % {"width": error.width, "height": error.height},
            where=name,
            hint=_("Send it smaller; 4000 × 3000 is plenty."),
        ) from None
    except NotAPhotoError:
        raise Problem(
            "not-a-photo",
            _("This file is not a photo, whatever its name says."),
            where=name,
            hint=_("JPEG, PNG, WebP and GIF pictures can be taken."),
        ) from None


def _refuse_size(data: bytes, name: str) -> None:
    limit = settings.UPLOAD_LIMIT_MB * MEGABYTE
    if not data:
        raise Problem("file-empty", _("The file is empty."), where=name)
    if len(data) > limit:
        raise Problem(
            "file-too-large",
            _("The file has %(size).1f MB; at most %(limit)d MB can be taken.")
            % {"size": len(data) / MEGABYTE, "limit": settings.UPLOAD_LIMIT_MB},
            where=name,
        )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there completely or not at all, and still there after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Problem(
            "disk",
            _("The file could not be kept: %(error)s.") % {"error": error.strerror or error},
            hint=_("Ask the administrator whether the disk is full."),
        ) from error

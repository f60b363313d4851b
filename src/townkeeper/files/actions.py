"""Taking in uploads: by content, not by what they call themselves; whole or not at all."""

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from PIL import ImageOps

from townkeeper.files.index import nearest_pictures
from townkeeper.files.models import Resemblance, StoredFile
from townkeeper.files.photos import (
    Copies,
    NotAPhotoError,
    TooManyPixelsError,
    small_grey,
    take_in,
)
from townkeeper.files.resemblance import compare
from townkeeper.journal.actions import record
from townkeeper.kit.errors import Problem

MEGABYTE = 1_000_000
ALIKE: Final = 0.25
"""Share of a picture that may differ for the two to be put beside one another. Measured
(docs/evidence.md): a copy, however treated, up to 0.11; two different scenes at least 0.69."""


def path_of(sha256: str, *, public: bool = False, thumbnail: bool = False) -> Path:
    """Return where a stored file, its public copy or its thumbnail lies below the home folder."""
    ending = ".thumb.jpg" if thumbnail else ".public.jpg" if public else ""
    return Path(settings.HOME) / "files" / sha256[:2] / f"{sha256}{ending}"


@dataclass(frozen=True, slots=True)
class Said:
    """What came beside a photo: a page that shrinks or takes pictures leaves no EXIF in them."""

    taken_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None


def store_photo(data: bytes, *, name: str, actor: str, said: Said | None = None) -> StoredFile:
    """Keep a photo, its public copy and its thumbnail; a Problem says why it cannot be taken.

    The same content again is the same file. The declared type and the name's ending are not
    believed; only the content counts. Earlier files that show the same picture are remembered
    (`Resemblance`). The costly part, decoding and comparing, happens before the transaction.
    Time and position in the photo itself count before those `said` beside it; both are claims of
    the sender's device.
    """
    _refuse_size(data, name)
    sha256 = hashlib.sha256(data).hexdigest()
    known = StoredFile.objects.filter(sha256=sha256).first()
    if known is not None and path_of(sha256).is_file():
        return known
    photo = _taken_in(data, name)
    write_all(
        [
            (path_of(sha256), data),
            (path_of(sha256, public=True), photo.public),
            (path_of(sha256, thumbnail=True), photo.thumbnail),
        ]
    )
    if known is not None:
        return known  # its file had been lost; now it is there again
    alike = _alike(photo.fingerprint, path_of(sha256))
    try:
        with transaction.atomic():
            return _stored(sha256, len(data), photo, alike, said or Said(), actor=actor)
    except IntegrityError:
        # the same picture was sent twice at the same moment, and the other one came first
        twin = StoredFile.objects.filter(sha256=sha256).first()
        if twin is None:
            raise
        return twin


def _stored(
    sha256: str, size: int, photo: Copies, alike: list[Resemblance], said: Said, *, actor: str
) -> StoredFile:
    own = photo.seen if photo.seen.lon is not None else said
    stored = StoredFile.objects.create(
        sha256=sha256,
        media_type=photo.seen.media_type,
        size=size,
        width=photo.seen.width,
        height=photo.seen.height,
        has_public_copy=True,
        taken_at=photo.seen.taken_at or said.taken_at,
        lon=own.lon,
        lat=own.lat,
        fingerprint=photo.fingerprint,
        stored_at=timezone.now(),
    )
    for resemblance in alike:
        resemblance.file = stored
    Resemblance.objects.bulk_create(alike)
    data: dict[str, object] = {"sha256": sha256, "size": size, "type": photo.seen.media_type}
    if alike:
        data["alike"] = [[row.earlier.sha256, round(row.changed, 3)] for row in alike]
    record(subject=f"file:{sha256[:32]}", act="file.stored", actor=actor, data=data)
    return stored


def _alike(mark: bytes | None, path: Path) -> list[Resemblance]:
    """Compare a new picture with stored ones whose fingerprint is near."""
    near = nearest_pictures(mark) if mark is not None else []
    if not near:
        return []
    known = StoredFile.objects.in_bulk([pk for pk, _bits, _mirrored in near])
    new = small_grey(path)
    found = []
    for pk, _bits, is_mirrored in near:
        earlier = known.get(pk)
        if earlier is None:
            continue
        try:
            old = small_grey(path_of(earlier.sha256))
        except NotAPhotoError:
            continue  # its file is gone, which `townkeeper verify` says, not an upload
        likeness = compare(ImageOps.mirror(old) if is_mirrored else old, new)
        if likeness.changed <= ALIKE:
            found.append(
                Resemblance(earlier=earlier, changed=likeness.changed, is_mirrored=is_mirrored)
            )
    return found


def _taken_in(data: bytes, name: str) -> Copies:
    """Decode an upload, or say in words why it is none that can be taken."""
    try:
        return take_in(data, zone=ZoneInfo(settings.TIME_ZONE))
    except TooManyPixelsError as error:
        raise Problem(
            "photo-too-large",
            _("The picture has too many pixels (%(width)d × %(height)d).")
            % {"width": error.width, "height": error.height},
            where=name,
            hint=_("Send it smaller; 4000 × 3000 is plenty."),
        ) from None
    except NotAPhotoError:
        if data[4:8] == b"ftyp":
            raise Problem(
                "photo-heic",
                _("This photo is in a format (such as HEIC) that cannot be taken."),
                where=name,
                hint=_("On the phone choose camera format “Most Compatible” (JPEG), or send a"
                       " screenshot of the photo."),
            ) from None  # fmt: skip
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
    write_all([(path, data)])


def write_all(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write several files that belong together: on a full disk none of them appears."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, data in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
            drafts.append((draft, path))
            with draft.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
        for draft, path in drafts:
            draft.replace(path)
    except OSError as error:
        for draft, _path in drafts:
            draft.unlink(missing_ok=True)
        raise Problem(
            "disk",
            _("The file could not be kept: %(error)s.") % {"error": error.strerror or error},
            hint=_("Ask the administrator whether the disk is full."),
        ) from error

"""Photos that the public sends: taken in one by one, and kept over a form that was refused."""

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.following import PHOTOS_MAX
from townkeeper.files.actions import MEGABYTE, store_photo
from townkeeper.files.models import StoredFile
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import REPORTER

SALT: Final = "townkeeper.portal.photos"
KEPT_SECONDS: Final = 24 * 3600


def take_photos(
    uploads: Iterable["UploadedFile[bytes]"], kept: list[StoredFile]
) -> tuple[list[StoredFile], list[Problem]]:
    """Store uploads beside those kept from before; what cannot be taken is told, the rest stays."""
    photos, problems = list(kept), []
    for upload in uploads:
        if len(photos) >= PHOTOS_MAX:
            problems.append(
                Problem("too-many-photos", _("At most %(max)d photos.") % {"max": PHOTOS_MAX})
            )
            break
        try:
            photo = _taken(upload)
        except Problem as problem:
            problems.append(problem)
            continue
        if photo.pk not in {each.pk for each in photos}:
            photos.append(photo)
    return photos, problems


def _taken(upload: "UploadedFile[bytes]") -> StoredFile:
    name = str(upload.name or "")
    if (upload.size or 0) > settings.UPLOAD_LIMIT_MB * MEGABYTE:
        # refused by its size alone: it is not read into memory
        raise Problem(
            "file-too-large",
            _("The file has %(size).1f MB; at most %(limit)d MB can be taken.")
            % {"size": (upload.size or 0) / MEGABYTE, "limit": settings.UPLOAD_LIMIT_MB},
            where=name,
        )
    return store_photo(upload.read(), name=name, actor=REPORTER)


def keep(photos: Iterable[StoredFile]) -> str:
    """Return a signed list of photos for a hidden field, so that nobody names those of others."""
    return signing.dumps([photo.pk for photo in photos], salt=SALT)


def kept(text: str) -> list[StoredFile]:
    """Return the photos of such a list; one that was made up or is too old names none."""
    try:
        pks = signing.loads(text, salt=SALT, max_age=KEPT_SECONDS) if text else []
    except signing.BadSignature:
        pks = []
    found = StoredFile.objects.in_bulk(pks[:PHOTOS_MAX])
    return [found[pk] for pk in pks if pk in found]

"""Taking in papers beside photos: PDF, Word and Excel files, known by content, kept as sent."""

import hashlib
import io
import zipfile
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.files.actions import MEGABYTE, path_of, store_photo, write_whole
from townkeeper.files.models import StoredFile
from townkeeper.journal.actions import record
from townkeeper.kit.errors import Problem

PDF: Final = "application/pdf"
OFFICE: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = OFFICE + "wordprocessingml.document"
XLSX: Final = OFFICE + "spreadsheetml.sheet"
PARTS: Final = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
"""The part by which each sort of office file is known."""


def store_evidence(data: bytes, *, name: str, actor: str) -> StoredFile:
    """Keep a photo or a paper, whichever the content is. Errors: Problem for anything else."""
    if paper_type(data):
        return store_paper(data, name=name, actor=actor)
    try:
        return store_photo(data, name=name, actor=actor)
    except Problem as problem:
        if problem.code != "not-a-photo":
            raise
        raise Problem(
            "file-unknown",
            _("This file is neither a photo nor a paper that can be taken."),
            where=name,
            hint=_("JPEG, PNG, WebP and GIF pictures, PDF, Word and Excel files can be taken."),
        ) from None


def store_paper(data: bytes, *, name: str, actor: str) -> StoredFile:
    """Keep a paper as it is; the same content again is the same file. Errors: Problem."""
    media_type = paper_type(data)
    if not media_type:
        raise Problem("not-a-paper", _("This file is no PDF, Word or Excel file."), where=name)
    if len(data) > settings.UPLOAD_LIMIT_MB * MEGABYTE:
        raise Problem(
            "file-too-large",
            _("The file has %(size).1f MB; at most %(limit)d MB can be taken.")
            % {"size": len(data) / MEGABYTE, "limit": settings.UPLOAD_LIMIT_MB},
            where=name,
        )
    sha256 = hashlib.sha256(data).hexdigest()
    known = StoredFile.objects.filter(sha256=sha256).first()
    if not path_of(sha256).is_file():
        write_whole(path_of(sha256), data)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            stored = StoredFile.objects.create(
                sha256=sha256, media_type=media_type, size=len(data), stored_at=timezone.now()
            )
            record(
                subject=f"file:{sha256[:32]}",
                act="file.stored",
                actor=actor,
                data={"sha256": sha256, "size": len(data), "type": media_type},
            )
    except IntegrityError:
        return StoredFile.objects.get(sha256=sha256)  # sent twice at the same moment
    return stored


def paper_type(data: bytes) -> str:
    """Return the media type of a paper by its content; empty for what is none."""
    if data.startswith(b"%PDF-"):
        return PDF
    if not data.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return ""
    if any("vbaProject" in name for name in names):
        return ""  # macros have no business in a reply
    return next((kind for part, kind in PARTS.items() if part in names), "")

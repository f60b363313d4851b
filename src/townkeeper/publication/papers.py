"""Letters of orders as files: typeset once, kept, and sent again as the same bytes."""

import hashlib
import tempfile
import threading
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.files.actions import path_of
from townkeeper.files.models import StoredFile
from townkeeper.files.papers import store_paper
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.publication.actions import LANGUAGES
from townkeeper.publication.models import IssuedPaper
from townkeeper.publication.notices import order_document
from townkeeper.publication.typeset.document import Document, Language
from townkeeper.publication.typeset.docx import write_docx
from townkeeper.publication.typeset.fonts import FontSettings
from townkeeper.publication.typeset.pdf import write_pdf
from townkeeper.supervision.models import Order

PaperForm = Literal["pdf", "docx"]
FORMS: Final[tuple[PaperForm, ...]] = ("pdf", "docx")
ONE_AT_A_TIME: Final = threading.Lock()
"""Typesetting takes some 300 MB for a second: a server with many threads does one after another."""


def language_of(wanted: str) -> Language:
    """Return a language of papers by its tag in any case; the office's own where it is unknown."""
    for tag in (wanted, settings.LANGUAGE_CODE):
        for known in LANGUAGES:
            if known.lower() == tag.lower():
                return known
    return "zh-Hant"


def office_fonts() -> FontSettings:
    """Return where fonts are looked for on this installation."""
    return FontSettings(directory=Path(settings.FONT_DIR) if settings.FONT_DIR else None)


def paper_of(order: Order, form: PaperForm, language: Language, *, actor: str) -> Path:
    """Return the file of an order's letter, made and kept if nobody asked for it before.

    Every printing is in the order's journal with the digest of the file. Errors: Problem.
    """
    kept = _kept(order, form, language)
    file = kept.file if kept is not None else None
    if file is None or not path_of(file.sha256).is_file():
        data = made(order_document(order, language), form)
        file = _keep(order, form, language, data, actor=actor)
    with transaction.atomic():
        record(
            subject=order.subject,
            act="order.printed",
            actor=actor,
            data={"form": form, "language": language, "sha256": file.sha256},
        )
    return path_of(file.sha256)


def _kept(order: Order, form: str, language: str) -> IssuedPaper | None:
    rows = IssuedPaper.objects.filter(order=order, form=form, language=language)
    return rows.select_related("file").first()


def _keep(order: Order, form: str, language: str, data: bytes, *, actor: str) -> StoredFile:
    """Keep the bytes; of two made at once the first is the letter. A lost file is made anew."""
    digest = hashlib.sha256(data).hexdigest()
    known = _kept(order, form, language)
    if (
        known is not None
        and known.file.sha256 != digest
        and not path_of(known.file.sha256).exists()
    ):
        raise Problem(
            "paper-lost",
            _("The file of this letter is gone and cannot be made again as the same bytes."),
            where=order.number,
            hint=_("Put it back from a backup."),
        )
    stored = store_paper(data, name=f"{order.pk}.{form}", actor=actor)
    row, _made = IssuedPaper.objects.get_or_create(
        order=order,
        form=form,
        language=language,
        defaults={"file": stored, "made_at": clock.now(), "made_by": actor},
    )
    return row.file


def made(document: Document, form: PaperForm) -> bytes:
    """Return a document as the bytes of a file."""
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"paper.{form}"
        if form == "pdf":
            write_pdf(document, path, fonts=office_fonts())
        else:
            write_docx(document, path, fonts=office_fonts())
        return path.read_bytes()

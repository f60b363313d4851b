"""Typesets a document as PDF in the format of GB/T 9704-2012."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typst
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.coverage import GETA, mark, missing
from townkeeper.publication.typeset.document import Document
from townkeeper.publication.typeset.fonts import FontSettings, choose, installed
from townkeeper.publication.typeset.layout import has_chinese, payload, texts
from townkeeper.publication.typeset.validity import check
from townkeeper.publication.typeset.whole_files import replacing

TEMPLATE = Path(__file__).with_name("bulletin.typ")
DRAWING = Path(__file__).with_name("drawing.typ")
Standard = Literal["1.7", "a-2a", "a-2b", "a-2u", "ua-1"]


@dataclass(frozen=True)
class Report:
    """What came of typesetting, for the record and for the person who asked."""

    pages: int
    size: int
    """Bytes."""
    families: dict[str, str]
    """The font family used for each role."""
    missing: tuple[str, ...] = ()
    """Characters that no font holds, printed as 〓 (the spreadsheet keeps them)."""


def write_pdf(
    document: Document,
    path: Path,
    *,
    fonts: FontSettings | None = None,
    standard: Standard = "1.7",
) -> Report:
    """Write the document to `path`; the same document and fonts give the same bytes.

    Raises Problem for an invalid document, a missing Chinese font, an unwritable place.
    About 300 MB of memory: call it from a worker, not from a web request.
    """
    check(document)
    settings = fonts or FontSettings()
    data = payload(document)
    choice = choose(settings, document.language, chinese=has_chinese(data))
    found = installed(settings)
    lost = missing({letter for text in texts(data) for letter in text}, found)
    sign = GETA if choice.has_chinese else "?"
    made, pages = _typeset(
        {"fonts": choice.roles, "page": mark(data, lost, sign)}, document, found, standard
    )
    with replacing(path) as temporary:
        temporary.write_bytes(made)
    return Report(
        pages=pages,
        size=len(made),
        families={role: families[0] for role, families in choice.roles.items()},
        missing=lost,
    )


def draw_png(svg: str, *, fonts: FontSettings | None = None, ppi: float = 200) -> bytes:
    """Return a chart as a PNG picture, for programs that cannot show SVG."""
    compiler = typst.Compiler(
        DRAWING, root=DRAWING.parent, font_paths=installed(fonts or FontSettings()),
        sys_inputs={"svg": svg},
    )  # fmt: skip
    try:
        made = compiler.compile(format="png", ppi=ppi)
    except typst.TypstError as error:
        raise failed(error.message, error.hints) from error
    if not isinstance(made, bytes):
        raise failed("not one picture", [])
    return made


def _typeset(
    data: dict[str, object], document: Document, fonts: typst.Fonts, standard: Standard
) -> tuple[bytes, int]:
    compiler = typst.Compiler(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=fonts,
        sys_inputs={"payload": json.dumps(data, ensure_ascii=False)},
    )
    # midnight of the document's own date, so that the bytes depend on nothing else
    moment = datetime(document.date.year, document.date.month, document.date.day, tzinfo=UTC)
    try:
        made, warnings = compiler.compile_with_warnings(
            format="pdf", timestamp=moment, pdf_standards=[standard]
        )
        pages = json.loads(compiler.query("<report>", field="value", one=True))["pages"]
    except typst.TypstError as error:
        raise failed(error.message, error.hints) from error
    if warnings or not isinstance(made, bytes):
        raise failed("; ".join(warning.message for warning in warnings), [])
    return made, pages


def failed(reason: str, hints: list[str]) -> Problem:
    """Return what a person reads when typesetting did not work."""
    return Problem(
        "typesetting",
        _("The document could not be typeset: %(reason)s.") % {"reason": reason},
        hint=" ".join(hints),
    )

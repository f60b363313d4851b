"""Writes a document as an editable Word file with real headings, tables and page numbers."""

import io
import zipfile
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import docx
from django.utils.translation import gettext_lazy as _
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.exceptions import OpcError
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph as WordParagraph

from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import (
    Attachment,
    Chart,
    Document,
    Paragraph,
    clean,
)
from townkeeper.publication.typeset.docx_styles import (
    element,
    prepare,
    rule_below,
    set_page,
    size_for,
)
from townkeeper.publication.typeset.docx_tables import add_imprint, add_table
from townkeeper.publication.typeset.fonts import FontSettings
from townkeeper.publication.typeset.layout import bracketed, ems, is_wide, source_lines
from townkeeper.publication.typeset.pdf import draw_png
from townkeeper.publication.typeset.validity import check
from townkeeper.publication.typeset.whole_files import replacing
from townkeeper.publication.typeset.words import WORDS, written_date

WIDTH = Mm(156)
BODY = 16.0
LEAST_MASTHEAD = 20.0
PAGE = (
    "orientation", "page_width", "page_height", "top_margin", "bottom_margin", "left_margin",
    "right_margin", "header_distance", "footer_distance",
)  # fmt: skip


def write_docx(
    document: Document,
    path: Path,
    *,
    template: Path | None = None,
    fonts: FontSettings | None = None,
) -> None:
    """Write the document to `path`, in the styles and page of an office's `template` if given.

    A template is any Word file with (some of) our styles: a bulletin made here, restyled and
    saved, is one. Its text is dropped; its styles, page, header and footer stay. Raises Problem
    for an invalid document, an unreadable template, an unwritable place.
    """
    check(document)
    word = _open(template)
    prepare(word, document.language, from_template=template is not None)
    properties = word.core_properties
    between = " " if document.language == "en" else ""
    properties.title = clean(between.join(document.title))[:255]
    properties.author = properties.last_modified_by = clean(document.issuer)[:255]
    properties.comments = clean(document.label)[:255]
    day = document.date
    properties.created = properties.modified = datetime(day.year, day.month, day.day, tzinfo=UTC)
    _front(word, document)
    for section in document.sections:
        if section.heading:
            word.add_paragraph(clean(section.heading), style=f"Heading {section.level}")
        _paragraphs(word, section.paragraphs)
        _charts(word, section.charts, fonts)
    _end(word, document)
    for number, attachment in enumerate(document.attachments, 1):
        _attachment(word, document, attachment, number, fonts)
    if document.attachments and is_wide(document.attachments[-1]):
        _new_page(word, wide=False)
    if document.form == "document":
        add_imprint(word, document)
    elif document.cc:
        told = WORDS[document.language]
        word.add_paragraph(f"{told.cc}{told.colon}{clean(document.cc)}", style="Bulletin source")
    with replacing(path) as temporary:
        word.save(str(temporary))


def _open(template: Path | None) -> WordDocument:
    if template is None:
        return docx.Document()
    try:
        word = docx.Document(str(template))
    except (OpcError, SyntaxError, zipfile.BadZipFile, OSError, KeyError, ValueError) as error:
        raise Problem(
            "template-unreadable",
            _("The template is not a Word file (.docx)."),
            where=str(template),
            hint=_("Save a bulletin made here under a new name, change its styles, upload it."),
        ) from error
    body = word.element.body
    # the first section holds the office's page and footers, the later ones only refer to it
    first = deepcopy(word.sections[0]._sectPr)  # noqa: SLF001 - python-docx cannot move one
    for child in list(body):
        body.remove(child)
    body.append(first)
    return word


def _front(word: WordDocument, document: Document) -> None:
    words = WORDS[document.language]
    if document.form == "letter":
        _letter_front(word, document)
        return
    # the mark's upper edge is 35 mm under the text's (7.2.4); the label line takes 20 pt of that
    word.add_paragraph(clean(document.label), style="Bulletin label")
    masthead = word.add_paragraph(style="Bulletin masthead")
    run = masthead.add_run(clean(document.masthead))
    most = size_for(46, document.language)
    fit = WIDTH.pt / max(ems(clean(document.masthead)), 1) * 0.98
    if fit < most:
        run.font.size = Pt(max(int(fit * 2) / 2, LEAST_MASTHEAD))
    number = word.add_paragraph(clean(document.number), style="Bulletin number")
    if document.signer:
        number.paragraph_format.alignment = None
        number.alignment = 0  # type: ignore[assignment]
        number.paragraph_format.tab_stops.add_tab_stop(WIDTH - Pt(BODY), WD_TAB_ALIGNMENT.RIGHT)
        number.paragraph_format.left_indent = Pt(BODY)
        number.add_run(f"\t{words.signer}{words.colon}{clean(document.signer)}")
    rule_below(number, colour="D7000F", eighths=10, distance=11)
    number.paragraph_format.space_after = Pt(2 * 28.95)
    _title(word, document)


def _title(word: WordDocument, document: Document) -> None:
    title = word.add_paragraph(style="Bulletin title")
    for order, line in enumerate(line for line in document.title if line.strip()):
        if order:
            title.add_run().add_break()
        title.add_run(clean(line))
    if document.recipients:
        word.add_paragraph(clean(document.recipients), style="Bulletin recipients")


def _letter_front(word: WordDocument, document: Document) -> None:
    """Write the head of a letter (10.1): mark, red line, the number at its right end."""
    if document.label:
        word.add_paragraph(clean(document.label), style="Bulletin label")
    masthead = word.add_paragraph(style="Bulletin masthead")
    masthead.paragraph_format.space_before = Pt(0)
    run = masthead.add_run(clean(document.masthead))
    fit = WIDTH.pt / max(ems(clean(document.masthead)), 1) * 0.98
    run.font.size = Pt(max(int(min(size_for(36, document.language), fit) * 2) / 2, LEAST_MASTHEAD))
    rule_below(masthead, colour="D7000F", eighths=18, distance=11)
    masthead.paragraph_format.space_after = Pt(0.75 * BODY)
    number = word.add_paragraph(clean(document.number), style="Bulletin number")
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    number.paragraph_format.space_before = Pt(0)
    number.paragraph_format.space_after = Pt(2 * 28.95)
    _title(word, document)


def _paragraphs(word: WordDocument, paragraphs: tuple[Paragraph, ...]) -> None:
    for paragraph in paragraphs:
        made = word.add_paragraph(style="Bulletin text")
        for run in paragraph.runs:
            made.add_run(clean(run.text))


def _charts(word: WordDocument, charts: tuple[Chart, ...], fonts: FontSettings | None) -> None:
    for chart in charts:
        paragraph = word.add_paragraph(style="Bulletin picture")
        shape = paragraph.add_run().add_picture(
            io.BytesIO(draw_png(chart.svg, fonts=fonts)), width=WIDTH
        )
        shape._inline.docPr.set("descr", clean(chart.description))  # noqa: SLF001 - no other door
        word.add_paragraph(clean(chart.caption), style="Bulletin caption")


def _end(word: WordDocument, document: Document) -> None:
    words = WORDS[document.language]
    if word.paragraphs[-1].style is not None and word.paragraphs[-1].style.name == "Bulletin text":
        # no page may hold the signature alone (7.3.5)
        word.paragraphs[-1].paragraph_format.keep_with_next = True
    english = document.language == "en"
    single = len(document.attachments) == 1
    for number, attachment in enumerate(document.attachments, 1):
        made = word.add_paragraph(style="Bulletin attachment list")
        label = f"{words.attachment if single else words.attachment_list}{words.colon}"
        if number == 1:
            made.paragraph_format.space_before = Pt(28.95)
        elif not english:
            made.paragraph_format.left_indent = Pt(ems(label) * BODY)
        count = "" if single else f"{number}. "
        made.add_run((label if number == 1 else "") + count + clean(attachment.title))
    issuer = _signed(word, clean(document.issuer))
    issuer.paragraph_format.space_before = Pt(2 * 28.95)
    day = _signed(word, written_date(document.date, document.language))
    size = size_for(BODY, document.language)
    wide, narrow = ems(clean(document.issuer)) * size, ems(day.text) * size
    # the date four characters from the edge, the issuer centred over it (7.3.5)
    edge = max(4 * size, (wide - narrow) / 2)
    day.paragraph_format.right_indent = Pt(edge)
    day.paragraph_format.keep_with_next = False
    issuer.paragraph_format.right_indent = Pt(edge + narrow / 2 - wide / 2)
    for remark in document.remarks:
        small = "Bulletin source" if document.form == "letter" else "Bulletin remark"
        word.add_paragraph(bracketed(clean(remark), document), style=small)
    for line in source_lines(document):
        word.add_paragraph(line, style="Bulletin source")


def _signed(word: WordDocument, text: str) -> WordParagraph:
    return word.add_paragraph(text, style="Bulletin signature")


def _new_page(word: WordDocument, *, wide: bool) -> None:
    """Begin a section: on its side, or upright like the first page of the file."""
    section = word.add_section(WD_SECTION.NEW_PAGE)
    if wide:
        set_page(section, wide=True)
        return
    first = word.sections[0]
    for name in PAGE:
        setattr(section, name, getattr(first, name))


def _attachment(
    word: WordDocument,
    document: Document,
    attachment: Attachment,
    number: int,
    fonts: FontSettings | None,
) -> None:
    wide = is_wide(attachment)
    _new_page(word, wide=wide)
    words = WORDS[document.language]
    space = " " if document.language == "en" else ""
    count = f"{space}{number}" if len(document.attachments) > 1 else ""
    word.add_paragraph(f"{words.attachment}{count}", style="Bulletin attachment")
    title = word.add_paragraph(clean(attachment.title), style="Bulletin attachment title")
    outline = element("w:outlineLvl", {"w:val": "0"})  # so that Word's navigation shows it
    title._p.get_or_add_pPr().insert_element_before(outline, "w:rPr")  # noqa: SLF001
    _paragraphs(word, attachment.paragraphs)
    for table in attachment.tables:
        if table.title != attachment.title:
            word.add_paragraph(clean(table.title), style="Bulletin table title")
        if table.note:
            word.add_paragraph(clean(table.note), style="Bulletin source")
        add_table(word, document, table, wide=wide)
        word.add_paragraph(style="Bulletin source")  # Word joins tables that touch
    _charts(word, attachment.charts, fonts)

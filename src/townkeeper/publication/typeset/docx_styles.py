"""Sets a Word file's page, grid, styles and page numbers by GB/T 9704-2012."""

from dataclasses import dataclass
from typing import cast

from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section as WordSection
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from townkeeper.publication.typeset.document import Language

RED = RGBColor(0xD7, 0x00, 0x0F)
BLACK = RGBColor(0, 0, 0)
PITCH = Pt(28.95)
LEFT, RIGHT, CENTER, JUSTIFY = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
FACES: dict[Language, dict[str, str]] = {
    "zh-Hans": {
        "title": "方正小标宋简体",
        "body": "仿宋_GB2312",
        "second": "楷体_GB2312",
        "heading": "黑体",
        "page": "宋体",
    },
    "zh-Hant": {
        "title": "方正小标宋繁体",
        "body": "仿宋",
        "second": "標楷體",
        "heading": "微軟正黑體",
        "page": "新細明體",
    },
    "en": {
        "title": "方正小标宋简体",
        "body": "仿宋",
        "second": "楷体",
        "heading": "黑体",
        "page": "宋体",
    },
}
"""The official families by role; Latin letters are Times New Roman in every language."""
LATIN = "Times New Roman"
TAGS = {"zh-Hans": "zh-CN", "zh-Hant": "zh-HK", "en": "en-GB"}


@dataclass(frozen=True)
class Look:
    """How one kind of paragraph looks; sizes in points."""

    name: str
    face: str = "body"
    size: float = 16
    align: WD_ALIGN_PARAGRAPH = LEFT
    indent: bool = False
    bold: bool = False
    red: bool = False
    pitch: float | None = 28.95
    """Exact line pitch; None is single spacing."""
    before: float = 0
    after: float = 0
    keep: bool = False
    """Stays on the page of the next paragraph."""


LOOKS = (
    Look("Normal", align=JUSTIFY),
    Look("Heading 1", "heading", indent=True, keep=True),
    Look("Heading 2", "second", indent=True, keep=True),
    Look("Heading 3", "body", indent=True, keep=True),
    Look("Bulletin text", align=JUSTIFY, indent=True),
    Look("Bulletin label", "heading", 12, red=True, pitch=20),
    Look("Bulletin masthead", "title", 46, CENTER, red=True, pitch=None, before=79.2, after=57.9),
    Look("Bulletin number", "body", align=CENTER),
    Look("Bulletin title", "title", 22, CENTER, pitch=32),
    Look("Bulletin recipients", align=JUSTIFY, before=28.95),
    Look("Bulletin attachment list", align=LEFT, indent=True, keep=True),
    Look("Bulletin signature", align=RIGHT, keep=True),
    Look("Bulletin remark", align=LEFT, indent=True),
    Look("Bulletin source", size=9, pitch=13),
    Look("Bulletin attachment", "heading"),
    Look("Bulletin attachment title", "title", 20, CENTER, pitch=30, before=6, after=8, keep=True),
    Look("Bulletin table title", "heading", 12, CENTER, pitch=None, before=8, after=4, keep=True),
    Look("Bulletin table head", "heading", 10, CENTER, pitch=None),
    Look("Bulletin table text", "body", 10, pitch=None),
    Look("Bulletin caption", "second", 10.5, CENTER, pitch=None, after=10),
    Look("Bulletin picture", align=CENTER, pitch=None, before=6, keep=True),
    Look("Bulletin imprint", "body", 14, pitch=22),
)
SMALLER = {16: 12.0, 22: 18.0, 20: 16.0, 46: 34.0, 14: 12.0}
"""Sizes for Latin text, which reads larger than Chinese of the same size."""


def prepare(word: WordDocument, language: Language, *, from_template: bool) -> None:
    """Give the file every style it lacks and, unless an office's template rules, its page."""
    present = {style.name for style in word.styles}
    restyled = from_template and "Bulletin text" in present  # a bulletin of ours, edited
    for look in LOOKS:
        if not (restyled and look.name in present):
            _style(word, look, language)
    if not from_template:
        _language(word, language)
        set_page(word.sections[0])
        number_pages(word, word.sections[0], language)


def set_page(section: WordSection, *, wide: bool = False) -> None:
    """Set A4 with 37/35/28/26 mm margins and a grid of 22 lines of 28 characters."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    margins = (Mm(37), Mm(35), Mm(28), Mm(26))
    section.orientation = WD_ORIENT.PORTRAIT
    if wide:  # the upright page turned: its binding edge is now the top
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        margins = (Mm(28), Mm(26), Mm(35), Mm(37))
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = margins
    section.header_distance = Mm(15)
    # the number stands 7 mm under the text and is about 5 mm high
    section.footer_distance = Mm(14 if wide else 23)
    properties = section._sectPr  # noqa: SLF001 - python-docx has no door to the grid
    for old in properties.findall(qn("w:docGrid")):
        properties.remove(old)
    properties.append(element("w:docGrid", {"w:type": "lines", "w:linePitch": "579"}))


def number_pages(word: WordDocument, section: WordSection, language: Language) -> None:
    """Print — 1 — outside: right on odd pages, left on even ones, one character in (7.5)."""
    word.settings.odd_and_even_pages_header_footer = True
    for footer, side in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        form = paragraph.paragraph_format
        form.first_line_indent = Pt(0)
        form.line_spacing_rule = WD_LINE_SPACING.SINGLE
        form.left_indent = form.right_indent = Pt(14)
        paragraph.add_run("— ")
        field = element("w:fldSimple", {"w:instr": "PAGE"})
        field.append(element("w:r"))
        paragraph._p.append(field)  # noqa: SLF001 - python-docx has no fields
        text = element("w:t")
        text.text = "1"
        field[0].append(text)
        paragraph.add_run(" —")
        for run in paragraph._p.iter(qn("w:r")):  # noqa: SLF001
            run.insert(0, _fonts_of(FACES[language]["page"], 14))


def element(tag: str, attributes: dict[str, str] | None = None) -> BaseOxmlElement:
    """Return a new XML element with namespaced attributes."""
    made = cast("BaseOxmlElement", OxmlElement(tag))
    for name, value in (attributes or {}).items():
        made.set(qn(name), value)
    return made


def rule_below(paragraph: WordParagraph, *, colour: str, eighths: int, distance: int) -> None:
    """Draw a line under the paragraph, `distance` points from it."""
    borders = element("w:pBdr")
    borders.append(
        element(
            "w:bottom",
            {
                "w:val": "single",
                "w:sz": str(eighths),
                "w:space": str(distance),
                "w:color": colour,
            },
        )
    )
    paragraph._p.get_or_add_pPr().insert_element_before(  # noqa: SLF001 - order is prescribed
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def size_for(size: float, language: Language) -> float:
    """Return the type size for the language."""
    return SMALLER.get(int(size), size) if language == "en" else size


def _style(word: WordDocument, look: Look, language: Language) -> None:
    names = {style.name for style in word.styles}
    if look.name in names:
        style = cast("ParagraphStyle", word.styles[look.name])
    else:
        style = cast("ParagraphStyle", word.styles.add_style(look.name, WD_STYLE_TYPE.PARAGRAPH))
        style.base_style = word.styles["Normal"]
        style.quick_style = True
    size = size_for(look.size, language)
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    face = FACES[language][look.face]
    for made in _fonts_of(face, size):
        if made.tag == qn("w:rFonts"):
            properties.insert(0, made)
            break
    style.font.size = Pt(size)
    english_head = language == "en" and look.face in {"heading", "title", "second"}
    style.font.bold = look.bold or english_head
    style.font.italic = False
    style.font.color.rgb = RED if look.red else BLACK
    _shape(style, look, language, size)


def _shape(style: ParagraphStyle, look: Look, language: Language, size: float) -> None:
    """Set what concerns the paragraph rather than its letters."""
    form = style.paragraph_format
    form.alignment = look.align
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.keep_with_next = look.keep
    form.widow_control = False
    if look.pitch is None:
        form.line_spacing_rule = WD_LINE_SPACING.SINGLE
    else:
        form.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        body = look.pitch == LOOKS[0].pitch
        form.line_spacing = Pt(19.3) if language == "en" and body else Pt(look.pitch)
    form.first_line_indent = Pt(2 * size) if look.indent and language != "en" else Pt(0)
    if look.pitch != LOOKS[0].pitch or language == "en":
        off = element("w:snapToGrid", {"w:val": "0"})
        style.element.get_or_add_pPr().insert_element_before(off, "w:spacing", "w:ind", "w:jc")
    if look.face == "body" and look.size == LOOKS[0].size and language != "en":
        # 16 pt less a quarter: 28 characters fill 156 mm (Word knows only half points)
        tight = element("w:spacing", {"w:val": "-5"})
        style.element.get_or_add_rPr().insert_element_before(
            tight, "w:kern", "w:sz", "w:szCs", "w:u", "w:lang"
        )
    if look.indent and language != "en":
        # two characters whatever the size, as Word's own dialogue writes it
        style.element.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), "200")


def _fonts_of(face: str, size: float) -> BaseOxmlElement:
    properties = element("w:rPr")
    properties.append(
        element(
            "w:rFonts",
            {"w:ascii": LATIN, "w:hAnsi": LATIN, "w:cs": LATIN, "w:eastAsia": face},
        )
    )
    properties.append(element("w:sz", {"w:val": str(int(size * 2))}))
    return properties


def _language(word: WordDocument, language: Language) -> None:
    east = TAGS[language] if language != "en" else "zh-CN"
    for tag in word.styles.element.iter(qn("w:lang")):
        tag.set(qn("w:val"), "en-GB")
        tag.set(qn("w:eastAsia"), east)

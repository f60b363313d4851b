"""The Word file: reopened, its page, styles, tables and numbers read back."""

import zipfile

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from tests.publication.bulletin import HOSTILE, SAYS, make_chart, make_document, make_table
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import Column, Language, Section, Table, words
from townkeeper.publication.typeset.docx import write_docx
from townkeeper.publication.typeset.fonts import FontSettings

BARE = FontSettings(system=False)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "b.docx"


def east(style) -> str:
    return style.element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia"))


def read(element) -> str:
    return "".join(text.text or "" for text in element.iter(qn("w:t")))


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_parts_stand_in_order_with_their_styles(path, language: Language):
    write_docx(make_document(language), path)
    word = docx.Document(str(path))
    found = [(p.style.name, p.text) for p in word.paragraphs]
    says = SAYS[language]
    assert found[0] == ("Bulletin label", says["label"])
    assert found[1] == ("Bulletin masthead", says["masthead"])
    assert found[2] == ("Bulletin number", says["number"])
    assert found[3] == ("Bulletin title", says["title"].replace("|", "\n"))
    assert found[4] == ("Bulletin recipients", says["recipients"])
    assert found[5][0] == "Heading 1"
    assert found[6] == (
        "Bulletin text",
        says["sentence"].format(opened="36,482", rate="95.02%"),
    )
    assert says["cc"] in word.tables[-1].cell(0, 0).text


def test_the_fonts_are_the_official_ones(path):
    write_docx(make_document(), path)
    styles = docx.Document(str(path)).styles
    assert east(styles["Normal"]) == "仿宋_GB2312"
    assert east(styles["Heading 1"]) == "黑体"
    assert east(styles["Heading 2"]) == "楷体_GB2312"
    assert east(styles["Bulletin title"]) == "方正小标宋简体"
    assert styles["Bulletin title"].font.size == Pt(22)
    assert str(styles["Bulletin masthead"].font.color.rgb) == "D7000F"
    text = styles["Bulletin text"]
    assert text.paragraph_format.line_spacing == Pt(28.95)
    assert text.element.pPr.find(qn("w:ind")).get(qn("w:firstLineChars")) == "200"


def test_the_page_follows_the_standard(path):
    write_docx(make_document(wide=True), path)
    word = docx.Document(str(path))
    first, attached, last = word.sections
    for section in (first, last):
        assert section.orientation == WD_ORIENT.PORTRAIT
        edges = (section.top_margin, section.bottom_margin)
        sides = (section.left_margin, section.right_margin)
        assert [round(edge.mm) for edge in (*edges, *sides)] == [37, 35, 28, 26]
    assert attached.orientation == WD_ORIENT.LANDSCAPE
    assert abs(attached.page_width - Mm(297)) < Mm(0.1)
    grid = first._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:linePitch")) == "579"


def test_page_numbers_are_fields_on_odd_and_even_pages(path):
    write_docx(make_document(), path)
    word = docx.Document(str(path))
    assert word.settings.odd_and_even_pages_header_footer
    section = word.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        assert paragraph._p.find(qn("w:fldSimple")).get(qn("w:instr")) == "PAGE"
        assert paragraph._p.pPr.find(qn("w:jc")).get(qn("w:val")) == side
        assert read(paragraph._p) == "— 1 —"


def test_two_hundred_rows_under_repeated_heads(path):
    write_docx(make_document(rows=200), path)
    table = docx.Document(str(path)).tables[0]
    rows = table._tbl.tr_lst
    assert len(rows) == 202
    heads = [row for row in rows if row.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None]
    assert heads == rows[:2]
    assert read(rows[0]) == SAYS["zh-Hans"]["label"]
    assert read(rows[-1]).startswith("200")
    assert table.cell(2, 3).text == "94.90%"
    assert table.cell(8, 4).text == "—"


def test_no_rows_are_said_to_be_none(path):
    write_docx(make_document(rows=0), path)
    assert docx.Document(str(path)).tables[0].rows[-1].cells[0].text == "本期无数据"


def test_hostile_text_is_only_text(path):
    rows = tuple((text, 1) for text in HOSTILE)
    table = Table("<b>&", (Column("内容"), Column("数", "integer")), rows)
    document = make_document(
        tables=(table, make_table(1)),
        sections=(Section(tuple(words(text) for text in HOSTILE), heading="{{ 7*7 }}"),),
        masthead="<w:p>&" * 9,
        signer="陈<某>",
    )
    write_docx(document, path)
    word = docx.Document(str(path))
    text = "\n".join(p.text for p in word.paragraphs)
    for part in ("#let x = panic()", "<b>&\"'</b>", "镕喆堃𬭊", "{{ 7*7 }}", "陈<某>"):
        assert part in text
    cells = [row.cells[0].text for row in word.tables[0].rows]
    assert "=cmd()|' /C calc'!A1" in cells
    assert "第一行\n第二行\n第三行" in cells
    assert not any(name.endswith("vbaProject.bin") for name in zipfile.ZipFile(path).namelist())


def test_charts_are_pictures_with_words_for_those_who_cannot_see(path):
    chart = make_chart()
    write_docx(make_document(charts=(chart,)), path, fonts=BARE)
    shape = docx.Document(str(path)).inline_shapes[0]
    assert shape._inline.docPr.get("descr") == chart.description
    assert abs(shape.width - Mm(156)) < Mm(0.1)


def test_an_office_restyles_a_bulletin_and_it_becomes_the_template(tmp_path, path):
    own = tmp_path / "own.docx"
    write_docx(make_document(), own)
    edited = docx.Document(str(own))
    edited.styles["Bulletin title"].font.size = Pt(26)
    imprint = edited.styles["Bulletin imprint"].element
    imprint.getparent().remove(imprint)
    edited.sections[0].footer.paragraphs[0].add_run("本机关")
    edited.save(str(own))
    write_docx(make_document(number="临城治办通〔2026〕40号"), path, template=own)
    word = docx.Document(str(path))
    assert word.styles["Bulletin title"].font.size == Pt(26)
    assert word.styles["Bulletin imprint"].font.size == Pt(14)  # lacking, so added
    assert "本机关" in word.sections[0].footer.paragraphs[0].text
    text = "\n".join(p.text for p in word.paragraphs)
    assert "40号" in text
    assert "38号" not in text
    assert len(word.tables) == 2


def test_any_word_file_may_be_a_template(tmp_path, path):
    own = tmp_path / "own.docx"
    plain = docx.Document()
    plain.add_paragraph("old text")
    plain.save(str(own))
    write_docx(make_document(), path, template=own)
    word = docx.Document(str(path))
    assert "old text" not in "\n".join(p.text for p in word.paragraphs)
    assert east(word.styles["Bulletin title"]) == "方正小标宋简体"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_a_template_that_is_no_word_file_is_refused(tmp_path, path, content):
    own = tmp_path / "own.docx"
    own.write_bytes(content)
    with pytest.raises(Problem) as caught:
        write_docx(make_document(), path, template=own)
    assert caught.value.code == "template-unreadable"
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(Problem) as caught:
        write_docx(make_document(), tmp_path / "none" / "b.docx")
    assert caught.value.code == "file-unwritable"

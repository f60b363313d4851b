"""The PDF: the frame of GB/T 9704, equal bytes, hostile text, fonts that are not there."""

import itertools
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from tests.publication.bulletin import HOSTILE, SAYS, make_chart, make_document
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.coverage import covered, missing
from townkeeper.publication.typeset.document import Column, Language, Section, Table, words
from townkeeper.publication.typeset.fonts import FontSettings, choose, installed
from townkeeper.publication.typeset.pdf import draw_png, write_pdf

BARE = FontSettings(system=False)
"""A machine without any font but the few inside Typst."""


@pytest.fixture(scope="module")
def _chinese():
    if not choose(FontSettings(), "zh-Hans", chinese=False).has_chinese:
        pytest.skip("no Chinese font on this machine (Debian: fonts-noto-cjk)")


def pages(path: Path) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def placed(page: pypdf.PageObject) -> list[tuple[float, float, float, str]]:
    """Return the pieces of text as x and y from the lower left, type size, words."""
    found = []

    def note(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        if text.strip():
            x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
            y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            found.append((x, y, size, text))

    page.extract_text(visitor_text=note)
    return found


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.usefixtures("_chinese")
@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
@pytest.mark.parametrize("standard", ["1.7", "a-2a"])
def test_the_document_is_typeset_in_every_language(tmp_path, language: Language, standard):
    path = tmp_path / "b.pdf"
    report = write_pdf(make_document(language), path, standard=standard)
    text = pages(path)
    assert len(text) == report.pages
    assert report.size == path.stat().st_size
    assert report.missing == ()
    first = squeezed(text[0])
    for key in ("masthead", "number", "label", "recipients"):
        assert squeezed(SAYS[language][key]) in first
    assert "36,482" in first
    assert squeezed(SAYS[language]["cc"]) in squeezed(text[-1])
    assert ("抄送" if language != "en" else "Copiesto") in squeezed(text[-1])


@pytest.mark.usefixtures("_chinese")
def test_the_same_document_gives_the_same_bytes(tmp_path):
    document = make_document(charts=(make_chart(),))
    for name in ("a", "b"):
        write_pdf(document, tmp_path / name)
    write_pdf(make_document(number="临城治办通〔2026〕39号"), tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.usefixtures("_chinese")
def test_a_full_page_has_22_lines_of_28_characters(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document(filler=2000), path)
    page = pypdf.PdfReader(path).pages[1]
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, size, text in placed(page):
        if size > 15:
            lines.setdefault(round(y, 1), []).append((x, text))
    assert len(lines) == 22
    heights = sorted(lines)
    gaps = {round(high - low, 1) for low, high in itertools.pairwise(heights)}
    assert all(28.9 <= gap <= 29.0 for gap in gaps)
    for line in lines.values():
        assert sum(len(text.strip()) for _, text in line) == 28
        assert min(x for x, _ in line) == pytest.approx(28 / 25.4 * 72, abs=0.1)
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(
        (595.28, 841.89), abs=0.1
    )


@pytest.mark.usefixtures("_chinese")
def test_every_font_is_embedded(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document(), path)
    for page in pypdf.PdfReader(path).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)


@pytest.mark.usefixtures("_chinese")
def test_two_hundred_rows_repeat_the_head_and_the_label(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document(rows=200), path)
    with_rows = [text for text in pages(path) if "东湖区城东街道第一网格" in squeezed(text)]
    assert len(with_rows) > 4
    for text in with_rows:
        assert "得分" in squeezed(text)
        assert SAYS["zh-Hans"]["label"] in squeezed(text)
    assert "第一网格200" in squeezed("".join(with_rows))


@pytest.mark.usefixtures("_chinese")
def test_page_numbers_stand_outside(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document(rows=100), path)
    for number, page in enumerate(pypdf.PdfReader(path).pages, 1):
        found = [x for x, y, _size, text in placed(page) if "—" in text and y < 100]
        assert (found[0] > 300) == bool(number % 2)


@pytest.mark.usefixtures("_chinese")
def test_wide_tables_lie_on_their_side(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document(wide=True, rows=60), path)
    shapes = [
        float(page.mediabox.width) > float(page.mediabox.height)
        for page in pypdf.PdfReader(path).pages
    ]
    assert shapes[0] is False
    assert any(shapes)
    assert shapes[-1] is False  # the imprint stands upright


@pytest.mark.usefixtures("_chinese")
def test_hostile_text_is_printed_and_never_run(tmp_path):
    path = tmp_path / "b.pdf"
    table = Table("表", (Column("内容"), Column("数", "integer")), tuple((t, 1) for t in HOSTILE))
    document = make_document(
        tables=(table,),
        sections=(Section(tuple(words(text) for text in HOSTILE), heading="#pagebreak()"),),
        masthead="#let x <b>&" * 3,
        cc='"); #panic()',
    )
    report = write_pdf(document, path, standard="a-2a")
    text = squeezed("".join(pages(path)))
    for part in ("#letx=panic()", "=cmd()|'/Ccalc'!A1", "镕喆堃", "#pagebreak()", "$x$`raw`@ref"):
        assert part in text
    assert "全文见电子表格" in text
    assert report.pages < 60


@pytest.mark.usefixtures("_chinese")
def test_a_letter_that_no_font_holds_is_marked_and_reported(tmp_path):
    path = tmp_path / "b.pdf"
    letter = "\U0003134a"
    if not missing({letter}, installed(FontSettings())):
        pytest.skip("this machine has a font for the very last ideograph")
    report = write_pdf(make_document(recipients=f"张{letter}："), path, standard="a-2a")
    assert report.missing == (letter,)
    assert "张〓" in squeezed(pages(path)[0])


def test_no_rows_are_said_to_be_none(tmp_path):
    path = tmp_path / "b.pdf"
    write_pdf(make_document("en", rows=0), path, fonts=BARE)
    assert "No data in this period" in "".join(pages(path))


def test_chinese_without_a_chinese_font_is_refused_with_the_packages(tmp_path):
    path = tmp_path / "b.pdf"
    with pytest.raises(Problem) as caught:
        write_pdf(make_document(), path, fonts=BARE)
    assert caught.value.code == "font-chinese"
    assert "fonts-noto-cjk" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_english_needs_no_chinese_font(tmp_path):
    path = tmp_path / "b.pdf"
    report = write_pdf(make_document("en", filler=60), path, fonts=BARE)
    assert report.families["body"] == "Libertinus Serif"
    assert "Copies to" in pages(path)[-1]
    with pytest.raises(Problem):
        write_pdf(make_document("en", recipients="市政府："), path, fonts=BARE)


@pytest.mark.usefixtures("_chinese")
def test_a_document_may_lack_everything_that_is_optional(tmp_path):
    path = tmp_path / "b.pdf"
    bare = {"recipients": "", "cc": "", "label": "", "provenance": None}
    for change in ({"sections": ()}, {"attachments": ()}):
        write_pdf(make_document(**bare, **change), path, standard="a-2a")
        assert "2026年11月8日印发" in squeezed(pages(path)[-1])
    write_pdf(make_document(signer="陈大文", remarks=("此件公开发布",)), path)
    assert "签发人：陈大文" in squeezed(pages(path)[0])
    assert "（此件公开发布）" in squeezed("".join(pages(path)))


def test_any_chinese_font_is_better_than_none(tmp_path):
    only = [
        font.path
        for font in installed(FontSettings()).fonts()
        if font.family == "LXGW WenKai" and font.path is not None
    ]
    if not only:
        pytest.skip("no LXGW WenKai on this machine (Debian: fonts-lxgw-wenkai)")
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(only[0], folder)
    settings = FontSettings(folder, system=False)
    report = write_pdf(make_document(), tmp_path / "b.pdf", fonts=settings)
    assert report.families["body"] == "LXGW WenKai"
    mine = FontSettings(body="LXGW WenKai")
    assert choose(mine, "zh-Hant", chinese=True).roles["body"][0] == "LXGW WenKai"


def test_a_wrong_font_folder_is_named(tmp_path):
    with pytest.raises(Problem) as caught:
        write_pdf(make_document(), tmp_path / "b", fonts=FontSettings(tmp_path / "none"))
    assert caught.value.code == "font-folder"
    assert "none" in caught.value.where


def test_an_unreadable_font_file_covers_nothing(tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"\x00\x01\x00\x00\x00\x09")
    assert covered(str(broken), 0) == ()
    assert covered(str(tmp_path / "absent.ttf"), 0) == ()


def test_the_character_map_agrees_with_the_fonts_here():
    for font in installed(FontSettings()).fonts():
        if font.path is not None:
            ranges = covered(font.path, font.index)
            assert ranges
            assert all(first <= last for first, last in ranges)


def test_a_chart_becomes_a_picture():
    assert draw_png(make_chart().svg, fonts=BARE).startswith(b"\x89PNG")
    with pytest.raises(Problem):
        draw_png("not svg", fonts=BARE)


@pytest.mark.slow
def test_the_old_file_stays_when_the_disk_is_full(tmp_path):
    path = tmp_path / "b.pdf"
    path.write_bytes(b"old")
    root = Path(__file__).parents[2]
    code = f"""
import os, resource, signal, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
from pathlib import Path
from tests.publication.bulletin import make_document
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.pdf import FontSettings, write_pdf
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {resource.RLIM_INFINITY}))
try:
    write_pdf(make_document("en"), Path({str(path)!r}), fonts=FontSettings(system=False))
except Problem as problem:
    print(problem.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={"PYTHONPATH": f"{root / 'src'}:{root}", "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.strip() == "file-full", done.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "none" / "b.pdf", tmp_path / "file" / "b.pdf"):
        with pytest.raises(Problem) as caught:
            write_pdf(make_document("en"), place, fonts=BARE)
        assert caught.value.code == "file-unwritable"
        assert caught.value.where == str(place)

"""The document value: tracing of figures, what is refused, how figures and dates are written."""

from datetime import date

import msgspec
import pytest
from django.utils import translation

from tests.publication.bulletin import FIGURES, make_document, make_table
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import (
    Attachment,
    Chart,
    Column,
    Document,
    Figure,
    Paragraph,
    Section,
    Table,
    clean,
    figures,
    fill,
)
from townkeeper.publication.typeset.layout import column_widths, ems, is_wide, table_size
from townkeeper.publication.typeset.validity import check, problems
from townkeeper.publication.typeset.words import (
    chinese_number,
    clipped,
    numbered,
    shown,
    written_date,
)


def test_every_figure_of_the_text_names_its_frozen_value():
    document = make_document()
    assert [(figure.text, figure.key) for figure in figures(document)] == [
        ("36,482", "totals.opened"),
        ("95.02%", "totals.closed_in_time"),
    ]


def test_fill_keeps_words_and_figures_in_order():
    paragraph = fill("共{opened}件，{rate}。", FIGURES)
    assert paragraph.text == "共36,482件，95.02%。"
    with pytest.raises(Problem) as caught:
        fill("共{closed}件", FIGURES)
    assert caught.value.code == "document-figure"
    assert "opened" in str(caught.value)


def test_a_document_survives_json():
    document = make_document(charts=())
    assert msgspec.json.decode(msgspec.json.encode(document), type=Document) == document


BAD = [
    ({"title": ("", " ")}, "document-empty", "title"),
    ({"masthead": ""}, "document-empty", "masthead"),
    ({"number": " "}, "document-empty", "number"),
    ({"sections": (), "attachments": ()}, "document-empty", "sections"),
    ({"sections": (Section((), "x", 4),)}, "document-level", "sections[1]"),
    (
        {"sections": (Section((Paragraph((Figure("5", ""),)),)),)},
        "document-figure-key",
        "sections[1].paragraphs[1]",
    ),
    (
        {"sections": (Section(charts=(Chart("<svg fill='var(--ink)'/>", "d"),)),)},
        "document-chart",
        "sections[1].charts[1]",
    ),
    ({"sections": (Section(charts=(Chart("<svg/>", ""),)),)}, "document-empty", ".description"),
    ({"attachments": (Attachment(""),)}, "document-empty", "attachments[1].title"),
]
BAD_TABLES = [
    (Table("", (Column("a"),)), "document-empty"),
    (Table("t", ()), "document-empty"),
    (Table("t", (Column(""),)), "document-empty"),
    (Table("t", (Column("a", width=0),)), "document-width"),
    (Table("t", (Column("a", width=float("nan")),)), "document-width"),
    (Table("t", (Column("a"),), (("x", "y"),)), "document-row"),
    (Table("t", (Column("a", "integer"),), (("x",),)), "document-cell"),
    (Table("t", (Column("a", "score"),), ((float("inf"),),)), "document-cell"),
    (Table("t", (Column("a", "date"),), (("31.10.2026",),)), "document-cell"),
    (Table("t", (Column("a", "date"),), ((5,),)), "document-cell"),
]


@pytest.mark.parametrize(("change", "code", "where"), BAD)
def test_a_wrong_document_is_refused_with_its_place(change, code, where):
    with pytest.raises(Problem) as caught:
        check(make_document(**change))
    assert caught.value.code == code
    assert where in caught.value.where


@pytest.mark.parametrize(("table", "code"), BAD_TABLES)
def test_a_wrong_table_is_refused(table, code):
    found = problems(make_document(tables=(table,)))
    assert code in {problem.code for problem in found}
    assert all(problem.where.startswith("attachments[1].tables[1]") for problem in found)


def test_an_unknown_language_is_refused():
    found = problems(msgspec.structs.replace(make_document(), language="fr"))
    assert [problem.code for problem in found] == ["document-language"]


def test_check_tells_how_many_more_problems_there_are():
    with translation.override("en"), pytest.raises(Problem) as caught:
        check(make_document(title=(), masthead="", number=""))
    assert "2 more" in str(caught.value.hint)


def test_a_right_document_has_no_problem():
    check(make_document())
    check(make_document("en"))


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        (None, "score", "—"),
        (0.9502, "percent", "95.02%"),
        (87.5, "score", "87.50"),
        (36482, "integer", "36,482"),
        (1234.5, "number", "1,234.5"),
        (1234567, "number", "1,234,567"),
        ("2026-10-31", "date", "2026-10-31"),
        ("a\x00b\tc", "text", "ab c"),
        (5, "text", "5"),
    ],
)
def test_cells_are_written_by_kind(cell, kind, expected):
    assert shown(cell, Column("x", kind)) == expected


def test_dates_and_numbers_in_words():
    assert written_date(date(2026, 11, 8), "zh-Hans") == "2026年11月8日"
    assert written_date(date(2026, 11, 8), "en") == "8 November 2026"
    assert [chinese_number(n) for n in (1, 10, 11, 20, 35, 100)] == [
        "一", "十", "十一", "二十", "三十五", "100",
    ]  # fmt: skip


def test_headings_are_numbered_by_the_standard():
    sections = tuple(
        Section(heading=name, level=level)
        for name, level in (("甲", 1), ("乙", 2), ("丙", 3), ("丁", 2), ("戊", 1), ("己", 2))
    )
    assert [section.heading for section in numbered((Section(), *sections), "zh-Hans")] == [
        "", "一、甲", "（一）乙", "1. 丙", "（二）丁", "二、戊", "（一）己",
    ]  # fmt: skip
    assert numbered(sections, "en")[1].heading == "1.1 乙"


def test_long_cells_are_cut_on_paper_only():
    assert clipped("短", "zh-Hans") == "短"
    assert clipped("長" * 7000, "zh-Hant").endswith("（全文見電子表格）")
    assert clean("a\r\nb\rc\ud800\x07") == "a\nb\nc"


def test_tables_wider_than_nine_columns_lie_on_their_side():
    assert not is_wide(Attachment("a", tables=(make_table(3, extra=3),)))
    wide = make_table(3, extra=20)
    assert is_wide(Attachment("a", tables=(wide,)))
    assert 7 <= table_size(wide, wide=True) < 10
    assert table_size(make_table(3), wide=False) == 10
    assert column_widths(Table("t", (Column("a", width=3), Column("bb"))))[0] == 3
    assert ems("中文ab") == pytest.approx(3.04)

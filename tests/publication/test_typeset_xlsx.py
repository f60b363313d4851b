"""The spreadsheets: reopened, figures still figures, nothing that could run."""

import csv
import datetime as dt
import gc
import tracemalloc
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from tests.publication.bulletin import (
    HOSTILE,
    SAYS,
    make_columns,
    make_document,
    make_rows,
    make_table,
)
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import Column, Language, Table
from townkeeper.publication.typeset.xlsx import sheet_name, write_csv, write_table, write_xlsx


@pytest.fixture
def path(tmp_path):
    return tmp_path / "b.xlsx"


def part(path, name: str) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(name).decode()


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_a_sheet_of_notes_and_one_per_table(path, language: Language):
    write_xlsx(make_document(language, rows=200), path)
    book = CalamineWorkbook.from_path(str(path))
    notes, table = book.sheet_names
    assert notes == {"en": "Notes", "zh-Hans": "说明", "zh-Hant": "說明"}[language]
    text = "\n".join(str(cell) for row in book.get_sheet_by_name(notes).to_python() for cell in row)
    for value in ("2026-10/monthly", "sha256:abab", "+08:00", SAYS[language]["label"], "units"):
        assert value in text
    rows = book.get_sheet_by_name(table).to_python()
    assert rows[0][0] == SAYS[language]["label"]
    assert rows[1] == [column.title for column in make_columns(language)]
    assert len(rows) == 202
    number, unit, opened, rate, score, day = rows[2]
    assert (number, opened, score) == (1, 403, pytest.approx(98.4))
    assert rate == pytest.approx(0.949)
    assert unit.startswith(SAYS[language]["unit"])
    assert day == dt.date(2026, 10, 31)
    assert rows[8][4] == ""


def test_heads_stay_filters_work_formats_show(path):
    write_xlsx(make_document(rows=5), path)
    sheet = part(path, "xl/worksheets/sheet2.xml")
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A2:F7"' in sheet
    styles = part(path, "xl/styles.xml")
    assert 'formatCode="yyyy-mm-dd"' in styles
    for form in ("0.00%", "0.00", "#,##0"):
        assert f'formatCode="{form}"' in styles
    widths = part(path, "xl/worksheets/sheet2.xml")
    assert widths.count("<col ") >= 3


def test_hostile_text_stays_text(path):
    table = Table(
        "表", (Column("内容"), Column("网址")), tuple((t, f"http://{t}") for t in HOSTILE)
    )
    write_xlsx(make_document(tables=(table,), label=""), path)
    sheet = part(path, "xl/worksheets/sheet2.xml")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(1).to_python()
    found = [row[0] for row in rows]
    assert "=cmd()|' /C calc'!A1" in found
    assert "長" * 7000 in found
    assert "镕喆堃𬭊" in found
    assert "第一行\n第二行\n第三行" in found


def test_no_rows_and_no_table(path):
    write_xlsx(make_document(rows=0, label=""), path)
    assert len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(1).to_python()) == 1
    write_xlsx(make_document(attachments=()), path)
    assert CalamineWorkbook.from_path(str(path)).sheet_names == ["说明"]


def test_the_same_document_gives_the_same_bytes(path, tmp_path):
    write_xlsx(make_document(), path)
    write_xlsx(make_document(), tmp_path / "c.xlsx")
    for name in zipfile.ZipFile(path).namelist():
        assert part(path, name) == part(tmp_path / "c.xlsx", name)


def test_sheet_names_are_such_as_excel_accepts():
    taken: set[str] = set()
    names = [sheet_name(title, taken) for title in ("成绩[1]/表", "成绩[1]/表", "A" * 40, "a" * 40)]
    assert names == ["成绩 1  表", "成绩 1  表 (2)", "A" * 31, "a" * 27 + " (2)"]
    assert sheet_name("'?'", taken) == "Sheet"
    assert sheet_name("History", taken) != "History"
    two = make_document(tables=(make_table(1), make_table(1)))
    assert two.attachments[0].tables[0].title == two.attachments[0].tables[1].title


@pytest.mark.slow
def test_a_stream_of_rows_needs_constant_memory(path):
    columns = make_columns()

    def peak(count: int) -> int:
        gc.collect()
        tracemalloc.start()
        row = make_rows(1)[0]
        assert write_table(columns, (row for _ in range(count)), path) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(3_000) < peak(1_000) + 300_000
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    assert rows.height == 1_001


def test_more_rows_than_a_sheet_holds_go_on_to_the_next(path, monkeypatch):
    monkeypatch.setattr("townkeeper.publication.typeset.xlsx.MOST_ROWS", 11)
    assert write_table((Column("n", "integer"),), ((n,) for n in range(25)), path) == 25
    book = CalamineWorkbook.from_path(str(path))
    assert [book.get_sheet_by_name(name).height for name in book.sheet_names] == [11, 11, 6]


def test_rows_that_fail_leave_the_old_file(path, tmp_path):
    path.write_bytes(b"old")

    def rows():
        yield (1,)
        message = "lost connection"
        raise RuntimeError(message)

    for write in (write_table, write_csv):
        with pytest.raises(RuntimeError, match="lost connection"):
            write((Column("n", "integer"),), rows(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_csv_opens_in_excel_and_runs_nothing(tmp_path):
    path = tmp_path / "b.csv"
    rows = [(text, 1.5, None) for text in HOSTILE]
    assert write_csv((Column("内容"), Column("=数", "number"), Column("空")), rows, path) == len(
        rows
    )
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as read:
        found = list(csv.reader(read))
    assert found[0] == ["内容", "'=数", "空"]
    assert ["'=cmd()|' /C calc'!A1", "1.5", ""] in found
    assert not any(cell.startswith(("=", "+", "@")) for row in found for cell in row)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    place = tmp_path / "none" / "b"
    for write in (
        lambda: write_xlsx(make_document(), place),
        lambda: write_table(make_columns(), [], place),
        lambda: write_csv(make_columns(), [], place),
    ):
        with pytest.raises(Problem) as caught:
            write()
        assert caught.value.code == "file-unwritable"

"""Spreadsheets as offices send them: odd encodings, title rows, notes, any order, long cells."""

import gzip
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import Note, as_text, find_table, header_name, open_sheet
from townkeeper.kit.sheets_encoding import detect_encoding

SIMPLIFIED = (
    "编号,标题,时间\n1,市场门口垃圾没有人清理请处理,2011-07-01\n2,路灯不亮已经三天了,2011-07-02\n"
)
TRADITIONAL = (
    "編號,標題,時間\n1,市場門口垃圾沒有人清理請處理,2011-07-01\n2,路燈不亮已經三天了,2011-07-02\n"
)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def workbook(path: Path, *rows: list, sheet: str = "Sheet1") -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return path


def problem_of(call, *args, **kwargs) -> Problem:
    with pytest.raises(Problem) as caught:
        call(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        ("number,title\n1,a title that is long enough\n" * 20, "utf-16-le", "utf-16-le"),
        ("number,title\n1,a title that is long enough\n" * 20, "utf-16-be", "utf-16-be"),
        ("number,title\n1,plain\n", "ascii", "utf-8"),
    ],
)
def test_encoding_is_found_out(tmp_path, text, encoding, found):
    path = written(tmp_path / "a.csv", text.encode(encoding))
    assert detect_encoding(path) == found
    rows = [row for _number, row in open_sheet(path).rows()]
    assert ",".join(header_name(cell) for cell in rows[0]) == text.splitlines()[0]


def test_encoding_that_changes_late_in_the_file(tmp_path):
    """The first megabyte is ASCII; only the end says that it is GB 18030."""
    head = b"number,title\n" + b"1,plain text only\n" * 60_000
    path = written(tmp_path / "a.csv", head + "2,路灯不亮已经三天了\n".encode("gb18030"))
    assert detect_encoding(path) == "gb18030"
    assert list(open_sheet(path).rows())[-1] == (60_002, ["2", "路灯不亮已经三天了"])


def test_wrong_declared_encoding_says_what_would_do(tmp_path):
    path = written(tmp_path / "a.csv", SIMPLIFIED.encode("gb18030"))
    problem = problem_of(list, open_sheet(path, encoding="utf-8").rows())
    assert problem.code == "encoding-wrong"
    assert "gb18030" in str(problem)
    assert problem_of(open_sheet, path, encoding="utf-9").code == "encoding-name"


def test_unknown_encoding_is_not_guessed(tmp_path):
    path = written(tmp_path / "a.csv", b"a,b\n\xff\xfe\xfa\x81,\x80\xff\n"[::-1] + b"\xff")
    assert problem_of(detect_encoding, path).code == "encoding-unknown"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiter_is_found_out(tmp_path, mark):
    text = f"a{mark}b{mark}c\n" + f'1{mark}"x, y; z"{mark}3\n' * 4
    sheet = open_sheet(written(tmp_path / "a.csv", text.encode()))
    assert sheet.delimiter == mark
    assert list(sheet.rows())[1] == (2, ["1", "x, y; z", "3"])


def test_gzip_is_unpacked_whatever_its_name(tmp_path):
    path = written(tmp_path / "a.csv", gzip.compress(SIMPLIFIED.encode(), mtime=0))
    assert len(list(open_sheet(path).rows())) == 3
    cut = written(tmp_path / "cut.csv.gz", gzip.compress(SIMPLIFIED.encode() * 9999, mtime=0)[:-40])
    assert problem_of(open_sheet, cut).code == "file-damaged"


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "file-empty", "empty"),
        (b" \n\n", "file-empty", "empty"),
        (b"\x89PNG\r\n\x1a\n0000", "not-a-sheet", "PNG picture"),
        (b"%PDF-1.7 ...", "not-a-sheet", "PDF"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "not-a-sheet", "web page"),
        (b"\x00\x01\x02\x03" * 100, "not-a-sheet", "binary"),
        (b"PK\x03\x04 this is no archive", "workbook-broken", "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "workbook-broken", "cannot be read"),
        (gzip.compress(b"PK\x03\x04 workbook inside", mtime=0), "file-packed", "unpack"),
    ],
)
def test_what_is_no_spreadsheet_is_named(tmp_path, data, code, said):
    problem = problem_of(open_sheet, written(tmp_path / "photo.xlsx", data))
    assert problem.code == code
    assert said in str(problem)


def test_missing_file(tmp_path):
    assert problem_of(open_sheet, tmp_path / "none.csv").code == "file-missing"


def test_title_rows_notes_and_repeated_headers(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        ["某某市2011年群众来信登记表"],
        ["制表单位：", "市长热线办"],
        [],
        ["标题 ", "编号", " 时间"],
        ["路灯不亮", 1.0, "2011-07-01"],
        [],
        ["注：以下为八月", "", ""],
        ["标题 ", "编号", " 时间"],
        ["垃圾堆积", 2.0, "2011-08-01"],
        ["数据来源：市长热线办"],
    )
    table = find_table(open_sheet(path), required=["编号", "时间"])
    notes: list[Note] = []
    rows = list(table.records(notes.append))
    assert table.header_row == 4
    assert table.names == ["标题", "编号", "时间"]
    assert [note.row for note in table.above] == [1, 2]
    assert [(number, as_text(row[1])) for number, row in rows] == [(5, "1"), (9, "2")]
    assert [(note.row, note.text) for note in notes] == [
        (7, "注：以下为八月"),
        (8, "标题"),
        (10, "数据来源：市长热线办"),
    ]


def test_header_row_may_be_declared(tmp_path):
    path = written(tmp_path / "a.csv", b"number,title\nnumber,title\n1,a\n")
    table = find_table(open_sheet(path), required=["number"], header_row=2)
    assert [number for number, _row in table.records()] == [3]
    problem = problem_of(find_table, open_sheet(path), required=["serial"], header_row=2)
    assert problem.where == "a.csv:2"


def test_columns_in_any_order_width_and_case(tmp_path):
    path = written(tmp_path / "a.csv", "Ｔitle,NUMBER \na,1\nb\nc,3,extra\n".encode())
    table = find_table(open_sheet(path), required=["number", "title"])
    assert (table.place("number"), table.place("Title"), table.place("none")) == (1, 0, None)
    assert [list(row) for _number, row in table.records()] == [["a", "1"], ["b", ""], ["c", "3"]]


def test_missing_columns_say_which_and_what_looks_alike(tmp_path):
    path = written(tmp_path / "a.csv", b"case_id,open_date,title\n1,2,3\n")
    problem = problem_of(find_table, open_sheet(path), required=["case_id", "open_dt", "dept"])
    said = str(problem)
    assert "“open_dt”, “dept”" in said
    assert "“open_date” looks like “open_dt”" in said
    assert "It has: case_id, open_date, title" in said
    assert problem.where == "a.csv:1"


def test_the_sheet_with_the_columns_is_taken(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    book.add_worksheet("说明").write_row(0, 0, ["填表说明", "请勿修改"])
    book.add_worksheet("数据").write_row(2, 0, ["标题", "编号"])
    book.close()
    table = find_table(open_sheet(tmp_path / "a.xlsx"), required=["编号"])
    assert (table.sheet.name, table.header_row, table.place("编号")) == ("数据", 3, 1)
    problem = problem_of(open_sheet, tmp_path / "a.xlsx", sheet="七月")
    assert problem.code == "sheet-missing"
    assert "说明, 数据" in str(problem)


def test_formulas_dates_numbers_and_long_cells(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"remove_timezone": True})
    page = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    page.write_row(0, 0, ["n", "sum", "when", "text", "flag"])
    page.write_number(1, 0, 101000295613)
    page.write_formula(1, 1, "=1+1", None, 2)
    page.write_datetime(1, 2, datetime(2017, 6, 8, 17, 31, 20), day)
    page.write_string(1, 3, "\n\t\t长" * 2400)
    page.write_boolean(1, 4, True)
    book.close()
    [(number, row)] = list(find_table(open_sheet(tmp_path / "a.xlsx"), required=["n"]).records())
    assert number == 2
    assert [as_text(cell) for cell in row[:2]] == ["101000295613", "2"]
    assert as_text(row[2]) == "2017-06-08 17:31:20"
    assert len(as_text(row[3])) == 9600
    assert as_text(row[4]) == "TRUE"


def test_unclosed_quotation_mark_is_told(tmp_path):
    path = written(tmp_path / "a.csv", b'a,b\n1,"never closed\n' + b"x" * 1_100_000)
    problem = problem_of(list, open_sheet(path).rows())
    assert problem.code == "csv-broken"
    assert "quotation mark" in str(problem)


def test_one_column_is_a_table_too(tmp_path):
    path = written(tmp_path / "a.csv", b"number\n1\n\n2\n")
    table = find_table(open_sheet(path), required=["number"])
    assert [number for number, _row in table.records()] == [2, 4]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\ufeff"), max_size=20),
            min_size=3,
            max_size=3,
        ),
        max_size=8,
    )
)
def test_csv_comes_back_as_it_was_written(tmp_path_factory, cells):
    import csv

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["a", "b", "c"], *cells])
    rows = [row for _number, row in open_sheet(path, encoding="utf-8", delimiter=",").rows()]
    assert rows[1:] == cells


def test_real_old_workbook(shared_data):
    path = shared_data / "indicators" / "人均公园绿地面积.xls"
    table = find_table(open_sheet(path), required=["地区", "2011年"])
    rows = list(table.records())
    assert len(rows) >= 31
    assert rows[0][1][0] == "北京市"


def test_real_messages(shared_data):
    """Two files of one office with the same columns in different order; texts begin with tabs."""
    for name, count in (("messages_with_replies.xlsx", 1878), ("messages_hot_topics.xlsx", 2163)):
        sheet = open_sheet(shared_data / "messages" / name)
        table = find_table(sheet, required=["留言编号", "留言时间", "留言详情"])
        assert sum(1 for _ in table.records()) == count

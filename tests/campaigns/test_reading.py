"""Lists as they are written: column names, deadlines in every form, merged cells, remarks."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.calendars.deadlines import (
    Deadline,
    PastError,
    UnreadableError,
    read_deadline,
)
from townkeeper.campaigns.headers import columns_of, field_of, is_header
from townkeeper.campaigns.listing import read_list
from townkeeper.kit.errors import Problem

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, 10:00 in Shanghai."""


def read(cell):
    return read_deadline(cell, now=NOW, zone=ZONE)


def local(*parts):
    return datetime(*parts, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("序号", "number"),
        ("存在的问题", "problem"),
        ("問題類別", "category"),
        ("曝光问题", "problem"),
        ("责任单位（牵头）", "unit"),
        ("配合单位", "assist"),
        ("責任領導", "leader"),
        ("责任人", "leader"),
        ("整改时限", "due"),
        ("完成时间", "due"),
        ("具体位置", "place"),
        ("所在镇街", "area"),
        ("整改要求", "text"),
        ("案件編號", "case"),
        ("No.", "number"),
        ("Responsible unit", "unit"),
        ("Deadline", "due"),
        ("Notes on everything", None),
        ("联系电话", None),
        ("", None),
        ("Type of problem", "problem"),
    ],
)
def test_columns_are_known_by_what_offices_call_them(name, field):
    assert field_of(name) == field


def test_of_two_columns_for_a_problem_the_second_is_its_text():
    assert columns_of(["问题", "问题描述", "地点"]) == {"problem": 0, "text": 1, "place": 2}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["序号", "问题", "责任单位"], True),
        (["东兴区曝光问题整改任务分解表"], False),
        (["1", "市场门口垃圾堆积", "城管局"], False),
        (["这是一个很长的问题说明,因为它有三十多个字所以不可能是一个列名" * 2, "单位"], False),
        ([], False),
    ],
)
def test_a_header_names_a_problem_and_something_else(names, expected):
    assert is_header(names) is expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, Deadline()),
        ("  ", Deadline()),
        ("当日", Deadline("same-day")),
        ("當天完成", Deadline("same-day")),
        ("Same day", Deadline("same-day")),
        ("20:30", Deadline("20:30")),
        ("今晚８点半前", UnreadableError),
        ("今晚8点30分前", Deadline("20:30")),
        ("20:30前", Deadline("20:30")),
        ("今日18时前", Deadline("18:00")),
        ("下午5点", Deadline("17:00")),
        (time(20, 30), Deadline("20:30")),
        (0.854166667, Deadline("20:30")),
        ("09:30", PastError),
        ("3个工作日", Deadline("3wd")),
        ("3個工作日內完成", Deadline("3wd")),
        ("5日内", Deadline("5d")),
        ("24小时", Deadline("24h")),
        ("2 working days", Deadline("2wd")),
        ("4wh", Deadline("4wh")),
        ("11月25日", Deadline(day=date(2026, 11, 25))),
        ("11月25日前", Deadline(day=date(2026, 11, 25))),
        ("2026.11.25", Deadline(day=date(2026, 11, 25))),
        ("2026-11-25", Deadline(day=date(2026, 11, 25))),
        ("11/25", Deadline(day=date(2026, 11, 25))),
        ("1月5日", Deadline(day=date(2027, 1, 5))),
        ("2026年11月25日18时", Deadline(at=local(2026, 11, 25, 18))),
        ("2026-11-25 18:00", Deadline(at=local(2026, 11, 25, 18))),
        (datetime(2026, 11, 25), Deadline(day=date(2026, 11, 25))),
        (datetime(2026, 11, 25, 17, 59, 59, 999999), Deadline(at=local(2026, 11, 25, 18))),
        (date(2026, 11, 23), Deadline(day=date(2026, 11, 23))),
        (46351.0, Deadline(day=date(2026, 11, 25))),
        (46351.75, Deadline(at=local(2026, 11, 25, 18))),
        ("11月20日", PastError),
        ("2025-01-01", PastError),
        (datetime(2026, 11, 23, 9), PastError),
        ("2月30日", UnreadableError),
        ("尽快", UnreadableError),
        ("25:99", UnreadableError),
        (7.0, UnreadableError),
        (True, UnreadableError),
        ("11月25日，视情况而定", UnreadableError),
    ],
)
def test_deadlines_as_they_are_written(cell, expected):
    if isinstance(expected, type):
        with pytest.raises(expected):
            read(cell)
    else:
        assert read(cell) == expected


@given(st.text(max_size=12))
def test_any_text_is_a_deadline_or_is_refused(text):
    with suppress(UnreadableError, PastError):
        assert isinstance(read(text), Deadline)


@given(st.dates(date(2026, 11, 23), date(2030, 1, 1)))
def test_a_written_day_is_that_day(day):
    for text in (day.isoformat(), f"{day.year}年{day.month}月{day.day}日", f"{day:%Y/%m/%d}"):
        assert read(text).day == day


def workbook(path: Path, rows, *, merges=()) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("清单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for area, value in merges:
            sheet.merge_range(area, value)
    return path


def test_a_list_with_a_title_merged_cells_and_remarks(tmp_path):
    path = workbook(
        tmp_path / "list.xlsx",
        [
            ["东兴区曝光问题清单"],
            [],
            ["序号", "存在问题", "地点", "责任单位"],
            [1, "垃圾", "甲路", ""],
            [2, "占道", "乙路", ""],
            [],
            [3, "路灯不亮", "丙路", "工商局"],
            ["注：以上问题当日整改"],
        ],
        merges=[("A1:D1", "东兴区曝光问题清单"), ("D4:D5", "城管局")],
    )
    found = read_list(path)
    assert [row.said("unit") for row in found.rows] == ["城管局", "城管局", "工商局"]
    assert [row.row for row in found.rows] == [4, 5, 7]
    assert [row.said("number") for row in found.rows] == ["1", "2", "3"]
    assert [note.row for note in found.notes] == [8]
    assert found.columns["problem"] == "存在问题"
    assert len(found.digest) == 64


def test_columns_in_another_order_and_unknown_ones(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Deadline,Phone,Unit,Problem\n20:30,1,CGJ,Refuse\n", encoding="utf-8")
    found = read_list(path)
    assert found.rows[0].said("problem") == "Refuse"
    assert found.ignored == ["Phone"]


def test_a_list_without_a_header_is_refused_and_can_be_explained(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("1,垃圾堆积,甲路\n2,占道经营,乙路\n", encoding="utf-8")
    with pytest.raises(Problem) as error:
        read_list(path)
    assert error.value.code == "header-missing"
    assert "垃圾堆积" in str(error.value.hint)
    found = read_list(path, columns=["-", "problem", "place"])
    assert [row.said("problem") for row in found.rows] == ["垃圾堆积", "占道经营"]


@pytest.mark.parametrize("columns", [["place"], ["problem", "colour"]])
def test_a_wrong_explanation_is_refused(tmp_path, columns):
    path = tmp_path / "list.csv"
    path.write_text("甲,乙\n", encoding="utf-8")
    with pytest.raises(Problem):
        read_list(path, columns=columns)


def test_an_empty_list_is_refused(tmp_path):
    path = workbook(tmp_path / "list.xlsx", [["序号", "问题", "单位"], [], ["", " ", ""]])
    with pytest.raises(Problem) as error:
        read_list(path)
    assert error.value.code == "list-empty"

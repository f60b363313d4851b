"""Messages with replies: dirty texts, answers and both times come in; answer times are measured."""

import csv
from datetime import UTC, datetime

import pytest

from tests import make
from townkeeper.cases.answers import answer_times
from townkeeper.cases.imports.mapping import ImportMapping, load_mapping
from townkeeper.cases.imports.records import tidied
from townkeeper.cases.imports.run import import_file
from townkeeper.cases.models import Case, Reporter
from townkeeper.journal.actions import verify_journal

pytestmark = pytest.mark.django_db

MAPPING = make.ROOT / "docs" / "examples" / "messages.yaml"
HEADER = ["留言编号", "答复时间", "留言用户", "留言主题", "留言时间", "答复意见", "留言详情"]
"""Not in the order of the mapping: every file has another one."""


@pytest.fixture
def mapping() -> ImportMapping:
    make.town()
    return load_mapping(MAPPING)


def file_of(tmp_path, *rows):
    path = tmp_path / "messages.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def message(number, asked, answered, text="內容", answer="已答覆"):
    return [number, answered, f"A{number}", f"主題{number}", asked, answer, text]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\n\t\t\n\t\t第一行\n\t\t\n\t\t\n  第二行\u3000\n\t", "第一行\n第二行"),
        ("一行", "一行"),
        ("", ""),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u3000\u3000甲\n\u3000\u3000乙", "甲\n乙"),
    ],
)
def test_what_web_forms_leave_between_lines_is_taken_out(text, clean):
    assert tidied(text) == clean


def test_answers_and_both_times_come_in(mapping, tmp_path):
    long = "\n\t\t\t\t\t\n\t\t\t\t\t" + "長" * 7000 + "\n\t\t\t"
    path = file_of(
        tmp_path, message("7", "2019/4/25 9:32:09", "2019/5/10 14:56:53", long, "\n答\n\n")
    )
    report = import_file(path, mapping, actor="test", out_dir=tmp_path)
    assert (report.created, report.rejected) == (1, 0)
    case = Case.objects.get(external_number="7")
    assert case.text == "長" * 7000
    assert case.answer == "答"
    assert case.stage == "closed"
    assert case.opened_at == datetime(2019, 4, 25, 1, 32, 9, tzinfo=UTC)
    assert case.closed_at == datetime(2019, 5, 10, 6, 56, 53, tzinfo=UTC)
    assert Reporter.objects.get(case=case).name == "A7"
    assert verify_journal().problems == []


def test_answer_times_in_working_days(mapping, tmp_path):
    path = file_of(
        tmp_path,
        message("1", "2026/11/6 10:00:00", "2026/11/6 17:00:00"),  # Friday, the same day
        message("2", "2026/11/6 10:00:00", "2026/11/9 9:00:00"),  # Monday
        message("3", "2026/11/7 10:00:00", "2026/11/8 9:00:00"),  # within the weekend
        message("4", "2026/9/30 10:00:00", "2026/10/8 9:00:00"),  # over the National Day holidays
        message("5", "2026/11/2 10:00:00", "2026/11/20 9:00:00", answer=""),
    )
    mapping = mapping.model_copy(update={"as_of": datetime(2026, 12, 1, tzinfo=UTC)})
    import_file(path, mapping, actor="test", out_dir=tmp_path)
    found = answer_times(system="mayor-messages")
    assert (found.answered, found.unanswered, found.waiting) == (4, 1, 0)
    assert (found.median, found.p90, found.longest) == (0, 1, 1)
    assert found.years == ({"year": 2026, "answered": 4, "median": 0, "p90": 1},)
    assert answer_times(system="other").median is None
    later = answer_times(since=datetime(2026, 11, 7, tzinfo=UTC), until=make.MONDAY.replace(day=30))
    assert later.answered == 1


@pytest.mark.slow
def test_the_real_messages_come_in_whole(mapping, shared_data, tmp_path):
    path = shared_data / "messages" / "messages_with_replies.xlsx"
    if not path.exists():
        pytest.skip("the messages are not in ../shared/data")
    report = import_file(path, mapping, actor="test", out_dir=tmp_path)
    assert (report.read, report.created, report.rejected) == (1878, 1878, 0)
    found = answer_times(system=mapping.system)
    assert (found.answered, found.median, found.p90) == (1878, 8, 29)
    assert not Case.objects.filter(text__startswith="\n").exists()
    again = import_file(path, mapping, actor="test", out_dir=tmp_path)
    assert again.unchanged == 1878

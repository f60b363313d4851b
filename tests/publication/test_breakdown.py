"""The task breakdown table and the closing report as documents and files."""

from datetime import timedelta

import docx
import pytest
import yaml
from django.utils import translation
from pypdf import PdfReader

from tests import make
from townkeeper.campaigns.actions import cases_of, close_campaign, issue_order, list_rows, remind
from townkeeper.campaigns.progress import progress_of
from townkeeper.cases.actions import install_procedure
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.sheets import open_sheet
from townkeeper.procedures.language import parse
from townkeeper.publication.breakdown import campaign_document, print_campaign
from townkeeper.publication.typeset.document import figures, tables
from townkeeper.publication.typeset.validity import problems

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-Hant", "zh-Hans", "en")


@pytest.fixture
def people():
    units = make.town()
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "exposed.yaml"
    install_procedure(parse(yaml.safe_load(path.read_text(encoding="utf-8"))), actor="test")
    with translation.override("en"), clock.at(make.MONDAY, "live"):
        yield make.staff(units)


@pytest.fixture
def campaign(people):
    rows = [
        {
            "problem": "市場門口垃圾成堆",
            "category": "暴露垃圾",
            "place": "東興街道東街",
            "due": "當日",
        },
        {"problem": "=1+1", "unit": "GSJ", "assist": "CGJ", "leader": "李局長", "due": "11月6日"},
        {"problem": "攤販", "unit": "S2", "due": "10:00"},
    ]
    return list_rows(
        rows, title="十一月曝光問題整改", source="市電視臺", actor=people["dispatcher"]
    )


def finish(case, people, who, at):
    for kind in ("after-photo", "document"):
        make.photo(case, people[who], at, kind)
    make.do(case, "report", people[who], at)
    make.do(case, "pass", people["verifier"], at + timedelta(minutes=5), answer="已整改")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["breakdown", "closing"])
def test_both_documents_are_whole_in_every_language(campaign, language, kind):
    printed = campaign_document(progress_of(campaign), language, kind=kind)
    assert problems(printed) == ()
    assert printed.number == campaign.key
    table = list(tables(printed))[-1]
    assert len(table.columns) == 10
    assert len(table.rows) == 3
    assert not [cell for row in table.rows for cell in row if "%" in str(cell)]


def test_the_table_says_who_does_what_by_when(campaign):
    printed = campaign_document(progress_of(campaign), "zh-Hant")
    assert printed.title == ("十一月曝光問題整改任務分解表",)
    said = {figure.key: figure.text for figure in figures(printed)}
    assert said["campaign.rows"] == "3"
    assert said["campaign.units"] == "3"
    assert said["campaign.source"] == "市電視臺"
    rows = next(tables(printed)).rows
    assert rows[0][:6] == (
        1,
        "市場門口垃圾成堆",
        "東興街道東街",
        "暴露垃圾",
        "區城管局",
        "東興街道",
    )
    assert rows[1][6:9] == ("李局長", "11月6日 18:00", "未開始")


def test_a_table_of_that_name_is_not_named_twice(people):
    made = list_rows(
        [{"problem": "垃圾", "unit": "CGJ"}], title="整改任務分解表", actor=people["dispatcher"]
    )
    assert campaign_document(progress_of(made), "zh-Hant").title == ("整改任務分解表",)


def test_the_spreadsheet_has_the_reasons_and_no_formula(campaign, tmp_path):
    files = print_campaign(campaign, actor="wang", out_dir=tmp_path)
    sheet = open_sheet(files["xlsx"]).named("任務分解表")
    rows = [list(cells) for _n, cells in sheet.rows()]
    assert rows[0][-4] == "責任依據"
    assert rows[1][-4] == "職責清單 篇2 L95"
    assert rows[2][1] == "=1+1"
    entry = Entry.objects.get(act="campaign.printed")
    assert '"kind":"breakdown"' in entry.data


def test_the_table_lies_on_its_side_on_a4(campaign, tmp_path):
    files = print_campaign(campaign, actor="wang", out_dir=tmp_path)
    pages = PdfReader(files["pdf"]).pages
    sizes = [(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in pages]
    assert sizes[0] == (595, 842)
    assert sizes[1] == (842, 595)
    text = "".join(page.extract_text() for page in pages)
    assert "任務分解表" in text
    assert len(docx.Document(str(files["docx"])).tables) >= 1


def test_the_closing_report_says_who_did_and_who_did_not(campaign, people):
    first, _second, third = cases_of(campaign)
    finish(first, people, "CGJ", make.MONDAY + timedelta(hours=2))
    finish(third, people, "S2", make.MONDAY + timedelta(hours=3))
    with clock.at(make.MONDAY + timedelta(hours=4), "live"):
        remind(campaign, actor="wang")
        closed = close_campaign(campaign, actor="wang", note="轉入日常管理")
        printed = campaign_document(progress_of(closed), "zh-Hant", kind="closing")
    text = ["".join(p.text for p in section.paragraphs) for section in printed.sections]
    assert text[0].startswith("共3項，辦結2項，其中按時1項、逾期1項")
    assert text[1] == "區城管局。"
    assert text[2] == "區工商局（1項）、西林街道（1項）。"
    assert "中位數2.5工作時" in text[3]
    assert "共提醒1次" in text[3]
    assert text[4] == "轉入日常管理"
    units = next(tables(printed))
    assert [row[0] for row in units.rows] == ["區城管局", "區工商局", "西林街道"]


def test_an_order_prints_its_own_text(people):
    made = issue_order(
        "迎檢整治", text="各單位自查。\n發現問題即改。", units=["CGJ", "S1"], deadline="3wd",
        actor=people["dispatcher"],
    )  # fmt: skip
    printed = campaign_document(progress_of(made), "zh-Hant")
    said = [paragraph.text for paragraph in printed.sections[0].paragraphs]
    assert said[1:3] == ["各單位自查。", "發現問題即改。"]
    assert "2個單位" in said[0]

"""Campaigns in the browser: a list with errors and dry run, one order, progress, closing."""

import re

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from townkeeper.campaigns.models import Campaign
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.procedures.language import parse

pytestmark = pytest.mark.django_db
HEADER = "序号,存在问题,地点,责任单位,整改时限"
BASE = "/office/supervision/campaigns/"


@pytest.fixture(autouse=True)
def _monday(settings, tmp_path):
    settings.HOME = tmp_path
    with clock.at(make.MONDAY, "live"):
        yield


@pytest.fixture
def people():
    units = make.town()
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "exposed.yaml"
    install_procedure(parse(yaml.safe_load(path.read_text(encoding="utf-8"))), actor="test")
    return make.staff(units)


@pytest.fixture
def boss(client, people):
    client.force_login(people["supervisor"])
    client.cookies["django_language"] = "en"
    return client


def sent(boss, *rows, header=HEADER, name="list.csv"):
    text = "\n".join(filter(None, [header, *rows])) + "\n"
    file = SimpleUploadedFile(name, text.encode(), "text/csv")
    return boss.post(f"{BASE}import/", {"file": file})


GOOD = ("1,市場門口垃圾堆積,東興市場,區城管局,11月30日", "2,占道經營,西林路,西林街道,3wd")


def test_a_list_is_looked_at_and_then_taken_in(boss):
    checked = sent(boss, *GOOD).headers["Location"]
    page = boss.get(checked)
    assert "2 rows for 2 units can be taken." in page.content.decode()
    assert not Campaign.objects.exists()
    assert not Case.objects.exists()
    done = boss.post(checked, {"title": "十一月曝光", "due": "", "commit": "1"})
    campaign = Campaign.objects.get()
    assert done.headers["Location"] == f"{BASE}{campaign.key}/"
    assert campaign.status == "running"
    assert Case.objects.count() == 2
    shown = boss.get(done.headers["Location"]).content.decode()
    assert "市場門口垃圾堆積" in shown
    assert "nothing shown yet" in shown


def test_every_wrong_row_is_named_and_nothing_is_taken(boss):
    bad = ("1,垃圾,東興市場,無此單位,11月30日", "2,占道經營,西林路,西林街道,昨天的昨天")
    checked = sent(boss, *bad).headers["Location"]
    page = boss.get(checked).content.decode()
    assert "2 rows with errors" in page
    assert "無此單位" in page
    assert re.search(r'name="commit"[^>]*disabled', page)
    refused = boss.post(checked, {"title": "十一月曝光", "commit": "1"})
    assert refused.status_code == 422
    assert "十一月曝光" in refused.content.decode()
    assert not Campaign.objects.exists()


def test_columns_without_names_are_mapped_by_hand(boss):
    rows = ("垃圾堆積如山,東興市場,區城管局,3wd", "流動攤販,西林路,西林街道,3wd")
    checked = sent(boss, *rows, header="").headers["Location"]
    assert "No row of the list names its columns." in boss.get(checked).content.decode()
    said = {"column-0": "problem", "column-1": "place", "column-2": "unit", "column-3": "due"}
    again = boss.post(checked, {**said, "title": "清單", "check": "1"})
    assert "2 rows for 2 units can be taken." in again.content.decode()
    boss.post(checked, {**said, "title": "清單", "commit": "1"})
    assert Case.objects.count() == 2


@pytest.mark.parametrize(("name", "text"), [("list.exe", "MZ"), ("list.csv", ""), ("a.xlsx", "no")])
def test_what_is_no_list_is_refused_in_words(boss, name, text):
    answer = boss.post(
        f"{BASE}import/", {"file": SimpleUploadedFile(name, text.encode(), "text/csv")}, follow=True
    )
    assert "errsum" in answer.content.decode() or answer.status_code == 422
    assert boss.get(f"{BASE}import/{'0' * 64}/").status_code == 302
    assert boss.get(f"{BASE}import/..%2F..%2Fetc/").status_code in {302, 404}


def test_one_order_goes_to_many_units_and_is_reminded_and_closed(boss):
    refused = boss.post(f"{BASE}order/", {"title": "迎檢", "text": "整治", "deadline": "3wd"})
    assert refused.status_code == 422
    assert "迎檢" in refused.content.decode()
    made = boss.post(
        f"{BASE}order/", {"title": "迎檢", "text": "整治", "deadline": "3wd", "units": ["S1", "S2"]}
    )
    campaign = Campaign.objects.get()
    address = made.headers["Location"]
    assert campaign.items.count() == 2
    boss.post(f"{address}remind/", {"note": "抓緊"})
    assert Entry.objects.filter(subject=campaign.subject, act="campaign.reminded").exists()
    unfinished = boss.post(f"{address}close/", {"note": ""})
    assert unfinished.status_code == 422
    assert "2 rows are not finished." in unfinished.content.decode()
    boss.post(f"{address}close/", {"note": "轉入日常管理"})
    campaign.refresh_from_db()
    assert (campaign.status, campaign.closing_note) == ("closed", "轉入日常管理")


def test_figures_are_the_lists_behind_them(boss):
    boss.post(sent(boss, *GOOD).headers["Location"], {"title": "曝光", "commit": "1"})
    page = boss.get(f"{BASE}{Campaign.objects.get().key}/")
    for kpi in page.context["listed"].kpis:
        assert len(boss.get(kpi["href"]).context["listed"].rows) == kpi["count"]


def test_a_long_list_is_handed_over_in_parts(boss, monkeypatch):
    monkeypatch.setattr("townkeeper.web.board.importing.AT_ONCE", 1)
    boss.post(sent(boss, *GOOD).headers["Location"], {"title": "曝光", "commit": "1"})
    campaign = Campaign.objects.get()
    assert campaign.status == "preparing"
    page = boss.get(f"{BASE}{campaign.key}/").content.decode()
    assert "1 of 2 rows are handed over." in page
    boss.post(f"{BASE}{campaign.key}/resume/")
    campaign.refresh_from_db()
    assert campaign.status == "running"


def test_others_find_no_such_pages(client, people, boss):
    boss.post(f"{BASE}order/", {"title": "迎檢", "text": "x", "deadline": "3wd", "units": ["S1"]})
    key = Campaign.objects.get().key
    client.force_login(people["CGJ"])
    for page in ("", "import/", "order/", f"{key}/"):
        assert client.get(BASE + page).status_code == 404
    for act in ("remind", "close", "resume", "print"):
        assert client.post(f"{BASE}{key}/{act}/").status_code == 404


def test_a_row_is_told_all_of_its_faults_at_once(boss):
    checked = sent(boss, "1,垃圾,東興市場,無此單位,昨天的昨天").headers["Location"]
    page = boss.get(checked)
    assert {str(error["field"]) for error in page.context["errors"]} == {"unit", "deadline"}
    assert "1 row with errors" in page.content.decode()


def test_an_order_sent_twice_gives_each_unit_one_case(boss):
    given = {"title": "迎檢", "text": "整治", "deadline": "3wd", "units": ["S1", "S2"]}
    first = boss.post(f"{BASE}order/", given)
    again = boss.post(f"{BASE}order/", given)
    assert first.headers["Location"] == again.headers["Location"]
    assert (Campaign.objects.count(), Case.objects.count()) == (1, 2)
    boss.post(f"{BASE}order/", given | {"units": ["S1"]})
    assert Campaign.objects.count() == 2

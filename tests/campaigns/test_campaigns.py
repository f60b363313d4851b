"""Lists become cases with units and deadlines; orders to many units; progress and reminders."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.utils import translation

from tests import make
from townkeeper.campaigns import actions
from townkeeper.campaigns.actions import (
    ListRefused,
    campaign_by,
    check_list,
    close_campaign,
    import_list,
    issue_order,
    list_rows,
    remind,
    resume_campaign,
)
from townkeeper.campaigns.models import Campaign, CampaignItem
from townkeeper.campaigns.progress import progress_of
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.models import Case
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import parse
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db
NOW = make.MONDAY
"""Monday 2 November 2026, 09:00 in Shanghai."""
HEADER = "序号,存在问题,地点,类别,责任单位,配合单位,责任领导,整改时限"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"), clock.at(NOW, "live"):
        yield


@pytest.fixture
def units():
    made = make.town()
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "exposed.yaml"
    install_procedure(parse(yaml.safe_load(path.read_text(encoding="utf-8"))), actor="test")
    return made


@pytest.fixture
def people(units):
    return make.staff(units)


def listed(tmp_path, *rows, header=HEADER, name="list.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


ROWS = (
    "1,市場門口垃圾成堆,東興街道東街1號,暴露垃圾,,,王區長,當日",
    "2,小販佔道經營,西林街道西街2號,流動攤販,,,,20:30",
    "3,工地圍擋破損,東興街道工地,,區工商局、區城管局,東興街道,李局長,11月6日",
)


@pytest.fixture
def campaign(people, tmp_path):
    return import_list(
        listed(tmp_path, *ROWS),
        title="十一月曝光問題整改",
        actor=people["dispatcher"],
        source="市電視臺",
    )


def finish(case, people, who, at):
    for kind in ("after-photo", "document"):
        make.photo(case, people[who], at, kind)
    case = make.do(case, "report", people[who], at)
    return make.do(case, "pass", people["verifier"], at + timedelta(minutes=5), answer="已整改")


def errors_of(path, **given):
    return [(error.row, error.field) for error in check_list(path, **given).checked.errors]


def test_a_list_becomes_cases_with_units_and_deadlines(campaign, units):
    assert campaign.key == "BG20261102-01"
    assert campaign.status == "running"
    items = list(campaign.items.select_related("case", "unit").order_by("number"))
    assert [item.unit.code for item in items] == ["CGJ", "S2", "GSJ"]
    assert [item.reason["by"] for item in items] == ["register", "register", "list"]
    assert items[0].reason["source"] == "篇2 L95"
    assert items[0].assists == ["S1"]
    assert items[2].assists == ["CGJ", "S1"]
    assert [item.leader for item in items] == ["王區長", "", "李局長"]
    first, second, third = (item.case for item in items)
    assert [case.stage for case in (first, second, third)] == ["handling"] * 3
    assert first.channel == "exposure"
    assert first.area == units["S1"]
    assert second.due_at == datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
    assert third.due_at == datetime(2026, 11, 6, 10, 0, tzinfo=UTC)
    for item in items:
        assert item.due_at == item.case.due_at
    lead = third.tasks.get(done_at=None, part="lead")
    assert (lead.unit.code, lead.is_given, lead.limit) == ("GSJ", True, "")
    assert lead.next_at is not None
    assert {t.unit.code for t in third.tasks.filter(part="assist")} == {"CGJ", "S1"}
    assert second.tasks.get(done_at=None, part="lead").limit == "20:30"


def test_history_is_written_for_the_table_and_for_each_case(campaign):
    acts = list(Entry.objects.filter(subject=campaign.subject).values_list("act", flat=True))
    assert acts == ["campaign.made", "campaign.handed_over"]
    assert Entry.objects.filter(act="case.campaign").count() == 3
    assert verify_journal().problems == []


def test_the_registers_own_answer_is_not_told_as_an_overruling(campaign):
    entries = Entry.objects.filter(act="case.dispatch").order_by("pk")
    assert ["overruled" in entry.data for entry in entries] == [False, False, True]


def test_with_one_wrong_row_nothing_is_taken(people, tmp_path):
    path = listed(tmp_path, *ROWS, "4,路燈不亮,,,區路燈處,,,當日")
    with pytest.raises(ListRefused) as error:
        import_list(path, title="表", actor=people["dispatcher"])
    assert [e.row for e in error.value.errors] == [5]
    assert not Campaign.objects.exists()
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ("1,垃圾,,,區城管,,,", "unit", "“區城管局”"),
        ("1,垃圾,,,,,,", "unit", "neither a unit nor a category"),
        ("1,無人管的事,,無主事項,,,,", "unit", "names nobody"),
        ("1,垃圾,,暴露拉圾,,,,", "category", "“暴露垃圾”"),
        ("1,垃圾,,,區城管局,東興街,,", "assist", "“東興街道”"),
        ("1,,某路,,區城管局,,,", "problem", "what is wrong"),
        ("1,垃圾,,,區城管局,,,昨天", "due", "no deadline"),
        ("1,垃圾,,,區城管局,,,11月1日", "due", "passed"),
        ("1,垃圾,,,區城管局,,,08:00", "due", "passed"),
        ("1,#REF!,,,區城管局,,,", "problem", "formula"),
        ("1,垃\x07圾,,,區城管局,,,", "problem", "not text"),
        ("1," + "長" * 21000 + ",,,區城管局,,,", "problem", "too long"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_what_would_be_right(
    units, tmp_path, row, field, says
):
    found = check_list(listed(tmp_path, row)).checked.errors
    assert [(error.row, error.field) for error in found] == [(2, field)]
    assert says in f"{found[0].message} {found[0].hint}"


def test_a_closed_unit_is_refused_with_its_successor(units, tmp_path):
    Unit.objects.filter(code="GSJ").update(until=NOW.date(), successor=units["CGJ"])
    touch_registers()
    found = check_list(listed(tmp_path, "1,垃圾,,,區工商局,,,")).checked.errors
    assert "no longer exists" in str(found[0].message)
    assert "區城管局" in str(found[0].hint)


def test_repeated_rows_are_left_out_and_named(people, tmp_path):
    path = listed(tmp_path, ROWS[0], ROWS[1], ROWS[0].replace("1,", "9,", 1))
    assert check_list(path).checked.repeated == [(4, 2)]
    made = import_list(path, title="表", actor=people["dispatcher"])
    assert made.items.count() == 2


def test_a_long_problem_goes_on_in_the_text(people, tmp_path):
    long = "垃圾" * 150
    made = import_list(
        listed(tmp_path, f"1,{long},,,區城管局,,,"), title="表", actor=people["dispatcher"]
    )
    case = made.items.get().case
    assert len(case.title) == 200
    assert case.text == long


def test_the_same_file_twice_is_found_and_asked_about(campaign, people, tmp_path):
    path = listed(tmp_path, *ROWS, name="another-name.csv")
    with pytest.raises(Problem) as error:
        import_list(path, title="表", actor=people["dispatcher"])
    assert error.value.code == "list-known"
    assert campaign.key in str(error.value.message)
    again = import_list(path, title="表", actor=people["dispatcher"], again=True)
    assert again.key == "BG20261102-02"
    assert Case.objects.count() == 6


def test_a_run_that_was_killed_goes_on_where_it_stopped(people, tmp_path, monkeypatch):
    path, plain = listed(tmp_path, *ROWS), actions.hand_over

    def die(item, *, actor):
        if item.number == 2:
            raise KeyboardInterrupt
        plain(item, actor=actor)

    monkeypatch.setattr(actions, "hand_over", die)
    with pytest.raises(KeyboardInterrupt):
        import_list(path, title="表", actor=people["dispatcher"])
    assert Campaign.objects.get().status == "preparing"
    assert Case.objects.count() == 1
    monkeypatch.setattr(actions, "hand_over", plain)
    made = import_list(path, title="表", actor=people["dispatcher"])
    assert made.status == "running"
    assert Case.objects.count() == CampaignItem.objects.exclude(case=None).count() == 3
    resume_campaign(made, actor=people["dispatcher"])
    assert Case.objects.count() == 3


def test_who_may_not_dispatch_cannot_hand_over(people, tmp_path):
    with pytest.raises(Problem):
        import_list(listed(tmp_path, ROWS[0]), title="表", actor=people["CGJ"])
    campaign = Campaign.objects.get()
    assert campaign.status == "preparing"
    assert resume_campaign(campaign, actor=people["dispatcher"]).status == "running"


def test_a_running_case_is_found_and_linked_only_when_asked(people, tmp_path):
    case = make.opened(NOW - timedelta(days=2), title="市場門口垃圾成堆", address="東興街道東街1號")
    path = listed(tmp_path, *ROWS)
    assert check_list(path).alike == ((2, case.number, 1.0),)
    made = import_list(path, title="表", actor=people["dispatcher"], link=True)
    item = made.items.get(number=1)
    assert (item.case, item.is_linked) == (case, True)
    assert made.items.get(number=2).is_linked is False
    due = case.due_at
    case.refresh_from_db()
    assert case.due_at == due


def test_a_case_number_in_the_list_links_and_a_wrong_one_is_refused(people, tmp_path):
    case = make.opened(NOW)
    header = "问题,责任单位,案件编号"
    path = listed(tmp_path, f"垃圾,區城管局,{case.number}", header=header)
    made = import_list(path, title="表", actor=people["dispatcher"])
    assert made.items.get().case == case
    assert errors_of(listed(tmp_path, "垃圾,區城管局,X1", header=header)) == [(2, "case")]


def test_rows_may_be_typed(people):
    made = list_rows(
        [{"problem": "垃圾", "unit": "CGJ", "due": "3個工作日"}, {"problem": "攤", "unit": "S1"}],
        title="口頭交辦", actor=people["dispatcher"], due="same-day",
    )  # fmt: skip
    assert [item.limit for item in made.items.order_by("number")] == ["3wd", "same-day"]
    with pytest.raises(ListRefused):
        list_rows([], title="表", actor=people["dispatcher"])


def test_a_title_is_needed(people):
    with pytest.raises(Problem):
        list_rows([{"problem": "垃圾", "unit": "CGJ"}], title=" ", actor=people["dispatcher"])


def test_one_order_to_many_units(people):
    made = issue_order(
        "迎檢環境整治", text="各單位自查自糾。", units=["CGJ", "東興街道", "S2", "S2"],
        deadline="11月6日", actor=people["dispatcher"],
    )  # fmt: skip
    assert made.key.startswith("DB")
    cases = actions.cases_of(made)
    assert [case.unit.code for case in cases] == ["CGJ", "S1", "S2"]
    assert len({case.due_at for case in cases}) == 1
    assert cases[0].text == "各單位自查自糾。"


def test_where_the_program_has_orders_they_run_as_such(people):
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "order.yaml"
    install_procedure(parse(yaml.safe_load(path.read_text(encoding="utf-8"))), actor="test")
    made = issue_order("自查", text="", units=["CGJ"], deadline="", actor=people["dispatcher"])
    (case,) = actions.cases_of(made)
    assert (made.procedure, case.tasks.get(done_at=None).limit) == ("order", "5wd")
    make.photo(case, people["CGJ"], NOW, "document")
    make.do(case, "report", people["CGJ"], NOW)
    assert progress_of(made).rows[0].state == "reported"


@pytest.mark.parametrize(
    ("units_named", "deadline", "code"),
    [(["CGJ", "X1"], "20:30", "list-wrong"), ([], "20:30", "list-wrong"),
     (["CGJ"], "soon", "deadline-wrong"), (["CGJ"], "2020-01-01", "deadline-wrong")],
)  # fmt: skip
def test_an_order_that_cannot_be(people, units_named, deadline, code):
    with pytest.raises(Problem) as error:
        issue_order(
            "整治", text="", units=units_named, deadline=deadline, actor=people["dispatcher"]
        )
    assert error.value.code == code
    assert not Campaign.objects.exists()


def test_progress_says_who_has_done_what_and_when(campaign, people):
    first, second, third = actions.cases_of(campaign)
    found = progress_of(campaign)
    assert [row.state for row in found.rows] == ["not-begun"] * 3
    finish(first, people, "CGJ", NOW + timedelta(hours=3))
    make.photo(third, people["GSJ"], NOW + timedelta(hours=4))
    with clock.at(NOW + timedelta(hours=13), "live"):
        found = progress_of(campaign)
    assert [row.state for row in found.rows] == ["done", "not-begun", "running"]
    assert [row.is_late for row in found.rows] == [False, True, False]
    units = {unit.code: unit for unit in found.units}
    assert units["CGJ"].done_on_time == 1
    assert units["CGJ"].as_dict()["hours"] == 3.0
    assert units["S2"].overdue == 1
    assert found.total.rows == 3
    finish(second, people, "S2", NOW + timedelta(hours=14))
    with clock.at(NOW + timedelta(hours=15), "live"):
        row = progress_of(campaign).rows[1]
    assert (row.state, row.is_late) == ("done", True)


def test_rework_does_not_give_a_second_deadline(campaign, people):
    case = actions.cases_of(campaign)[1]
    for kind in ("after-photo", "document"):
        make.photo(case, people["S2"], NOW + timedelta(hours=1), kind)
    case = make.do(case, "report", people["S2"], NOW + timedelta(hours=1))
    assert progress_of(campaign).rows[1].state == "reported"
    case = make.do(case, "fail", people["verifier"], NOW + timedelta(hours=2), reason="沒有整改")
    assert progress_of(campaign).rows[1].state == "running"
    finish(case, people, "S2", NOW + timedelta(days=1))
    row = progress_of(campaign).rows[1]
    assert (row.state, row.is_late) == ("done", True)


def test_a_voided_row_counts_apart(campaign, people):
    case = actions.cases_of(campaign)[0]
    make.do(case, "void", people["supervisor"], NOW, reason="重複")
    found = progress_of(campaign)
    assert found.rows[0].state == "voided"
    assert (found.total.voided, found.total.not_begun) == (1, 2)


def test_reminders_say_whom_and_come_once_an_hour(campaign, people):
    told = remind(campaign, actor="wang", note="請抓緊")
    assert [(r.item.number, r.people) for r in told] == [
        (1, ("handler-cgj", "handler-s1")), (2, ("handler-s2",)),
        (3, ("handler-cgj", "handler-gsj", "handler-s1")),
    ]  # fmt: skip
    assert Entry.objects.filter(act="case.reminded").count() == 3
    assert remind(campaign, actor="wang") == []
    finish(actions.cases_of(campaign)[0], people, "CGJ", NOW + timedelta(hours=1))
    with clock.at(NOW + timedelta(hours=2), "live"):
        assert len(remind(campaign, actor="wang")) == 2
    assert progress_of(campaign).total.reminders == 5


def test_closing_asks_why_while_rows_are_open(campaign, people):
    with pytest.raises(Problem) as error:
        close_campaign(campaign, actor="wang")
    assert error.value.code == "campaign-unfinished"
    made = close_campaign(campaign, actor="wang", note="轉入日常")
    assert made.status == "closed"
    entry = Entry.objects.get(act="campaign.closed")
    assert '"unfinished":3' in entry.data
    for again in (close_campaign, remind):
        with pytest.raises(Problem, match="closed already"):
            again(made, actor="wang")


def test_a_finished_campaign_closes_without_words(people, tmp_path):
    made = import_list(listed(tmp_path, ROWS[0]), title="表", actor=people["dispatcher"])
    finish(actions.cases_of(made)[0], people, "CGJ", NOW + timedelta(hours=1))
    assert close_campaign(made, actor="wang").closed_by == "wang"
    assert verify_journal().problems == []


def test_campaigns_are_found_by_key(campaign):
    assert campaign_by("latest") == campaign
    with pytest.raises(Problem, match="no campaign"):
        campaign_by("X")


def test_an_old_unit_of_a_moved_case_is_not_blamed(campaign, people):
    case = actions.cases_of(campaign)[2]
    make.do(case, "redispatch", people["supervisor"], NOW, reason="改派", units=(("S1", "lead"),))
    assert progress_of(campaign).rows[2].unit == "S1"


def test_another_house_number_is_another_problem(people, tmp_path):
    make.opened(NOW - timedelta(days=2), title="市場門口垃圾成堆", address="東興街道東街12號")
    assert check_list(listed(tmp_path, *ROWS)).alike == ()

"""The desk: a call becomes a case, an answer, or one more reporter of a case there is."""

from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.hotline.conftest import NOON
from townkeeper.calls.models import HeldCall, Registration
from townkeeper.cases.models import Case, Merge, Reporter
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.suggestions.models import Offer

pytestmark = pytest.mark.django_db
CALL = {
    "phone": "138 0013-8000",
    "category": "matter/06010",
    "where": "紅星路 86 號",
    "area": "S1",
    "name": "陳女士",
}


def test_a_call_is_registered_and_dispatched_as_far_as_the_role_goes(desk):
    answer = desk(**CALL, urgency="urgent")
    assert answer.status_code == 200
    case = Case.objects.get()
    assert (case.title, case.channel, case.address) == (
        "市場門口垃圾堆積",
        "hotline",
        "紅星路 86 號",
    )
    assert (case.area.code, case.unit.code, case.stage) == ("S1", "CGJ", "dispatch")
    assert case.reporter.phone == "13800138000"
    row = case.registration
    assert (row.urgency, row.result, row.is_call, row.actor) == (
        "urgent",
        "filed",
        True,
        "operator",
    )
    text = answer.content.decode()
    assert case.number in text
    assert "13800138000" not in text
    assert verify_journal().problems == []


def test_who_may_dispatch_dispatches_at_once(desk, people, units):
    post = people["operator"].posts.get()
    make.Post.objects.create(
        user=people["operator"], unit=post.unit, scope=post.scope,
        role=make.Role.objects.get(key="dispatcher"),
    )  # fmt: skip
    desk(**CALL)
    assert Case.objects.get().stage == "handling"
    assert Registration.objects.get().result == "dispatched"


def test_nobody_on_duty_is_said_and_the_case_waits(desk):
    answer = desk(**CALL | {"category": "local/nobody"})
    assert Case.objects.get().unit is None
    assert "nobody is on duty" in answer.content.decode()


def test_the_same_form_sent_twice_is_one_case(client, people):
    client.force_login(people["operator"])
    data = {"key": "k1", "do": "register", "text": "路燈不亮", "urgency": "normal"}
    first, second = (client.post("/office/hotline/", data) for _ in range(2))
    assert first.url == second.url
    assert Case.objects.count() == Registration.objects.count() == 1
    assert Entry.objects.filter(act="case.registered").count() == 1


def test_long_words_become_a_title_and_a_description(desk):
    text = "路面坑洞很深，" * 1000
    desk(text=text)
    case = Case.objects.get()
    assert len(case.title) == 60
    assert len(case.text) == 7000
    desk(text="路燈不亮。已經三天了。")
    assert Case.objects.latest("pk").title == "路燈不亮"


@pytest.mark.parametrize(
    ("fields", "said", "field"),
    [
        ({"phone": "1380013abcd"}, "is not a telephone number", "phone"),
        ({"category": "matter/99999"}, "There is no kind “matter/99999”", "category"),
        ({"area": "某處"}, "There is no area “某處”", "area"),
        ({"where": "路" * 301}, "at most 300", "where"),
        ({"name": "x" * 7000}, "at most 80", "name"),
        ({"text": " "}, "Say in a few words what is wrong.", "text"),
        ({"text": "a\x07b"}, "a character that is not text", "text"),
        ({"urgency": "now"}, "Select a valid choice", ""),
        ({"do": "answer"}, "Write down what the caller was told.", "answer"),
        ({"do": "merge:DX1"}, "There is no case DX1.", ""),
        ({"key": "x" * 81}, "at most 80", ""),
    ],
)
def test_bad_input_is_refused_in_words_and_everything_stays(desk, fields, said, field):
    answer = desk(**CALL | fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "紅星路 86 號" in text or "where" in fields
    assert "陳女士" in text or "name" in fields
    if field:
        assert f'href="#id_{field}' in text
    assert not Case.objects.exists()


def test_a_kind_out_of_use_is_refused_by_name(desk):
    make.Category.objects.filter(key="matter/06010").update(is_used=False)
    make.touch_registers()
    answer = desk(**CALL)
    assert answer.status_code == 422
    assert "“暴露垃圾” is no longer in use" in answer.content.decode()


def test_an_answer_at_once_closes_by_the_procedure(desk):
    answer = desk(do="answer", **CALL, answer="暴露垃圾四個工作時內清理。")
    case = Case.objects.get()
    assert (case.stage, case.outcome) == ("closed", "answered")
    assert case.answer == "暴露垃圾四個工作時內清理。"
    assert case.registration.result == "answered"
    assert "Answered and closed" in answer.content.decode()
    assert verify_journal().problems == []


def look(client, **fields):
    data = {"is_call": "1", "key": "k", "text": "", "phone": "", "category": "", **fields}
    with clock.at(NOON, "live"):
        answer = client.post("/office/hotline/live/", data)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_live_side_shows_history_twins_owner_and_nothing_is_saved(client, people):
    client.force_login(people["operator"])
    client.cookies["django_language"] = "en"
    old = opened(reporter_name="陳女士", reporter_phone="13800138000", address="紅星路 86 號")
    hidden = opened(
        title="匿名的事",
        reporter_phone="13800138000",
        anonymous=True,
        at=MONDAY - timedelta(days=40),
    )
    text = look(client, phone="138-0013-8000", category="matter/06010", area="S1",
                where="紅星路 86 號", text="垃圾堆積")  # fmt: skip
    assert f"merge:{old.number}" in text
    assert "at the same place" in text
    assert "區城管局" in text
    assert "篇2 L95" in text
    assert "138****8000" in text
    assert "13800138000" not in text
    assert hidden.number not in text
    assert Case.objects.count() == 2


def test_a_caller_who_calls_again_is_told_how_far_it_is_and_added_to_their_case(
    desk, client, people
):
    client.force_login(people["operator"])
    client.cookies["django_language"] = "en"
    mine = opened(reporter_name="陳女士", reporter_phone="13800138000", address="紅星路 86 號")
    ended = opened(reporter_phone="13800138000", at=MONDAY - timedelta(days=40), address="別處")
    do(ended, "answer_now", people["operator"], MONDAY - timedelta(days=40), answer="已答覆")
    text = look(client, phone="13800138000", text="我的事怎麼還沒辦")
    assert f'value="merge:{mine.number}"' in text
    assert 'data-twin="1"' in text
    assert f"number {mine.number}" in text
    assert f'value="merge:{ended.number}"' not in text
    desk(do=f"merge:{mine.number}", phone="13800138000", text="我的事怎麼還沒辦")
    assert Case.objects.get(main=mine).stage == "merged"


def test_the_live_side_suggests_kind_and_area_and_takes_neither(client, people):
    make.Category.objects.filter(key="matter/06010").update(keywords=["垃圾"])
    make.touch_registers()
    client.force_login(people["operator"])
    client.cookies["django_language"] = "en"
    text = look(client, where="西林街道文化路口", text="路邊垃圾很多")
    assert 'value="kind:matter/06010"' in text
    assert "because of 垃圾" in text
    assert "The words name the area 西林街道" in text
    assert look(client, phone="abc", category="x", area="y", spot="case:nothing")


def test_what_was_suggested_and_taken_is_recorded(desk):
    make.Category.objects.filter(key="matter/06010").update(keywords=["垃圾"])
    make.touch_registers()
    desk(**CALL, offered="matter/06010")
    offer = Offer.objects.get()
    assert (offer.kind, offer.chosen, offer.rank) == ("category", "matter/06010", 1)


def test_a_caller_is_added_to_the_case_before_anything_else_is_saved(desk, people):
    main = opened(address="紅星路 86 號", reporter_phone="13900000000")
    answer = desk(do=f"merge:{main.number}", **CALL)
    mine = Case.objects.get(registration__isnull=False)
    assert (mine.stage, mine.main) == ("merged", main)
    assert mine.reporter.phone == "13800138000"
    assert Merge.objects.get().found["same_spot"] is True
    assert Offer.objects.get(kind="twin").chosen == main.number
    text = answer.content.decode()
    assert "Added to another case" in text
    assert main.number in text  # the progress that the caller is told
    do(main, "answer_now", people["operator"], NOON + timedelta(hours=1), answer="已安排")
    mine.refresh_from_db()
    assert mine.answer == "已安排"


def test_a_case_that_ended_long_ago_takes_nobody(desk, people):
    main = opened(at=MONDAY - timedelta(days=9))
    do(main, "answer_now", people["operator"], MONDAY - timedelta(days=8), answer="已答覆")
    answer = desk(do=f"merge:{main.number}", **CALL)
    assert answer.status_code == 422
    assert "what has come back is a new case" in answer.content.decode()
    assert Case.objects.count() == 1


def test_several_calls_are_held_and_taken_up_again(desk, client, people):
    desk(do="hold", **CALL, text="說到一半", phone2="")
    held = HeldCall.objects.get()
    assert held.label == "暴露垃圾 · 說到一半"
    assert not Case.objects.exists()
    page = client.get(f"/office/hotline/?held={held.pk}").content.decode()
    assert "說到一半" in page
    assert "紅星路 86 號" in page
    client.post("/office/hotline/", {**CALL, "key": held.key, "do": "hold", "text": "又放下"})
    assert HeldCall.objects.get().data["text"] == "又放下"
    client.post("/office/hotline/", {**CALL, "key": held.key, "do": "register", "text": "登記"})
    assert not HeldCall.objects.exists()
    assert Case.objects.count() == 1


def test_held_calls_are_nobody_elses(desk, client, people):
    desk(do="hold", **CALL)
    held = HeldCall.objects.get()
    client.force_login(people["dispatcher"])
    assert client.get(f"/office/hotline/?held={held.pk}").status_code == 404
    assert client.post(f"/office/hotline/held/{held.pk}/drop/").status_code == 404
    client.force_login(people["operator"])
    assert client.post(f"/office/hotline/held/{held.pk}/drop/").status_code == 302
    assert not HeldCall.objects.exists()


def test_without_javascript_looking_and_taking_a_suggestion_keep_what_was_typed(desk):
    make.Category.objects.filter(key="matter/06010").update(keywords=["垃圾"])
    make.touch_registers()
    page = desk(do="look", where="紅星路 86 號").content.decode()
    assert 'value="kind:matter/06010"' in page
    assert "紅星路 86 號" in page
    page = desk(do="kind:matter/06010", where="紅星路 86 號").content.decode()
    assert '<option value="matter/06010" selected>' in page
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "live/",
        "callbacks/",
        "shift/",
        "articles/",
        "articles/new/",
        "phrases/",
        "phrases/find/",
    ],
)
def test_a_handler_finds_no_desk(client, people, path):
    client.force_login(people["CGJ"])
    assert client.get(f"/office/hotline/{path}").status_code == 404
    assert client.get("/office/register/").status_code == 404
    assert "/office/register/" not in client.get("/office/cases/").content.decode()


def test_the_page_reads_little(client, people, django_assert_max_num_queries):
    for n in range(6):
        opened(
            address="紅星路 86 號", reporter_phone="13800138000", at=MONDAY + n * timedelta(hours=1)
        )
    client.force_login(people["operator"])
    look(client)
    with django_assert_max_num_queries(24):
        look(client, phone="13800138000", category="matter/06010", area="S1",
             where="紅星路 86 號", text="垃圾")  # fmt: skip
    with django_assert_max_num_queries(18):
        client.get("/office/hotline/")


def test_reporters_number_keeps_out_of_lists(desk):
    desk(**CALL)
    assert Reporter.objects.get().phone == "13800138000"
    again = desk(do="look", phone="13800138000").content.decode()
    assert again.count("13800138000") == 1  # the number of the caller who is on the line, as typed

"""Calls back: who waits, what is put down, and when to call again."""

from datetime import timedelta

import pytest

from tests.make import MONDAY, do, opened
from townkeeper.calls.models import CallBack
from townkeeper.cases.models import Ask, Case, Judgement
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def closed(people, at=MONDAY, **fields):
    """A case closed with an answer by somebody else than the operator who calls."""
    case = opened(at=at, **{"reporter_phone": "13800138000", "reporter_name": "陳女士", **fields})
    return do(
        case, "answer_now", people["operator"], at + timedelta(hours=1), answer="已清理完畢。"
    )


@pytest.fixture
def visit(client, people):
    def send(path, at=MONDAY + DAY, who="operator", **data):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            link = f"/office/hotline/callbacks/{path}".replace("callbacks/../", "")
            return client.post(link, data) if data else client.get(link)

    return send


def listed(answer):
    return [row.case for row in answer.context["rows"]]


def test_who_waits_is_listed_first_due_first_and_masked(visit, people):
    late = closed(people, at=MONDAY + timedelta(hours=4))
    soon = closed(people)
    closed(people, reporter_phone="", reporter_name="無號碼")
    closed(people, anonymous=True)
    opened(reporter_phone="13800138000")
    closed(people, at=MONDAY - 30 * DAY)
    answer = visit("")
    assert listed(answer) == [soon, late]
    assert "138****8000" in answer.content.decode()
    assert "13800138000" not in answer.content.decode()


def test_a_merged_reporter_waits_for_the_main_cases_answer(visit, people, desk):
    main = opened(at=MONDAY, address="紅星路 86 號")
    desk(do=f"merge:{main.number}", phone="13900139000", where="紅星路 86 號")
    do(main, "answer_now", people["operator"], MONDAY + timedelta(hours=9), answer="已答覆")
    assert [case.main for case in listed(visit(""))] == [main]


def test_the_number_is_shown_once_asked_for_and_the_look_is_written(visit, people):
    case = closed(people)
    assert "13800138000" not in visit(f"{case.number}/").content.decode()
    assert "13800138000" in visit(f"{case.number}/", do="show").content.decode()
    assert Entry.objects.filter(subject=case.subject, act="case.reporter_shown").count() == 1


def test_a_judgement_is_put_down_by_telephone(visit, people):
    case = closed(people)
    answer = visit(f"{case.number}/", do="judged", verdict="satisfied", comment="很快")
    assert answer.status_code == 302
    judged = Judgement.objects.get()
    assert (judged.verdict, judged.channel, judged.actor) == ("satisfied", "telephone", "operator")
    assert CallBack.objects.get().result == "reached"
    assert listed(visit("")) == []
    assert verify_journal().problems == []
    again = visit(f"{case.number}/", do="judged", verdict="partly")
    assert again.status_code == 422
    assert "judged this answer already" in again.content.decode()


def test_who_is_dissatisfied_may_ask_to_reopen_with_a_reason(visit, people):
    case = closed(people)
    answer = visit(f"{case.number}/", do="judged", verdict="dissatisfied", reopen="on")
    assert answer.status_code == 422
    assert "Write down why it should be taken up again." in answer.content.decode()
    assert not Judgement.objects.exists()
    visit(f"{case.number}/", do="judged", verdict="dissatisfied", reopen="on", comment="沒有清")
    ask = Ask.objects.get()
    assert (ask.effect, ask.reason, ask.decider) == ("reopening", "沒有清", "supervisor")


def test_not_reached_is_called_again_at_its_time(visit, people):
    case = closed(people)
    visit(f"{case.number}/", do="again", retry="3h", note="沒人接")
    assert listed(visit("")) == []
    assert listed(visit("?tab=later")) == [case]
    assert listed(visit("", at=MONDAY + DAY + timedelta(hours=3, minutes=1))) == [case]
    visit(f"{case.number}/", do="again", retry="at", at=MONDAY + DAY, note="x")
    assert CallBack.objects.count() == 1
    page = visit(f"{case.number}/").content.decode()
    assert "沒人接" in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"retry": "at"}, "Write day and time"),
        ({"retry": "at", "at": "soon"}, "Write day and time"),
        ({"retry": "at", "at": "2026-13-45 99:99"}, "Write day and time"),
        ({"retry": "at", "at": "2026-11-01 09:00"}, "That time has passed already."),
        ({"retry": "at", "at": "2027-11-01 09:00"}, "Call again within fifteen days."),
        ({"retry": "no"}, "Say why nobody calls again."),
        ({"retry": "never"}, "Select a valid choice"),
    ],
)
def test_a_time_that_is_none_is_refused(client, people, data, said):
    case = closed(people)
    client.force_login(people["operator"])
    client.cookies["django_language"] = "en"
    with clock.at(MONDAY + DAY, "live"):
        answer = client.post(f"/office/hotline/callbacks/{case.number}/", {"do": "again", **data})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not CallBack.objects.exists()


def test_giving_up_ends_the_waiting(visit, people):
    case = closed(people)
    visit(f"{case.number}/", do="again", retry="no", note="空號")
    assert listed(visit("")) == listed(visit("?tab=later")) == []
    assert CallBack.objects.get().result == "given-up"


def test_pages_follow_each_other_and_nonsense_is_the_beginning(visit, people):
    cases = [closed(people, at=MONDAY + timedelta(minutes=n)) for n in range(32)]
    first = visit("")
    assert len(listed(first)) == 30
    rest = visit(first.context["next_url"].removeprefix("/office/hotline/callbacks/"))
    assert {case.pk for case in listed(first) + listed(rest)} == {case.pk for case in cases}
    assert len(listed(visit("?after=x~y"))) == 30
    assert len(listed(visit("?after=2026-99-01T00:00:00~1"))) == 30


def test_the_list_reads_little(client, people, django_assert_max_num_queries):
    for n in range(12):
        closed(people, at=MONDAY + timedelta(minutes=n))
    client.force_login(people["operator"])
    with clock.at(MONDAY + DAY, "live"):
        client.get("/office/hotline/callbacks/")
        with django_assert_max_num_queries(16):
            client.get("/office/hotline/callbacks/")


def test_cases_of_others_are_not_there(visit, people):
    case = closed(people)
    assert visit(f"{case.number}/", who="CGJ").status_code == 404
    assert visit("DX1/").status_code == 404
    assert Case.objects.count() == 1


def test_the_list_leaves_as_a_table_with_masked_numbers(visit, people):
    case = closed(people)
    answer = visit("../callbacks.csv")
    text = b"".join(answer.streaming_content).decode()
    assert case.number in text
    assert "138****8000" in text
    assert "13800138000" not in text
    book = visit("../callbacks.xlsx")
    assert b"".join(book.streaming_content).startswith(b"PK")
    assert visit("../callbacks.exe").status_code == 404

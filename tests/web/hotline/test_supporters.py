"""Whoever has it too hears the answer: who waits, what is put down, who may look."""

from datetime import timedelta

import pytest

from tests.make import MONDAY, do, opened
from townkeeper.calls.models import CallBack
from townkeeper.cases.following import join_case
from townkeeper.cases.models import Judgement
from townkeeper.cases.records import Follow
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIST = "/office/hotline/callbacks/?tab=too"


def closed(people, *phones):
    """A closed case of an unnamed reporter, with others who have it too."""
    case = opened(at=MONDAY)
    with clock.at(MONDAY + HOUR / 2, "live"):
        for number, phone in enumerate(phones):
            join_case(case, form_key=f"{number:024}", name="李先生", phone=phone)
    case.refresh_from_db()
    return do(case, "answer_now", people["operator"], MONDAY + HOUR, answer="已清理完畢。")


@pytest.fixture
def visit(client, people):
    def send(path, moment=MONDAY + DAY, who="operator", **data):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        with clock.at(moment, "live"):
            return client.post(path, data) if data else client.get(path)

    return send


def address(case, phone):
    follow = Follow.objects.get(case=case, phone=phone)
    return f"/office/hotline/callbacks/{case.number}/too/{follow.pk}/"


def phones(answer):
    return [row.follow.phone for row in answer.context["rows"]]


def test_whoever_left_a_number_waits_once_the_case_is_answered(visit, people):
    opened(at=MONDAY - DAY)
    closed(people, "13900139000", "", "13700137000")
    answer = visit(LIST)
    assert phones(answer) == ["13900139000", "13700137000"]
    text = answer.content.decode()
    assert "139****9000" in text
    assert "13900139000" not in text
    sheet = b"".join(visit("/office/hotline/callbacks.csv?tab=too").streaming_content)
    assert b"139****9000" in sheet
    assert phones(visit(LIST, moment=MONDAY + 40 * DAY)) == []


def test_the_number_is_shown_with_a_record_and_telling_ends_it(visit, people):
    case = closed(people, "13900139000")
    page = address(case, "13900139000")
    assert "13900139000" not in visit(page).content.decode()
    assert "13900139000" in visit(page, do="show").content.decode()
    assert Entry.objects.filter(subject=case.subject, act="case.reporter_shown").count() == 1
    assert visit(page, do="told", note="謝謝").status_code == 302
    row = CallBack.objects.get()
    assert (row.result, row.follow.phone, row.note) == ("reached", "13900139000", "謝謝")
    assert phones(visit(LIST)) == []
    assert not Judgement.objects.exists()
    assert "This call is done" in visit(page).content.decode()
    assert verify_journal().problems == []


def test_not_reached_is_called_again_or_given_up_with_a_reason(visit, people):
    case = closed(people, "13900139000")
    page = address(case, "13900139000")
    assert visit(page, do="again", retry="1h").status_code == 302
    answer = visit(LIST)
    assert phones(answer) == ["13900139000"]
    assert answer.context["rows"][0].tries == 1
    refused = visit(page, do="again", retry="no")
    assert refused.status_code == 422
    assert "Say why nobody calls again" in refused.content.decode()
    assert visit(page, do="again", retry="at", at="1800-01-01T09:00").status_code == 422
    assert visit(page, do="nonsense").status_code == 422
    assert visit(page, do="again", retry="no", note="空號").status_code == 302
    assert phones(visit(LIST)) == []


def test_others_do_not_find_it(visit, people):
    case = closed(people, "13900139000")
    page = address(case, "13900139000")
    assert visit(page, who="CGJ").status_code == 404
    assert visit(page.replace(case.number, "DX20990101-0001")).status_code == 404
    assert visit(f"/office/hotline/callbacks/{case.number}/too/999999/").status_code == 404


def test_the_reporters_own_calls_stay_apart(visit, people):
    case = opened(at=MONDAY, reporter_phone="13800138000", reporter_name="陳女士")
    with clock.at(MONDAY + HOUR / 2, "live"):
        join_case(case, form_key="k" * 24, phone="13900139000")
    case.refresh_from_db()
    do(case, "answer_now", people["operator"], MONDAY + HOUR, answer="已清理。")
    visit(address(case, "13900139000"), do="told", note="")
    assert [row.tries for row in visit("/office/hotline/callbacks/").context["rows"]] == [0]


def test_the_list_stays_few_questions(visit, people, django_assert_max_num_queries):
    closed(people, *(f"1390013{n:04}" for n in range(12)))
    visit(LIST)
    with django_assert_max_num_queries(26):
        visit(LIST)

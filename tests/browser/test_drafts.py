"""Nothing typed is lost: a session ends, a button is struck twice, two pages are open."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.journal.models import Entry

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
WORDS = "牆角還有垃圾，請再清一次"


@pytest.fixture
def case():
    people = make.staff(make.town())
    found = opened()
    do(found, "file", people["operator"], MONDAY + timedelta(minutes=5))
    return found, people["dispatcher"]


@pytest.fixture
def desk(page, live_server, case, visit):
    visit(page.context, case[1])
    page.goto(f"{live_server.url}/office/cases/{case[0].number}/")
    return page


def reason(desk):
    """Open the form that sends a case back, and return the field for its reason."""
    desk.locator("#act-send_back summary").first.click()
    return desk.locator("[name='send_back-reason']")


def test_words_come_back_after_the_session_had_ended(desk, case):
    reason(desk).fill(WORDS)
    Session.objects.all().delete()
    desk.locator("#act-send_back button[type=submit]").click()
    desk.wait_for_url("**/sign-in/**")
    desk.fill("#id_username", "dispatcher")
    desk.fill("#id_password", "correct horse")
    desk.press("#id_password", "Enter")
    desk.wait_for_url(f"**/office/cases/{case[0].number}/")
    assert "send them again" in desk.locator(".toasts").inner_text()
    assert desk.locator("[name='send_back-reason']").input_value() == WORDS
    desk.locator("#act-send_back button[type=submit]").click()
    case[0].refresh_from_db()
    assert case[0].stage == "intake"
    desk.reload()
    assert WORDS not in desk.evaluate("JSON.stringify(sessionStorage)")


def test_somebody_else_on_the_same_machine_does_not_see_them(desk, live_server, case):
    reason(desk).fill(WORDS)
    desk.wait_for_timeout(400)
    assert "\\u" in desk.evaluate("JSON.stringify(sessionStorage)") or WORDS in desk.evaluate(
        "JSON.stringify(sessionStorage)"
    )
    desk.locator("details.who summary").click()
    desk.get_by_role("button", name="Sign out").click()
    desk.wait_for_url("**/sign-in/**")
    assert desk.evaluate("sessionStorage.length") == 0


def test_a_double_click_sends_once(desk, case):
    before = Entry.objects.filter(subject=case[0].subject).count()
    reason(desk).fill(WORDS)
    with desk.expect_response(lambda answer: answer.request.method == "GET"):
        desk.locator("#act-send_back button[type=submit]").dblclick()
    desk.wait_for_load_state("networkidle")
    assert Entry.objects.filter(subject=case[0].subject).count() == before + 1


def test_an_old_page_in_a_second_tab_keeps_its_words(desk, case, context):
    other = context.new_page()
    other.goto(desk.url)
    reason(other).fill(WORDS)
    do(case[0], "dispatch", case[1], MONDAY + timedelta(minutes=20))
    with other.expect_response(lambda answer: answer.request.method == "POST") as answered:
        other.locator("#act-send_back button[type=submit]").click()
    assert answered.value.status == 422
    other.wait_for_load_state()
    assert WORDS in other.locator("main").inner_text() + str(
        other.locator("textarea").evaluate_all("all => all.map(one => one.value)")
    )
    case[0].refresh_from_db()
    assert case[0].stage == "handling"


def test_going_back_finds_the_form_as_it_was(desk, live_server, case):
    reason(desk).fill(WORDS)
    desk.wait_for_timeout(400)
    desk.goto(f"{live_server.url}/office/me/")
    desk.go_back()
    assert desk.locator("[name='send_back-reason']").input_value() == WORDS

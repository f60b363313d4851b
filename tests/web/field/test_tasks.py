"""The handler's inbox, signing, handing over, and the case in the hand."""

import re
from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.field.conftest import HOUR, LAT, LON, handled, now, text
from townkeeper.cases.models import Task

pytestmark = pytest.mark.django_db
INBOX = "/office/field/tasks/"


def numbers(answer):
    return re.findall(r'class="fgo" href="/office/field/\w+/([^/]+)/', text(answer))


def test_the_inbox_shows_what_waits_for_the_unit_in_groups(ask, people, case):
    other = handled(opened(title="stalls", category="matter/09022"), people)
    answer = ask(people["CGJ"], INBOX)
    assert numbers(answer) == [case.number]
    assert "Sign for it" in text(answer)
    assert numbers(ask(people["CGJ"], f"{INBOX}?group=sign")) == [case.number]
    assert numbers(ask(people["CGJ"], f"{INBOX}?group=mine")) == []
    assert numbers(ask(people["S1"], INBOX)) == [case.number, other.number]
    assert numbers(ask(people["S1"], f"{INBOX}?group=assist")) == [case.number]
    assert numbers(ask(people["CGJ"], f"{INBOX}?group=nonsense")) == [case.number]
    late = ask(people["CGJ"], f"{INBOX}?group=soon", at=MONDAY + timedelta(hours=8))
    assert numbers(late) == [case.number]


def test_an_empty_inbox_says_what_comes_next(ask, people):
    assert "Nothing waits for you" in text(ask(people["GSJ"], INBOX))


@pytest.mark.parametrize("who", ["leader", None])
def test_others_have_no_inbox(ask, client, people, who):
    if who is None:
        assert client.get(INBOX).status_code == 302
    else:
        assert ask(people[who], INBOX).status_code == 404


def test_signing_from_the_list_and_from_the_case(ask, people, case):
    task = case.tasks.get(unit__code="CGJ")
    data = {"task": task.pk, "version": now(case).version, "back": "list"}
    answer = ask(people["CGJ"], f"{INBOX}{case.number}/sign/", data, follow=True)
    assert "handler-cgj signed" in text(answer)
    assert numbers(ask(people["CGJ"], f"{INBOX}?group=doing")) == [case.number]
    again = ask(people["second"], f"{INBOX}{case.number}/sign/", {"task": task.pk}, follow=True)
    assert "handler-cgj has signed for it already" in text(again)
    task.refresh_from_db()
    assert (task.assignee, task.signed_at) == (people["CGJ"], MONDAY + HOUR)


def test_somebody_elses_task_cannot_be_signed_and_says_whose_it_is(ask, people, case):
    task = case.tasks.get(unit__code="CGJ")
    data = {"task": task.pk, "version": now(case).version}
    answer = ask(people["S1"], f"{INBOX}{case.number}/sign/", data, follow=True)
    assert "belongs to another unit" in text(answer)
    assert Task.objects.get(pk=task.pk).signed_at is None


def test_strangers_get_the_same_not_found(ask, people, case):
    for path in ("", "sign/", "hand/", "do/report/"):
        data = {} if path == "sign/" else None
        forbidden = ask(people["S2"], f"{INBOX}{case.number}/{path}", data)
        absent = ask(people["S2"], f"{INBOX}DX00000000-0000/{path}", data)
        assert forbidden.status_code == absent.status_code == 404


def test_the_case_shows_time_place_and_the_rules_of_what_can_be_asked(ask, people, case):
    page = text(ask(people["CGJ"], f"{INBOX}{case.number}/"))
    assert "geo:29.590000,105.070000" in page
    assert "pclock" in page
    assert "used 0 of 1 times" in page
    assert "decided by: supervisor" in page
    assert "possible until 2026-11-02 1" in page
    assert f"/office/field/tasks/{case.number}/do/report/" in page


def test_whoever_only_sees_a_case_is_told_with_whom_it_is(ask, people, case):
    page = text(ask(people["supervisor"], f"{INBOX}{case.number}/"))
    assert "This is now with 區城管局" in page
    assert "/do/report/" not in page


def test_handing_over_asks_to_whom_and_shows_their_load(ask, people, case):
    path = f"{INBOX}{case.number}/hand/"
    assert "second · 0 open" in text(ask(people["CGJ"], path))
    nobody = ask(people["CGJ"], path, {"version": now(case).version, "note": "門衛有鑰匙"})
    assert nobody.status_code == 422
    assert "門衛有鑰匙" in text(nobody)
    old = ask(people["CGJ"], path, {"version": 1, "to": "second"})
    assert old.status_code == 422
    assert "in the meantime" in text(old)
    data = {"version": now(case).version, "to": "second", "note": "門衛有鑰匙"}
    done = ask(people["CGJ"], path, data, follow=True)
    assert "Handed to second" in text(done)
    assert "handed to second" in text(ask(people["second"], f"{INBOX}?group=mine"))


def test_nearest_first_is_sorted_by_the_server(ask, people, case):
    near = handled(opened(title="near", lon=LON + 0.001, lat=LAT), people)
    nowhere = handled(opened(title="nowhere"), people)
    by_due = numbers(ask(people["CGJ"], INBOX))
    assert by_due[0] == case.number
    answer = ask(people["CGJ"], f"{INBOX}?lat={LAT}&lon={LON + 0.0011}")
    assert numbers(answer) == [near.number, case.number, nowhere.number]
    assert "10 m" in text(answer)
    assert numbers(ask(people["CGJ"], f"{INBOX}?lat=abc&lon=999")) == by_due


def test_pages_of_the_inbox_follow_each_other(ask, people):
    for number in range(32):
        handled(opened(title=f"case {number}"), people)
    first = ask(people["CGJ"], INBOX)
    following = re.search(r'href="(/office/field/tasks/\?after=[^"]+)"', text(first))[1]
    second = ask(people["CGJ"], following.replace("&amp;", "&"))
    assert len(numbers(first)) == 30
    assert len(numbers(second)) == 2
    assert not set(numbers(first)) & set(numbers(second))
    assert "Next page" not in text(second)


def test_queries_do_not_grow_with_the_list(
    ask, people, case, client, django_assert_max_num_queries
):
    for number in range(8):
        handled(opened(title=f"case {number}", lon=LON, lat=LAT), people)
    ask(people["CGJ"], INBOX)
    with django_assert_max_num_queries(14):
        client.get(INBOX)
    with django_assert_max_num_queries(36):
        client.get(f"{INBOX}{case.number}/")


def test_what_was_sent_back_says_why(ask, people, case):
    make.photo(case, people["CGJ"], MONDAY + HOUR)
    do(case, "report", people["CGJ"], MONDAY + HOUR)
    do(case, "fail", people["verifier"], MONDAY + 2 * HOUR, reason="還有一堆")
    at = MONDAY + 2 * HOUR
    assert numbers(ask(people["CGJ"], f"{INBOX}?group=rework", at=at)) == [case.number]
    assert "還有一堆" in text(ask(people["CGJ"], f"{INBOX}{case.number}/", at=at))

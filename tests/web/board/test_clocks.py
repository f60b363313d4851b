"""The supervision board: cards as the rules showed them, columns that agree with the counts."""

import csv
import io
from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.models import Alarm, Ask
from townkeeper.cases.notices import forget
from townkeeper.cases.sweep import sweep
from townkeeper.kit import clock
from townkeeper.supervision.actions import issue_order
from townkeeper.supervision.drafting import Draft

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BOARD = "/office/supervision/"


@pytest.fixture
def people():
    forget()
    return make.staff(make.town())


@pytest.fixture
def look(client, people):
    def get(address, at, who="supervisor", **headers):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            return client.get(address, headers=headers)

    return get


def in_handling(people, **fields):
    """Four working hours from 09:10 on Monday: due 14:10 or so, red four working hours later."""
    case = opened(**fields)
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    return do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=10))


def swept(at):
    with clock.at(at, "live"):
        sweep()


def in_columns(answer):
    return {
        column["name"]: [shown.strip.task.case.number for shown in column["strips"]]
        for column in answer.context["columns"]
    }


def test_a_clock_moves_through_the_columns_as_its_rungs_ring(people, look):
    case = in_handling(people)
    first = in_columns(look(BOARD, MONDAY + HOUR))
    assert case.number in first["calm"]
    due = case.tasks.filter(done_at=None, part="lead").get().due_at
    swept(due + timedelta(minutes=1))
    second = look(BOARD, due + timedelta(minutes=2))
    assert case.number in in_columns(second)["yellow"]
    assert case.number not in in_columns(second)["red"]
    assert "when due" in second.content.decode()
    swept(due + timedelta(days=1))
    third = in_columns(look(BOARD, due + timedelta(days=1)))
    assert case.number in third["red"]
    assert case.number not in third["yellow"]


def test_more_time_takes_the_card_away(people, look):
    case = in_handling(people)
    due = case.tasks.filter(done_at=None, part="lead").get().due_at
    asked = due - timedelta(minutes=30)
    do(case, "extend", people["CGJ"], asked, reason="等待材料")
    swept(due + timedelta(minutes=1))
    assert case.number in in_columns(look(BOARD, due + timedelta(minutes=2)))["yellow"]
    ask = Ask.objects.get(effect="extension")
    with clock.at(due + timedelta(minutes=3), "live"):
        decide_ask(ask, accepted=True, actor=people["supervisor"], reason="同意")
    now = in_columns(look(BOARD, due + timedelta(minutes=4)))
    assert (
        all(shown != case.number for shown in now["yellow"] + now["red"])
        or case.tasks.filter(done_at=None).count() > 1
    )


def test_counts_lists_and_file_agree(people, look):
    cases = [in_handling(people, title=f"refuse {n}") for n in range(14)]
    due = max(task.due_at for c in cases for task in c.tasks.filter(done_at=None))
    swept(due + timedelta(minutes=1))
    at = due + timedelta(minutes=2)
    page = look(BOARD, at)
    column = next(c for c in page.context["columns"] if c["name"] == "yellow")
    one = look(f"{BOARD}?column=yellow", at)
    number = len(one.context["one"]["strips"])
    assert column["count"] == str(number)
    assert len(column["strips"]) == 10
    file = b"".join(look(f"{BOARD}?column=yellow&as=csv", at).streaming_content).decode()
    rows = list(csv.reader(io.StringIO(file.lstrip("\ufeff"))))
    assert len(rows) - 1 == number
    kpi = page.context["kpis"][0]
    listed = look(kpi["href"], at)
    assert kpi["count"] == len(listed.context["listed"].rows)
    assert kpi["count"] == Alarm.objects.filter(card="yellow").count()


def test_a_column_is_paged_by_key(people, look, monkeypatch):
    monkeypatch.setattr("townkeeper.web.board.clocks.PAGE", 3)
    cases = [in_handling(people, title=f"refuse {n}") for n in range(4)]
    due = max(task.due_at for c in cases for task in c.tasks.filter(done_at=None))
    swept(due + timedelta(minutes=1))
    seen, address = [], f"{BOARD}?column=yellow"
    while address:
        page = look(address, due + timedelta(minutes=2))
        seen += [shown.strip.task.pk for shown in page.context["one"]["strips"]]
        address = page.context["one"]["next_url"]
    assert len(seen) == len(set(seen)) == Alarm.objects.filter(card="yellow").count()


def test_filters_narrow_and_nonsense_does_no_harm(people, look):
    case = in_handling(people)
    at = MONDAY + HOUR
    mine = in_columns(look(f"{BOARD}?unit=CGJ", at))["calm"]
    assert mine == [case.number]
    assert in_columns(look(f"{BOARD}?unit=S2", at))["calm"] == []
    assert in_columns(look(f"{BOARD}?stage=verifying", at))["calm"] == []
    huge = "column=blue&after=l_2026-01-01_99999999999999999999"
    for query in ("stage=nonsense", "after=e_x_1", huge):
        assert look(f"{BOARD}?{query}", at).status_code == 200


def test_pause_is_a_link_and_nothing_renews_the_page_without_script(people, look):
    in_handling(people)
    live = look(BOARD, MONDAY + HOUR).content.decode()
    assert 'http-equiv="refresh"' not in live
    assert 'data-live="60"' in live
    paused = look(f"{BOARD}?live=off", MONDAY + HOUR).content.decode()
    assert "data-live" not in paused
    assert "hx-trigger" not in paused


def test_others_find_no_such_page(people, look):
    for who in ("CGJ", "verifier", "leader"):
        for page in ("", "alarms/", "upcoming/", "looks/"):
            assert look(BOARD + page, MONDAY, who=who).status_code == 404


def test_the_board_asks_few_questions(people, look, django_assert_max_num_queries):
    for n in range(3):
        in_handling(people, title=f"refuse {n}")
    swept(MONDAY + timedelta(days=2))
    with django_assert_max_num_queries(46):
        look(BOARD, MONDAY + timedelta(days=2))


def test_what_is_about_to_ring_is_listed_in_order(people, look):
    in_handling(people)
    page = look("/office/supervision/upcoming/?within=24", MONDAY + HOUR)
    rows = page.context["listed"].rows
    assert rows
    assert "of the time used" in str(rows[0][1].text)


def test_a_card_leads_to_an_order_and_names_the_one_that_is_there(people, look):
    case = in_handling(people)
    due = case.tasks.filter(done_at=None, part="lead").get().due_at
    swept(due + timedelta(minutes=1))
    link = f"/office/orders/new/?case={case.number}"
    assert f'class="btn s noprint" href="{link}"' in look(BOARD, due + HOUR).content.decode()
    with clock.at(due + HOUR, "live"):
        draft = Draft(kind="supervision", title="On refuse", text="Clean it.", units=[("CGJ", "")],
                      deadline="3wd", cases=[case.number])  # fmt: skip
        order = issue_order(draft, actor=people["supervisor"])
    page = look(BOARD, due + HOUR).content.decode()
    assert f"/office/orders/{order.pk}/" in page
    assert f'class="btn s noprint" href="{link}"' not in page
    assert case.number in page

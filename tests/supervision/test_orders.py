"""The life of an order: numbers, deadlines, two units, replies, returns, closing, refusals."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.make import MONDAY, opened, person
from tests.supervision.desk import HOUR, district, draft, issued, part
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.actions import (
    accept_reply,
    acknowledge_order,
    close_order,
    issue_order,
    remind,
    reply_to_order,
    return_reply,
    withdraw_order,
)
from townkeeper.supervision.drafting import OrderRefused
from townkeeper.supervision.models import Addressee, Order
from townkeeper.supervision.overdue import note_overdue

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def world():
    return district()


@pytest.fixture
def people(world):
    return world[1]


def acts(order):
    rows = Entry.objects.filter(subject=order.subject).order_by("seq")
    return list(rows.values_list("act", flat=True))


def reply(order, code, who, at, text="已清理。"):
    with clock.at(at, "live"):
        return reply_to_order(part(order, code), actor=who, text=text)


def test_an_order_has_a_number_deadlines_and_an_entry_on_its_case(people):
    case = opened()
    order = issued(people["supervisor"], cases=[case.number])
    assert order.number == "區治理辦督〔2026〕1號"
    assert issued(people["supervisor"]).number == "區治理辦督〔2026〕2號"
    assert issued(people["supervisor"], kind="rectification").number == "區治理辦改〔2026〕1號"
    # Monday 09:00: three working days end on Thursday's closing; of eight working hours seven are
    # worked on Monday, the last on Tuesday from 08:30
    assert part(order, "CGJ").due_at == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
    assert part(order, "S1").due_at == datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
    told = Entry.objects.get(subject=case.subject, act="case.order")
    assert json.loads(told.data)["number"] == order.number
    assert verify_journal(order.subject).problems == []


def test_the_office_says_its_own_form_of_number(world):
    units, people = world
    units["ZLB"].attributes["order_numbers"] = {"*": "東治督〔{year}〕{serial}號"}
    units["ZLB"].save()
    assert issued(people["supervisor"]).number == "東治督〔2026〕1號"
    assert issued(people["supervisor"], kind="talk").number == "東治督〔2026〕2號"
    units["ZLB"].attributes["order_numbers"] = {"*": "東治督{nonsense}"}
    units["ZLB"].save()
    with pytest.raises(Problem) as caught:
        issued(people["supervisor"])
    assert caught.value.code == "number-form"


def test_two_units_answer_each_for_itself(people):
    order = issued(people["supervisor"])
    with clock.at(MONDAY + HOUR, "live"):
        acknowledge_order(part(order, "CGJ"), actor=people["CGJ"])
    first = reply(order, "CGJ", people["CGJ"], MONDAY + 2 * HOUR)
    with clock.at(MONDAY + 3 * HOUR, "live"):
        accept_reply(first, actor=people["supervisor"], note="屬實")
    assert [part(order, code).state for code in ("CGJ", "S1")] == ["accepted", "issued"]
    with clock.at(MONDAY + 4 * HOUR, "live"), pytest.raises(Problem) as caught:
        close_order(order, actor=people["supervisor"])
    assert caught.value.code == "order-unfinished"
    second = reply(order, "S1", people["S1"], MONDAY + 4 * HOUR)
    with clock.at(MONDAY + 5 * HOUR, "live"):
        accept_reply(second, actor=people["supervisor"])
        close_order(order, actor=people["supervisor"])
    order.refresh_from_db()
    assert order.status == Order.Status.CLOSED
    assert acts(order) == [
        "order.issued", "order.received", "order.replied", "order.accepted", "order.replied",
        "order.accepted", "order.closed",
    ]  # fmt: skip


def test_a_reply_sent_back_gets_a_new_deadline_and_comes_again(people):
    order = issued(people["supervisor"])
    first = reply(order, "S1", people["S1"], MONDAY + HOUR)
    with clock.at(MONDAY + 2 * HOUR, "live"):
        return_reply(first, actor=people["supervisor"], reason="沒有照片", deadline="1wd")
    found = part(order, "S1")
    assert (found.state, found.returns) == ("returned", 1)
    assert found.due_at == datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
    reply(order, "S1", people["S1"], MONDAY + 3 * HOUR, "附照片")
    assert part(order, "S1").state == "replied"
    assert part(order, "S1").replies.count() == 2


def test_nobody_accepts_what_they_wrote_themselves(people):
    order = issued(people["supervisor"], units=[("ZLB", "3wd")])
    own = reply(order, "ZLB", people["supervisor"], MONDAY + HOUR)
    with pytest.raises(Problem) as caught:
        accept_reply(own, actor=people["supervisor"])
    assert caught.value.code == "own-reply"
    assert accept_reply(own, actor=people["dispatcher"]).decided_by == "dispatcher"


def test_what_is_overdue_is_noted_once(people):
    order = issued(people["supervisor"])
    with clock.at(MONDAY + 2 * DAY, "live"):
        assert note_overdue() == 1
        assert note_overdue() == 0
        assert part(order, "S1").is_overdue(clock.now())
        assert not part(order, "CGJ").is_overdue(clock.now())
    reply(order, "S1", people["S1"], MONDAY + 2 * DAY + HOUR)
    assert part(order, "S1").was_late
    assert acts(order).count("order.overdue") == 1
    with clock.at(MONDAY + 9 * DAY, "live"):
        withdraw_order(order, actor=people["supervisor"], reason="併入另一件")
        assert note_overdue() == 0


def test_reminders_go_to_whoever_has_not_replied_and_not_twice(people):
    order = issued(people["supervisor"])
    reply(order, "CGJ", people["CGJ"], MONDAY + HOUR)
    with clock.at(MONDAY + 2 * HOUR, "live"):
        assert [each.unit.code for each in remind(order, actor=people["supervisor"])] == ["S1"]
        assert remind(order, actor=people["supervisor"]) == []
    with clock.at(MONDAY + 4 * HOUR, "live"):
        assert len(remind(order, actor=people["supervisor"], units=["S1"])) == 1
    assert part(order, "S1").reminders == 2


def test_a_leader_writes_an_instruction(people):
    order = issued(people["leader"], kind="instruction", units=[("CGJ", "當日")], signer="張區長")
    assert order.number == "區治理辦批〔2026〕1號"
    back = reply(order, "CGJ", people["CGJ"], MONDAY + HOUR)
    accept_reply(back, actor=people["leader"])
    assert part(order, "CGJ").state == "accepted"


def test_who_may_do_what(world):
    units, people = world
    order = issued(people["supervisor"])
    first = reply(order, "CGJ", people["CGJ"], MONDAY + HOUR)
    for act in (
        lambda: issue_order(draft(), actor=people["CGJ"]),
        lambda: accept_reply(first, actor=people["CGJ"]),
        lambda: reply_to_order(part(order, "S1"), actor=people["CGJ"], text="x"),
        lambda: reply_to_order(part(order, "S1"), actor=people["supervisor"], text="x"),
        lambda: acknowledge_order(part(order, "S1"), actor=people["GSJ"]),
        lambda: remind(order, actor=people["S1"]),
        lambda: close_order(order, actor=people["S1"], note="x"),
        lambda: withdraw_order(order, actor=people["CGJ"], reason="x"),
        lambda: reply_to_order(part(order, "CGJ"), actor=people["CGJ"], text="again"),
        lambda: reply_to_order(part(order, "S1"), actor=people["S1"], text="  "),
        lambda: withdraw_order(order, actor=people["supervisor"], reason=" "),
        lambda: return_reply(first, actor=people["supervisor"], reason=""),
    ):
        with pytest.raises(Problem):
            act()
    top = person("mayor", "leader", units["D"])
    with pytest.raises(Problem):
        reply_to_order(part(order, "S1"), actor=top, text="the top does not answer for all")


def test_orders_are_seen_by_their_two_sides(people):
    order = issued(people["supervisor"])
    assert list(Order.objects.visible_to(people["supervisor"])) == [order]
    assert list(Order.objects.visible_to(people["S1"])) == [order]
    assert not Order.objects.visible_to(people["GSJ"]).exists()
    assert not Order.objects.visible_to(people["verifier"]).exists()


def test_a_draft_is_told_every_fault_at_once(people):
    wrong = draft(kind="poem", title=" ", text="", units=[("CGJ", "sometime"), ("??", "1wd")],
                  cases=["DX-none"], issuer="S2", contact="x" * 200)  # fmt: skip
    with clock.at(MONDAY, "live"), pytest.raises(OrderRefused) as caught:
        issue_order(wrong, actor=people["supervisor"])
    codes = {problem.code for _where, problem in caught.value.faults}
    assert codes == {
        "kind-unknown", "title-missing", "text-missing", "deadline-unreadable", "unit-unknown",
        "case-unknown", "issuer-not-yours", "too-long",
    }  # fmt: skip
    assert not Order.objects.exists()
    for text in ("", "2020-01-01", "3", "99:99", "none"):
        with clock.at(MONDAY, "live"), pytest.raises(OrderRefused):
            issue_order(draft(units=[("CGJ", text)]), actor=people["supervisor"])
    with pytest.raises(OrderRefused):
        issue_order(draft(units=[]), actor=people["supervisor"])


def test_an_ended_order_binds_nobody(people):
    order = issued(people["supervisor"])
    withdraw_order(order, actor=people["supervisor"], reason="重複")
    for act in (
        lambda: reply_to_order(part(order, "S1"), actor=people["S1"], text="x"),
        lambda: close_order(order, actor=people["supervisor"], note="x"),
        lambda: remind(order, actor=people["supervisor"]),
    ):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "order-ended"


@pytest.mark.django_db(transaction=True)
def test_orders_issued_at_once_get_different_numbers():
    _units, people = district()

    def work(_n):
        try:
            return [issue_order(draft(), actor=people["supervisor"]).number for _n in range(4)]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        numbers = [number for batch in pool.map(work, range(3)) for number in batch]
    year = clock.today().year
    assert sorted(numbers) == sorted(f"區治理辦督〔{year}〕{n}號" for n in range(1, 13))
    assert Addressee.objects.count() == 24

"""Orders that are sent twice, to units that are no more, or with odd deadlines."""

from datetime import date, timedelta

import pytest

from tests.make import MONDAY
from tests.supervision.desk import HOUR, district, draft, issued, part
from townkeeper.accounts.models import User
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.supervision.actions import acknowledge_order, close_order, issue_order
from townkeeper.supervision.drafting import OrderRefused, check_draft
from townkeeper.supervision.models import Order
from townkeeper.supervision.rights import heir_of, unattended
from townkeeper.units.actions import close_unit
from townkeeper.units.models import Post, Role, Unit

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=2)


@pytest.fixture
def world():
    return district()


def test_a_button_struck_twice_issues_one_order(world):
    people = world[1]
    with clock.at(MONDAY, "live"):
        first = issue_order(draft(), actor=people["supervisor"], once=True)
        again = issue_order(draft(), actor=people["supervisor"], once=True)
        other = issue_order(draft(units=[("CGJ", "3wd")]), actor=people["supervisor"], once=True)
        leader = issue_order(draft(issuer=""), actor=people["leader"], once=True)
    assert again.pk == first.pk
    assert len({first.pk, other.pk, leader.pk}) == 3
    assert other.serial == first.serial + 1  # the number of the repetition was given back
    assert Entry.objects.filter(act="order.issued").count() == 3
    with clock.at(MONDAY + timedelta(minutes=11), "live"):
        assert issue_order(draft(), actor=people["supervisor"], once=True).pk != first.pk


def test_what_was_withdrawn_can_be_issued_again(world):
    people = world[1]
    with clock.at(MONDAY, "live"):
        first = issue_order(draft(), actor=people["supervisor"], once=True)
        close_order(first, actor=people["supervisor"], note="written by mistake")
        assert issue_order(draft(), actor=people["supervisor"], once=True).pk != first.pk


def test_the_successor_of_a_unit_answers_its_orders(world):
    units, people = world
    order = issued(people["supervisor"], units=[("CGJ", "3wd")])
    heir = Unit.objects.create(
        code="NEW", name="新局", kind="department", parent=units["CGJ"].parent, path="0001.0099."
    )
    clerk = User.objects.create_user("clerk")
    Post.objects.create(user=clerk, unit=heir, role=Role.objects.get(key="handler"))
    with clock.at(LATER, "live"):
        assert not Order.objects.visible_to(clerk).exists()
        close_unit(units["CGJ"], on=date(2026, 11, 4), actor="admin", successor=heir)
        assert heir_of(Unit.objects.get(code="CGJ")) == heir
        assert Order.objects.visible_to(clerk).get() == order
        acknowledge_order(part(order, "CGJ"), actor=clerk)
        with pytest.raises(OrderRefused) as refused:
            check_draft(draft(units=[("CGJ", "3wd")]), actor=people["supervisor"])
    assert "CGJ" not in str(refused.value.message)
    assert "新局" in str(refused.value.hint)


def test_a_unit_without_people_is_named_beforehand(world):
    units, _people = world
    Post.objects.filter(unit=units["S1"]).delete()
    with clock.at(MONDAY, "live"):
        assert unattended([units["CGJ"], units["S1"]]) == [units["S1"]]


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-10-01", "00:01", "-3wd", "0wd", "9999wd", "2月30日", "9999-12-31x", "<b>",
     "１２３４５６７８９", "wd", "3 w d e", "0001-01-01", "99:99"],
)  # fmt: skip
def test_a_deadline_of_nonsense_is_refused_in_words(world, text):
    with clock.at(MONDAY + HOUR, "live"), pytest.raises(OrderRefused) as refused:
        check_draft(draft(units=[("CGJ", "3wd"), ("S1", text)]), actor=world[1]["supervisor"])
    (where, problem), *_more = refused.value.faults
    assert where == "deadline-S1"
    assert str(problem.message).startswith(world[0]["S1"].title)
    assert "3個工作日" in str(problem.hint)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("8个工作时", "8wh"), ("8 working hours", "8wh"), ("3 working days", "3wd"),
     ("3個工作日內", "3wd"), ("當日", "same-day")],
)  # fmt: skip
def test_deadlines_are_written_as_people_say_them(world, text, limit):
    with clock.at(MONDAY, "live"):
        checked = check_draft(draft(units=[("CGJ", text)]), actor=world[1]["supervisor"])
    assert checked.addressees[0].limit == limit

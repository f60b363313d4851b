"""How much of a limit is used is the same figure everywhere, counted as the limit is."""

from datetime import timedelta

import pytest
from django.utils import translation

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.models import Ask, Case, Task
from townkeeper.kit import clock
from townkeeper.web.counting import whole_limit
from townkeeper.web.office.rows import make_rows, task_clock, with_row_parts

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FRIDAY = MONDAY + timedelta(days=4, hours=8)
"""Friday 17:00 in Shanghai: an hour before the office closes."""
SUNDAY = MONDAY + timedelta(days=6)


@pytest.fixture
def people():
    return make.staff(make.town())


def in_handling(people, at=FRIDAY, **fields):
    case = do(opened(at, **fields), "file", people["operator"], at)
    return do(case, "dispatch", people["dispatcher"], at)


def shown(client, user, address, at):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    with clock.at(at, "live"):
        return client.get(address).content.decode()


def test_a_weekend_uses_nothing_of_working_hours(client, people):
    case = in_handling(people)
    (row,) = make_rows(with_row_parts(Case.objects.all()))
    assert row.limit.share(SUNDAY) == 25
    assert task_clock(case.tasks.get(part="lead", done_at=None)).share(SUNDAY) == 25
    assert row.limit.warn_share == 80
    text = shown(client, people["supervisor"], f"/office/cases/{case.number}/", SUNDAY)
    assert "--v:25%;--m:80%" in text
    assert "25% of the limit used" in text
    for who, address in (
        ("supervisor", "/office/cases/"),
        ("supervisor", "/office/supervision/"),
        ("CGJ", f"/office/field/tasks/{case.number}/"),
    ):
        assert "--v:25%" in shown(client, people[who], address, SUNDAY), address


def test_an_extension_is_part_of_the_limit_and_a_stop_is_not(people):
    case = in_handling(people, MONDAY)
    do(case, "extend", people["CGJ"], MONDAY + HOUR, reason="rain")
    with clock.at(MONDAY + HOUR, "live"):
        decide_ask(Ask.objects.get(), accepted=True, actor=people["supervisor"], reason="granted")
    case.refresh_from_db()
    limit = task_clock(Task.objects.get(case=case, part="lead", done_at=None))
    with translation.override("en"):
        assert limit.rule.words == "8 working hours · only working hours count"
    assert limit.share(MONDAY + 2 * HOUR) == 25


@pytest.mark.parametrize(
    ("limit", "extensions", "whole"),
    [("4wh", (), "4wh"), ("1wd", ("1wd",), "2wd"), ("4wh", ("1wd",), None),
     ("same-day", ("same-day",), None), ("none", (), None), ("", (), None), ("soon", (), None)],
)  # fmt: skip
def test_limits_add_up_where_they_are_alike(limit, extensions, whole):
    found = whole_limit(limit, extensions)
    assert (str(found) if found else None) == whole

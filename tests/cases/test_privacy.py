"""Personal data: shown to whom it is permitted, with a reason, and written down each time."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from tests import make
from tests.make import MONDAY, opened
from townkeeper.cases.models import Reporter
from townkeeper.cases.privacy import Shown, looks, show_reporter
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.looks import LOOKS, IsLook, looks_written
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Role

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@contextmanager
def refused(code):
    with pytest.raises(Problem) as caught:
        yield
    assert caught.value.code == code


def known(**fields):
    return opened(reporter_name="黃小芬", reporter_phone="13812345678", **fields)


def test_a_look_is_shown_and_written(people):
    case = known()
    with clock.at(LATER, "live"):
        shown = show_reporter(case, actor=people["operator"], reason=" 回訪  核實 ")
    assert shown == Shown("黃小芬", "13812345678")
    (look,) = looks()
    assert (look.who, look.number, look.reason, look.at) == (
        "operator", case.number, "回訪 核實", LATER,
    )  # fmt: skip
    assert not verify_journal(case.subject).problems


@pytest.mark.parametrize("reason", ["", "   ", "x", "長" * 301])
def test_no_look_without_a_reason(people, reason):
    case = known()
    with refused("reason-missing"):
        show_reporter(case, actor=people["operator"], reason=reason)
    assert not looks()


def test_anonymous_stays_anonymous_for_everybody(people):
    case = known()
    Reporter.objects.filter(case=case).update(is_anonymous=True)
    with refused("reporter-anonymous"):
        show_reporter(case, actor=people["supervisor"], reason="督辦需要")
    assert not looks()


def test_nobody_named_is_said(people):
    with refused("reporter-missing"):
        show_reporter(opened(), actor=people["operator"], reason="回訪")


def test_whoever_lacks_the_permission_is_refused(people):
    case = known()
    for who in ("CGJ", "verifier", "leader"):
        with refused("not-permitted"):
            show_reporter(case, actor=people[who], reason="想看")
    assert not looks()


def test_the_permission_counts_where_the_case_is(units, people):
    Role.objects.create(
        key="clerk", names={"en": "clerk"}, permissions=["cases:case:view", "cases:reporter:view"]
    )
    near = make.person("near", "clerk", units["S1"])
    far = make.person("far", "clerk", units["S2"])
    case = known()
    assert show_reporter(case, actor=near, reason="聯繫").name
    with refused("not-permitted"):
        show_reporter(case, actor=far, reason="聯繫")


def test_looks_are_filtered_and_paged(people):
    first, second = known(), known()
    for case, who in ((first, "operator"), (second, "operator"), (second, "supervisor")):
        show_reporter(case, actor=people[who], reason="回訪")
    assert [each.who for each in looks()] == ["supervisor", "operator", "operator"]
    assert [each.number for each in looks(who="operator")] == [second.number, first.number]
    assert [each.who for each in looks(number=first.number)] == ["operator"]
    (newest,) = looks(most=1)
    assert [each.pk for each in looks(before=newest.pk)] == [each.pk for each in looks()[1:]]
    assert not looks(act="case.original_seen")


def test_the_acts_of_the_query_are_those_of_the_index(people):
    index = next(i for i in Entry._meta.indexes if i.name == "journal_entry_looks")
    assert dict(index.condition.children)["act__in"] == list(LOOKS)
    assert all(repr(act).strip('"') in IsLook.template for act in LOOKS)
    if connection.vendor == "sqlite":
        assert "journal_entry_looks" in looks_written().explain()

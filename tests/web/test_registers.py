"""What pages keep in memory: names of registers, and counters where they are dear."""

from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, opened
from townkeeper.cases.models import Case
from townkeeper.cases.sight import sight_of
from townkeeper.journal.actions import touch_registers
from townkeeper.units.models import Unit
from townkeeper.web.office import counters
from townkeeper.web.registers import registers

pytestmark = pytest.mark.django_db


@pytest.fixture
def units(db):
    found = make.town()
    touch_registers()
    return found


def test_what_is_kept_goes_when_a_register_changes(units, django_assert_num_queries):
    assert registers().units[units["CGJ"].pk].name == "區城管局"
    with django_assert_num_queries(1):  # the stamp
        assert registers().top == units["D"]
    Unit.objects.filter(pk=units["CGJ"].pk).update(name="區綜合執法局")
    touch_registers()
    assert registers().units[units["CGJ"].pk].name == "區綜合執法局"


def test_cases_get_their_names_without_a_query(units, django_assert_num_queries):
    opened()
    case = Case.objects.get()
    plain = Case.objects.select_related("unit", "area", "category", "procedure").get()
    known = registers()
    known.name([case])
    with django_assert_num_queries(0):
        assert (case.unit, case.area, case.category, case.procedure) == (
            plain.unit,
            plain.area,
            plain.category,
            plain.procedure,
        )


def test_what_is_written_from_registers_is_written_once(units):
    written = []
    for _turn in range(2):
        registers().kept("key", lambda: written.append(1) or "text")
    assert written == [1]


def test_counters_are_remembered_for_some_seconds_where_thousands_run(units, monkeypatch):
    staff = make.staff(units)
    sight = sight_of(staff["dispatcher"], MONDAY)
    opened()
    assert counters.count_all(sight, MONDAY)["open"] == 1
    opened()
    assert counters.count_all(sight, MONDAY)["open"] == 2  # few: counted each time
    monkeypatch.setattr(counters, "_figures", {})
    monkeypatch.setattr(counters, "MANY_RUNNING", 2)
    assert counters.count_all(sight, MONDAY)["open"] == 2
    opened()
    assert counters.count_all(sight, MONDAY)["open"] == 2
    assert counters.count_all(sight, MONDAY + timedelta(seconds=6))["open"] == 3

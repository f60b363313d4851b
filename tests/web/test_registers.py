"""Names of registers that pages keep in memory: never older than the last change."""

import pytest

from tests import make
from tests.make import opened
from townkeeper.cases.models import Case
from townkeeper.journal.actions import touch_registers
from townkeeper.units.models import Unit
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

"""Changes of units beside people who act at that very moment: one of both wins, nothing is lost."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.cases.test_concurrency import at_once, outcome
from tests.make import MONDAY
from townkeeper.cases.actions import advance_case
from townkeeper.cases.handover import apply_change, apply_due, settle_closed
from townkeeper.cases.intake import open_case
from townkeeper.cases.models import Case, Task
from townkeeper.cases.numbers import forget_numbers
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.units.changes import merger
from townkeeper.units.models import UnitChange

pytestmark = pytest.mark.django_db(transaction=True)
MIN = timedelta(minutes=1)
TUESDAY = MONDAY + timedelta(days=1)
ON = date(2026, 11, 3)


@pytest.fixture
def units(transactional_db):
    forget_numbers()
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def ready_to_report(people, at):
    case = make.opened(at)
    make.do(case, "file", people["operator"], at + MIN)
    make.do(case, "dispatch", people["dispatcher"], at + 2 * MIN)
    make.photo(case, people["CGJ"], at + 3 * MIN)
    case.refresh_from_db()
    return case


def merge():
    with clock.at(TUESDAY, "live"):
        apply_change(merger(["CGJ"], into="GSJ", on=ON), actor="boss")


def test_a_report_and_the_change_at_the_same_moment(units, people):
    cases = [ready_to_report(people, MONDAY + n * 5 * MIN) for n in range(6)]

    def report(case):
        with clock.at(TUESDAY, "live"):
            advance_case(case, "report", actor=people["CGJ"], seen_version=case.version)

    calls = [lambda case=case: outcome(lambda: report(case)) for case in cases]
    results = at_once([lambda: outcome(merge), *calls])
    assert results[0] == "done"
    assert set(results[1:]) <= {"done", "case-moved-on"}
    with clock.at(TUESDAY + MIN, "live"):
        settle_closed()
    for case, result in zip(cases, results[1:], strict=True):
        case.refresh_from_db()
        acts = set(Entry.objects.filter(subject=case.subject).values_list("act", flat=True))
        # whoever reported, did so once; whoever came second, changed nothing
        assert ("case.report" in acts) == (result == "done")
        assert case.unit.code == "GSJ"
        assert case.step == ("verifying" if result == "done" else "handling")
        handling = case.tasks.get(stage="handling", part="lead")
        if handling.done_at is None:
            assert handling.unit.code == "GSJ"
    assert verify_journal().problems == []


def test_two_workers_carry_a_planned_change_out_once(units, people):
    case = ready_to_report(people, MONDAY)
    with clock.at(MONDAY, "live"):
        apply_change(merger(["CGJ"], into="GSJ", on=ON), actor="boss")

    def work():
        with clock.at(TUESDAY, "live"):
            return apply_due()

    told = at_once([work, work, work])
    assert sorted(map(len, told)) == [0, 0, 1]
    assert UnitChange.objects.get().state == "applied"
    assert Entry.objects.filter(subject=case.subject, act="case.handed-over").count() == 1
    assert Entry.objects.filter(subject="unit:CGJ", act="unit.closed").count() == 1


def test_a_unit_closed_by_two_people_at_once_ends_once(units, people):
    def close(into):
        with clock.at(TUESDAY, "live"):
            apply_change(merger(["CGJ"], into=into, on=ON), actor="boss")

    results = at_once([lambda: outcome(lambda: close("GSJ")), lambda: outcome(lambda: close("S1"))])
    assert sorted(results) == ["done", "unit-closed-already"]


def test_cases_that_come_in_meanwhile_find_the_heir(units, people):
    def come(number):
        with clock.at(TUESDAY + number * MIN, "live"):
            opened = open_case(make.report(), actor="operator")
            case = Case.objects.get(pk=opened.id)
            advance_case(case, "file", actor=people["operator"])
            advance_case(case, "dispatch", actor=people["dispatcher"])

    at_once([merge, *(lambda n=n: come(n) for n in range(5))])
    with clock.at(TUESDAY + 10 * MIN, "live"):
        settle_closed()
    assert set(Case.objects.values_list("unit__code", flat=True)) == {"GSJ"}
    assert not Task.objects.filter(done_at=None, unit__code="CGJ").exists()
    assert verify_journal().problems == []

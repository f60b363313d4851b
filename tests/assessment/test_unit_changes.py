"""Scores across changes of units: the past keeps its units, nobody's work is lost."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.assessment import world
from townkeeper.assessment.actions import assess_month, publish_round
from townkeeper.assessment.gather import members_of, office_zone
from townkeeper.assessment.program import SchemeFile
from townkeeper.assessment.published import content_of, rank_history
from townkeeper.cases.handover import apply_change
from townkeeper.cases.metrics import month_window
from townkeeper.kit import clock
from townkeeper.units.actions import add_unit
from townkeeper.units.changes import abolition, merger
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def units(tmp_path, settings):
    settings.HOME = tmp_path
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def assessed(month="2026-11", at=world.AFTER):
    with clock.at(at, "live"):
        return assess_month(month, actor="clerk")


def figures(round_):
    content = content_of(round_)
    return {
        code: (found["due_count"]["value"], found["on_time_count"]["value"])
        for code, found in content["figures"].items()
    }


def merge(day, **more):
    """The bureau goes into the trade office on a day of November."""
    with clock.at(make.MONDAY + timedelta(days=day - 2), "live"):
        apply_change(merger(["CGJ"], into="GSJ", on=date(2026, 11, day), **more), actor="boss")


def running(people, day):
    """A case that is dispatched late on a day and still open."""
    begin = make.MONDAY + timedelta(days=day, hours=6)
    case = make.opened(begin)
    make.do(case, "file", people["operator"], begin + world.MIN)
    make.do(case, "dispatch", people["dispatcher"], begin + 2 * world.MIN)
    return case


def test_each_has_what_fell_due_while_it_had_it(units, people):
    world.scheme()
    world.handled(people, day=0)
    world.handled(people, day=1, late=True)
    running(people, 2)  # opened on Wednesday, due on Thursday, and carried over in between
    merge(5)
    running(people, 3)
    assert figures(assessed()) == {
        **figures(assessed()),
        "CGJ": ("2", "1"),
        "GSJ": ("2", "0"),
    }


def test_what_was_due_before_stays_with_whoever_let_it_lapse(units, people):
    world.scheme()
    case = running(people, 0)
    merge(10)
    case.refresh_from_db()
    assert case.unit.code == "GSJ"
    content = content_of(assessed())
    assert figures(assessed())["CGJ"] == ("1", "0")
    assert figures(assessed())["GSJ"] == ("0", "0")
    assert [row["unit"] for row in content["overdue"]] == ["CGJ"]
    backlog = {code: f["backlog_count"]["value"] for code, f in content["figures"].items()}
    assert (backlog["CGJ"], backlog["GSJ"]) == ("0", "1"), "who has it at the end of the month"


def test_by_rule_the_heir_answers_for_the_whole_month(units, people):
    world.scheme()
    world.handled(people, day=0)
    merge(10, rules={"scores": "successor"})
    found = figures(assessed())
    assert "CGJ" not in found
    assert found["GSJ"] == ("1", "1")


def test_a_past_month_computed_again_is_the_same(units, people):
    world.scheme()
    world.handled(people, day=0)
    running(people, 1)
    before = content_of(assessed(at=world.AFTER))
    later = world.AFTER + timedelta(days=5)
    with clock.at(later, "live"):
        apply_change(merger(["CGJ"], into="GSJ", on=date(2026, 12, 8)), actor="boss")
    with clock.at(later + timedelta(hours=1), "live"):
        again = content_of(assess_month("2026-11", actor="clerk", data_until=world.AFTER))
    for part in ("figures", "sheets", "totals", "overdue", "units"):
        assert again[part] == before[part], part


def test_a_change_does_not_reach_into_a_published_month(units, people):
    world.scheme()
    world.handled(people, day=0)
    round_ = assessed()
    with clock.at(world.AFTER, "live"):
        publish_round(round_, actor="clerk")
    for day in (date(2026, 11, 20), date(2026, 10, 1)):
        with clock.at(world.AFTER, "live"), world.refused("month-published"):
            apply_change(merger(["CGJ"], into="GSJ", on=day), actor="boss")
    with clock.at(world.AFTER, "live"):
        apply_change(merger(["CGJ"], into="GSJ", on=date(2026, 12, 1)), actor="boss")
    assert Unit.objects.get(code="CGJ").until == date(2026, 12, 1)


def members(units, month="2026-12"):
    scheme = SchemeFile.model_validate(world.SCHEME)
    window = month_window(month, until=world.AFTER + timedelta(days=60), zone=office_zone())
    return members_of(scheme, window, office_zone())


def test_an_heir_takes_the_place_that_the_scheme_gives_to_whom_it_names(units, people):
    new = add_unit("ZFJ", name="執法局", kind="department", parent=units["D"], actor="test")
    with clock.at(make.MONDAY, "live"):
        apply_change(merger(["CGJ"], into="ZFJ", on=date(2026, 11, 2)), actor="boss")
    found = members(units)
    assert found.groups["ZFJ"] == "departments"
    assert found.codes[new.pk] == "ZFJ"
    assert "CGJ" not in found.groups


def test_a_street_that_takes_over_stays_among_the_streets(units, people):
    with clock.at(make.MONDAY, "live"):
        plan = abolition("CGJ", on=date(2026, 11, 2), rules={"default": "S1"})
        apply_change(plan, actor="boss")
    assert members(units).groups == {"GSJ": "departments", "S1": "streets", "S2": "streets"}


def test_the_trend_goes_on_from_the_one_before(units, people):
    world.scheme()
    for day in (0, 1, 2):
        world.handled(people, day=day)
    with clock.at(world.AFTER, "live"):
        publish_round(assess_month("2026-11", actor="clerk"), actor="clerk")
        add_unit("ZFJ", name="執法局", kind="department", parent=units["D"], actor="test")
        apply_change(merger(["CGJ"], into="ZFJ", on=date(2026, 12, 1)), actor="boss")
    [entry] = rank_history("ZFJ", "monthly")
    assert (entry["period"], entry["rank"], entry["unit"]) == ("2026-11", 1, "CGJ")
    [own] = rank_history("CGJ", "monthly")
    assert "unit" not in own

"""Who sees which case: against a slow, obvious reference, in small worlds drawn at random."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, ProcedureVersion, Task
from townkeeper.kit import clock
from townkeeper.units.models import Post, Role, Unit, permits, posts_of
from townkeeper.units.permissions import Permission

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
UNITS = 7

days = st.sampled_from([None, TODAY - timedelta(1), TODAY, TODAY + timedelta(1)])
unit = st.integers(0, UNITS - 1)
some_unit = st.one_of(st.none(), unit)
posts = st.tuples(unit, some_unit, st.sampled_from(["seer", "blind"]), days, days)
cases = st.tuples(some_unit, some_unit, st.lists(st.tuples(some_unit, st.booleans()), max_size=2))
worlds = st.fixed_dictionaries(
    {
        "parents": st.lists(st.integers(-1, 5), min_size=UNITS, max_size=UNITS),
        "posts": st.lists(posts, max_size=3),
        "cases": st.lists(cases, min_size=1, max_size=5),
        "active": st.sampled_from([True, True, True, False]),
    }
)


def built(world):
    """The drawn world in the database: units, a person with posts, cases with tasks."""
    units = []
    for n, parent in enumerate(world["parents"]):
        above = units[parent] if 0 <= parent < n else None
        path = f"{above.path if above else ''}{n + 1:04d}."
        units.append(
            Unit.objects.create(code=f"U{n}", name=f"U{n}", kind="team", parent=above, path=path)
        )
    roles = {
        "seer": Role.objects.create(key="seer", permissions=[Permission.CASES_CASE_VIEW]),
        "blind": Role.objects.create(key="blind", permissions=[Permission.CASES_CASE_ACT]),
    }
    who = User.objects.create_user("who", is_active=world["active"])
    for at, scope, role, since, until in world["posts"]:
        Post.objects.create(
            user=who,
            unit=units[at],
            scope=None if scope is None else units[scope],
            role=roles[role],
            since=since,
            until=until,
        )
    version = ProcedureVersion.objects.create(key="p", number=1, definition={}, digest="")
    for n, (owner, area, tasks) in enumerate(world["cases"]):
        case = Case.objects.create(
            number=f"C{n}",
            procedure=version,
            step="s",
            stage="handling",
            title="t",
            unit=None if owner is None else units[owner],
            area=None if area is None else units[area],
            opened_at=NOON,
            updated_at=NOON,
        )
        for doer, done in tasks:
            Task.objects.create(
                case=case,
                step="s",
                stage="handling",
                performer="handler",
                unit=None if doer is None else units[doer],
                opened_at=NOON,
                done_at=NOON if done else None,
            )
    return who


def above(world, n):
    """The unit and everything above it, by following parents."""
    line = [n]
    while 0 <= (parent := world["parents"][line[-1]]) < line[-1]:
        line.append(parent)
    return line


def slow(world):
    """The numbers of the cases a person sees, one condition after the other."""
    if not world["active"]:
        return set()
    areas = []
    for at, scope, role, since, until in world["posts"]:
        begun = since is None or since <= TODAY
        ended = until is not None and until <= TODAY
        if role == "seer" and begun and not ended:
            areas.append(at if scope is None else scope)
    seen = set()
    for n, (owner, area, tasks) in enumerate(world["cases"]):
        places = [p for p in (owner, area, *(doer for doer, _done in tasks)) if p is not None]
        if any(a in above(world, place) for a in areas for place in places):
            seen.add(f"C{n}")
        if not places and any(len(above(world, a)) == 1 for a in areas):
            seen.add(f"C{n}")  # what belongs nowhere is for whoever stands at a top
    return seen


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds)
def test_people_see_what_the_slow_way_shows(world):
    with transaction.atomic(), clock.at(NOON, "live"):
        who = built(world)
        found = Case.objects.visible_to(who).values_list("number", flat=True)
        assert sorted(found) == sorted(slow(world))
        transaction.set_rollback(True)


@pytest.fixture
def units():
    return make.town()


def test_strangers_see_nothing_and_cost_at_most_one_query(units, django_assert_max_num_queries):
    make.opened()
    stranger = User.objects.create_user("stranger")
    closed = make.person("closed", "leader", units["D"])
    closed.is_active = False
    for who in (AnonymousUser(), stranger, closed):
        with django_assert_max_num_queries(1):
            assert list(Case.objects.visible_to(who)) == []


def test_a_list_costs_three_queries_at_most(units, django_assert_max_num_queries):
    for _ in range(5):
        make.opened()
    leader = make.person("leader", "leader", units["D"])
    handler = make.person("handler", "handler", units["CGJ"])
    for who in (leader, handler):
        with django_assert_max_num_queries(3):
            assert len(Case.objects.visible_to(who)) == 5


def test_a_task_that_is_done_still_shows_the_case(units):
    people = make.staff(units)
    case = make.opened()
    make.do(case, "file", people["operator"], make.MONDAY)
    make.do(case, "dispatch", people["dispatcher"], make.MONDAY)
    make.do(
        case,
        "redispatch",
        people["dispatcher"],
        make.MONDAY,
        reason="改派",
        units=(("GSJ", "lead"),),
    )
    with clock.at(make.MONDAY, "live"):
        assert Case.objects.visible_to(people["CGJ"]).get() == case
        assert Case.objects.visible_to(people["GSJ"]).get() == case
        assert not Case.objects.visible_to(people["S2"]).exists()


def test_permissions_belong_to_a_place(units):
    who = make.person("who", "leader", units["CGJ"])
    posts = posts_of(who, TODAY)
    view = Permission.CASES_CASE_VIEW
    assert permits(posts, view)
    assert permits(posts, view, units["CGJ"])
    assert not permits(posts, view, units["D"])
    assert not permits(posts, Permission.UNITS_UNIT_EDIT)
    assert not permits([], view)
    assert posts_of(AnonymousUser(), TODAY) == []

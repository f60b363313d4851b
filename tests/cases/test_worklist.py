"""Lists by task and by case: who sees what under which clock, filters, colours, paging, counts."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.accounts.models import User
from townkeeper.cases import sight as sights
from townkeeper.cases.models import ENDED, Ask, Case, Pause, Task
from townkeeper.cases.running import IsRunning
from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import (
    Key,
    Wish,
    count_lines,
    count_mine,
    count_new,
    count_running,
    count_stages,
    make_page,
)
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def handled(people):
    """A case in handling: CGJ leads, S1 assists."""
    case = opened()
    do(case, "file", people["operator"], MONDAY)
    return do(case, "dispatch", people["dispatcher"], MONDAY)


def lines(who, now=LATER, **wish):
    return make_page(sight_of(who, now), Wish(**wish), now=now, size=50).lines


def ids(who, now=LATER, **wish):
    return [line.case_id for line in lines(who, now, **wish)]


def test_the_stages_written_out_are_those_that_have_ended():
    for stage in ENDED:
        assert f"'{stage}'" in IsRunning.template
    assert IsRunning.template.count("'") == 2 * len(ENDED)


def test_an_assisting_unit_sees_its_own_task_under_its_own_clock(people, handled):
    lead, assist = Task.objects.filter(case=handled, done_at=None).order_by("pk")
    Task.objects.filter(pk=assist.pk).update(due_at=LATER - timedelta(minutes=1))
    [mine] = lines(people["S1"], tab="mine")
    assert mine.task_id == assist.pk
    assert ids(people["S1"], tab="mine", due="over") == [handled.pk]
    assert ids(people["CGJ"], tab="mine", due="over") == []
    assert [line.task_id for line in lines(people["CGJ"], tab="mine")] == [lead.pk]


def test_tasks_of_another_role_do_not_wait_for_me(people, handled):
    leader = make.person("chief", "leader", Task.objects.get(part="assist").unit)
    assert ids(leader, tab="mine") == []
    assert ids(leader) == [handled.pk]


def test_overdue_first_and_those_without_limit_last(people):
    cases = [opened(title=f"case {n}") for n in range(4)]
    times = [None, LATER + timedelta(hours=3), LATER - timedelta(hours=3), None]
    for case, due in zip(cases, times, strict=True):
        Case.objects.filter(pk=case.pk).update(due_at=due)
        Task.objects.filter(case=case).update(due_at=due)
    order = [cases[n].pk for n in (2, 1, 0, 3)]
    assert ids(people["dispatcher"]) == order
    assert ids(people["operator"], tab="mine") == order
    sight, seen, key = sight_of(people["operator"], LATER), [], None
    for _page in range(6):
        page = make_page(sight, Wish(tab="mine"), now=LATER, size=1, after=key)
        seen += [line.case_id for line in page.lines]
        key = page.following
        if key is None:
            break
    assert seen == order


def test_ties_in_due_time_are_parted_by_id(people):
    cases = [opened(title=f"case {n}") for n in range(5)]
    Case.objects.update(due_at=LATER)
    sight = sight_of(people["dispatcher"], LATER)
    page = make_page(sight, Wish(), now=LATER, size=2, after=Key(LATER, cases[1].pk))
    assert [line.case_id for line in page.lines] == [case.pk for case in cases[2:4]]


@pytest.mark.parametrize(
    ("due", "warn", "colour"),
    [(-1, None, "over"), (1, None, "soon"), (30, -1, "soon"), (30, 1, "calm"), (30, None, "calm"),
     (None, None, "none")],
)  # fmt: skip
def test_each_clock_has_one_colour(people, due, warn, colour):
    case = opened()
    at = {name: LATER + timedelta(hours=hours) if hours is not None else None
          for name, hours in (("due_at", due), ("warn_at", warn))}  # fmt: skip
    Case.objects.filter(pk=case.pk).update(**at)
    Task.objects.filter(case=case).update(**at)
    found = [
        name
        for name in ("over", "soon", "calm", "stopped", "none")
        if ids(people["dispatcher"], due=name)
    ]
    assert found == [colour]
    assert ids(people["operator"], tab="mine", due=colour) == [case.pk]


def test_a_stopped_clock_is_a_colour_of_its_own(people, handled):
    lead, _assist = Task.objects.filter(case=handled, done_at=None).order_by("pk")
    Pause.objects.create(task=lead, since=MONDAY)
    Task.objects.filter(pk=lead.pk).update(due_at=None, warn_at=None)
    Case.objects.filter(pk=handled.pk).update(due_at=None, warn_at=None)
    assert ids(people["dispatcher"], due="stopped") == [handled.pk]
    assert ids(people["dispatcher"], due="none") == []
    assert ids(people["CGJ"], tab="mine", due="stopped") == [handled.pk]
    assert ids(people["S1"], tab="mine", due="stopped") == []


def test_disputes_and_what_waits_for_my_decision(people, handled):
    ask = Ask.objects.create(
        case=handled, action="dispute", effect="dispute", actor="x", decider="arbiter",
        asked_at=MONDAY,
    )  # fmt: skip
    assert ids(people["leader"], ask="dispute") == [handled.pk]
    assert ids(people["arbiter"], ask="decide") == [handled.pk]
    assert ids(people["supervisor"], ask="decide") == []
    ask.decided_at = LATER
    ask.save()
    assert ids(people["leader"], ask="dispute") == []
    assert ids(people["arbiter"], ask="decide") == []


@pytest.mark.parametrize(("few", "many"), [(3000, 20_000), (0, 20_000), (0, 0)])
def test_all_ways_to_a_units_past_show_what_it_may_see(people, monkeypatch, few, many):
    monkeypatch.setattr(sights, "FEW", few)
    monkeypatch.setattr(sights, "MANY", many)
    monkeypatch.setattr(sights, "_volumes", {})
    for number in range(4):
        case = opened(title=f"case {number}", area="S2" if number % 2 else "S1")
        if number < 2:
            do(case, "file", people["operator"], MONDAY)
            do(case, "dispatch", people["dispatcher"], MONDAY)
    for who in ("S1", "S2", "CGJ", "GSJ", "dispatcher"):
        for tab in ("all", "ended"):
            with clock.at(LATER, "live"):
                seen = Case.objects.visible_to(people[who])
                if tab == "ended":
                    seen = seen.filter(stage__in=ENDED)
                wanted = list(seen.order_by("-opened_at", "-pk").values_list("pk", flat=True))
            assert ids(people[who], tab=tab, newest_first=True) == wanted


def test_what_a_unit_lists_as_running_it_may_see(people, handled):
    opened(area="S2")
    for who in people.values():
        with clock.at(LATER, "live"):
            seen = set(Case.objects.visible_to(who).values_list("pk", flat=True))
        assert set(ids(who)) <= seen
        assert set(ids(who, tab="mine")) <= seen


def test_strangers_see_nothing(handled):
    stranger = User.objects.create_user("stranger")
    for who in (stranger, AnonymousUser()):
        for tab in ("mine", "open", "ended", "all"):
            assert ids(who, tab=tab) == []
        assert count_running(sight_of(who, LATER), LATER)["open"] == 0


def test_counts_are_those_of_the_lists(people, handled):
    opened(area="S2", category="matter/09022")
    for name in ("dispatcher", "S1", "S2", "CGJ", "GSJ"):
        who = people[name]
        sight = sight_of(who, LATER)
        figures = count_running(sight, LATER)
        assert figures["open"] == len(ids(who))
        assert figures["handling"] == len(ids(who, stage="handling"))
        assert figures["over"] == len(ids(who, due="over"))
        assert count_mine(sight, LATER, most=50).number == len(ids(who, tab="mine"))
        assert count_new(sight, LATER) == len(ids(who, tab="all", opened="today"))
        stages = count_stages(sight, Wish(stage="handling", area="S1"), now=LATER)
        assert sum(stages.values()) == len(ids(who, area="S1"))


def test_counting_stops(people):
    for _ in range(3):
        opened()
    sight = sight_of(people["dispatcher"], LATER)
    assert count_lines(sight, Wish(), now=LATER, most=2) == (2, True)
    assert count_lines(sight, Wish(), now=LATER, most=3) == (3, False)
    assert count_lines(sight, Wish(q="垃圾"), now=LATER, most=3) is None

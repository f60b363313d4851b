"""Signing for a task and handing it over: who has it, since when, and who may not."""

from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.assigning import (
    assign_task,
    colleagues_for,
    draft_answer,
    latest_draft,
    own_open_tasks,
    sign_for_task,
)
from townkeeper.cases.inbox import Spot
from townkeeper.cases.models import Case
from townkeeper.cases.presence import note_presence
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import posts_of

pytestmark = pytest.mark.django_db
NOON = MONDAY + timedelta(hours=1)


@pytest.fixture
def world():
    units = make.town()
    people = make.staff(units)
    people["second"] = make.person("second", "handler", units["CGJ"])
    case = opened(lon=105.07, lat=29.59)
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=10))
    return people, case, case.tasks.get(unit__code="CGJ")


def code_of(act):
    with clock.at(NOON, "live"), pytest.raises(Problem) as caught:
        act()
    return caught.value.code


def test_signing_says_who_and_when_in_row_version_and_journal(world):
    people, case, task = world
    before = Case.objects.get(pk=case.pk).version
    with clock.at(NOON, "live"):
        sign_for_task(task, actor=people["CGJ"])
    assert (task.assignee, task.signed_at) == (people["CGJ"], NOON)
    assert Case.objects.get(pk=case.pk).version == before + 1
    entry = Entry.objects.filter(subject=case.subject).last()
    assert (entry.act, entry.actor) == ("case.signed", "handler-cgj")


def test_signing_twice_is_once(world):
    people, case, task = world
    with clock.at(NOON, "live"):
        sign_for_task(task, actor=people["CGJ"])
        sign_for_task(task, actor=people["CGJ"])
    assert Entry.objects.filter(subject=case.subject, act="case.signed").count() == 1


def test_the_second_of_two_is_told_who_was_faster(world):
    people, _case, task = world
    with clock.at(NOON, "live"):
        sign_for_task(task, actor=people["CGJ"])
    assert code_of(lambda: sign_for_task(task, actor=people["second"])) == "signed-already"


def test_others_units_people_and_old_pages_are_refused(world):
    people, _case, task = world
    assert code_of(lambda: sign_for_task(task, actor=people["S2"])) == "not-unit"
    assert code_of(lambda: sign_for_task(task, actor=people["supervisor"])) == "not-unit"
    assert (
        code_of(lambda: sign_for_task(task, actor=people["CGJ"], seen_version=1)) == "case-moved-on"
    )


def test_an_ended_task_is_nobodys(world):
    people, case, task = world
    make.photo(case, people["CGJ"], NOON)
    do(case, "report", people["CGJ"], NOON)
    assert code_of(lambda: sign_for_task(task, actor=people["CGJ"])) == "task-done"


def test_handing_over_waits_for_the_colleagues_signature(world):
    people, case, task = world
    with clock.at(NOON, "live"):
        sign_for_task(task, actor=people["CGJ"])
        assign_task(task, people["second"], actor=people["CGJ"], note="鑰匙在門衛")
    assert (task.assignee, task.signed_at) == (people["second"], None)
    assert "鑰匙在門衛" in Entry.objects.filter(subject=case.subject).last().data
    with clock.at(NOON, "live"):
        sign_for_task(task, actor=people["second"])
    assert task.signed_at == NOON


def test_only_a_colleague_of_the_same_task_can_be_given_it(world):
    people, _case, task = world
    assert colleagues_for(task, besides=people["CGJ"]) == [people["second"]]
    hand = lambda to: lambda: assign_task(task, to, actor=people["CGJ"])  # noqa: E731
    assert code_of(hand(people["S1"])) == "not-colleague"
    people["second"].is_active = False
    people["second"].save()
    assert code_of(hand(people["second"])) == "not-colleague"


def test_own_open_tasks_are_those_of_role_and_unit(world):
    people, case, task = world
    tasks = list(case.tasks.select_related("unit"))
    on = MONDAY.date()
    assert own_open_tasks(tasks, posts_of(people["CGJ"], on)) == [task]
    assert own_open_tasks(tasks, posts_of(people["supervisor"], on)) == []


def test_a_draft_is_kept_once_and_is_no_answer(world):
    people, case, _task = world
    with clock.at(NOON, "live"):
        assert draft_answer(case, "已清運。", actor=people["CGJ"])
        assert not draft_answer(case, " 已清運。 ", actor=people["CGJ"])
        assert draft_answer(case, "已清運並沖洗。", actor=people["CGJ"])
    assert latest_draft(case) == "已清運並沖洗。"
    assert Case.objects.get(pk=case.pk).answer == ""
    assert code_of(lambda: draft_answer(case, "x", actor=people["GSJ"])) == "not-unit"


def test_presence_keeps_the_distance_not_the_position(world):
    people, case, _task = world
    with clock.at(NOON, "live"):
        near = note_presence(case, Spot(105.0705, 29.59), actor=people["CGJ"], accuracy=12)
        far = note_presence(case, Spot(105.09, 29.59), actor=people["CGJ"])
    assert near.is_near
    assert 40 < near.metres < 60
    assert not far.is_near
    told = Entry.objects.filter(subject=case.subject).last().data
    assert "105.09" not in told
    wrong = lambda: note_presence(case, Spot(999, 0), actor=people["CGJ"])  # noqa: E731
    assert code_of(wrong) == "position-wrong"

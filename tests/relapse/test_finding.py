"""Relapses are found once, for the right unit, in chains; people overrule and link."""

import threading

import msgspec
import pytest
from django.db import connection
from django.utils import translation

from tests.relapse.world import FAR, HOME, NEAR, Town, at, day, setting
from townkeeper.cases.models import Case
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem
from townkeeper.relapse.actions import (
    link_relapse,
    look_at,
    look_for_relapses,
    overrule_relapse,
)
from townkeeper.relapse.chains import chain_of, longest_chains, nth, say_times, why_words
from townkeeper.relapse.models import Cursor, Recurrence

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return Town()


def links() -> list[tuple[str, str, int, str]]:
    rows = Recurrence.objects.standing().select_related("case", "former").order_by("ordinal", "pk")
    return [(row.case.number, row.former.number, row.ordinal, row.how) for row in rows]


def acts(case: Case) -> list[str]:
    return [e.act for e in Entry.objects.filter(subject=case.subject, act__contains="relapse")]


def test_the_fourth_time_in_five_months(town: Town) -> None:
    cases = [town.closed(n, place="market") for n in (0, 50, 100)]
    cases.append(town.opened(150, place="market"))
    look = look_for_relapses()
    assert (look.looked_at, look.found) == (4, 3)
    assert links() == [(cases[n].number, cases[n - 1].number, n + 1, "place") for n in (1, 2, 3)]
    row = Recurrence.objects.get(case=cases[3])
    assert (row.first, row.unit, row.days) == (cases[0], town.units["CGJ"], 49)
    assert row.reason == {"window_days": 90, "radius_m": 50, "same_category": True}
    chain = chain_of(cases[3])
    assert [link.ordinal for link in chain.links] == [1, 2, 3, 4]
    assert (chain.units, chain.outcomes) == ([town.units["CGJ"]], ["fixed"] * 3)
    for language, words in (
        ("en", "4th time in 5 months"),
        ("zh-hant", "5 個月內第 4 次"),
        ("zh-hans", "5 个月内第 4 次"),
    ):
        with translation.override(language):
            assert chain.words == words
    with translation.override("en"):
        assert why_words(row) == f"49 days after {cases[2].number} was closed; the same key place."
    assert [c.length for c in longest_chains()] == [4]
    assert acts(cases[0]) == ["case.relapse-of"]
    assert sorted(acts(cases[1])) == ["case.relapse", "case.relapse-of"]
    assert not verify_journal().problems


def test_looking_again_finds_nothing_twice(town: Town) -> None:
    town.closed(0, **HOME)
    case = town.opened(5, **NEAR)
    first, second = look_for_relapses(), look_for_relapses()
    assert (first.found, second.found, look_for_relapses(whole=True).found) == (1, 0, 0)
    assert second.since is not None
    assert look_at(case) == Recurrence.objects.get()
    assert len(acts(case)) == 1


def test_one_case_right_after_entry(town: Town) -> None:
    town.closed(0, address="中興路12號")
    town.closed(0, **FAR)
    assert look_at(town.opened(3, address="中興路１２ 號")).how == "address"
    assert look_at(town.opened(3, lon=105.0701, lat=29.59)).how == "point"
    assert look_at(town.opened(3, address="中興路13號")) is None
    assert look_at(town.opened(3, category=None, area="S1", address="中興路12號")) is None
    assert look_for_relapses().found == 0


NOT = {
    "another kind": {"category": "matter/09022", "place": "market"},
    "another place": {"place": "gate", "area": "S1"},
    "no kind": {"category": None, "place": "market"},
    "no place": {},
    "only the name of the area": {"address": "東興街道"},
}


@pytest.mark.parametrize("name", NOT)
def test_what_is_no_relapse(town: Town, name: str) -> None:
    town.closed(0, place="market", address="東興街道")
    town.opened(5, **NOT[name])
    assert look_for_relapses().found == 0


def test_voided_and_merged_cases_bring_nothing_back(town: Town) -> None:
    former = town.closed(0, place="market")
    town.void(town.opened(5, place="market"), 5)
    town.void(town.opened(0, place="gate", area="S2"), 1)
    town.opened(6, place="gate", area="S2")
    Case.objects.filter(pk=town.opened(7, place="market").pk).update(stage="merged", main=former)
    assert look_for_relapses().found == 0


def test_what_is_still_open_is_a_duplicate_and_no_relapse(town: Town) -> None:
    town.opened(0, place="market")
    town.opened(1, place="market")
    assert look_for_relapses().found == 0


def test_windows_and_radii_are_those_of_the_kind_or_its_class(town: Town) -> None:
    setting("matter/06", relapse_days=3, relapse_metres=2000)
    town.closed(0, **HOME)
    town.opened(3.9, **FAR)
    town.opened(4.1, **FAR)
    assert look_for_relapses().found == 1


def test_a_kind_may_say_that_it_never_comes_back(town: Town) -> None:
    setting("matter/06010", relapse_days=0)
    setting("matter/06", relapse_days=30)
    town.closed(0, place="market")
    town.opened(3, place="market")
    assert look_for_relapses().found == 0


def test_a_class_may_say_that_its_kinds_are_one(town: Town) -> None:
    former = town.closed(0, place="market")
    again = town.opened(3, place="market", category="matter/06")
    assert look_for_relapses(whole=True).found == 0
    setting("matter/06", relapse_as_one=True)
    assert look_for_relapses(whole=True).found == 1
    assert look_at(again).reason["same_category"] is False
    assert look_at(again).former == former


def test_a_point_that_stands_for_the_whole_town_is_no_place(town: Town) -> None:
    for n in range(10):
        town.opened(0, address=f"中興路{n}號", **HOME)
    town.closed(0, **HOME)
    town.opened(5, **HOME)
    assert look_for_relapses().found == 0
    assert Cursor.objects.get().vague_points == [[HOME["lat"], HOME["lon"]]]


def test_a_closing_that_becomes_known_late_is_looked_at_from_behind(town: Town) -> None:
    """An import brings a case that was closed before others came in that are known already."""
    again = town.opened(10, place="market")
    third = town.close(again, 11)
    last = town.opened(20, place="market")
    assert look_for_relapses().found == 1
    Cursor.objects.update(at=Case.objects.latest("updated_at").updated_at.replace(year=2030))
    late = town.closed(0, place="market")
    Case.objects.filter(pk=late.pk).update(updated_at=day(365 * 5))
    assert look_for_relapses().found == 1
    assert [
        (row.case, row.first, row.ordinal) for row in Recurrence.objects.order_by("ordinal")
    ] == [
        (third, late, 2),
        (last, late, 3),
    ]


def test_closed_before_it_was_opened_says_nothing(town: Town) -> None:
    former = town.closed(5, place="market")
    Case.objects.filter(pk=former.pk).update(closed_at=day(1))
    town.opened(3, place="market")
    town.opened(9, place="market")
    assert look_for_relapses().found == 0


def test_a_clock_that_was_put_back_finds_nothing_from_the_future(town: Town) -> None:
    town.closed(5, place="market")
    town.opened(2, place="market")
    assert look_for_relapses().found == 0


def test_overruled_once_and_never_found_again(town: Town) -> None:
    one = town.closed(0, place="market")
    two = town.closed(5, place="market")
    three = town.opened(10, place="market")
    look_for_relapses()
    row = Recurrence.objects.get(case=two)
    with pytest.raises(Problem) as refused:
        overrule_relapse(row, actor=town.staff["CGJ"], reason="not ours")
    assert refused.value.code == "own-unit"
    with pytest.raises(Problem) as wordless:
        overrule_relapse(row, actor=town.staff["supervisor"], reason="  ")
    assert wordless.value.code == "reason-missing"
    with at(11):
        overrule_relapse(row, actor=town.staff["supervisor"], reason="another heap")
    with pytest.raises(Problem) as twice:
        overrule_relapse(row, actor=town.staff["supervisor"], reason="again")
    assert twice.value.code == "overruled-already"
    assert look_for_relapses(whole=True).found == 0
    assert look_at(two) is None
    rest = Recurrence.objects.standing().get()
    assert (rest.case, rest.first, rest.ordinal) == (three, two, 2)
    assert acts(one) == ["case.relapse-of", "case.relapse-overruled-of"]
    entry = Entry.objects.get(act="case.relapse-overruled")
    assert msgspec.json.decode(entry.data)["reason"] == "another heap"
    assert (entry.actor, chain_of(one).words) == ("supervisor", "")


def test_a_person_links_what_nobody_found(town: Town) -> None:
    former = town.closed(0, place="market")
    case = town.opened(5, **FAR)
    supervisor = town.staff["supervisor"]
    row = link_relapse(case, former, actor=supervisor, reason="the same stall moved")
    assert (row.how, row.ordinal, row.unit) == ("hand", 2, town.units["CGJ"])
    with pytest.raises(Problem) as twice:
        link_relapse(case, former, actor=supervisor, reason="again")
    assert twice.value.code == "linked-already"
    overrule_relapse(row, actor=supervisor, reason="a mistake")
    again = link_relapse(case, former, actor=supervisor, reason="no, it is")
    assert (again.pk, again.is_overruled, Recurrence.objects.count()) == (row.pk, False, 1)


def test_what_cannot_be_linked(town: Town) -> None:
    former, case = town.closed(5, place="market"), town.opened(3, place="gate", area="S2")
    gone = town.void(town.opened(7, place="gate", area="S2"), 7)
    who = town.staff["supervisor"]
    for one, other, actor, code in (
        (case, former, who, "not-closed-before"),
        (case, case, who, "same-case"),
        (gone, former, who, "case-counts-no-more"),
        (town.opened(9), former, town.staff["S2"], "not-allowed"),
    ):
        with pytest.raises(Problem) as refused:
            link_relapse(one, other, actor=actor, reason="because")
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("ordinal", "days", "words"),
    [(1, 9, ""), (2, 0, "2nd time in 1 day"), (3, 60, "3rd time in 60 days"),
     (11, 61, "11th time in 2 months"), (21, 400, "21st time in 13 months")],
)  # fmt: skip
def test_words_of_a_chain(ordinal: int, days: int, words: str) -> None:
    with translation.override("en"):
        assert say_times(ordinal, days * (day(1) - day(0))) == words
        assert [nth(n) for n in (12, 13, 112, 122)] == ["12th", "13th", "112th", "122nd"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_everything_once(town: Town) -> None:
    for n in range(0, 40, 2):
        town.closed(n, place="market")
    failures: list[Exception] = []

    def work() -> None:
        try:
            look_for_relapses(whole=True)
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert [row[2] for row in links()] == list(range(2, 21))
    assert Entry.objects.filter(act="case.relapse").count() == 19
    assert not verify_journal().problems

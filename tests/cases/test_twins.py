"""Likely twins are found while a report is entered, and say why; nothing is merged by itself."""

from datetime import timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from tests.make import MONDAY, do, opened, report, staff, town
from townkeeper.cases.likeness import (
    ENDED_SHARE,
    Facts,
    Reach,
    Vocabulary,
    bigrams,
    cosine,
    score,
)
from townkeeper.cases.models import Case
from townkeeper.cases.twins import find_twins, forget_words
from townkeeper.duties.models import Category
from townkeeper.journal.actions import touch_registers
from townkeeper.kit import clock
from townkeeper.units.models import Place

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LON, LAT = 105.0700, 29.5925
REACH = Reach(100, 30)


def facts(metres=10.0, *, hours=2, kin="same", words=0.5, spot=False, running=True):
    return Facts(metres, spot, timedelta(hours=hours), kin, words, running)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (facts(5), facts(50)),
        (facts(spot=True), facts(1)),
        (facts(hours=1), facts(hours=30)),
        (facts(kin="same"), facts(kin="sibling")),
        (facts(kin="sibling"), facts(kin="other")),
        (facts(words=0.9), facts(words=0.1)),
        (facts(), facts(running=False)),
    ],
)
def test_what_speaks_more_for_a_twin(better, worse):
    assert score(better, REACH) > score(worse, REACH)


def test_what_is_not_known_does_not_count():
    known = facts(words=1.0, kin="same", spot=True, hours=0)
    assert score(known, REACH) == score(facts(None, spot=True, hours=0, words=None), REACH) == 1.0
    assert score(facts(None, kin="unknown", words=None, hours=0), REACH) == 1.0
    assert score(facts(spot=True, hours=0, words=1, running=False), REACH) == ENDED_SHARE


@given(
    st.one_of(st.none(), st.floats(0, 1e5)),
    st.integers(0, 10_000),
    st.sampled_from(["same", "sibling", "other", "unknown"]),
    st.one_of(st.none(), st.floats(0, 1)),
    st.booleans(),
)
def test_a_score_lies_between_nothing_and_one(metres, hours, kin, words, running):
    value = score(facts(metres, hours=hours, kin=kin, words=words, running=running), REACH)
    assert 0 <= value <= 1


def test_pairs_of_characters():
    assert bigrams("市場門口") == {"市場": 1, "場門": 1, "門口": 1}
    assert bigrams("Ａb， c!") == {"ab": 1, "c": 1}
    assert bigrams("，。 ") == {}


@given(st.text(max_size=40), st.text(max_size=40))
def test_words_are_alike_both_ways_and_a_text_is_itself(one, other):
    known = Vocabulary()
    first, second = known.vector(one), known.vector(other)
    assert cosine(first, second) == pytest.approx(cosine(second, first))
    if first:
        assert cosine(first, first) == pytest.approx(1)


def test_words_that_every_report_has_say_nothing():
    known = Vocabulary.of(["環境衛生投訴"] * 100 + ["環境衛生投訴 南門 死狗"])
    assert known.vector("環境衛生投訴") == {}
    telling = cosine(known.vector("環境衛生投訴 死狗"), known.vector("環境衛生投訴 南門 死狗"))
    assert telling > 0.5


# --- with cases ---


@pytest.fixture
def units(db):
    forget_words()
    yield town()
    forget_words()


@pytest.fixture
def people(units):
    return staff(units)


def entered(at=MONDAY + 2 * HOUR, *, limit=5, **fields):
    with clock.at(at, "live"):
        return find_twins(report(**{"lon": LON, "lat": LAT, **fields}), limit=limit)


def there(north=0.0, at=MONDAY, **fields):
    """A case so many metres to the north."""
    return opened(at, **{"lon": LON, "lat": LAT + north / 111_195, **fields})


def test_a_twin_says_why(units):
    case = there(35, title="市場門口堆滿垃圾")
    (twin,) = entered()
    assert twin.case == case
    assert twin.facts.metres == pytest.approx(35, abs=0.5)
    with override("en"):
        assert twin.reasons()[:3] == ["35 m away", "2 hours apart", "same kind"]
    assert twin.found() | {"words": 0, "score": 0} == {
        "score": 0,
        "metres": 35,
        "same_spot": False,
        "hours": 2.0,
        "kind": "same",
        "words": 0,
    }
    assert Case.objects.get().stage == case.stage


def test_the_likeliest_comes_first_and_five_are_shown(units):
    cases = [there(metres) for metres in (80, 5, 60, 20, 40, 95)]
    found = entered()
    assert [twin.case for twin in found] == [cases[at] for at in (1, 3, 4, 2, 0)]
    assert [twin.case for twin in entered(limit=1)] == [cases[1]]


def test_too_far_too_old_or_later_is_no_twin(units):
    there(120)
    there(at=MONDAY - 31 * DAY)
    there(at=MONDAY + 3 * HOUR)
    assert entered() == []


def test_the_same_address_or_key_place_counts_without_a_position(units):
    Place.objects.create(code="P1", name="南門市場", area=units["S1"])
    touch_registers()
    by_address = opened(address="東興路 5 號")
    by_place = opened(place="P1")
    assert [t.case for t in entered(address="東興路 5 號")] == [by_address]
    assert [t.case for t in entered(place="P1", lon=None, lat=None)] == [by_place]
    assert entered(lon=None, lat=None) == []


def test_one_street_name_in_two_towns_is_not_one_place(units):
    there(5_000, address="中山路")
    assert entered(address="中山路") == []


def test_ended_cases_are_shown_for_a_week_and_voided_never(people):
    case = there()
    closed = there(10, category=None)
    Case.objects.filter(pk=closed.pk).update(stage="closed", closed_at=MONDAY + HOUR)
    voided = there(10)
    do(voided, "refuse", people["operator"], MONDAY + HOUR, reason="不屬本區")
    found = entered()
    assert [twin.case for twin in found] == [case, closed]
    assert [twin.facts.is_running for twin in found] == [True, False]
    assert [twin.case for twin in entered(MONDAY + 9 * DAY)] == [case]


def test_a_category_says_how_near_is_the_same_place(units):
    case = there(180)
    assert entered() == []
    Category.objects.filter(key="matter/06").update(relapse_metres=300)
    assert [twin.case for twin in entered()] == [case]


def test_only_cases_that_one_may_see(people):
    there()
    with clock.at(MONDAY + HOUR, "live"):
        asked = report(lon=LON, lat=LAT)
        assert find_twins(asked, among=Case.objects.visible_to(people["operator"]))
        assert not find_twins(asked, among=Case.objects.visible_to(people["GSJ"]))


def test_a_case_that_is_there_already_is_not_its_own_twin(units):
    first, second = there(), there(10, at=MONDAY + HOUR)
    assert [twin.case for twin in find_twins(second)] == [first]
    assert find_twins(first) == []


def test_finding_asks_the_database_few_questions(units, django_assert_max_num_queries):
    for metres in range(0, 90, 10):
        there(metres, address="東興路 5 號")
    entered()
    with django_assert_max_num_queries(4):
        assert len(entered(address="東興路 5 號")) == 5

"""Matching in arrays says the same as a slow twin that compares every pair."""

import math
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from townkeeper.relapse.addresses import address_hash, address_key
from townkeeper.relapse.matching import (
    ADDRESS,
    DAY_MS,
    EARTH_M,
    FAR_M,
    PLACE,
    POINT,
    Sites,
    join_sites,
    match,
)
from townkeeper.relapse.rules import DEFAULT_DAYS, DEFAULT_METRES, KindRow, Rule, rules_of

NOWHERE = math.nan


@dataclass
class Site:
    id: int = 1
    group: int = 1
    moment: float = 0.0
    """Days."""
    place: int = 0
    address: int = 0
    lat: float = NOWHERE
    lon: float = NOWHERE
    days: int = 90
    metres: int = 50


def column(rows: list[Site], name: str):
    if name == "moment":
        return np.array([round(row.moment * DAY_MS) for row in rows], dtype=np.int64)
    kind = np.float64 if name in {"lat", "lon"} else np.int64
    return np.array([getattr(row, name) for row in rows], dtype=kind)


def sites(rows: list[Site]) -> Sites:
    return Sites(**{field.name: column(rows, field.name) for field in fields(Site)})


def metres_between(one: Site, two: Site) -> float:
    a, b = math.radians(one.lat), math.radians(two.lat)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(two.lon - one.lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(half))


def same_place(new: Site, old: Site) -> int | None:
    if new.place and new.place == old.place:
        return PLACE
    known = not math.isnan(new.lat) and not math.isnan(old.lat)
    far = metres_between(new, old) if known else None
    if new.address and new.address == old.address and (far is None or far <= FAR_M):
        return ADDRESS
    return POINT if far is not None and far <= old.metres else None


def slow_match(new: list[Site], former: list[Site]) -> list[tuple[int, int] | None]:
    """(id of the former case's closing moment, how) for each new case."""
    found: list[tuple[int, int] | None] = []
    for case in new:
        best = None
        for old in former:
            gap = round(case.moment * DAY_MS) - round(old.moment * DAY_MS)
            how = same_place(case, old)
            if not old.group or old.group != case.group or how is None:
                continue
            if 0 < gap <= old.days * DAY_MS and (best is None or (gap, how) < best[:2]):
                best = (gap, how, old)
        found.append(best and (round(best[2].moment * DAY_MS), best[1]))
    return found


def fast_match(new: list[Site], former: list[Site]) -> list[tuple[int, int] | None]:
    found = match(sites(new), sites(former))
    return [
        (round(former[row].moment * DAY_MS), how) if row >= 0 else None
        for row, how in zip(found.former.tolist(), found.how.tolist(), strict=True)
    ]


def spot(n: int) -> tuple[float, float]:
    """Points about 22 m apart on a line through Neijiang, and two far away."""
    return {0: (NOWHERE, NOWHERE), 98: (-33.0, 179.9999), 99: (78.2, 15.6)}.get(
        n, (29.58 + n * 0.0002, 105.06)
    )


@st.composite
def worlds(draw):
    def one(number: int, moments) -> Site:
        lat, lon = spot(draw(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 40, 98, 99])))
        return Site(
            id=number,
            group=draw(st.integers(0, 2)),
            moment=draw(moments),
            place=draw(st.sampled_from([0, 0, 0, 7, 8])),
            address=draw(st.sampled_from([0, 0, 11, 12])),
            lat=lat,
            lon=lon,
            days=draw(st.sampled_from([10, 90])),
            metres=draw(st.sampled_from([10, 50])),
        )

    days = st.integers(0, 120).map(lambda hours: hours / 2)
    former = [one(n, days) for n in range(draw(st.integers(0, 12)))]
    new = [one(100 + n, days) for n in range(draw(st.integers(0, 12)))]
    return new, former


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_the_arrays_agree_with_every_pair_compared(world) -> None:
    new, former = world
    assert fast_match(new, former) == slow_match(new, former)


HOME = {"lat": 29.58, "lon": 105.06}
CASES = {
    "the same key place": (Site(moment=10, place=7), Site(place=7), PLACE),
    "the same address": (Site(moment=10, address=5), Site(address=5), ADDRESS),
    "close by": (Site(moment=10, **HOME), Site(lat=29.5803, lon=105.06), POINT),
    "too far": (Site(moment=10, **HOME), Site(lat=29.5806, lon=105.06), None),
    "address equal, points a kilometre apart": (
        Site(moment=10, address=5, **HOME),
        Site(address=5, lat=29.59, lon=105.06),
        None,
    ),
    "place equal, points a kilometre apart": (
        Site(moment=10, place=7, **HOME),
        Site(place=7, lat=29.59, lon=105.06),
        PLACE,
    ),
    "another kind": (Site(moment=10, place=7, group=2), Site(place=7), None),
    "no kind at all": (Site(moment=10, place=7, group=0), Site(place=7, group=0), None),
    "no place at all": (Site(moment=10), Site(), None),
    "the window's last day": (Site(moment=90, place=7), Site(place=7), PLACE),
    "a moment after the window": (Site(moment=90.0001, place=7), Site(place=7), None),
    "at the very moment of closing": (Site(moment=3, place=7), Site(moment=3, place=7), None),
    "before the closing": (Site(moment=2, place=7), Site(moment=3, place=7), None),
    "the window of the former one's kind": (
        Site(moment=20, place=7, days=90),
        Site(place=7, days=10),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_pair(name: str) -> None:
    new, former, how = CASES[name]
    found = fast_match([new], [former])[0]
    assert (found and found[1]) == how


def test_the_one_closed_last_is_the_former_case() -> None:
    former = [Site(1, moment=1, place=7), Site(2, moment=5, **HOME), Site(3, moment=3, place=7)]
    new = [Site(9, moment=9, place=7, **HOME), Site(10, moment=4, place=7)]
    found = match(sites(new), sites(former))
    assert [former[row].id for row in found.former] == [2, 3]


def test_of_two_closed_at_once_the_more_telling_and_the_nearer_counts() -> None:
    former = [
        Site(1, moment=1, lat=29.5802, lon=105.06),
        Site(2, moment=1, lat=29.5801, lon=105.06),
        Site(3, moment=1, address=5),
    ]
    here = match(sites([Site(9, moment=2, **HOME)]), sites(former))
    assert former[here.former[0]].id == 2
    assert round(here.distance[0]) == 11
    told = match(sites([Site(9, moment=2, address=5, **HOME)]), sites(former))
    assert former[told.former[0]].id == 3


def test_a_thousand_at_one_address_find_the_one_before() -> None:
    former = [Site(n, moment=n / 10 + 0.01, address=5) for n in range(1000)]
    new = [Site(n, moment=n / 10, address=5) for n in range(1000)]
    found = match(sites(new), sites(former))
    assert found.former[0] == -1
    assert (found.former[1:] == np.arange(999)).all()


def test_many_too_far_in_one_cell_hide_nobody() -> None:
    """The search steps back over cases of the same cell that lie outside the radius."""
    former = [Site(0, moment=1, lat=29.58, lon=105.0603)]
    former += [Site(n, moment=1 + n / 100, lat=29.58045, lon=105.0597) for n in range(1, 300)]
    found = match(sites([Site(999, moment=50, lat=29.58, lon=105.0601)]), sites(former))
    assert found.former[0] == 0


def test_nothing_to_compare() -> None:
    assert len(match(sites([]), sites([Site()])).former) == 0
    assert match(sites([Site()]), sites([])).former.tolist() == [-1]
    both = join_sites([sites([Site(1)]), sites([Site(2), Site(3)])])
    assert both.id.tolist() == [1, 2, 3]


def test_a_category_takes_what_stands_above_it() -> None:
    rows = [
        KindRow(1, "top", None, days=30),
        KindRow(2, "class", 1, metres=100, as_one=True),
        KindRow(3, "kind", 2),
        KindRow(4, "kind", 2, days=7),
        KindRow(5, "alone", None),
        KindRow(6, "circle", 7),
        KindRow(7, "circle", 6, days=5),
        KindRow(8, "orphan", 99),
    ]
    found = rules_of(rows)
    assert found[3] == Rule(2, 30, 100)
    assert found[4] == Rule(2, 7, 100)
    assert found[5] == Rule(5, DEFAULT_DAYS, DEFAULT_METRES)
    assert found[6] == Rule(6, 5, DEFAULT_METRES)
    assert found[8].group == 8


def test_the_topmost_class_that_counts_as_one_decides() -> None:
    rows = [KindRow(1, "a", None, as_one=True), KindRow(2, "b", 1, as_one=True), KindRow(3, "c", 2)]
    assert {rule.group for rule in rules_of(rows).values()} == {1}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("123 Main St.", "１２３ main  st"),
        ("東興街道中興路12號", "東興街道 中興路１２號"),
        ("INTERSECTION of A St & B St", "Intersection of A St, B St"),
    ],
)
def test_one_address_written_twice(one: str, two: str) -> None:
    assert address_key(one) == address_key(two) != ""
    assert address_hash(address_key(one)) == address_hash(address_key(two)) > 0


@pytest.mark.parametrize("text", ["", "  ", "–", "12", "路", "None", "???", "\ud800"])
def test_what_is_no_address(text: str) -> None:
    assert address_key(text) == ""
    assert address_hash("") == 0

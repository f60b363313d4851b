"""Who takes over what: the order of the rules, and rules that come back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from townkeeper.units.heirs import Choice, Heirs, Rules, UnknownRuleError, hole, parse_rules

EAST, WEST = box(1, 0, 2, 1), box(0, 0, 1, 1)
BY_DUTY = Choice("W", "duty:k")


def heirs(*rules, **fields):
    values = {"outlines": {"E": EAST, "W": WEST}, "paths": {"0001.": "E", "0002.": "W"}, **fields}
    return Heirs(parse_rules(rules), ("E", "W"), **values)


@pytest.mark.parametrize(
    ("rules", "asked", "expected"),
    [
        ((), {"point": (1.5, 0.5)}, ("E", "place")),
        (("area:S=E", "default=E"), {"point": (0.5, 0.5), "area": "S"}, ("W", "place")),
        (("area:S=E",), {"area": "S", "area_path": "0002."}, ("E", "area:S")),
        (("category:k=E",), {"area_path": "0002.0003.", "categories": ["k"]}, ("W", "place")),
        (("category:k=E", "default=W"), {"categories": ["k/1", "k"]}, ("E", "category:k")),
        (("category:k=E", "category:k/1=W"), {"categories": ["k/1", "k"]}, ("W", "category:k/1")),
        (("default=E",), {"line": BY_DUTY}, ("W", "duty:k")),
        (("default=E",), {"point": (9, 9), "area_path": "0003."}, ("E", "default")),
        ((), {"point": (None, 0.5), "area_path": "0003."}, None),
    ],
    ids=["point", "point-first", "area-rule", "below", "category", "nearest", "line", "rest", "no"],
)
def test_the_first_rule_that_answers_counts(rules, asked, expected):
    assert heirs(*rules).choose(**asked) == expected


def test_the_only_heir_takes_all():
    only = Heirs(Rules(), ("E",))
    assert only.choose() == only.for_office() == only.for_post("x") == ("E", "all")
    assert heirs("office=W", "default=E").for_office() == ("W", "office")
    assert heirs("post:ann=W", "default=E").for_post("ann") == ("W", "post:ann")


def test_a_hole_is_a_share_of_the_whole():
    whole = box(0, 0, 2, 1)
    assert hole(whole, [EAST, WEST]) == 0
    assert hole(whole, [EAST]) == pytest.approx(0.5)
    assert hole(None, [EAST]) == hole(whole, []) == 0


keys = st.text("abcdefgh/@0123", min_size=1, max_size=8)
written = st.dictionaries(
    st.one_of(
        st.sampled_from(["default", "office"]),
        st.builds("{}:{}".format, st.sampled_from(["area", "category", "duty", "post"]), keys),
    ),
    st.sampled_from(["E", "W"]),
    max_size=6,
)


@given(written)
def test_rules_come_back_as_they_were_written(rules):
    assert parse_rules(rules).as_data() == {"scores": "apart", **rules}
    assert parse_rules(f"{name}={code}" for name, code in rules.items()) == parse_rules(rules)


@pytest.mark.parametrize("rule", ["", "x", "default=", "scores=both", "area=E", ":k=E"])
def test_what_is_no_rule(rule):
    with pytest.raises(UnknownRuleError):
        parse_rules([rule])

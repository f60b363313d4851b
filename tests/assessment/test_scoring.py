"""Scoring by hand-made tables: every rule, ties, too few, missing, rounding, intervals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from townkeeper.assessment.intervals import added, wilson
from townkeeper.assessment.program import ExtraRule, Rule, SchemeFile, scheme_problems
from townkeeper.assessment.scoring import Measure, Sheet, points_of, score, sheet_as_dict

RULE = TypeAdapter(Rule)
EXTRA = TypeAdapter(ExtraRule)
T = {"en": "x"}


def item(key: str, weight: float, rule: dict | None = None, **more: object) -> dict:
    return {
        "key": key,
        "title": T,
        "metric": f"{key}_m",
        "weight": weight,
        "rule": rule or {"kind": "linear", "zero_at": 0, "full_at": 100},
        **more,
    }


def scheme(*items: dict, **more: object) -> SchemeFile:
    groups = more.pop("groups", [{"key": "g", "title": T, "units": ["kind:department"]}])
    return SchemeFile.model_validate(
        {
            "scheme": "s",
            "title": T,
            "groups": groups,
            "items": list(items),
            **more,
        }
    )


def sheets(plan: SchemeFile, **units: dict[str, Measure]) -> dict[str, Sheet]:
    found = score(plan, members=dict.fromkeys(units, "g"), inputs=units)
    return {sheet.unit: sheet for sheet in found}


@pytest.mark.parametrize(
    ("rule", "value", "points"),
    [
        ({"kind": "linear", "zero_at": 60, "full_at": 95}, "60", "0"),
        ({"kind": "linear", "zero_at": 60, "full_at": 95}, "95", "40"),
        ({"kind": "linear", "zero_at": 60, "full_at": 95}, "77.5", "20"),
        ({"kind": "linear", "zero_at": 60, "full_at": 95}, "12", "0"),
        ({"kind": "linear", "zero_at": 60, "full_at": 95}, "100", "40"),
        ({"kind": "linear", "zero_at": 30, "full_at": 10}, "20", "20"),
        ({"kind": "linear", "zero_at": 30, "full_at": 10}, "5", "40"),
        # Lianyungang's on-time finish: one point less for each percent, never below nothing
        ({"kind": "linear", "zero_at": 60, "full_at": 100}, "89.82", "29.82"),
        ({"kind": "linear", "zero_at": 48, "full_at": 98, "floor": 50}, "50", "20"),
        ({"kind": "deduction", "per_unit": 2}, "0", "40"),
        ({"kind": "deduction", "per_unit": 2}, "3", "34"),
        ({"kind": "deduction", "per_unit": 2, "cap": 10}, "99", "30"),
        ({"kind": "deduction", "per_unit": 2}, "99", "0"),
        ({"kind": "deduction", "per_unit": 2, "free": 2}, "3", "38"),
        ({"kind": "deduction", "per_unit": 0.2}, "1", "39.8"),
    ],
)
def test_rules(rule: dict, value: str, points: str) -> None:
    found = points_of(RULE.validate_python(rule), Decimal(value), Decimal(40))
    assert found == Decimal(points)


def test_bands_take_the_first_that_fits() -> None:
    high = RULE.validate_python(
        {
            "kind": "bands",
            "bands": [{"at_least": 95, "points": 10}, {"at_least": 90, "points": 6}, {"points": 0}],
        }
    )
    values = ("100", "95", "94.99", "90", "0")
    assert [points_of(high, Decimal(v), Decimal(10)) for v in values] == [10, 10, 6, 6, 0]
    # a Unicom service's bands for filed cases: 0 is 100, 1-2 is 90, 3-4 is 75 …
    few = RULE.validate_python(
        {
            "kind": "bands",
            "bands": [
                {"at_most": 0, "points": 100},
                {"at_most": 2, "points": 90},
                {"at_most": 4, "points": 75},
                {"points": 0},
            ],
        }
    )
    assert [points_of(few, Decimal(v), Decimal(100)) for v in range(6)] == [100, 90, 90, 75, 75, 0]


def test_rank_rule_shares_places_of_equal_values() -> None:
    plan = scheme(item("a", 100, {"kind": "rank", "first": 100, "last": 40}))
    found = sheets(
        plan, **{u: {"a_m": Measure.count(n)} for u, n in zip("xyzw", (9, 5, 5, 1), strict=True)}
    )
    assert {u: str(s.score) for u, s in found.items()} == {
        "x": "100.00", "y": "80.00", "z": "80.00", "w": "40.00",
    }  # fmt: skip
    assert [found[u].items[0].place for u in "xyzw"] == [1, 2, 2, 4]


def test_a_printed_sheet_adds_up_and_rounds_half_to_even() -> None:
    plan = scheme(item("a", 50), item("b", 50))
    found = sheets(plan, u={"a_m": Measure(Decimal("0.25")), "b_m": Measure(Decimal("0.27"))})["u"]
    # 0.125 and 0.135 fall between two cents: to the even one
    assert [str(i.points) for i in found.items] == ["0.12", "0.14"]
    assert found.score == sum(i.points for i in found.items)


def test_ties_share_a_rank_and_the_next_is_skipped() -> None:
    plan = scheme(item("a", 100))
    values = {"p": 90, "q": 80, "r": 80, "s": 70}
    found = sheets(plan, **{u: {"a_m": Measure.count(v)} for u, v in values.items()})
    assert {u: s.rank for u, s in found.items()} == {"p": 1, "q": 2, "r": 2, "s": 4}
    assert {s.of for s in found.values()} == {4}


def test_groups_rank_apart() -> None:
    groups = [{"key": k, "title": T, "units": [k]} for k in ("towns", "offices")]
    plan = scheme(item("a", 100), groups=groups)
    found = score(
        plan,
        members={"t1": "towns", "t2": "towns", "o1": "offices"},
        inputs={u: {"a_m": Measure.count(v)} for u, v in (("t1", 5), ("t2", 6), ("o1", 1))},
    )
    assert [(s.group, s.unit, s.rank) for s in found] == [
        ("towns", "t2", 1), ("towns", "t1", 2), ("offices", "o1", 1),
    ]  # fmt: skip


def test_too_few_is_spread_over_the_others_and_shown() -> None:
    plan = scheme(item("a", 60, min_sample=5), item("b", 40))
    found = sheets(plan, u={"a_m": Measure.rate(1, 4), "b_m": Measure.count(50)})["u"]
    assert [(i.key, i.status, i.points, i.full) for i in found.items] == [
        ("a", "too-few", None, None),
        ("b", "scored", Decimal("20.00"), Decimal("40.00")),
    ]
    assert found.score is None
    assert found.note == "too-little-left"
    plan = scheme(item("a", 50, min_sample=5), item("b", 50))
    assert sheets(plan, u={"a_m": Measure.rate(1, 4), "b_m": Measure.count(50)})["u"].score == 50


def test_too_few_leaves_the_unit_unscored_where_the_scheme_says_so() -> None:
    plan = scheme(item("a", 50, min_sample=5), item("b", 50), too_few="unscored")
    found = sheets(plan, u={"a_m": Measure.rate(4, 4), "b_m": Measure.count(50)})["u"]
    assert (found.score, found.rank, found.note) == (None, None, "too-few")
    assert found.items[1].points == 25


def test_of_nothing_there_is_no_rate() -> None:
    assert Measure.rate(0, 0).value is None
    plan = scheme(item("a", 50), item("b", 50))
    found = sheets(plan, u={"a_m": Measure.rate(0, 0), "b_m": Measure.count(30)})["u"]
    assert found.items[0].status == "too-few"
    assert found.score == 30


@pytest.mark.parametrize(
    ("policy", "total", "note"), [("redistribute", 30, ""), ("unscored", None, "missing")]
)
def test_missing_input_is_never_zero(policy: str, total: int | None, note: str) -> None:
    plan = scheme(item("a", 50), item("b", 50), missing=policy)
    found = sheets(plan, u={"b_m": Measure.count(30)})["u"]
    assert (found.items[0].status, found.items[0].points) == ("missing", None)
    assert (found.score, found.note) == (total, note)


def test_units_with_too_few_cases_stand_apart() -> None:
    plan = scheme(item("a", 100), min_cases=5, cases_metric="due")
    found = sheets(
        plan,
        few={"a_m": Measure.rate(4, 4), "due": Measure.count(4)},
        many={"a_m": Measure.rate(4, 5), "due": Measure.count(5)},
        unknown={"a_m": Measure.rate(4, 5)},
    )
    assert [(u, s.rank, s.note) for u, s in found.items()] == [
        ("many", 1, ""), ("few", None, "too-few-cases"), ("unknown", None, "missing"),
    ]  # fmt: skip
    assert found["many"].of == 1


def test_bonus_and_penalty_stand_beside_the_hundred() -> None:
    extra = {"key": "up", "title": T, "metric": "up", "points": 3,
             "rule": {"kind": "linear", "zero_at": 0, "full_at": 50}}  # fmt: skip
    fall = {"key": "down", "title": T, "metric": "down", "points": 5,
            "rule": {"kind": "per_unit", "per_unit": 2}}  # fmt: skip
    plan = scheme(item("a", 100), bonus=[extra], penalty=[fall])
    full = {"a_m": Measure.count(100)}
    found = sheets(
        plan,
        u={**full, "up": Measure.rate(25, 100), "down": Measure.count(9)},
        v={**full, "up": Measure.rate(0, 0), "down": Measure.count(1)},
    )
    assert [(i.key, i.points) for i in found["u"].items[1:]] == [
        ("up", Decimal("1.50")),
        ("down", -5),
    ]
    assert found["u"].score == Decimal("96.50")
    assert [(i.status, i.points) for i in found["v"].items[1:]] == [
        ("too-few", None),
        ("scored", -2),
    ]
    assert found["v"].score == 98


def test_items_may_be_a_tree_and_differ_by_group() -> None:
    groups = [{"key": k, "title": T, "units": [k]} for k in ("towns", "offices")]
    plan = scheme(
        {"key": "head", "title": T, "items": [item("a", 60), item("b", 20)]},
        item("c", 20, groups=["towns"]),
        item("d", 20, groups=["offices"]),
        groups=groups,
    )
    found = score(plan, members={"t": "towns", "o": "offices"}, inputs={"t": {}, "o": {}})
    assert [[(i.heading, i.key) for i in s.items] for s in found] == [
        [("head", "a"), ("head", "b"), ("", "c")],
        [("head", "a"), ("head", "b"), ("", "d")],
    ]


def test_wilson_agrees_with_published_values() -> None:
    # Newcombe 1998, table I: 81/263, 15/148, 0/20, 29/29
    for n, d, low, high in (
        (81, 263, "25.53", "36.62"),
        (15, 148, "6.24", "16.05"),
        (0, 20, "0.00", "16.11"),
        (29, 29, "88.30", "100.00"),
    ):
        found = [str(end.quantize(Decimal("0.01"))) for end in wilson(n, d)]
        assert found == [low, high]
    with pytest.raises(ValueError, match="not a rate"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="not a rate"):
        wilson(3, 2)


def test_square_and_add() -> None:
    low, high = added(
        Decimal(10), [(Decimal(4), Decimal(1), Decimal(5)), (Decimal(6), Decimal(2), Decimal(6))]
    )
    assert (low, high) == (5, 11)


def test_units_whose_intervals_overlap_are_not_told_apart() -> None:
    plan = scheme(item("a", 100))
    found = sheets(
        plan,
        good={"a_m": Measure.rate(990, 1000)},
        near={"a_m": Measure.rate(985, 1000)},
        bad={"a_m": Measure.rate(300, 1000)},
    )
    assert [(s.rank, s.rank_low, s.rank_high) for s in found.values()] == [
        (1, 1, 2), (2, 1, 2), (3, 3, 3),
    ]  # fmt: skip
    assert found["bad"].low < found["bad"].score < found["bad"].high


rates = st.integers(1, 60).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d)))


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(rates, st.integers(0, 20)), min_size=1)
)
def test_properties(values: dict[str, tuple[tuple[int, int], int]]) -> None:
    plan = scheme(
        item("a", 80, {"kind": "linear", "zero_at": 40, "full_at": 90}, min_sample=3),
        item("b", 20, {"kind": "deduction", "per_unit": 3}),
    )
    inputs = {
        u: {"a_m": Measure.rate(*rate), "b_m": Measure.count(n)} for u, (rate, n) in values.items()
    }
    found = sheets(plan, **inputs)
    assert set(found) == set(values)
    ranked = [s for s in found.values() if s.rank]
    for one in ranked:
        assert 0 <= one.score <= 100
        assert one.low <= one.score <= one.high
        assert one.rank_low <= one.rank <= one.rank_high <= one.of == len(ranked)
        assert one.score == sum(i.points for i in one.items)
        assert one.rank == 1 + sum(other.score > one.score for other in ranked)
    # a better rate never loses
    for one in ranked:
        for two in ranked:
            better = (
                one.items[0].value >= two.items[0].value
                and one.items[1].value <= two.items[1].value
            )
            if better:
                assert one.score >= two.score
    again = score(plan, members=dict.fromkeys(reversed(inputs), "g"), inputs=inputs)
    assert [sheet_as_dict(s) for s in again] == [sheet_as_dict(s) for s in found.values()]


def bands(*bands: dict) -> dict:
    return {"items": [item("a", 100, {"kind": "bands", "bands": list(bands)})]}


def one(**rule: object) -> dict:
    return {"items": [item("a", 100, rule)]}


PER_UNIT = {"kind": "per_unit", "per_unit": 1}
FAR = {"key": "z", "title": T, "metric": "m", "points": 1, "groups": ["q"], "rule": PER_UNIT}
BAD = [
    ({"items": [item("a", 90)]}, "the items weigh 90, not 100"),
    ({"items": [item("a", 50), item("a", 50)]}, "used twice"),
    (one(kind="linear", zero_at=5, full_at=5), "two points"),
    ({"items": [item("a", 100, groups=["nowhere"])]}, "not 100"),
    (one(kind="deduction", per_unit=2, cap=101), "above the weight"),
    (one(kind="deduction", per_unit=0), "greater than 0"),
    ({"items": [{"key": "a", "title": T, "weight": 100}]}, "metric, rule and weight"),
    ({"items": [{**item("a", 100), "items": [item("b", 100)]}]}, "either items below it"),
    (
        {"items": [{"key": "h", "title": T, "weight": 90, "items": [item("b", 100)]}]},
        "weigh 100, not 90",
    ),
    ({"wieght": 3}, "Extra inputs"),
    ({"bonus": [FAR]}, "no group q"),
    (
        bands({"at_least": 50, "points": 40}, {"at_least": 90, "points": 100}, {"points": 0}),
        "out of order",
    ),
    (bands({"at_least": 50, "points": 40}, {"points": 0}), "best band gives 40"),
    (bands({"at_least": 50, "points": 100}, {"at_least": 3, "points": 0}), "last band takes"),
    (
        bands({"at_least": 50, "points": 100}, {"at_most": 3, "points": 1}, {"points": 0}),
        "use at_least",
    ),
    (bands({"at_least": 50, "at_most": 60, "points": 100}, {"points": 0}), "not both"),
    ({"min_cases": -1}, "greater than or equal to 0"),
    ({"total": True}, "a number is needed"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_a_wrong_scheme_is_refused_in_words(change: dict, words: str) -> None:
    good = scheme(item("a", 100)).model_dump(mode="json", exclude_none=True)
    with pytest.raises(ValidationError, match=words):
        SchemeFile.model_validate({**good, **change})


def test_extras_may_be_for_some_groups_and_bands_lead_somewhere() -> None:
    groups = [{"key": k, "title": T, "units": [k]} for k in ("towns", "offices")]
    only = {"key": "up", "title": T, "metric": "up", "points": 5, "rule": PER_UNIT}
    best = {"kind": "bands", "bands": [{"at_least": 50, "points": 100}, {"points": 0}]}
    plan = scheme(item("a", 100, best), groups=groups, bonus=[{**only, "groups": ["towns"]}])
    given = {"a_m": Measure.count(50), "up": Measure.count(2)}
    found = score(plan, members={"t": "towns", "o": "offices"}, inputs={"t": given, "o": given})
    assert [(s.unit, s.score) for s in found] == [("t", Decimal(102)), ("o", Decimal(100))]
    assert plan.items[0].full == 100
    assert scheme({"key": "h", "title": T, "items": [item("b", 100)]}).items[0].full == 100
    assert "due_count" in scheme(item("a", 100), min_cases=1).metrics()
    assert "due_count" not in plan.metrics()


def test_a_ratio_above_one_has_no_interval() -> None:
    found = sheets(scheme(item("a", 100)), u={"a_m": Measure(Decimal(90), 5, 3)})["u"]
    assert (found.low, found.high) == (90, 90)


def test_an_item_without_a_rule_is_a_mistake_of_ours() -> None:
    plan = scheme(item("a", 100))
    bare = plan.items[0].model_copy(update={"rule": None})
    with pytest.raises(TypeError, match="a"):
        sheets(plan.model_copy(update={"items": (bare,)}), u={})


def test_unknown_metrics_are_named() -> None:
    plan = scheme(item("a", 50), item("b", 50, metric="entered:b"), min_cases=3)
    assert scheme_problems(plan, metrics={"x"}) == [("a", "a_m"), ("cases_metric", "due_count")]
    assert scheme_problems(plan, metrics={"a_m", "due_count"}) == []
    assert plan.metrics() == {"a_m", "entered:b", "due_count"}


def test_numbers_are_exact_and_percent_signs_may_be_written() -> None:
    rule = RULE.validate_python({"kind": "linear", "zero_at": "60%", "full_at": 0.1})
    assert (rule.zero_at, rule.full_at) == (Decimal(60), Decimal("0.1"))
    plan = scheme(item("a", 100))
    assert SchemeFile.model_validate(plan.model_dump(mode="json")) == plan

"""Contradictions that the speeches themselves hold are found (their cross-checks, one by one)."""

import pytest

from townkeeper.programs.check import check_program

INDICATOR = """  {key}:
    title: {{zh-Hant: {title}}}
    unit: "{unit}"
    better: higher
    from: typed
    observed: [{observed}]
    source: 篇2 L91
"""
TARGET = """  - indicator: {key}
    for: [group:urban]
    at_least: {at_least}
    by: "{by}"
    source: 篇2 L91
"""


def codes(copy, *wanted):
    return [f for f in check_program(copy.path).findings if f.code in wanted]


def indicator(copy, key, title, observed="", unit="%"):
    text = INDICATOR.format(key=key, title=title, unit=unit, observed=observed)
    copy.append("indicators.yaml", text.replace("    observed: []\n", ""))


def target(copy, key, at_least, by="2027"):
    copy.append("targets.yaml", TARGET.format(key=key, at_least=at_least, by=by))


def test_village_coverage_is_cut_off_not_rounded(copy):
    # x-village-coverage (speech 4): 645/1296 = 49.77 %, the text says 49.7 %
    indicator(copy, "village", "村級覆蓋面", "{value: 49.7, count: 645, of: 1296}")
    (found,) = codes(copy, "rate-cut-off", "rate-mismatch")
    assert found.code == "rate-cut-off"
    assert "49.769" in found.message("zh-Hant")
    assert "645/1296" in found.message("zh-Hans")


@pytest.mark.parametrize(
    ("value", "code"), [("49.8", None), ("49.77", None), ("49.9", "rate-mismatch")]
)
def test_a_rate_is_checked_to_the_digits_it_has(copy, value, code):
    indicator(copy, "village", "村級覆蓋面", f"{{value: {value}, count: 645, of: 1296}}")
    found = codes(copy, "rate-cut-off", "rate-mismatch")
    assert [f.code for f in found] == ([code] if code else [])


@pytest.mark.parametrize(
    ("observed", "count"),
    [
        # x-built-up: 3180 - 2280 = 900, 39.47 % said as 39.5 %
        ("{value: 3180, before: 2280, growth: 900, growth_percent: 39.5}", 0),
        # x-road-area: 48205 - 30052 = 18153, 60.4 % said as 60 %
        ("{value: 48205, before: 30052, growth: 18153, growth_percent: 60}", 0),
        # x-green-area: 51.2 % said as 51 %
        ("{value: 108738, before: 71930, growth: 36808, growth_percent: 51}", 0),
        # x-gas-pop: 878, 46.6 %
        ("{value: 2762, before: 1884, growth: 878, growth_percent: 46.6}", 0),
        ("{value: 3180, before: 2280, growth: 800, growth_percent: 39.5}", 1),
        ("{value: 3180, before: 2280, growth: 900, growth_percent: 35}", 1),
        ("{value: 100, before: 0, growth: 100, growth_percent: 100}", 0),
    ],
)
def test_growth_follows_from_both_values(copy, observed, count):
    indicator(copy, "area", "面積", observed, unit="km²")
    found = codes(copy, "growth-mismatch")
    assert len(found) == count
    assert all("不是" in f.message("zh-Hant") for f in found)


def test_gas_target_looks_reached_and_is_another_definition(copy):
    # x-gas-target (speech 1): 燃氣普及率 96 % today, target for 城市人口燃氣普及率 85 %
    indicator(copy, "gas", "燃氣普及率", "{value: 96}")
    indicator(copy, "urban-gas", "城市人口燃氣普及率")
    target(copy, "urban-gas", 85)
    (found,) = codes(copy, "indicator-look-alike")
    assert "「城市人口燃氣普及率」只有目標沒有現值" in found.message("zh-Hant")
    # taken as one indicator, the target asks for less than there is
    copy.edit("targets.yaml", "indicator: urban-gas", "indicator: gas")
    assert [f.params["target"] for f in codes(copy, "target-below-today")] == [85]
    assert codes(copy, "indicator-look-alike") == []


def test_green_cover_of_another_scope(copy):
    # x-green-coverage-scope (speech 1): 綠化覆蓋率 36.6 %, target 建成區綠化覆蓋率 38 %
    indicator(copy, "green", "綠化覆蓋率", "{value: 36.6}")
    indicator(copy, "built-up-green", "建成區綠化覆蓋率")
    target(copy, "built-up-green", 38)
    assert len(codes(copy, "indicator-look-alike")) == 1


def test_new_green_land_far_below_what_was_done_before(copy):
    # x-green-target (speech 1): 8,000 ha in three years after 36,808 ha in the three before
    indicator(copy, "new-green", "新增園林綠地", "{value: 36808}", unit="公頃")
    target(copy, "new-green", 8000)
    (found,) = codes(copy, "target-below-today")
    assert "8000" in found.message("en")


def test_full_coverage_said_and_counted(copy):
    # x-full-coverage-claim (speech 4): "two full coverages", while 7 of 8 counties have it
    indicator(copy, "platform", "電子政務平台覆蓋", "{value: 100}, {value: 87.5, count: 7, of: 8}")
    (found,) = codes(copy, "observed-disagree")
    assert found.where.startswith("indicators.yaml:")
    # of different years they do not contradict each other
    copy.edit("indicators.yaml", "{value: 100}", "{value: 100, period: '2027'}")
    assert codes(copy, "observed-disagree") == []


def test_eight_counties_said_seven_named(copy):
    # x-service-level (speech 4): 8 counties, 7 by name
    path = copy.path / "units" / "groups.yaml"
    text = path.read_text("utf-8")
    first = text.index("units: [")
    count = text[first : text.index("]", first)].count(",") + 1
    path.write_text(text.replace("units: [", f"said: {count + 1}\n    units: [", 1), "utf-8")
    (found,) = codes(copy, "group-incomplete")
    assert f"{count + 1} 個" in found.message("zh-Hant")
    assert f"只點名 {count} 個" in found.message("zh-Hant")


def test_a_masked_year_is_no_date(copy):
    # x-masked-years: years stand as 20xx throughout
    indicator(copy, "sewage", "污水處理率")
    target(copy, "sewage", 85, by="20xx")
    (found,) = codes(copy, "year-masked")
    assert "20xx" in found.message("en")


def test_the_shipped_program_has_none_of_these(copy):
    assert (
        codes(
            copy, "rate-mismatch", "growth-mismatch", "observed-disagree", "indicator-look-alike",
            "group-incomplete", "year-masked",
        )
        == []
    )  # fmt: skip

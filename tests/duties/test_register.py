"""Who answers for what where: tables of cases, and a slow obvious reference."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from townkeeper.duties.register import CategoryRow, DutyRow, Register, UnitRow

DAY = date(2026, 11, 2)
BEFORE, AFTER = date(2026, 11, 1), date(2026, 11, 3)


def unit(pk, code, path, **fields):
    values = {"since": None, "until": None, **fields}
    return UnitRow(pk, code, code, path, len(path) // 5 - 1, "department", **values)


UNITS = [
    unit(1, "D", "0001."),
    unit(2, "CGJ", "0001.0001."),
    unit(3, "GSJ", "0001.0002."),
    unit(4, "S1", "0001.0003."),
    unit(5, "V1", "0001.0003.0001."),
    unit(6, "S2", "0001.0004."),
]
CODES = {row.code: row for row in UNITS}
CATEGORIES = [
    CategoryRow(1, "order", "街面秩序", None, "2wd", is_used=True),
    CategoryRow(2, "order/stall", "流動攤販", 1, "", is_used=True),
    CategoryRow(3, "order/stall/fruit", "水果攤", 2, "4wh", is_used=True),
    CategoryRow(4, "refuse", "暴露垃圾", None, "", is_used=True),
    CategoryRow(5, "unused", "不用", None, "", is_used=False),
]
KEYS = {row.key: row for row in CATEGORIES}


def duty(category, area, who, part="lead", **fields):
    values = {"since": None, "until": None, "note": "", "source": "", **fields}
    return category, DutyRow(CODES[who].id, CODES[area].path, part, **values)


def register(*lines, units=UNITS):
    duties = {}
    for category, row in lines:
        duties.setdefault(KEYS[category].id, []).append(row)
    return Register(1, {u.id: u for u in units}, {c.id: c for c in CATEGORIES}, duties)


def who(known, category, area, on=DAY):
    answer = known.resolve(KEYS.get(category), known.unit_by_code.get(area), on)
    return answer.lead.code if answer.lead else None, [u.code for u in answer.assistants]


GENERAL = duty("order", "D", "CGJ")
SPECIAL = duty("order/stall", "D", "GSJ")
LOCAL = duty("order", "S1", "S1")
NEAREST = duty("order", "V1", "V1")


@pytest.mark.parametrize(
    ("lines", "category", "area", "expected"),
    [
        ((GENERAL,), "order", "S1", "CGJ"),
        ((GENERAL,), "order/stall/fruit", "V1", "CGJ"),
        ((GENERAL, LOCAL), "order", "S1", "S1"),
        ((GENERAL, LOCAL), "order", "S2", "CGJ"),
        ((GENERAL, LOCAL, NEAREST), "order", "V1", "V1"),
        ((NEAREST, LOCAL, GENERAL), "order", "V1", "V1"),
        # 條 before 塊: the nearer category beats the nearer area
        ((GENERAL, SPECIAL, LOCAL), "order/stall", "S1", "GSJ"),
        ((GENERAL, SPECIAL, NEAREST), "order/stall/fruit", "V1", "GSJ"),
        ((SPECIAL,), "order", "S1", None),
        ((GENERAL,), "refuse", "S1", None),
        ((GENERAL,), None, "S1", None),
        ((LOCAL,), "order", None, None),
        ((GENERAL,), "order", None, "CGJ"),
        ((LOCAL,), "order", "S2", None),
        ((LOCAL,), "order", "D", None),
    ],
)
def test_the_most_specific_category_wins_then_the_smallest_area(lines, category, area, expected):
    assert who(register(*lines), category, area)[0] == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, "CGJ"),
        (DAY, None, "CGJ"),
        (AFTER, None, None),
        (None, AFTER, "CGJ"),
        (None, DAY, None),
        (BEFORE, AFTER, "CGJ"),
    ],
)
def test_a_duty_holds_from_its_first_day_to_the_day_before_its_last(since, until, expected):
    known = register(duty("order", "D", "CGJ", since=since, until=until))
    assert who(known, "order", "S1")[0] == expected


def closed(code, on=DAY, successor=None):
    heir = CODES[successor].id if successor else None
    return [replace(u, until=on, successor=heir) if u.code == code else u for u in UNITS]


def test_a_closed_unit_answers_for_nothing():
    known = register(GENERAL, units=closed("CGJ"))
    assert who(known, "order", "S1") == (None, [])
    assert who(known, "order", "S1", BEFORE) == ("CGJ", [])


def test_its_successor_answers_in_its_place_and_for_its_area():
    known = register(GENERAL, units=closed("CGJ", successor="GSJ"))
    assert who(known, "order", "S1")[0] == "GSJ"
    merged = register(LOCAL, units=closed("S1", successor="S2"))
    assert who(merged, "order", "S2")[0] == "S2"
    assert who(merged, "order", "S2", BEFORE)[0] is None
    assert merged.overlaps(DAY) == []


def test_successors_that_go_round_in_a_circle_end_with_nobody():
    units = [
        replace(u, until=DAY, successor=CODES["GSJ" if u.code == "CGJ" else "CGJ"].id)
        if u.code in {"CGJ", "GSJ"}
        else u
        for u in UNITS
    ]
    assert who(register(GENERAL, units=units), "order", "S1")[0] is None


def test_assistants_come_nearest_first_without_the_lead_and_without_repeats():
    known = register(
        GENERAL,
        duty("order", "S1", "S1", "assist"),
        duty("order", "V1", "V1", "assist"),
        duty("order", "D", "CGJ", "assist"),
        duty("order", "D", "S1", "assist"),
        duty("order/stall", "D", "GSJ", "assist"),
    )
    assert who(known, "order/stall", "V1") == ("CGJ", ["GSJ", "V1", "S1"])
    assert who(known, "order", "S1") == ("CGJ", ["S1"])


def test_assistants_alone_make_no_owner():
    assert who(register(duty("order", "S1", "S1", "assist")), "order", "S1") == (None, ["S1"])


def test_the_answer_names_the_line_it_comes_from():
    known = register(duty("order", "D", "CGJ", source="篇2 L95", note="含佔道經營"))
    assert known.resolve(KEYS["order/stall"], CODES["S1"], DAY).reason() == {
        "lead": "CGJ",
        "assistants": [],
        "by_category": "order",
        "by_area": "D",
        "source": "篇2 L95",
        "note": "含佔道經營",
        "conflict": [],
    }


def test_two_leads_are_a_conflict_that_the_first_wins_and_the_report_names():
    known = register(GENERAL, duty("order", "D", "GSJ"), duty("order", "D", "GSJ"), LOCAL)
    answer = known.resolve(KEYS["order"], CODES["S2"], DAY)
    assert (answer.lead.code, [u.code for u in answer.conflict]) == ("CGJ", ["GSJ"])
    assert known.resolve(KEYS["order"], CODES["S1"], DAY).conflict == ()
    [(category, area, units)] = known.overlaps(DAY)
    assert (category.key, area.code, [u.code for u in units]) == ("order", "D", ["CGJ", "GSJ"])


def test_a_closed_rival_is_no_overlap_and_a_closed_lead_is_a_gap():
    lines = (GENERAL, duty("order", "D", "GSJ"), duty("refuse", "D", "GSJ"))
    known = register(*lines, units=closed("GSJ"))
    assert known.overlaps(DAY) == []
    assert [row.key for row in known.gaps(DAY)] == ["refuse"]


def test_gaps_are_used_leaves_that_nobody_leads():
    known = register(duty("order", "D", "CGJ"), duty("refuse", "D", "CGJ", "assist"))
    assert [row.key for row in known.gaps(DAY)] == ["refuse"]
    assert known.gaps(DAY, [KEYS["unused"]]) == [KEYS["unused"]]
    assert [row.key for row in register().gaps(DAY)] == ["order/stall/fruit", "refuse"]


@pytest.mark.parametrize(
    ("category", "limit"),
    [("order", "2wd"), ("order/stall", "2wd"), ("order/stall/fruit", "4wh"), ("refuse", "")],
)
def test_a_limit_comes_from_the_category_or_the_nearest_above(category, limit):
    assert register().limit_of(KEYS[category]) == limit


def test_nothing_at_all_answers_nobody():
    empty = Register(1, {}, {}, {})
    assert empty.resolve(None, None, DAY).lead is None
    assert empty.root is None


# --- the slow, obvious reference ---

days = st.sampled_from([None, BEFORE, DAY, AFTER])
lines = st.lists(
    st.builds(
        lambda c, a, u, p, since, until: duty(c, a, u, p, since=since, until=until),
        st.sampled_from(sorted(KEYS)),
        st.sampled_from(sorted(CODES)),
        st.sampled_from(sorted(CODES)),
        st.sampled_from(["lead", "assist"]),
        days,
        days,
    ),
    max_size=12,
)


def slow(given_lines, units, category, area, on):
    """Look at every line for every category above, one condition after the other."""
    area = area or "D"
    answered = {}
    for key in slow_line(category):
        for line_key, row in given_lines:
            who_ = next(u for u in units if u.id == row.unit)
            if line_key != key or row.part != "lead":
                continue
            if (row.since and row.since > on) or (row.until and row.until <= on):
                continue
            if who_.until and who_.until <= on:
                continue
            if not CODES[area].path.startswith(row.area_path):
                continue
            size = len(row.area_path)
            if size > answered.get("size", 0):
                answered = {"size": size, "lead": who_.code}
        if answered:
            return answered["lead"]
    return None


def slow_line(category):
    parts = category.split("/") if category else []
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    lines,
    st.sets(st.sampled_from(["CGJ", "GSJ", "S1"])),
    st.sampled_from([None, *sorted(KEYS)]),
    st.sampled_from([None, *sorted(CODES)]),
)
def test_the_register_answers_as_the_slow_way(given_lines, gone, category, area):
    units = [replace(u, until=DAY) if u.code in gone else u for u in UNITS]
    known = register(*given_lines, units=units)
    for on in (BEFORE, DAY, AFTER):
        assert who(known, category, area, on)[0] == slow(given_lines, units, category, area, on)


def test_ten_thousand_units_answer():
    towns = [unit(n + 1, f"T{n}", f"0001.{n + 1:04d}.") for n in range(1, 100)]
    villages = [
        unit(1000 + 100 * t + v, f"V{t}-{v}", f"{town.path}{v:04d}.")
        for t, town in enumerate(towns)
        for v in range(1, 101)
    ]
    rows = {u.id: u for u in [UNITS[0], *towns, *villages]}
    duties = {1: [DutyRow(u.id, u.path, "lead", None, None, "", "") for u in villages]}
    known = Register(1, rows, {c.id: c for c in CATEGORIES}, duties)
    assert len(known.units) == 10_000
    for village in villages[:50]:
        assert known.resolve(KEYS["order"], village, DAY).lead == village

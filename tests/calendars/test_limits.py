"""Limits: what people write, what it means, and what a wrong one is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.calendars.limits import LONGEST, UNITS, Fault, Kind, Limit, LimitError
from townkeeper.calendars.words import LANGUAGES, LIMIT_ERRORS, LIMIT_TITLES


@pytest.mark.parametrize(
    ("text", "kind", "amount", "written"),
    [
        ("4wh", Kind.WORKING_TIME, 14_400, "4wh"),
        ("1.5wh", Kind.WORKING_TIME, 5_400, "1.5wh"),
        ("30wmin", Kind.WORKING_TIME, 1_800, "30wmin"),
        ("2wd", Kind.WORKING_DAYS, 2, "2wd"),
        ("24h", Kind.ELAPSED, 86_400, "24h"),
        ("90min", Kind.ELAPSED, 5_400, "90min"),
        ("30min", Kind.ELAPSED, 1_800, "30min"),
        ("7d", Kind.DAYS, 7, "7d"),
        ("same-day", Kind.SAME_DAY, 0, "same-day"),
        ("20:30", Kind.CLOCK, 1_230, "20:30"),
        ("8:05", Kind.CLOCK, 485, "08:05"),
        ("none", Kind.NONE, 0, "none"),
        (" ４ＷＨ ", Kind.WORKING_TIME, 14_400, "4wh"),
        ("20：30", Kind.CLOCK, 1_230, "20:30"),
        ("2 wd", Kind.WORKING_DAYS, 2, "2wd"),
        ("2.0wd", Kind.WORKING_DAYS, 2, "2wd"),
        ("100h", Kind.ELAPSED, 360_000, "100h"),
    ],
)
def test_reads_and_writes(text, kind, amount, written):
    limit = Limit.parse(text)
    assert (limit.kind, limit.amount, str(limit)) == (kind, amount, written)
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (1230, Fault.NOT_TEXT),
        (None, Fault.NOT_TEXT),
        ("  ", Fault.EMPTY),
        ("soon", Fault.UNKNOWN),
        ("-4wh", Fault.UNKNOWN),
        ("4", Fault.UNKNOWN),
        ("4w", Fault.UNKNOWN),
        ("0h", Fault.ZERO),
        ("1.5wd", Fault.FRACTION),
        ("0.5d", Fault.FRACTION),
        ("0.0001min", Fault.TOO_FINE),
        ("9999wd", Fault.TOO_LONG),
        ("25:00", Fault.CLOCK),
        ("20:60", Fault.CLOCK),
    ],
)
def test_a_wrong_limit_is_told_what_would_be_right(text, fault):
    with pytest.raises(LimitError) as caught:
        Limit.parse(text)
    assert caught.value.code is fault
    for lang in LANGUAGES:
        message = caught.value.in_words(lang)
        assert "{" not in message
        if fault is not Fault.EMPTY:
            assert str(text).strip() in message


def test_titles_in_three_languages():
    four = Limit.parse("4wh")
    assert [four.title(lang) for lang in ("zh-Hant", "zh-Hans", "en")] == [
        "4 工作時",
        "4 工作时",
        "4 working hours",
    ]
    assert Limit.parse("1wd").title("en") == "1 working day"
    assert Limit.parse("1.5wh").title("zh-Hant") == "1.5 工作時"
    assert Limit.parse("20:30").title("en") == "by 20:30"
    assert Limit.parse("same-day").title("zh-Hans") == "当日下班前"
    assert Limit.parse("none").title("zh-Hant") == "不限時"


def test_every_language_says_everything():
    for table in (LIMIT_TITLES, LIMIT_ERRORS):
        assert len({frozenset(table[lang]) for lang in LANGUAGES}) == 1
    assert set(LIMIT_ERRORS["en"]) == set(Fault)


def test_equal_however_written():
    assert Limit.parse("60min") == Limit.parse("1h")
    assert len({Limit.parse("60min"), Limit.parse("1h")}) == 1
    assert str(Limit(Kind.WORKING_TIME, 5_400)) == "90wmin"
    assert str(Limit(Kind.SAME_DAY)) == "same-day"
    assert str(Limit(Kind.CLOCK, 1_230)) == "20:30"


def test_only_holidays_make_a_limit_provisional():
    bound = {
        text
        for text in ("4wh", "2wd", "7d", "same-day", "24h", "20:30", "none")
        if Limit.parse(text).is_calendar_bound
    }
    assert bound == {"4wh", "2wd", "7d", "same-day"}


@given(unit=st.sampled_from(sorted(UNITS)), data=st.data())
def test_every_limit_comes_back_as_written(unit, data):
    kind, size = UNITS[unit]
    amount = data.draw(st.integers(1, LONGEST[kind]))
    limit = Limit(kind, amount, unit if size == 1 or data.draw(st.booleans()) else "")
    if not limit.unit and amount % 60:
        limit = Limit(kind, amount, unit)
    assert Limit.parse(str(limit)) == limit

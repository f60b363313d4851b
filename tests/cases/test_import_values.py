"""Dates as offices write them, names as people write them, and short keys for names."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.cases.imports.moments import (
    ImpossibleError,
    MomentReader,
    UnreadableError,
)
from townkeeper.cases.imports.resolve import folded, slug
from townkeeper.cases.imports.run import import_file
from townkeeper.kit.sheets import header_name

SHANGHAI = ZoneInfo("Asia/Shanghai")
BOSTON = ZoneInfo("America/New_York")
NOON = time(12, 0)


@pytest.mark.parametrize(
    ("cell", "expected", "is_day"),
    [
        ("2011-07-01 09:30:00", datetime(2011, 7, 1, 1, 30, tzinfo=UTC), False),
        ("2011-07-01T09:30:00+00:00", datetime(2011, 7, 1, 9, 30, tzinfo=UTC), False),
        ("2011-07-01 09:30:00Z", datetime(2011, 7, 1, 9, 30, tzinfo=UTC), False),
        ("2019/2/28 11:25:05", datetime(2019, 2, 28, 3, 25, 5, tzinfo=UTC), False),
        ("2019-2-8 9:05", datetime(2019, 2, 8, 1, 5, tzinfo=UTC), False),
        ("2019年2月28日 11时25分", datetime(2019, 2, 28, 3, 25, tzinfo=UTC), False),
        ("2019年2月28日", datetime(2019, 2, 28, 4, 0, tzinfo=UTC), True),
        ("2019.2.28", datetime(2019, 2, 28, 4, 0, tzinfo=UTC), True),
        ("20190228", datetime(2019, 2, 28, 4, 0, tzinfo=UTC), True),
        ("2019-02-28", datetime(2019, 2, 28, 4, 0, tzinfo=UTC), True),
        (date(2019, 2, 28), datetime(2019, 2, 28, 4, 0, tzinfo=UTC), True),
        (
            datetime(2019, 2, 28, 9, 0, 0, 999_900),
            datetime(2019, 2, 28, 1, 0, 1, tzinfo=UTC),
            False,
        ),
        (40725.0, datetime(2011, 7, 1, 4, 0, tzinfo=UTC), True),
        (40725.5, datetime(2011, 7, 1, 4, 0, tzinfo=UTC), False),
    ],
    ids=repr,
)
def test_moments(cell, expected, is_day):
    moment = MomentReader(SHANGHAI).read(cell, NOON)
    assert (moment.at, moment.is_day_only, moment.is_ambiguous) == (expected, is_day, False)


@pytest.mark.parametrize("cell", [None, "", "  "], ids=repr)
def test_no_moment(cell):
    assert MomentReader(SHANGHAI).read(cell, NOON) is None


@pytest.mark.parametrize("cell", ["soon", "31/12/2011", "2011-13-01", 7.0, "12"], ids=repr)
def test_unreadable_moments(cell):
    with pytest.raises(UnreadableError):
        MomentReader(SHANGHAI).read(cell, NOON)


@pytest.mark.parametrize("cell", ["1011-07-01 00:00:00", "9999-12-31"])
def test_impossible_years(cell):
    with pytest.raises(ImpossibleError):
        MomentReader(SHANGHAI).read(cell, NOON)


def test_declared_forms():
    reader = MomentReader(BOSTON, ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y"))
    assert reader.read("07/01/2011 01:32:33 PM", NOON).at == datetime(
        2011, 7, 1, 17, 32, 33, tzinfo=UTC
    )
    assert reader.read("07/02/2011", NOON).is_day_only
    assert reader.read("07/01/2011 01:32:33 AM", NOON).at.hour == 5


def test_the_hour_that_comes_twice_and_the_one_that_never_comes():
    reader = MomentReader(BOSTON)
    twice = reader.read("2011-11-06 01:30:00", NOON)
    assert (twice.at, twice.is_ambiguous) == (datetime(2011, 11, 6, 5, 30, tzinfo=UTC), True)
    never = reader.read("2011-03-13 02:30:00", NOON)
    assert (never.at, never.is_ambiguous) == (datetime(2011, 3, 13, 7, 30, tzinfo=UTC), False)


@given(
    st.datetimes(datetime(1960, 1, 1), datetime(2049, 12, 31)),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Europe/London"]),
)
def test_the_kept_offsets_are_those_of_the_zone(local, zone):
    local = local.replace(microsecond=0)
    expected = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert MomentReader(ZoneInfo(zone)).read(str(local), NOON).at == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Schedule a Bulk Item Pickup", "schedule-a-bulk-item-pickup"),
        ("暴露垃圾", "bao-lu-la-ji"),
        ("Café & Bar / Nº 7", "cafe-bar-no-7"),
        ("BPS_", "bps"),
    ],
)
def test_slugs(name, key):
    assert slug(name) == key


@given(st.text(max_size=80))
def test_slugs_are_keys(name):
    key = slug(name)
    assert key
    assert len(key) <= 40
    assert key.replace("-", "").isalnum()
    assert key == slug(name)


@given(st.text(max_size=30))
def test_folding_is_stable(name):
    assert folded(folded(name)) == folded(name)
    assert header_name(header_name(name)) == header_name(name)


def test_a_photo_named_as_a_workbook_is_refused(tmp_path, db):
    from tests import make
    from townkeeper.cases.imports.mapping import ImportMapping
    from townkeeper.kit.errors import Problem

    make.town()
    path = tmp_path / "july.xlsx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    mapping = ImportMapping.model_validate(
        {"system": "hotline", "columns": {"number": "n", "opened": "o"}}
    )
    with pytest.raises(Problem) as caught:
        import_file(path, mapping, actor="importer", out_dir=tmp_path)
    assert caught.value.code == "not-a-sheet"

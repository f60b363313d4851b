"""Which unit a point on the map belongs to: real outlines, borders, broken polygons, history."""

import json
from datetime import date

import pytest
from shapely.geometry import shape

from tests import make
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.register import kept_register, load_register, register
from townkeeper.journal.actions import touch_registers
from townkeeper.units.actions import add_unit, close_unit, merge_units
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 2)


def square(x, y, size=1.0):
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def add(code, outline=None, parent=None):
    return add_unit(code, name=code, kind="township", actor="test", parent=parent, outline=outline)


def at(lon, lat, on=None):
    found = load_register().area_at(lon, lat, on)
    return found.code if found else None


@pytest.fixture
def world():
    """A district of two towns side by side; one town has a village."""
    district = add("D", square(0, 0, 2))
    west = add("W", square(0, 0), district)
    add("E", square(1, 0), district)
    add("V", square(0.2, 0.2, 0.2), west)
    return district


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (0.3, 0.3, "V"),
        (0.5, 0.5, "W"),
        (1.5, 0.5, "E"),
        (0.5, 1.5, "D"),
        (2.5, 0.5, None),
        (-0.1, -0.1, None),
        # borders and corners
        (1.0, 0.5, "W"),
        (0.2, 0.2, "V"),
        (1.0, 1.0, "W"),
        (0.5, 1.0, "W"),
        (2.0, 2.0, "D"),
    ],
)
def test_the_smallest_unit_around_a_point(world, lon, lat, code):
    assert at(lon, lat) == code


def test_a_point_on_a_border_does_not_depend_on_the_order_of_rows(world):
    """The same two towns, the other way round in the tables, under the same paths."""
    west, east = Unit.objects.get(code="W"), Unit.objects.get(code="E")
    Unit.objects.filter(pk=west.pk).update(outline=east.outline, code="X")
    Unit.objects.filter(pk=east.pk).update(outline=west.outline, code="W")
    Unit.objects.filter(pk=west.pk).update(code="E")
    assert at(1.0, 0.9) == "E", "the first in the tree"
    assert at(0.5, 0.9) == "W"


def test_of_two_as_deep_the_smaller_counts():
    district = add("D", square(0, 0, 4))
    add("LARGE", square(0, 0, 3), district)
    add("SMALL", square(1, 1, 1), district)
    assert at(1.5, 1.5) == "SMALL"


def test_a_bow_tie_is_repaired_and_keeps_both_halves():
    add("T", {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]})
    assert [at(0.3, 1.0), at(1.7, 1.0), at(1.0, 0.1)] == ["T", "T", None]


def test_a_hole_is_not_inside():
    outer, hole = square(0, 0, 3)["coordinates"][0], square(1, 1)["coordinates"][0]
    add("T", {"type": "Polygon", "coordinates": [outer, hole]})
    assert [at(0.5, 0.5), at(1.5, 1.5)] == ["T", None]


def test_without_outlines_no_point_belongs_anywhere():
    add("T")
    assert at(0.5, 0.5) is None


def test_a_closed_unit_holds_no_point_from_its_last_day_on(world):
    west = Unit.objects.get(code="W")
    close_unit(Unit.objects.get(code="V"), on=DAY, actor="test", successor=west)
    assert at(0.3, 0.3, DAY) == "W"
    assert at(0.3, 0.3, date(2026, 11, 1)) == "V"
    assert at(0.3, 0.3) == "V"


def test_merged_towns_hold_the_points_of_both(world):
    new = add("N", square(0, 0, 2), world)
    both = [Unit.objects.get(code=code) for code in "WE"]
    merge_units(both, into=new, on=DAY, actor="test")
    assert [at(0.5, 0.5, DAY), at(1.5, 0.5, DAY)] == ["N", "N"]


def test_the_real_outlines_of_a_city_know_their_middles(shared_data):
    city = json.loads((shared_data / "boundaries" / "511000.json").read_text("utf-8"))
    middles = {}
    for feature in city["features"]:
        code = str(feature["properties"]["adcode"])
        add(code, feature["geometry"])
        middles[code] = shape(feature["geometry"]).representative_point()
    known = load_register()
    assert len(middles) > 3
    assert {code: known.area_at(p.x, p.y).code for code, p in middles.items()} == {
        code: code for code in middles
    }
    corner = shape(city["features"][0]["geometry"]).geoms[0].exterior.coords[0]
    assert known.area_at(*corner[:2]) == load_register().area_at(*corner[:2])
    assert known.area_at(121.47, 31.23) is None, "Shanghai"


def test_the_register_is_read_anew_only_when_something_changed(django_assert_num_queries):
    units = make.town()
    first = register()
    with django_assert_num_queries(1):
        assert register() is first
    with django_assert_num_queries(0):
        assert kept_register() is first
    Duty.objects.create(
        category=Category.objects.get(key="local/nobody"), area=units["D"], unit=units["GSJ"]
    )
    assert register() is first, "no word was given"
    touch_registers()
    second = register()
    assert second is not first
    category = second.category_by_key["local/nobody"]
    assert second.resolve(category, second.unit_by_code["S1"], DAY).lead.code == "GSJ"
    with django_assert_num_queries(4):
        load_register()

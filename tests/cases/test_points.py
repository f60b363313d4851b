"""Points and cells of a part of the map, and the endpoint that serves them."""

import json
from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY, opened
from townkeeper.cases.models import Case
from townkeeper.cases.points import Box, as_geojson, parse_box, points_in
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

pytestmark = pytest.mark.django_db
BOX = Box(105.0, 29.5, 105.4, 29.9)
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def cases(units):
    places = [(105.055, 29.555), (105.056, 29.556), (105.4, 29.9), (105.5, 29.6)]
    found = [opened(title=f"{n}", lon=lon, lat=lat) for n, (lon, lat) in enumerate(places)]
    return [*found, opened(title="no place")]


def test_few_are_points(cases):
    points = points_in(Case.objects.all(), BOX)
    assert {pin.number for pin in points.pins} == {case.number for case in cases[:3]}
    assert not points.cells


def test_many_are_counted_per_cell(cases):
    points = points_in(Case.objects.all(), BOX, most=2)
    assert not points.pins
    assert sorted(cell.cases for cell in points.cells) == [1, 2]
    for cell in points.cells:
        assert cell.box.west < cell.box.east <= BOX.east + 1e-9
        assert cell.box.south < cell.box.north <= BOX.north + 1e-9
    features = as_geojson(points)["features"]
    assert all(f["geometry"]["coordinates"][0][0] == f["geometry"]["coordinates"][0][-1]
               for f in features)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "box-unreadable"),
        ("1,2,3", "box-unreadable"),
        ("a,b,c,d", "box-unreadable"),
        ("nan,0,1,1", "box-off-earth"),
        ("0,0,inf,1", "box-off-earth"),
        ("-200,0,1,1", "box-off-earth"),
        ("2,0,1,1", "box-turned"),
        ("0,1,1,1", "box-turned"),
    ],
)
def test_a_wrong_box_is_refused_in_words(text, code):
    with pytest.raises(Problem) as caught:
        parse_box(text)
    assert caught.value.code == code


def test_the_endpoint_shows_what_the_person_may_see(client, units, cases):
    people = make.staff(units)

    def ask(who, query):
        client.force_login(people[who])
        with clock.at(LATER, "live"):
            return client.get(f"/office/cases.geojson?bbox=105.0,29.5,105.4,29.9{query}")

    answer = ask("dispatcher", "")
    assert answer["Content-Type"] == "application/geo+json"
    data = json.loads(answer.content)
    assert {f["properties"]["number"] for f in data["features"]} == {c.number for c in cases[:3]}
    for query, count in (("&area=S2", 0), ("&q=1", 1), ("&tab=ended", 0), ("&due=over", 3)):
        assert len(json.loads(ask("dispatcher", query).content)["features"]) == count, query
    assert json.loads(ask("S2", "").content)["features"] == []
    wrong = client.get("/office/cases.geojson?bbox=1")
    assert wrong.status_code == 400
    assert json.loads(wrong.content)["where"] == "bbox"
    client.logout()
    assert client.get("/office/cases.geojson?bbox=0,0,1,1").status_code == 302

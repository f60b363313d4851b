"""What people choose from while they type: by name, code, initials, pinyin; tree and reasons."""

import pytest

from tests import make
from tests.make import opened
from townkeeper.units.models import Place
from townkeeper.web.options import Option, why_found
from townkeeper.web.spots import area_in_words, forget_spots, where_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def units():
    forget_spots()
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def ask(client, people):
    def send(what, who="operator", **asked):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        answer = client.get(f"/office/choices/{what}/", asked)
        assert answer.status_code == 200
        return answer.json()

    return send


def values(answer):
    return [item["value"] for item in answer["items"]]


@pytest.mark.parametrize(
    ("typed", "first", "reason"),
    [
        ("bllj", "matter/06010", "initials bllj"),
        ("baolu", "matter/06010", "pinyin"),
        ("暴露", "matter/06010", ""),
        ("06010", "matter/06010", "code matter/06010"),
        ("摊贩", "matter/09022", ""),
        ("shirong", "matter/06", "pinyin"),
    ],
)
def test_a_kind_is_found_by_name_code_initials_and_pinyin(ask, typed, first, reason):
    item = ask("categories", q=typed)["items"][0]
    assert (item["value"], item["reason"]) == (first, reason)


def test_the_tree_can_be_walked_and_the_path_is_shown(ask):
    top = ask("categories")
    assert "matter/06" in values(top)
    assert "matter/06010" not in values(top)
    below = ask("categories", under="matter/06")
    assert values(below) == ["matter/06010"]
    assert below["items"][0]["path"] == "市容環境"
    assert set(values(ask("categories", beside="matter/06"))) == set(values(top))
    assert ask("categories", value="matter/06010")["items"][0]["label"] == "暴露垃圾"
    assert ask("categories", value="no/such")["items"] == []


def test_the_unit_of_the_duty_register_comes_first_with_its_reason(ask):
    first = ask("units", category="matter/06010", area="S1")["items"][0]
    assert (first["value"], first["reason"]) == ("CGJ", "duty register: 篇2 L95")
    assert values(ask("units", q="dxjd")) == ["S1"]


def test_what_is_out_of_use_is_found_only_on_request(ask):
    make.Category.objects.filter(key="matter/09022").update(is_used=False)
    make.touch_registers()
    assert values(ask("categories", q="ldtf")) == []
    found = ask("categories", q="ldtf", all="1")
    assert found["items"][0]["reason"] == "no longer in use"
    assert ask("categories", q="zzz")["says"] == "Nothing fits what was typed."


def test_addresses_join_places_streets_past_cases_and_areas(ask, units):
    Place.objects.create(code="mkt", name="東桐市場", area=units["S1"], lon=105.05, lat=29.6)
    make.touch_registers()
    opened(address="東桐路 86 號")
    opened(address="東桐路 12 號")
    opened(address="東桐街 3 號", area="S2")
    opened(address="東桐街 5 號", area="S1")
    items = {item["value"]: item for item in ask("addresses", q="dt")["items"]}
    assert items["place:mkt"]["path"] == "東興街道"
    assert items["street:S1:東桐路"]["path"] == "東興街道 · 2 cases"
    assert items["street::東桐街"]["path"] == "several areas · 2 cases"
    assert sum(key.startswith("case:") for key in items) == 4
    assert "area:S1" in values(ask("addresses", q="dxjd"))


def test_addresses_of_others_are_not_learnt_from(ask):
    opened(address="東桐路 86 號", area="S1")
    assert ask("addresses", who="S2", q="dt")["items"] == []


def test_what_a_chosen_spot_says(units, people):
    case = opened(address="紅星路 1 號", lon=105.05, lat=29.6)
    seen = make.Case.objects.visible_to(people["operator"])
    assert where_of(f"case:{case.number}", "紅星路 1 號", seen).lat == 29.6
    assert where_of(f"case:{case.number}", "紅星路 1 號旁", seen).lat is None
    assert where_of(f"case:{case.number}", "", seen.none()).area is None
    assert where_of("area:S2", "", seen).area == "S2"
    assert where_of("street:S1:紅星路", "", seen).area == "S1"
    for nonsense in ("", "place:none", "area:none", "case:", "x:y"):
        assert where_of(nonsense, "", seen) == where_of("", "", seen)
    assert area_in_words("西林街道文化路口").code == "S2"
    assert area_in_words("某處") is None


def test_strangers_and_unknown_sorts(client, people):
    assert client.get("/office/choices/units/").status_code == 302
    client.force_login(people["S1"])
    assert client.get("/office/choices/nothing/").status_code == 404


def test_words_that_people_use_count_last():
    option = Option("k", "暴露垃圾", words=("垃圾堆",))
    assert why_found(option, "垃圾")[0] < why_found(option, "垃圾堆")[0]
    assert why_found(option, "ljd")[0] == 6
    assert why_found(option, "q") is None

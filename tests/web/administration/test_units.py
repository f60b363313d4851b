"""Units in the browser: adding, correcting, moving, ending, their outlines."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.cases.models import Case
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.units.models import Post, Unit, UnitChange

RING = [[105, 29], [105.1, 29], [105.1, 29.1], [105, 29.1], [105, 29]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}


def test_a_unit_is_added_with_its_names_and_found_by_pinyin(admin):
    stamp = registers_stamp()
    answer = send(
        admin, "units/add/", code="SWJ", zh_hant="水務局", zh_hans="水务局", en="Water", parent="D",
        kind="department",
    )  # fmt: skip
    assert answer["Location"] == f"{BASE}units/at/SWJ/"
    unit = Unit.objects.get(code="SWJ")
    assert unit.names == {"zh-Hant": "水務局", "zh-Hans": "水务局", "en": "Water"}
    assert unit.parent.code == "D"
    assert entries("unit:SWJ")[0][:2] == ("unit.added", "supervisor")
    assert registers_stamp() != stamp
    assert [u.code for u in admin.get(f"{BASE}units/?q=swj").context["found"]] == ["SWJ"]
    assert "Water" in words(admin.get(answer["Location"]))


def test_bad_units_are_refused_and_what_was_typed_is_kept(admin):
    before = Unit.objects.count()
    for fields, said in (
        ({"code": "CGJ", "zh_hant": "二", "parent": "D"}, "already"),
        ({"code": "X Y", "zh_hant": "二", "parent": "D"}, "valid"),
        ({"code": "NEW", "parent": "D"}, "A unit needs a name"),
        ({"code": "NEW", "zh_hant": "二", "parent": "NOBODY"}, "NOBODY"),
    ):
        answer = send(admin, "units/add/", kind="team", **fields)
        assert answer.status_code == 422
        assert said in words(answer)
        assert f'value="{fields["code"]}"' in words(answer)
    assert Unit.objects.count() == before


def test_details_are_corrected_and_told_and_nothing_twice(admin):
    assert send(admin, "units/at/CGJ/edit/", en="City order", contact="2200000").status_code == 302
    unit = Unit.objects.get(code="CGJ")
    assert (unit.name, unit.names["en"]) == ("區城管局", "City order")
    assert unit.attributes["contact"] == "2200000"
    assert entries("unit:CGJ")[0][0] == "unit.corrected"
    count = len(entries("unit:CGJ"))
    send(admin, "units/at/CGJ/edit/")
    assert len(entries("unit:CGJ")) == count
    assert "Details of the unit corrected" in words(admin.get(f"{BASE}units/at/CGJ/"))


def test_whoever_comes_second_is_told(admin):
    old = form_of(admin, "units/at/CGJ/edit/")
    send(admin, "units/at/CGJ/edit/", en="First")
    answer = admin.post(f"{BASE}units/at/CGJ/edit/", {**old, "en": "Second"})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in words(answer)
    assert "Second" in words(answer)
    assert Unit.objects.get(code="CGJ").names["en"] == "First"


def test_a_unit_is_renamed_and_found_under_its_old_name(admin):
    send(admin, "units/at/CGJ/rename/", zh_hant="區綜合執法局")
    unit = Unit.objects.get(code="CGJ")
    assert unit.name == "區綜合執法局"
    assert unit.aliases == ["區城管局"]
    assert [u.code for u in admin.get(f"{BASE}units/?q=區城管").context["found"]] == ["CGJ"]


def test_a_unit_never_lies_below_itself(admin, town):
    send(admin, "units/add/", code="SUB", zh_hant="中隊", parent="CGJ", kind="team")
    answer = send(admin, "units/at/CGJ/move/", parent="SUB")
    assert answer.status_code == 422
    assert "below itself" in words(answer)
    assert send(admin, "units/at/CGJ/move/", parent="S1").status_code == 302
    town["units"]["S1"].refresh_from_db()
    assert Unit.objects.get(code="SUB").path.startswith(town["units"]["S1"].path)


def test_a_preview_of_an_abolition_changes_nothing_and_names_what_nobody_has(admin, town):
    case = make.opened(at=clock.now() - timedelta(hours=1))
    before = (registers_stamp(), Unit.objects.filter(until=None).count())
    answer = send(admin, "units/at/CGJ/end/close/", do="preview", default="GSJ", office="GSJ")
    preview = answer.context["preview"]
    assert answer.status_code == 200
    assert not preview["is_refused"]
    assert {row.heir for row in preview["rows"]} == {"區工商局"}
    assert "running cases" in words(answer)
    assert (registers_stamp(), Unit.objects.filter(until=None).count()) == before
    case.refresh_from_db()
    assert case.unit.code == "CGJ"


def test_an_abolition_carries_cases_posts_and_duties(admin, town):
    case = make.opened(at=clock.now() - timedelta(hours=1))
    answer = send(admin, "units/at/CGJ/end/close/", default="GSJ", reason="機構改革")
    assert answer["Location"] == f"{BASE}units/at/CGJ/"
    assert Case.objects.get(pk=case.pk).unit.code == "GSJ"
    today = clock.today()
    held = Post.objects.get(user=town["people"]["CGJ"], until=None)
    assert (held.unit.code, held.since) == ("GSJ", today)
    assert Unit.objects.get(code="CGJ").until == today


def test_a_split_without_rules_is_refused_with_what_would_be_left(admin, town):
    make.opened(at=clock.now() - timedelta(hours=1))
    answer = send(admin, "units/at/CGJ/end/split/", do="preview", part_1="GSJ", part_2="S2")
    assert answer.context["preview"]["is_refused"]
    assert 'value="save"' not in words(answer)
    answer = send(admin, "units/at/CGJ/end/split/", part_1="GSJ", part_2="S2")
    assert answer.status_code == 422
    assert Unit.objects.get(code="CGJ").until is None


def test_a_merger_of_one_and_unknown_rules_are_refused(admin):
    answer = send(admin, "units/at/CGJ/end/merge/", with_1="CGJ", into="CGJ")
    assert answer.status_code == 422
    answer = send(admin, "units/at/CGJ/end/close/", rules="nonsense=GSJ", default="GSJ")
    assert answer.status_code == 422
    assert "is no rule" in words(answer)


def test_a_change_for_later_waits_and_can_be_withdrawn(admin):
    day = clock.today() + timedelta(days=20)
    answer = send(admin, "units/at/S1/end/merge/", with_1="S2", into="S2", on=day.isoformat())
    assert answer["Location"] == f"{BASE}units/changes/"
    change = UnitChange.objects.get()
    assert (change.state, change.on) == ("waiting", day)
    assert "Withdraw" in words(admin.get(f"{BASE}units/changes/"))
    admin.post(f"{BASE}units/changes/{change.pk}/withdraw/")
    change.refresh_from_db()
    assert change.state == "withdrawn"


def outline(content, name="a.geojson"):
    text = content if isinstance(content, str) else json.dumps(content)
    return SimpleUploadedFile(name, text.encode())


def test_an_outline_is_looked_at_first_then_saved_then_taken_away(admin):
    path = f"{BASE}units/at/S1/outline/"
    seen = form_of(admin, "units/at/S1/outline/")["seen"]
    answer = admin.post(path, {"do": "preview", "seen": seen, "file": outline(SQUARE)})
    assert answer.status_code == 200
    assert answer.context["preview"].area_km2 == pytest.approx(108, rel=0.02)
    assert Unit.objects.get(code="S1").outline is None
    text = answer.context["form"]["outline"].value()
    assert admin.post(path, {"do": "save", "seen": seen, "outline": text}).status_code == 302
    assert Unit.objects.get(code="S1").outline["type"] == "Polygon"
    assert "<svg" in words(admin.get(f"{BASE}units/at/S1/"))
    seen = form_of(admin, "units/at/S1/outline/")["seen"]
    admin.post(path, {"do": "remove", "seen": seen})
    assert Unit.objects.get(code="S1").outline is None
    assert [act for act, *_rest in entries("unit:S1", "unit.outlined")] == ["unit.outlined"] * 2


FAR = [[5e5, 3e6], [5e5, 4e6], [6e5, 4e6], [5e5, 3e6]]
BROKEN = (
    ("{", "not JSON"),
    ("[]", "not GeoJSON"),
    ("[" * 100_000, "not GeoJSON"),
    ({"type": "Point", "coordinates": [1, 2]}, "is an area"),
    ({"type": "Polygon", "coordinates": [[[1, 2]]]}, "broken"),
    ({"type": "Polygon", "coordinates": "x"}, "broken"),
    ({"type": "FeatureCollection", "features": []}, "0 features"),
    ({"type": "Polygon", "coordinates": [FAR]}, "not degrees"),
    ({"type": "Polygon", "coordinates": []}, "empty"),
)


def test_broken_outlines_are_refused_in_words(admin):
    path = f"{BASE}units/at/S1/outline/"
    for content, said in BROKEN:
        answer = admin.post(path, {"do": "save", "seen": 1, "file": outline(content)})
        assert answer.status_code == 422
        assert said in words(answer)
    assert Unit.objects.get(code="S1").outline is None

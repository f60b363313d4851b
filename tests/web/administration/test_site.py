"""Settings of the office and of the machine, and names that lack a language."""

from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.duties.models import Category
from townkeeper.units.models import Role, SiteSetting, Unit
from townkeeper.units.site import site_value
from townkeeper.web.administration.site import MEANINGS
from townkeeper.web.administration.translations import other_script


def test_the_office_sets_its_telephone_and_it_is_told(admin):
    assert site_value("hotline") == ""
    assert send(admin, "settings/of/hotline/", value="0832-220 0000").status_code == 302
    assert site_value("hotline") == "0832-220 0000"
    assert entries("setting:hotline")[0][:2] == ("setting.changed", "supervisor")
    assert "0832-220 0000" in words(admin.get(f"{BASE}settings/"))
    send(admin, "settings/of/hotline/", value="")
    assert site_value("hotline") == ""
    assert admin.get(f"{BASE}settings/of/nothing/").status_code == 404


def test_a_text_is_kept_by_language(admin):
    send(admin, "settings/of/site_name/", zh_hant="東興區", en="Dongxing")
    row = SiteSetting.objects.get(key="site_name")
    assert row.value == {"zh-Hant": "東興區", "en": "Dongxing"}
    old = form_of(admin, "settings/of/site_name/") | {"seen": 0, "en": "Other"}
    assert admin.post(f"{BASE}settings/of/site_name/", old).status_code == 422
    row.refresh_from_db()
    assert row.value["en"] == "Dongxing"


def test_wrong_values_are_refused_with_what_would_be_right(admin):
    for key, value, said in (
        ("hotline", "call me", "Digits"),
        ("map_approval", "none", "GS(2024)0650"),
        ("hotline", "1" * 400, "300"),
    ):
        answer = send(admin, f"settings/of/{key}/", value=value)
        assert answer.status_code == 422
        assert said in words(answer)
    for number in ("GS(2024)0650號", "川S【2024】00012号"):
        assert send(admin, "settings/of/map_approval/", value=number).status_code == 302


def test_the_machine_is_shown_with_what_is_wrong(admin, settings, monkeypatch):
    monkeypatch.setenv("TOWNKEEPER_HOSTS", "town.example.gov.cn")
    settings.ALLOWED_HOSTS = ["testserver", "town.example.gov.cn"]
    settings.SESSION_COOKIE_SECURE = False
    settings.FONT_DIR = "/nowhere/at/all"
    page = admin.get(f"{BASE}settings/")
    shown = {each.name: each for each in page.context["variables"]}
    assert set(shown) == set(MEANINGS)
    assert shown["TOWNKEEPER_HOSTS"].is_set
    assert "without HTTPS" in shown["TOWNKEEPER_HTTPS"].problem
    assert "no such folder" in shown["TOWNKEEPER_FONT_DIR"].problem
    assert settings.SECRET_KEY not in words(page)


def test_every_setting_of_the_documentation_is_shown():
    from tests.make import ROOT

    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    service = text.split("## The launcher")[0]
    named = {line.split("`")[1] for line in service.splitlines() if line.startswith("| `")}
    assert named == set(MEANINGS)


def test_missing_names_are_filled_in_and_never_overwritten(admin):
    page = admin.get(f"{BASE}settings/translations/?sort=category")
    gap = next(each for each in page.context["gaps"] if each.key == "matter/06010")
    assert gap.names == {}
    send_it = {
        "category|matter/06010|zh-Hant": "暴露垃圾", "category|matter/06010|en": "Refuse",
        "role|handler|en": "Other", "role|handler|zh-Hant": "經辦人", "unit|CGJ|en": "City order",
        "nonsense|x|en": "y", "sort": "category",
    }  # fmt: skip
    answer = admin.post(f"{BASE}settings/translations/save/", send_it)
    assert answer.status_code == 302
    names = Category.objects.get(key="matter/06010").names
    assert names == {"zh-Hant": "暴露垃圾", "en": "Refuse"}
    assert Role.objects.get(key="handler").names == {"en": "handler", "zh-Hant": "經辦人"}
    assert Unit.objects.get(code="CGJ").names == {"en": "City order"}
    assert entries("unit:CGJ")[0][0] == "name.translated"
    gone = admin.post(f"{BASE}settings/translations/save/", {"unit|GONE|en": "x"})
    assert gone.status_code == 422


def test_the_other_script_is_offered_where_it_is_certain():
    assert other_script({"zh-Hant": "區城管局"}, "zh-Hans") == "区城管局"
    assert other_script({"zh-Hans": "区住建局"}, "zh-Hant") == "區住建局"
    assert other_script({"zh-Hans": "皇后大道"}, "zh-Hant") == ""
    assert other_script({"en": "Office"}, "zh-Hant") == ""

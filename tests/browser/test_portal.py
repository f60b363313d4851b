"""The public portal in a browser: once without scripts, once on a phone with a photo that knows."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from PIL import Image
from playwright.sync_api import expect

from tests import make
from tests.pictures import jpeg, scene, tags
from tests.web.portal.living import close
from townkeeper.cases.following import file_report
from townkeeper.cases.models import Ask, Case, Evidence
from townkeeper.cases.records import Follow
from townkeeper.cli.browsers import barriers, set_cookies
from townkeeper.journal.actions import touch_registers
from townkeeper.kit import clock
from townkeeper.units.models import Unit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
PLACE = (105.0531, 29.5472)
RING = [[105.0, 29.5], [105.1, 29.5], [105.1, 29.6], [105.0, 29.6], [105.0, 29.5]]


@pytest.fixture(autouse=True)
def _nobody_waits():
    """The limits on reports from one address begin anew."""
    cache.clear()


@pytest.fixture
def town(transactional_db):
    units = make.town()
    Unit.objects.filter(code="D").update(outline={"type": "Polygon", "coordinates": [RING]})
    touch_registers()
    return units


def big_photo() -> bytes:
    """A photo of a phone's size, noisy enough to be heavy, that knows where it was taken."""
    picture = scene(7).resize((2400, 1800)).convert("RGB")
    noise = Image.effect_noise((2400, 1800), 60).convert("RGB")
    exif = tags("2026:11:02 08:50:00", *PLACE)
    exif[0x0112] = 6
    return jpeg(Image.blend(picture, noise, 0.3), quality=92, exif=exif)


def context(browser, live_server, **how):
    made = browser.new_context(**how)
    set_cookies(made, live_server.url, {"django_language": "en"})
    return made


def test_reporting_and_following_without_scripts(browser, live_server, town):
    with context(browser, live_server, java_script_enabled=False) as plain:
        page = plain.new_page()
        page.goto(f"{live_server.url}/report/")
        assert not page.locator("#pickmap").is_visible()
        page.get_by_role("button", name="Send the report").click()
        expect(page.locator(".errsum")).to_contain_text("Not sent yet")
        page.locator("#photos").set_input_files(
            {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene(1))}
        )
        page.get_by_label("What is wrong?").fill("Refuse at the market gate")
        page.get_by_label(re.compile("^Area")).select_option("S1")
        page.get_by_role("button", name="Send the report").click()
        expect(page.locator("h1")).to_contain_text("Your report is with us")
        case = Case.objects.get()
        assert (case.area.code, case.evidence.count()) == ("S1", 1)
        page.get_by_role("link", name="Follow the report").click()
        page.get_by_label("What is new?").fill("More of it today")
        page.get_by_role("button", name="Add it").click()
        expect(page.locator("body")).to_contain_text("It is with the report now")
        page.goto(f"{live_server.url}/")
        page.get_by_label("Follow a report").fill(case.number.lower())
        page.get_by_role("button", name="Look").click()
        expect(page).to_have_url(f"{live_server.url}/c/{case.number}/")
        expect(page.locator("main")).to_contain_text(case.number)
        assert "Add something" not in page.locator("main").inner_text()


def test_reporting_on_a_phone_with_a_photo_that_knows_its_place(browser, live_server, town):
    make.opened(title="refuse", lon=PLACE[0], lat=PLACE[1], area="S1")
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with context(browser, live_server, **phone) as mobile:
        page, said = mobile.new_page(), []
        page.on("console", lambda m: said.append(m.text) if m.type in {"error", "warning"} else 0)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{live_server.url}/report/")
        photo = big_photo()
        assert len(photo) > 500_000
        page.locator("#photos").set_input_files(
            {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo}
        )
        page.get_by_text("Place taken from the photo").wait_for()
        assert page.locator(".pics img").count() == 1
        assert float(page.locator("[name=lat]").input_value()) == pytest.approx(PLACE[1], abs=1e-3)
        page.get_by_label("What is wrong?").fill("暴露垃圾，沒有人清運")
        page.locator("[data-chips] label", has_text="暴露垃圾").first.click()
        page.get_by_text("Similar reports nearby").wait_for()
        assert barriers(page) == []
        said.clear()  # the checker puts styles of its own into the page
        page.get_by_role("button", name="Send the report").click()
        page.get_by_text("Your report is with us").wait_for()
        assert said == []
    case = Case.objects.latest("pk")
    assert case.category.key == "matter/06010"
    assert (case.lon, case.lat) == pytest.approx(PLACE, abs=1e-3)
    stored = Evidence.objects.get(case=case).file
    assert max(stored.width, stored.height) == 1600
    assert stored.width < stored.height  # turned upright, and not turned again
    assert stored.lon == pytest.approx(PLACE[0], abs=1e-3)
    assert stored.taken_at is not None


def test_a_line_that_breaks_loses_nothing_and_makes_one_report(browser, live_server, town):
    with context(browser, live_server, viewport={"width": 320, "height": 700}) as mobile:
        page = mobile.new_page()
        page.goto(f"{live_server.url}/report/")
        page.locator("#photos").set_input_files(
            [{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene(3))},
             {"name": "p.heic", "mimeType": "image/heic", "buffer": b"no picture"}]
        )  # fmt: skip
        expect(page.locator("[data-photo-status]")).to_contain_text("p.heic cannot be read")
        page.get_by_label("What is wrong?").fill("Refuse at the market gate")
        page.get_by_label(re.compile("^Area")).select_option("S1")
        send = page.get_by_role("button", name="Send the report")
        mobile.set_offline(True)
        send.click()
        expect(page.locator(".sending")).to_contain_text("Nothing is lost")
        assert page.locator(".pics img").count() == 1
        mobile.set_offline(False)
        page.get_by_label(re.compile("^Telephone")).fill("call me")
        send.click()
        expect(page.locator(".errsum")).to_be_focused()
        expect(page.locator(".errsum")).to_contain_text("This is no telephone number")
        expect(page.get_by_text("1 photo is with us already")).to_be_visible()
        page.get_by_label(re.compile("^Telephone")).fill("138 0000 6021")
        page.get_by_role("button", name="Send the report").click()
        expect(page.locator("h1")).to_contain_text("Your report is with us")
    case = Case.objects.get()
    assert (case.reporter.phone, case.evidence.count()) == ("13800006021", 1)


def test_having_it_too_and_judging_by_keyboard(browser, live_server, town):
    first = make.opened(title="refuse", lon=PLACE[0], lat=PLACE[1], area="S1")
    with context(browser, live_server, viewport={"width": 390, "height": 844}) as mobile:
        mobile.grant_permissions(["geolocation"])
        mobile.set_geolocation({"longitude": PLACE[0], "latitude": PLACE[1]})
        page = mobile.new_page()
        page.goto(f"{live_server.url}/report/")
        page.get_by_role("button", name="Use my position").press("Enter")
        page.get_by_text("Place taken from your phone").wait_for()
        page.get_by_role("button", name="I have it too").press("Enter")
        page.get_by_text("You are with this report now").wait_for()
        assert barriers(page) == []
    assert Follow.objects.get().case == first


def test_public_pages_are_accessible_and_do_not_scroll_sideways(page, live_server, town):
    case = make.opened(lon=PLACE[0], lat=PLACE[1])
    paths = ("/", "/report/", "/follow/", "/nearby/", f"/c/{case.number}/", "/rules/",
             "/rules/kinds/", "/verify/", "/open-data/", "/privacy/")  # fmt: skip
    wide = []
    for path in paths:
        page.goto(live_server.url + path)
        for width in (320, 768, 1100, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over > 0:
                wide.append(f"{path} at {width}: {over}")
        assert barriers(page) == [], path
    for path in ("/", "/report/"):
        page.goto(live_server.url + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (720, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over > 0:
                wide.append(f"{path} at {width} with doubled text: {over}")
    assert wide == []


def test_judging_and_asking_to_reopen_on_a_phone(browser, live_server, town):
    people, at = make.staff(town), clock.now() - timedelta(hours=6)
    with clock.at(at, "live"):
        filed = file_report(make.report(channel="portal"), form_key="k" * 24)
    close(filed.case, people, at + timedelta(minutes=10))
    with context(browser, live_server, viewport={"width": 390, "height": 844}) as mobile:
        page = mobile.new_page()
        page.goto(f"{live_server.url}/c/{filed.case.number}/?k={filed.key}")
        assert barriers(page) == []
        page.get_by_label("No", exact=True).check()
        page.locator("[name=stars][value='1']").check()
        page.get_by_label(re.compile("take it up again")).check()
        page.locator("#judge-words").fill("It is back")
        page.get_by_role("button", name="Send the judgement").click()
        page.get_by_text("You asked to take it up again").wait_for()
        assert barriers(page) == []
    assert Ask.objects.get().reason == "It is back"

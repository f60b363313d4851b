"""A handler with a telephone: the camera with the photo from before laid over, and the report."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import make, pictures
from tests.make import do, opened
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.models import Case, Evidence
from townkeeper.cli.browsers import barriers, sideways
from townkeeper.files.actions import store_photo
from townkeeper.kit import clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
LON, LAT = 105.07, 29.59


@pytest.fixture
def browser_context_args(browser_context_args: dict) -> dict:
    """A telephone some steps from the place."""
    return {
        **browser_context_args,
        "viewport": {"width": 390, "height": 844},
        "geolocation": {"latitude": LAT + 0.0002, "longitude": LON},
        "permissions": ["geolocation", "camera"],
    }


@pytest.fixture
def case(settings, tmp_path):
    settings.HOME = tmp_path
    people = make.staff(make.town())
    start = clock.now() - timedelta(minutes=30)
    found = opened(start, title="市場門口垃圾堆積", lon=LON, lat=LAT)
    do(found, "file", people["operator"], start + timedelta(minutes=5))
    do(found, "dispatch", people["dispatcher"], start + timedelta(minutes=10))
    photo = store_photo(pictures.jpeg(pictures.scene(1)), name="b.jpg", actor="operator")
    add_evidence(found, kind="before-photo", actor=people["operator"], file=photo)
    return found, people["CGJ"]


@pytest.fixture
def phone(page, case, visit):
    """The page of a handler who has signed in."""
    visit(page.context, case[1])
    return page


def test_from_the_inbox_to_the_report_with_one_hand(phone, live_server, case):
    seen: list[str] = []
    phone.on("console", lambda m: seen.append(m.text) if m.type in {"error", "warning"} else None)
    phone.on("pageerror", lambda error: seen.append(str(error)))
    phone.goto(f"{live_server.url}/office/field/tasks/")
    phone.get_by_role("button", name="Nearest first").click()
    expect(phone.get_by_text("22 m", exact=True)).to_be_visible()
    phone.get_by_role("button", name="Sign for it").click()
    expect(phone.get_by_text("handler-cgj signed")).to_be_visible()
    phone.get_by_role("link", name="市場門口垃圾堆積").click()
    phone.get_by_role("link", name="Report done").click()

    phone.get_by_role("button", name="Camera, same angle").click()
    ghost = phone.locator(".ghost")
    expect(ghost).to_be_visible()
    assert ghost.evaluate("element => getComputedStyle(element).opacity") == "0.4"
    phone.locator("[data-ghost]").fill("70")
    assert ghost.evaluate("element => getComputedStyle(element).opacity") == "0.7"
    phone.locator("video").evaluate(
        "v => new Promise(r => { const t = () => v.videoWidth ? r() : setTimeout(t, 50); t() })"
    )
    expect(phone.locator("[data-camera-said]")).to_contain_text("22 m from the place")
    for number in (1, 2):
        phone.locator("[data-shutter]").click()
        expect(phone.locator("[data-shots] img")).to_have_count(number)
    phone.locator("[data-camera-close]").click()
    phone.get_by_role("button", name="Remove this photo 2").click()
    # a photo from the telephone's own album: made smaller, its own position kept and shown
    album = pictures.scene(3).resize((3000, 2250))
    exif = pictures.tags(lon=LON, lat=LAT + 0.0004)
    name = phone.locator("input[type=file]").first
    name.set_input_files(
        {"name": "album.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(album, 98, exif)}
    )
    expect(phone.locator("[data-shots] img")).to_have_count(2)
    expect(phone.locator("[data-shots] figure").nth(1)).to_contain_text("44 m from the place")
    phone.get_by_text("cleared away").click()
    phone.get_by_label("In your words").fill("門前兩處都清了")
    assert sideways(phone) <= 0
    assert seen == []
    assert barriers(phone) == []
    phone.locator(".fbar").get_by_role("button", name="Report done").click()

    expect(phone.get_by_text(f"{case[0].number} is done.")).to_be_visible()
    found, chosen = Evidence.objects.filter(case=case[0], kind="after-photo").order_by("pk")
    assert (found.distance_m, chosen.distance_m) == (22, 44)
    assert max(chosen.file.width, chosen.file.height) <= 1600
    assert found.before.kind == "before-photo"
    assert found.file.taken_at is not None
    assert max(found.file.width, found.file.height) <= 1600
    assert Case.objects.get(pk=case[0].pk).stage == "verifying"

"""The pages in a real browser: nothing in the console, accessible, no sideways scrolling, keys."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.test_rankings import make_round, make_scheme
from townkeeper.cases.models import Case
from townkeeper.cli.browsers import barriers, sideways

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

WIDTHS = (320, 390, 768, 1024, 1440, 1920)


@pytest.fixture
def town():
    """A town with cases in several states and a published month."""
    units = make.town()
    people = make.staff(units)
    first = opened(
        title="市場門口垃圾堆積，沒有人清運", reporter_name="陳女士", address="紅星路 86 號"
    )
    do(first, "file", people["operator"], MONDAY + timedelta(minutes=10))
    do(first, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=20))
    opened(title="stalls", category="matter/09022", area="S2", channel="hotline")
    opened(title="nobody", category="local/nobody")
    scheme = make_scheme()
    make_round(scheme, units, "2026-09", {"S1": (70, 100), "S2": (90, 100), "CGJ": (5, 9)})
    shown = make_round(
        scheme, units, "2026-10", {"S1": (95, 100), "S2": (80, 100), "D": (1, 2), "CGJ": (9, 10)},
        lines={"S1": {"on_time_count": [first.number], "due_count": [first.number]}},
        digest="ab" * 32, key_id="k1",
    )  # fmt: skip
    return {"people": people, "case": Case.objects.get(pk=first.pk), "round": shown}


@pytest.fixture
def paths(town):
    number, pk = town["case"].number, town["round"].pk
    return {
        "list": "/office/cases/",
        "empty": "/office/cases/?q=zzz",
        "case": f"/office/cases/{number}/",
        "rounds": "/office/rankings/",
        "ranking": f"/office/rankings/{pk}/",
        "sheet": f"/office/rankings/{pk}/units/S1/",
        "behind": f"/office/rankings/{pk}/units/S1/on-time/numerator/",
        "me": "/office/me/",
    }


@pytest.fixture
def enter(page, town, visit):
    """Sign a person in by the session, and choose language and theme."""

    def go(who: str = "supervisor", language: str = "zh-hans", theme: str = "light") -> None:
        visit(page.context, town["people"][who], language=language, theme=theme)

    return go


@pytest.mark.parametrize(("theme", "widths"), [("light", (1440, 390)), ("dark", (1440,))])
def test_pages_are_accessible_and_quiet(page, live_server, paths, enter, seen, theme, widths):  # noqa: PLR0917
    enter(theme=theme)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for name, path in paths.items():
            page.goto(live_server.url + path)
            assert seen == [], name
            assert barriers(page) == [], f"{name} {width}"
            seen.clear()  # the checker and the camera put styles of their own into the page


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_nothing_scrolls_sideways(page, live_server, paths, enter, seen, language):  # noqa: PLR0917
    enter(language=language)
    wide = []
    for name, path in paths.items():
        page.goto(live_server.url + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if sideways(page) > 0:
                wide.append(f"{name} at {width}: {sideways(page)} px")
    assert wide == []
    assert page.locator("h1").count() == 1
    assert seen == []


def test_the_sign_in_page(page, live_server, town, seen):
    page.goto(f"{live_server.url}/sign-in/")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways(page) <= 0
    assert seen == []
    assert barriers(page) == []
    seen.clear()  # the checker puts styles of its own into the page
    page.fill("#id_username", "supervisor")
    page.fill("#id_password", "wrong")
    page.press("#id_password", "Enter")
    expect(page.locator(".errsum")).to_be_focused()
    assert [text for text in seen if "422" not in text] == []
    assert barriers(page) == []
    page.fill("#id_password", "correct horse")
    page.press("#id_password", "Enter")
    page.wait_for_url("**/office/**")


def test_keys_move_open_and_search(page, live_server, paths, enter, seen):
    enter()
    page.goto(live_server.url + paths["list"])
    current = "tr[aria-current=true]"
    page.keyboard.press("j")
    first = page.locator(f"{current} a").inner_text()
    page.keyboard.press("j")
    expect(page.locator(f"{current} a")).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.locator(f"{current} a")).to_have_text(first)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("jk")
    assert page.locator(f"{current} a").inner_text() == first
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#keys[open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/cases/DX*/")
    assert seen == []


def test_keys_can_be_switched_off(page, live_server, paths, enter):
    enter()
    page.goto(live_server.url + paths["me"])
    page.locator("button[name=keys][value=off]").click()
    page.goto(live_server.url + paths["list"])
    page.keyboard.press("j")
    assert page.locator("tr[aria-current=true]").count() == 0


def test_a_filter_updates_the_list_in_place_and_in_the_address(
    page, live_server, paths, enter, seen
):
    enter(language="en")
    page.goto(live_server.url + paths["list"])
    page.evaluate("window.kept = 1")
    page.select_option("#f-stage", "handling")
    page.wait_for_url("**?stage=handling*")
    expect(page.locator("[data-keylist] tbody tr")).to_have_count(1)
    assert page.evaluate("window.kept") == 1
    page.keyboard.press("Escape")
    page.go_back()
    expect(page.locator("[data-keylist] tbody tr")).to_have_count(3)
    assert seen == []


def test_a_filter_after_the_session_ended_leads_to_signing_in(page, live_server, paths, enter):
    enter(language="en")
    page.goto(live_server.url + paths["list"])
    page.context.clear_cookies(name="sessionid")
    page.select_option("#f-stage", "handling")
    page.wait_for_url(re.compile(r"/sign-in/.*stage"))


def test_a_filter_that_fails_is_tried_again_as_a_whole_page(page, live_server, paths, enter):
    enter(language="en")
    page.goto(live_server.url + paths["list"])
    page.route("**/office/cases/?*", fail_part_updates)
    page.select_option("#f-stage", "handling")
    page.wait_for_url("**stage=handling*")
    expect(page.locator("[data-keylist] tbody tr")).to_have_count(1)


def fail_part_updates(route):
    """Answer a part update as a broken server would; let whole pages through."""
    if "hx-request" in route.request.headers:
        route.fulfill(status=500, body="broken")
    else:
        route.continue_()


def test_everything_works_without_script(browser, live_server, paths, enter, page):
    enter(language="en")
    cookies = page.context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"{live_server.url}/office/cases/")
    plain.select_option("#f-stage", "handling")
    plain.locator("form.filters button[type=submit]").click()
    expect(plain).to_have_url(re.compile("stage=handling"))
    expect(plain.locator("[data-keylist] tbody tr")).to_have_count(1)
    plain.locator("details.who summary").first.click()
    plain.locator("button[name=language][value=zh-hant]").click()
    expect(plain.locator("html")).to_have_attribute("lang", "zh-Hant")
    context.close()


def test_time_is_that_of_the_site_and_clocks_go_on(browser, live_server, paths, enter, page):
    enter(language="en")
    cookies = page.context.cookies()
    context = browser.new_context(timezone_id="America/New_York")
    context.add_cookies(cookies)
    there = context.new_page()
    there.goto(live_server.url + paths["case"])
    assert "2026-11-02 09:00" in there.locator("main").inner_text()
    context.close()


def test_the_skip_link_leads_to_the_content(page, live_server, paths, enter):
    enter()
    page.goto(live_server.url + paths["list"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

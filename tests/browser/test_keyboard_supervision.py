"""Supervision by keyboard only: an order from a red card, an instruction from the brief."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import expect

from tests.make import do, opened
from tests.supervision.desk import district
from townkeeper.cases.sweep import sweep
from townkeeper.kit import clock
from townkeeper.supervision.models import Order

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
MOST_TABS = 80
ISSUED = re.compile(r"/office/orders/[0-9]+/$")
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def people():
    """A case a week old: its handling is long overdue and has shown its red card."""
    people = district()[1]
    at = timezone.now() - WEEK
    case = opened(at=at, title="市場門口垃圾")
    do(case, "file", people["operator"], at + timedelta(minutes=5))
    do(case, "dispatch", people["dispatcher"], at + timedelta(minutes=10))
    with clock.at(timezone.now(), "live"):
        sweep()
    return people


@pytest.fixture
def sit(page, live_server, people, settings):
    """Return who sits a person down before a page; whatever the console says is kept."""
    page.said = []
    page.on("console", lambda m: page.said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))

    def open_page(who, path):
        session = SessionStore()
        session[SESSION_KEY] = str(people[who].pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = people[who].get_session_auth_hash()
        session.save()
        values = {"sessionid": session.session_key, "django_language": "en"}
        page.context.add_cookies(
            [{"name": n, "value": v, "url": live_server.url} for n, v in values.items()]
        )
        page.goto(f"{live_server.url}{path}")
        return page

    return open_page


def tab_to(page, what):
    """Press Tab until the focus is on an element; everything passed on the way is to be seen."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            box = page.locator(":focus").bounding_box()
            assert box
            assert box["width"] > 0
            return
    pytest.fail(f"{what} is not reached by Tab")


def test_an_order_is_issued_from_a_red_card(sit):
    page = sit("supervisor", "/office/supervision/")
    tab_to(page, ".col.red .s-order a")
    page.keyboard.press("Enter")
    expect(page.locator("#id_title")).to_have_value("On 市場門口垃圾")
    tab_to(page, "#id_text")
    page.keyboard.type("Clear it and say why it took a week.")
    tab_to(page, "#seek-unit")
    page.keyboard.type("xljd")  # 西林街道 by the initials of its name
    page.keyboard.press("Enter")
    expect(page.locator("[data-units-count]")).to_have_text("2 chosen")
    tab_to(page, "[name=check]")
    page.keyboard.press("Enter")
    expect(page.locator("#look > ul > li")).to_have_count(2)
    tab_to(page, ".orders-send .btn.p")
    page.keyboard.press("Enter")
    page.wait_for_url(ISSUED)
    order = Order.objects.get()
    assert sorted(order.addressees.values_list("unit__code", flat=True)) == ["CGJ", "S2"]
    assert order.case_links.count() == 1
    expect(page.locator("h1")).to_have_text("On 市場門口垃圾")
    # a remark that closes nothing yet, then the units are reminded
    tab_to(page, "button[value=remind]")
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("2 units reminded")
    assert page.said == []


def test_a_leader_writes_an_instruction(sit):
    page = sit("leader", "/office/brief/")
    tab_to(page, "a[href*='kind=instruction']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/orders/new/**")
    tab_to(page, "#id_title")
    page.keyboard.type("The market must be clean")
    tab_to(page, "#id_text")
    page.keyboard.type("Be there yourselves this morning.")
    tab_to(page, "#seek-unit")
    page.keyboard.type("qcgj")
    page.keyboard.press("Enter")
    tab_to(page, ".orders-send .btn.p")
    page.keyboard.press("Enter")
    page.wait_for_url(ISSUED)
    order = Order.objects.get()
    assert (order.kind, order.about[:6]) == ("instruction", "brief:")
    page.goto(page.url.split("/office/")[0] + "/office/brief/")
    expect(page.locator("#h-answers").locator("xpath=../..")).to_contain_text(order.number)
    assert page.said == []

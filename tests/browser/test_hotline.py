"""The desk by keyboard only: a normal case in at most 60 keystrokes beyond the text itself."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import make
from tests.make import opened
from townkeeper.calls.models import HeldCall
from townkeeper.cases.models import Case
from townkeeper.cli.browsers import barriers
from townkeeper.knowledge.actions import Wording, write_article, write_phrase
from townkeeper.units.models import Place
from townkeeper.web.spots import forget_spots

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
MOST = 60
COUNTED = 27
"""As docs/hotline.md says."""
WORDS = "市場門口垃圾堆積，沒有人清運"


@pytest.fixture
def people():
    forget_spots()
    units = make.town()
    Place.objects.create(code="mkt", name="東桐市場", area=units["S1"], lon=105.05, lat=29.6)
    make.touch_registers()
    people = make.staff(units)
    write_article(Wording("垃圾多久清走？", "四個工作時內清理。", category="matter/06010"),
                  actor=people["supervisor"])  # fmt: skip
    write_phrase("lj", "路邊有暴露垃圾，無人清運。", actor=people["supervisor"])
    return people


@pytest.fixture
def desk(page, live_server, people, visit, seen):
    """Open the desk as the operator; keys are counted from there."""
    visit(page.context, people["operator"], language="zh-hant")
    page.goto(f"{live_server.url}/office/hotline/")
    expect(page.locator("#id_phone")).to_be_focused()
    return Keys(page)


class Keys:
    """A keyboard that counts what is struck."""

    def __init__(self, page):
        self.page, self.struck = page, 0

    def type(self, letters):
        """Strike letters one by one."""
        self.page.keyboard.type(letters, delay=15)
        self.struck += len(letters)

    def press(self, keys):
        """Strike a key; a combination counts each of its keys."""
        self.page.keyboard.press(keys)
        self.struck += len(keys.split("+"))

    def say(self, text):
        """Put in the text itself, which an input method composes: not counted."""
        self.page.keyboard.insert_text(text)


def test_a_normal_call_takes_at_most_sixty_keystrokes(desk, page, seen):
    desk.type("13800138000")
    desk.press("Tab")
    desk.type("bllj")
    expect(page.locator("#id_category")).to_have_attribute("aria-expanded", "true")
    desk.press("Enter")
    expect(page.locator("#id_where")).to_be_focused()
    desk.type("dtsc")
    expect(page.get_by_role("option").first).to_contain_text("東桐市場")
    desk.press("ArrowDown")
    desk.press("Enter")
    expect(page.locator("#id_area")).to_be_focused()
    expect(page.locator("#id_area")).to_have_value("東興街道")
    desk.press("Tab")
    desk.say(WORDS)
    desk.press("Tab")
    desk.say("陳女士")
    expect(page.locator("#live")).to_contain_text("區城管局")
    desk.press("Control+Enter")
    expect(page.locator(".lastdone")).to_be_visible()
    case = Case.objects.get()
    assert (case.title, case.category.key, case.place.code) == (WORDS, "matter/06010", "mkt")
    assert (case.area.code, case.reporter.phone, case.stage) == ("S1", "13800138000", "dispatch")
    assert case.registration.seconds is not None
    expect(page.locator("#id_phone")).to_be_focused()
    assert desk.struck == COUNTED <= MOST
    assert seen == []


def test_twins_phrases_held_calls_and_answers_by_keys(desk, page, people, seen):
    main = opened(at=timezone.now() - timedelta(hours=2), address="", place="mkt", area="S1")
    desk.type("13800138000")
    desk.press("Tab")
    desk.type("bllj")
    expect(page.get_by_role("option").first).to_be_visible()
    desk.press("Tab")
    desk.type("dtsc")
    expect(page.get_by_role("option").first).to_contain_text("東桐市場")
    desk.press("ArrowDown")
    desk.press("Enter")
    desk.press("F6")
    page.keyboard.type("lj")
    expect(page.locator("#phrase-list [aria-selected=true]")).to_contain_text("暴露垃圾")
    desk.press("Enter")
    expect(page.locator("#id_text")).to_have_value("路邊有暴露垃圾，無人清運。")
    expect(page.locator(f"[value='merge:{main.number}']")).to_be_visible()
    assert barriers(page) == []
    seen.clear()  # the checker puts styles of its own into the page
    desk.press("F9")
    expect(page.locator(".helds a")).to_be_visible()
    assert HeldCall.objects.count() == 1
    page.locator(".helds a").click()
    expect(page.locator("#id_category")).to_have_value("暴露垃圾")
    expect(page.locator("[data-twin='1']")).to_be_visible()
    desk.press("Alt+1")
    expect(page.locator(".lastdone")).to_be_visible()
    assert Case.objects.get(main=main).stage == "merged"
    assert not HeldCall.objects.exists()
    expect(page.locator("#id_phone")).to_be_focused()
    desk.press("Tab")
    desk.type("bllj")
    expect(page.get_by_role("option").first).to_be_visible()
    desk.press("Enter")
    page.locator("#id_text").focus()
    desk.say("請問垃圾多久清走？")
    expect(page.locator("[data-use]").first).to_be_visible()
    desk.press("Alt+a")
    expect(page.locator("#id_answer")).to_have_value("四個工作時內清理。")
    desk.press("F8")
    expect(page.locator(".lastdone")).to_be_visible()
    assert Case.objects.latest("pk").outcome == "answered"
    assert seen == []


def test_an_input_method_is_left_alone_and_the_tree_is_walked(desk, page, seen):
    desk.press("Tab")
    desk.type("srhj")
    expect(page.get_by_role("option").first).to_contain_text("市容環境")
    composing = """key => { const field = document.activeElement;
      field.dispatchEvent(new KeyboardEvent('keydown', {key, isComposing: true, bubbles: true,
        cancelable: true})); return field.value; }"""
    for key in ("Enter", "Tab", "ArrowDown", "Escape"):
        assert page.evaluate(composing, key) == "srhj"
    expect(page.get_by_role("option").first).to_be_visible()
    marked = page.locator("[role=option][aria-selected=true]")
    desk.press("ArrowRight")
    expect(marked).to_contain_text("暴露垃圾")
    desk.press("ArrowLeft")
    expect(page.get_by_role("option")).to_have_count(3)
    expect(marked).to_contain_text("市容環境")
    desk.press("ArrowRight")
    expect(marked).to_contain_text("暴露垃圾")
    desk.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    desk.press("ArrowDown")
    desk.press("Enter")
    assert not Case.objects.exists()
    assert seen == []


def test_the_end_of_a_session_loses_nothing(desk, page, seen):
    desk.type("13800138000")
    desk.press("Tab")
    desk.type("bllj")
    expect(page.get_by_role("option").first).to_be_visible()
    desk.press("Enter")
    page.locator("#id_text").focus()
    desk.say(WORDS)
    page.wait_for_timeout(400)  # the draft is kept after a pause in typing
    page.reload()
    expect(page.locator("#id_text")).to_have_value(WORDS)
    expect(page.locator("#id_category")).to_have_value("暴露垃圾")
    desk.press("Control+Enter")
    expect(page.locator(".lastdone")).to_be_visible()
    assert Case.objects.get().category.key == "matter/06010"
    expect(page.locator("#id_text")).to_have_value("")
    assert seen == []

"""The main tasks without a mouse: by keys alone one gets through, and sees where one is."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import make, pictures
from tests.make import do, opened
from townkeeper.cases.models import Case
from townkeeper.kit import clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
MOST_TABS = 60
NAME = """() => {
  const one = document.activeElement;
  if (one === document.body) return "";
  const label = one.labels && one.labels[0] ? one.labels[0].textContent : '';
  return (one.getAttribute('aria-label') || label || one.textContent || '').trim();
}"""
RING = "() => getComputedStyle(document.activeElement).outlineStyle"
COVERED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const y = box.y + Math.min(box.height / 2, 20);
  const top = document.elementFromPoint(box.x + box.width / 2, y);
  return !(top && (one.contains(top) || top.contains(one)));
}"""


def tab_to(page, name: str, *, key: str = "Tab") -> None:
    """Press Tab until what has the focus is called so; it must be seen, with its ring."""
    met = []
    for _turn in range(MOST_TABS):
        page.keyboard.press(key)
        met.append(page.evaluate(NAME))
        if met[-1].startswith(name):
            assert page.evaluate(RING) != "none", f"{name}: no ring"
            assert not page.evaluate(COVERED), f"{name}: something lies over it"
            return
    pytest.fail(f"{name} is not reached by keys: {met}")


@pytest.fixture
def people(settings, tmp_path):
    settings.HOME = tmp_path
    return make.staff(make.town())


def filed(people, count: int) -> list[Case]:
    """Cases that wait for dispatch, the first the most urgent."""
    start = clock.now() - timedelta(hours=1)
    cases = [opened(start + timedelta(minutes=n), title=f"Refuse {n + 1}") for n in range(count)]
    return [do(case, "file", people["operator"], clock.now()) for case in cases]


def test_a_dispatcher_works_through_the_list(page, live_server, people, visit, seen):
    cases = filed(people, 4)
    visit(page.context, people["dispatcher"])
    page.goto(f"{live_server.url}/office/cases/?stage=dispatch")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Refuse 2")).to_be_focused()

    page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="Dispatch")
    expect(dialog.get_by_role("radio", checked=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Refuse 2")).to_be_focused()
    page.keyboard.press("d")
    expect(dialog.get_by_role("radio", checked=True)).to_be_focused()
    tab_to(page, "Words to the unit")
    page.keyboard.type("today please")
    tab_to(page, "Dispatch")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is with 區城管局 now")).to_be_visible()
    assert Case.objects.get(pk=cases[1].pk).stage == "handling"
    # the next case has moved up to the row, and has the focus
    expect(page.get_by_role("link", name="Refuse 3")).to_be_focused()

    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_text("2 selected")).to_be_visible()
    tab_to(page, "Dispatch the selected")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dispatch several cases")
    tab_to(page, "Dispatch the marked")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batch/results/**")
    assert Case.objects.filter(stage="handling").count() == 3
    assert seen == []


def test_a_handler_signs_reports_and_asks_for_time(page, live_server, people, visit, seen):
    for case in filed(people, 2):
        do(case, "dispatch", people["dispatcher"], clock.now())
    visit(page.context, people["CGJ"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/office/field/tasks/")
    tab_to(page, "Sign for it: Refuse 1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("handler-cgj signed")).to_be_visible()
    tab_to(page, "Refuse 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refuse 1")
    tab_to(page, "Report done")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Report done")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(pictures.scene(1))}
    )  # what the system's own window for files does
    tab_to(page, "Report done")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is done")).to_be_visible()

    tab_to(page, "Next one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refuse 2")
    tab_to(page, "Ask to extend")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask to extend")
    tab_to(page, "Reason")
    page.keyboard.type("The road is closed today.")
    tab_to(page, "Ask to extend")
    page.keyboard.press("Enter")
    expect(page.get_by_text("more time asked for")).to_be_visible()
    assert seen == []

"""The administrator by keyboard only: a new person with a post, and a file of records tried."""

import pytest
from playwright.sync_api import expect

from tests import make
from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.jobs.actions import run_waiting
from townkeeper.jobs.models import Job
from townkeeper.units.models import Role

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
MOST_TABS = 60
CSV = "工单编号;受理时间;标题\nA1;2026-10-01 09:00;垃圾\nA2;gestern;攤販\n"


@pytest.fixture
def boss(page, visit, settings, tmp_path, seen):
    settings.HOME = tmp_path
    people = make.staff(make.town())
    Role.objects.create(key="administrator", permissions=make.EVERYTHING)
    office = people["supervisor"].posts.first()
    boss = make.person("boss", "administrator", office.unit, scope=office.scope)
    make.touch_registers()
    visit(page.context, boss)
    return boss


def reach(page, locator):
    """Tab until the control has the focus; what cannot be reached so fails here."""
    expect(locator).to_be_visible()
    for _tab in range(MOST_TABS):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached with {MOST_TABS} tabs: {locator}")


def skip_to_content(page):
    """Leave the rail behind, as the first thing on every page offers."""
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def press(page, locator):
    reach(page, locator)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def write(page, locator, text):
    reach(page, locator)
    page.keyboard.insert_text(text)


def test_a_person_is_added_and_appointed(page, live_server, boss, seen):
    page.goto(f"{live_server.url}/office/administration/users/")
    skip_to_content(page)
    press(page, page.get_by_role("link", name="Add a person"))
    write(page, page.locator("#id_username"), "wang.fang")
    write(page, page.locator("#id_name"), "王芳")
    write(page, page.locator("#id_password"), "123")
    page.keyboard.press("Enter")
    # refused: the summary has the focus, its link leads to the field
    expect(page.locator(".errsum")).to_be_focused()
    press(page, page.locator(".errsum a").first)
    expect(page.locator("#id_password")).to_be_focused()
    page.keyboard.insert_text("Langer-Weg-71")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("王芳")
    skip_to_content(page)
    press(page, page.get_by_role("link", name="Appoint"))
    reach(page, page.locator("#id_role"))
    page.keyboard.type("handler")
    unit = page.get_by_role("combobox", name="Post in")
    reach(page, unit)
    page.keyboard.type("S1", delay=20)
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    press(page, page.locator("button[value=save]"))
    expect(page.locator(".toast").first).to_contain_text("Appointed.")
    post = User.objects.get(username="wang.fang").posts.get()
    assert (post.role.key, post.unit.code) == ("handler", "S1")
    refused = [said for said in seen if "422" not in said]
    assert refused == []


def test_a_file_is_sent_its_columns_looked_at_and_tried(page, live_server, boss, tmp_path, seen):
    file = tmp_path / "hotline.csv"
    file.write_bytes(CSV.encode("gbk"))
    page.goto(f"{live_server.url}/office/workshop/imports/")
    skip_to_content(page)
    reach(page, page.locator("#id_file"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    press(page, page.get_by_role("button", name="Send and look at it"))
    expect(page.locator("#id_c-number")).to_have_value("工单编号")
    # the address keeps #main over the redirect: the next page begins where the last one did
    write(page, page.locator("#id_system"), "hotline")
    press(page, page.get_by_role("button", name="Try it, write nothing"))
    expect(page.locator("#import")).to_contain_text("waiting")
    run_waiting()
    # the page looks again by itself
    expect(page.locator("#import")).to_contain_text("gestern", timeout=8000)
    press(page, page.get_by_role("button", name="Write it without the rejected rows"))
    expect(page.locator("#import")).to_contain_text("waiting")
    run_waiting()
    assert Case.objects.get().external_number == "A1"
    assert Job.objects.filter(state=Job.State.DONE).count() == 2
    assert seen == []

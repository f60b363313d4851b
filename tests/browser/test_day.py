"""A problem's whole life in the browser, lived by everybody who has a part in it.

A citizen's report and a caller with the same trouble; dispatch, a dispute and its ruling; a photo
afterwards, a verification that fails and one that does not; the answer, the judgement, taking it up
again; the revisit, the relapse, the supervision order and the month's ranking. The browser must
stay silent throughout: a breach of the content security policy would be said in its console.
"""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.core.cache import cache
from django.db import transaction

from tests import make, pictures
from townkeeper.assessment.program import SchemeFile
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.models import Case
from townkeeper.cli.rounds import assess
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.kit import clock
from townkeeper.procedures.language import parse
from townkeeper.programs.schemes import install_scheme
from townkeeper.relapse.background import look
from townkeeper.relapse.draws import draw_revisits
from townkeeper.relapse.models import Revisit
from townkeeper.supervision.models import Order
from townkeeper.units.models import Place, Role
from townkeeper.units.permissions import Permission

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]
MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
SCENE = {"name": "a.jpg", "mimeType": "image/jpeg"}


class TownClock:
    """One time of day for all threads, which the test moves on."""

    def __init__(self) -> None:
        self.moment = MONDAY

    def get(self) -> datetime:
        """Stand in for the clock's own variable."""
        return self.moment

    def set(self, moment):
        """Keep what was before, as the variable does."""
        before, self.moment = self.moment, moment
        return before

    def reset(self, before) -> None:
        """Go back."""
        self.moment = before

    def later(self, **span) -> None:
        """Move on."""
        self.moment += timedelta(**span)


@pytest.fixture
def hours(monkeypatch):
    town_clock = TownClock()
    monkeypatch.setattr(clock, "_fixed", town_clock)
    return town_clock


@pytest.fixture
def town(hours, settings, tmp_path):
    """A town whose closed cases are all visited again, so that nothing depends on luck."""
    settings.HOME = tmp_path
    cache.clear()
    units = make.town()
    folder = make.ROOT / "programs" / "dongxing"
    text = (folder / "procedures" / "problem.yaml").read_text("utf-8")
    every = parse(yaml.safe_load(text.replace("share: 10%", "share: 100%")))
    with transaction.atomic():
        install_procedure(every, actor="t")
    scheme = yaml.safe_load((folder / "schemes" / "monthly.yaml").read_text("utf-8"))
    groups = {"departments": ["CGJ", "GSJ"], "urban": ["S1"], "townships": ["S2"]}
    with transaction.atomic():
        install_scheme(SchemeFile.model_validate(scheme), groups=groups, actor="t")
    Place.objects.create(code="mkt", name="東桐市場", area=units["S1"], lon=105.05, lat=29.6)
    touch_registers()
    for key, more in (
        ("handler", Permission.SUPERVISION_ORDER_VIEW),
        ("verifier", Permission.RELAPSE_REVISIT_WORK),
    ):
        role = Role.objects.get(key=key)
        role.permissions = [*role.permissions, more]
        role.save()
    return make.staff(units)


class Everybody:
    """The people of the town, each with a browser of their own."""

    def __init__(self, browser, url, people, visit) -> None:
        self.browser, self.url, self.people, self.visit = browser, url, people, visit
        self.pages: dict[str, object] = {}
        self.said: list[str] = []

    def page(self, who: str = ""):
        """Return the window of a person; the citizen's is a telephone without an account."""
        if who not in self.pages:
            size = {"width": 390, "height": 844} if not who else {"width": 1440, "height": 900}
            context = self.browser.new_context(viewport=size)
            self.visit(context, self.people[who] if who else None)
            page = context.new_page()
            page.on("console", lambda m: self._heard(who, m))
            page.on("pageerror", lambda error: self.said.append(f"{who}: {error}"))
            self.pages[who] = page
        return self.pages[who]

    def open(self, who: str, path: str):
        """Let a person open a page."""
        page = self.page(who)
        answer = page.goto(self.url + path)
        assert answer.status == 200, f"{who} at {path}: {answer.status} {page.url}"
        return page

    def act(self, who: str, number: str, action: str, **fields: str) -> None:
        """Let a person act on a case on its page; what follows must be no refusal."""
        page = self.open(who, f"/office/cases/{number}/")
        box = page.locator(f"#act-{action}")
        assert box.count(), f"{who} cannot {action}: {page.locator('#moves').all_inner_texts()}"
        if box.evaluate("element => element.tagName") == "DETAILS":
            box.locator("summary").first.click()
        for name, value in fields.items():
            box.locator(f"[name='{action}-{name}']").fill(value)
        box.locator("button[type=submit]").first.click()
        assert not page.locator(".errsum").count(), page.locator(".errsum").inner_text()

    def _heard(self, who: str, message) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(f"{who}: {message.text}")


@pytest.fixture
def all_of_them(browser, live_server, town, visit):
    return Everybody(browser, live_server.url, town, visit)


def photo(number: int) -> dict:
    return {**SCENE, "buffer": pictures.jpeg(pictures.scene(number))}


def report(them: Everybody, number: int) -> str:
    """Let the citizen report refuse at the market; returns the address with the key."""
    page = them.open("", "/report/")
    page.locator("#photos").set_input_files(photo(number))
    page.get_by_label("What is wrong?").fill("市場門口垃圾堆積，沒有人清運")
    page.locator("[data-chips] label", has_text="暴露垃圾").first.click()
    page.locator("[name=address]").fill("東桐市場")
    page.locator("[name=area]").select_option("S1")
    page.get_by_role("button", name="Send the report").click()
    page.get_by_text("Your report is with us").wait_for()
    return str(page.get_by_role("link", name="Follow the report").get_attribute("href"))


def hand_in(them: Everybody, case: Case, number: int) -> None:
    """Let the handler report from the place, with a photo."""
    page = them.open("CGJ", f"/office/field/tasks/{case.number}/do/report/")
    page.locator("input[type=file][name='report-file-after-photo']").set_input_files(photo(number))
    page.locator("[name='report-words']").fill("已清運，地面已沖洗")
    page.locator("button[type=submit]:visible", has_text="Report done").first.click()
    page.get_by_text(f"{case.number} is done.").wait_for()


def stage(case: Case) -> str:
    case.refresh_from_db()
    return f"{case.stage}:{case.unit.code if case.unit else '-'}"


def called(them, case, hours):
    """A caller has the same trouble: the desk shows it before anything is saved."""
    hours.later(minutes=5)
    desk = them.open("operator", "/office/hotline/")
    desk.locator("#id_phone").fill("13800138000")
    desk.locator("#id_category").fill("暴露垃圾")
    desk.get_by_role("option").first.click()
    desk.locator("#id_where").fill("東桐市場")
    desk.get_by_role("option").first.click()
    desk.locator("[name=text]").fill("市場門口垃圾堆積")
    desk.locator("#live").get_by_text(case.number).first.wait_for()


def dispatched(them, case, hours):
    """Filed, and dispatched with the reason of the duty register."""
    them.act("operator", case.number, "file")
    hours.later(minutes=5)
    page = them.open("dispatcher", f"/office/dispatch/cases/{case.number}/")
    page.locator("form[data-give] button[type=submit], main form button.btn.p").last.click()
    assert stage(case) == "handling:CGJ"


def disputed(them, case, hours):
    """The unit says it is another's; the arbiter rules."""
    hours.later(minutes=10)
    them.act("CGJ", case.number, "dispute", other="GSJ", clause="篇2 L95", reason="屬市場管理")
    assert stage(case) == "handling:CGJ", "the first receiver keeps it until the ruling"
    desk = them.open("arbiter", "/office/dispatch/disputes/")
    form = desk.locator("form:has(button[value=refuse])").first
    form.locator("textarea").first.fill("暴露垃圾由城管局負責")
    form.locator("button[value=refuse]").click()
    case.refresh_from_db()
    assert case.counts["evasion"] == 1


def put_right(them, case, hours):
    """The first attempt is not good enough, the second is."""
    hours.later(minutes=30)
    hand_in(them, case, 2)
    assert case.number in them.open("verifier", "/office/field/verifications/").content()
    hours.later(minutes=10)
    them.act("verifier", case.number, "fail", reason="牆角還有垃圾")
    assert stage(case) == "handling:CGJ"
    hours.later(minutes=30)
    hand_in(them, case, 3)
    them.act("verifier", case.number, "pass", answer="已清理乾淨，謝謝您的反映")
    assert stage(case).startswith("closed")
    assert case.counts["rework"] == 1


def judged(them, case, hours, follow):
    """The citizen sees the answer, judges, and asks for it to be taken up again."""
    hours.later(hours=2)
    page = them.open("", follow)
    assert "已清理乾淨" in page.content()
    page.locator("[name=solved][value=no]").check(force=True)
    page.locator("[name=stars][value='2']").check(force=True)
    page.locator("#judge-words").fill("晚上又有人倒")
    page.locator("[name=reopen]").check()
    page.get_by_role("button", name="Send the judgement").click()
    desk = them.open("supervisor", f"/office/cases/{case.number}/")
    desk.locator("button[value=grant]").first.click()
    assert stage(case) == "handling:CGJ"
    hours.later(minutes=30)
    hand_in(them, case, 4)
    them.act("verifier", case.number, "pass", answer="已增加夜間清運")
    assert stage(case).startswith("closed")


def visited(them, case, hours):
    """The revisit finds it well."""
    hours.moment = case.closed_at + timedelta(days=10)
    draw_revisits(clock.today(), actor="supervisor")
    visit = Revisit.objects.get(case=case)
    hours.moment = visit.due_at - timedelta(hours=2)
    page = them.open("verifier", f"/office/field/revisits/{visit.pk}/")
    assert page.locator("[name$=result]").count(), page.locator("main").inner_text()
    page.locator("[name$=result]").first.check(force=True)
    page.locator("[name$=note]").first.fill("現場整潔")
    page.locator("button[type=submit]:visible", has_text="Record the visit").first.click()
    visit.refresh_from_db()
    assert visit.visited_at is not None


def came_back(them, case, hours):
    """It comes back; the chain shows it. Returns the new case."""
    hours.later(days=3)
    report(them, 5)
    again = Case.objects.latest("pk")
    look()
    page = them.open("supervisor", "/office/supervision/recurrence/")
    assert again.number in page.content() or case.number in page.content()
    return again


def ordered(them, again):
    """An order to the unit, its reply, accepted."""
    page = them.open("supervisor", f"/office/orders/new/?case={again.number}")
    page.locator("[name=title]").fill("東桐市場垃圾反彈")
    page.locator("[name=text]").fill("請加密夜間清運並書面報告")
    page.locator("[name=deadline]").fill("3wd")
    page.locator("[name=unit][value=CGJ]").check(force=True)
    page.locator("main form button[type=submit].p").last.click()
    order = Order.objects.get()
    page = them.open("CGJ", f"/office/orders/{order.pk}/")
    page.get_by_role("button", name="Received").click()
    page.locator("form[action*='/reply/'] textarea").first.fill("已增加夜間清運兩次")
    page.get_by_role("button", name="Send the reply").click()
    page = them.open("supervisor", f"/office/orders/{order.pk}/")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Close the order").click()
    order.refresh_from_db()
    assert order.closed_at is not None


def scored(them, hours):
    """The month ends: scored, published, seen by everybody."""
    hours.moment = max(hours.moment, datetime(2026, 12, 1, 2, 0, tzinfo=UTC))
    assess("2026-11", publish=True, actor="supervisor")
    assert "November 2026" in them.open("supervisor", "/office/rankings/").content()
    assert "November 2026" in them.open("", "/rankings/").content()


def test_a_day_in_the_district_and_what_comes_after(all_of_them, hours):
    them = all_of_them
    follow = report(them, 1)
    case = Case.objects.get()
    assert stage(case) == "intake:CGJ"
    called(them, case, hours)
    dispatched(them, case, hours)
    disputed(them, case, hours)
    put_right(them, case, hours)
    judged(them, case, hours, follow)
    again = came_back(them, case, hours)
    ordered(them, again)
    visited(them, case, hours)
    scored(them, hours)
    assert them.said == []
    assert verify_journal().problems == []

"""Recurrence, draws, rulings, ledger, data quality, looks, rules: lists, acts and refusals."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from tests.relapse.world import NEAR, Town, at, day
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.models import Ask, Case, Evidence
from townkeeper.cases.notices import count_new, forget
from townkeeper.cases.privacy import looks, show_reporter
from townkeeper.cases.sweep import sweep
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.relapse.actions import look_for_relapses
from townkeeper.relapse.models import Draw, Recurrence
from townkeeper.units.models import posts_of
from townkeeper.web.board.quality import forget_figures
from townkeeper.web.board.rules import forget_rang

pytestmark = pytest.mark.django_db
BASE = "/office/supervision/"
HOUR = timedelta(hours=1)


@pytest.fixture
def town():
    forget()
    forget_figures()
    forget_rang()
    return Town()


@pytest.fixture
def boss(client, town):
    client.force_login(town.staff["supervisor"])
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def came_back(town):
    """Three times the same matter at the market."""
    for n in (0, 10, 20):
        town.closed(n, title=f"refuse {n}", place="market", **NEAR)
    with at(30):
        look_for_relapses()
    return Recurrence.objects.order_by("ordinal").last()


def test_relapses_are_listed_with_their_reason(boss, came_back):
    page = boss.get(f"{BASE}recurrence/")
    text = page.content.decode()
    assert len(page.context["listed"].rows) == Recurrence.objects.count() == 2
    assert "3rd time in 20 days" in text
    assert "the same key place" in text
    assert len(boss.get(f"{BASE}recurrence/?order=longest").context["listed"].rows) == 1
    assert len(boss.get(f"{BASE}recurrence/?times=3").context["listed"].rows) == 1
    found = b"".join(boss.get(f"{BASE}recurrence/?as=geojson").streaming_content).decode()
    assert found.count('"Feature"') == 2


def test_a_relapse_is_overruled_and_linked_with_a_reason(boss, town, came_back):
    number = came_back.case.number
    address = f"{BASE}recurrence/{number}/"
    assert "Why it counts:" in boss.get(address).content.decode()
    with at(31):
        refused = boss.post(f"{address}{came_back.pk}/", {"reason": " "})
        assert refused.status_code == 422
        assert boss.post(f"{address}{came_back.pk}/", {"reason": "另一處"}).status_code == 302
        came_back.refresh_from_db()
        assert came_back.is_overruled
        listed = boss.get(f"{BASE}recurrence/?state=overruled").context["listed"].rows
        assert len(listed) == 1
        unknown = boss.post(f"{address}link/", {"former": "NO-1", "reason": "同一處"})
        assert unknown.status_code == 422
        assert "同一處" in unknown.content.decode()
        former = came_back.former.number
        assert (
            boss.post(f"{address}link/", {"former": former, "reason": "同一處"}).status_code == 302
        )
    came_back.refresh_from_db()
    assert not came_back.is_overruled
    assert came_back.how == "hand"


def test_a_draw_is_made_verified_and_found_out(boss, town):
    for n in range(6):
        town.closed(0, title=f"refuse {n}")
    with at(40):
        made = boss.post(f"{BASE}draws/", {"first": "2026-11-03", "last": "2026-11-30"})
        assert made.status_code == 302
        early = boss.post(f"{BASE}draws/", {"first": "2027-11-03"})
        assert early.status_code == 422
        assert "2027-11-03" in early.content.decode()
        draw = next(each for each in Draw.objects.order_by("on") if each.candidates)
        address = f"{BASE}draws/{draw.on:%F}/"
        right = boss.get(f"{address}?verify=1").content.decode()
        assert "what the seed and the list make of it" in right
        draw.candidates = draw.candidates[:-1]
        draw.save()
        wrong = boss.get(f"{address}?verify=1").content.decode()
    assert "The draw does not agree." in wrong
    assert "The kept list was changed." in wrong
    for nonsense in ("2026-13-01", "x"):
        assert boss.get(f"{BASE}draws/{nonsense}/").status_code == 404
    assert date.fromisoformat("2026-11-03") in set(Draw.objects.values_list("on", flat=True))


def test_rulings_are_found_by_words_and_counted_by_unit(boss, town):
    case = opened(title="refuse")
    people = town.staff
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=10))
    do(
        case,
        "dispute",
        people["CGJ"],
        MONDAY + HOUR,
        reason="不歸我局",
        clause="第三條",
        other="GSJ",
    )
    with clock.at(MONDAY + 2 * HOUR, "live"):
        decide_ask(Ask.objects.get(), accepted=False, actor=people["arbiter"], reason="按屬地負責")
        assert len(boss.get(f"{BASE}rulings/?q=屬地").context["listed"].rows) == 1
        assert len(boss.get(f"{BASE}rulings/?q=屬地 無關").context["listed"].rows) == 0
        assert len(boss.get(f"{BASE}rulings/?result=upheld").context["listed"].rows) == 0
        (row,) = boss.get(f"{BASE}disputes/").context["listed"].rows
        assert [cell.value for cell in row[1:6]] == [1, 0, 1, 0, 0]
        assert len(boss.get(row[0].href).context["listed"].rows) == 1


def test_the_ledger_says_when_it_is_looked_at_again(boss, town):
    page = boss.get(f"{BASE}ledger/")
    assert "Nothing waits here" in page.content.decode()
    for kpi in page.context["listed"].kpis:
        assert len(boss.get(kpi["href"]).context["listed"].rows) == kpi["count"]


def test_every_figure_of_data_quality_opens_its_list(boss, town):
    people = town.staff
    opened(category="local/nobody", title="nobody's")
    fast = opened(title="fast")
    do(fast, "file", people["operator"], MONDAY)
    do(fast, "dispatch", people["dispatcher"], MONDAY)
    make.photo(fast, people["CGJ"], MONDAY)
    do(fast, "report", people["CGJ"], MONDAY + timedelta(minutes=2))
    Evidence.objects.update(findings=["far", "no-time"], distance_m=4000)
    with clock.at(MONDAY + HOUR, "live"):
        page = boss.get(f"{BASE}quality/")
        figures = [figure for _title, group in page.context["groups"] for figure in group]
        for figure in figures:
            rows = boss.get(figure["href"]).context["listed"].rows
            assert figure["count"] == str(len(rows)), figure["label"]
    counts = {figure["href"].split("/")[-2]: figure["count"] for figure in figures}
    assert counts["no-owner"] == "1"
    assert counts["too-fast"] == "1"
    assert (counts["photo-place"], counts["photo-bare"], counts["photo-time"]) == ("1", "1", "0")
    assert "never sealed" in page.content.decode()
    assert boss.get(f"{BASE}quality/nonsense/").status_code == 404


def test_an_entry_written_before_its_time_is_found(boss, town):
    opened(title="first", at=MONDAY + timedelta(days=40))
    late = opened(title="back", at=MONDAY)
    page = boss.get(f"{BASE}quality/back-dated/")
    (row,) = page.context["listed"].rows
    assert (row[0].text, row[0].href) == (late.number, f"/office/cases/{late.number}/")
    assert row[1].text != row[1].small == "case.opened"  # in words, and as the record has it


def test_looks_are_listed_with_reason_and_filtered(boss, town):
    case = opened(reporter_name="黃小芬", reporter_phone="13812345678")
    show_reporter(case, actor=town.staff["operator"], reason="回訪核實")
    page = boss.get(f"{BASE}looks/")
    text = page.content.decode()
    assert "回訪核實" in text
    assert "13812345678" not in text
    assert len(boss.get(f"{BASE}looks/?who=nobody").context["listed"].rows) == 0
    assert len(boss.get(f"{BASE}looks/?case={case.number}").context["listed"].rows) == 1
    file = b"".join(boss.get(f"{BASE}looks/?as=csv").streaming_content).decode()
    assert "回訪核實" in file
    assert len(looks()) == 1


def test_rules_are_told_and_tried_on_what_was(boss, town):
    for n in range(3):
        town.closed(0, after=2, title=f"refuse {n}")
    with at(3):
        page = boss.get(f"{BASE}rules/?step=problem/handling&at=due")
        assert page.context["trial"].looked_at >= 3
        always = boss.get(f"{BASE}rules/?step=problem/handling&at=due-8wh").context["trial"]
        assert always.would_ring == always.looked_at
        wrong = boss.get(f"{BASE}rules/?step=problem/handling&at=tomorrow")
    assert wrong.status_code == 422
    assert "This is no time of a rung" in wrong.content.decode()
    assert "80% of the time used" in page.content.decode()


def test_notices_ring_the_bell_until_they_are_read(client, boss, town):
    case = opened(title="refuse")
    people = town.staff
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=10))
    late = MONDAY + timedelta(days=1)
    with clock.at(late, "live"):
        sweep()
    handler = people["CGJ"]
    client.force_login(handler)
    with clock.at(late, "live"):
        new = count_new(handler, posts_of(handler, late.date()))
        page = client.get("/office/notices/")
        assert new == len([row for row in page.context["rows"] if not row["notice"].is_read]) > 0
        assert "bell-n" in page.content.decode()
        alarm = page.context["rows"][0]["alarm"]
        assert client.get(f"/office/notices/{alarm.pk}/").status_code == 302
        assert client.get("/office/notices/").context["new"] == new - 1
        client.post("/office/notices/read/")
        assert client.get("/office/notices/").context["new"] == 0
        assert "bell-n" not in client.get("/office/notices/").content.decode()
        client.force_login(people["S2"])
        assert client.get(f"/office/notices/{alarm.pk}/").status_code in {302, 404}
        assert client.get("/office/notices/99999/").status_code == 404
    assert not Entry.objects.filter(act__contains="notice").exists()
    assert Case.objects.get(pk=case.pk).version


def test_others_find_no_such_pages(client, town, came_back):
    number = came_back.case.number
    pages = (
        "recurrence/", f"recurrence/{number}/", "draws/", "rulings/", "disputes/", "ledger/",
        "quality/", "quality/no-owner/", "looks/", "rules/",
    )  # fmt: skip
    client.force_login(town.staff["CGJ"])
    for page in pages:
        assert client.get(BASE + page).status_code == 404, page
    for act in (f"recurrence/{number}/link/", f"recurrence/{number}/{came_back.pk}/", "draws/"):
        assert client.post(BASE + act, {"reason": "x"}).status_code == 404
    came_back.refresh_from_db()
    assert not came_back.is_overruled


def test_lists_ask_few_questions(boss, came_back, django_assert_max_num_queries):
    for page in ("recurrence/", "rulings/", "looks/", "alarms/", "upcoming/"):
        with django_assert_max_num_queries(26), clock.at(day(31), "live"):
            assert boss.get(BASE + page).status_code == 200

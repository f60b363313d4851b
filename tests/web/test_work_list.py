"""The work list: what is seen, counted, filtered, paged and exported."""

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import AnonymousUser

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.accounts.models import SavedView
from townkeeper.cases.models import Case
from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import make_page
from townkeeper.journal.actions import touch_registers
from townkeeper.kit import clock
from townkeeper.web.office import cases as view
from townkeeper.web.office.listing import Listing, key_text

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=1)
QUERIES = 16
"""Statements of one page, however many cases it shows; raise it only with a reason (the last: rows
say what waits for a decision)."""


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def numbers(answer) -> list[str]:
    return re.findall(r'href="/office/cases/(DX[\d-]+)/"', answer.content.decode())


def page(client, query: str = "", at=LATER):
    with clock.at(at, "live"):
        answer = client.get(f"/office/cases/{query}", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 200
    return answer


@pytest.fixture
def five(people):
    """Five cases: refuse in S1 and S2 (one dispatched), stalls in S2, and one without owner."""
    found = [
        opened(title="refuse one"),
        opened(title="refuse two", area="S2", address="紅星路 86 號"),
        opened(title="stalls", category="matter/09022", area="S2", channel="hotline"),
        opened(title="nobody", category="local/nobody"),
        opened(title="refuse dispatched"),
    ]
    do(found[4], "file", people["operator"], LATER)
    do(found[4], "dispatch", people["dispatcher"], LATER)
    return [Case.objects.get(pk=case.pk) for case in found]


def test_a_person_sees_what_lies_under_their_posts_or_has_a_task_there(client, people, five):
    client.force_login(people["dispatcher"])
    assert set(numbers(page(client))) == {case.number for case in five}
    client.force_login(people["S2"])
    assert set(numbers(page(client))) == {five[1].number, five[2].number}
    client.force_login(people["GSJ"])
    assert numbers(page(client)) == []


def test_nobody_sees_nothing(five):
    assert not Case.objects.visible_to(AnonymousUser())


def test_the_counters_count_and_filter(client, people, five):
    client.force_login(people["dispatcher"])
    counts = view.count_all(sight_of(people["dispatcher"], LATER), LATER)
    assert counts["open"] == 5
    assert counts["handling"] == 1
    assert counts["dispatch"] == 0
    assert counts["nobody"] == 1
    assert counts["today"] == 5
    assert counts["over"] == 4  # 30 working minutes for intake have passed
    assert numbers(page(client, "?unit=none")) == [five[3].number]
    assert numbers(page(client, "?stage=handling")) == [five[4].number]
    assert len(numbers(page(client, "?due=over"))) == 4
    assert len(numbers(page(client, "?tab=all&opened=today"))) == 5
    assert numbers(page(client, "?tab=all&opened=today", at=MONDAY + timedelta(days=1))) == []


def test_the_counter_in_force_is_marked_and_takes_itself_off(client, people, five):
    client.force_login(people["dispatcher"])
    text = page(client, "?due=over").content.decode()
    assert re.search(r'class="kpi r" href="/office/cases/" aria-current="true"', text)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("?area=S2", {"refuse two", "stalls"}),
        ("?category=matter/09022", {"stalls"}),
        ("?channel=hotline", {"stalls"}),
        ("?unit=S2", {"stalls"}),
        ("?q=紅星路", {"refuse two"}),
        ("?q=refuse+two", {"refuse two"}),
        ("?q=two+refuse", {"refuse two"}),
        ("?q=zzz", set()),
        ("?area=XX", set()),
        ("?due=none", set()),
        ("?due=week", {"refuse dispatched"}),
        ("?stage=nonsense&due=nonsense&tab=nonsense", {"all"}),
        ("?q=%25", set()),
        ("?tab=all&q=紅星路", {"refuse two"}),
        ("?due=stopped", set()),
        ("?due=calm", {"refuse dispatched"}),
        ("?ask=dispute", set()),
        ("?ask=decide", set()),
        ("?category=matter/06", {"refuse one", "refuse two", "refuse dispatched"}),
        ("?area=D", {"all"}),
        ("?q=refuse&area=S2", {"refuse two"}),
    ],
)
def test_filters(client, people, five, query, titles):
    client.force_login(people["dispatcher"])
    by_number = {case.number: case.title for case in five}
    found = {by_number[number] for number in numbers(page(client, query))}
    assert found == (set(by_number.values()) if titles == {"all"} else titles)


def test_filters_stay_when_the_tab_changes(client, people, five):
    client.force_login(people["dispatcher"])
    text = page(client, "?area=S2&q=refuse").content.decode()
    assert "/office/cases/?tab=ended&amp;area=S2&amp;q=refuse" in text


def test_waiting_for_me_is_what_my_posts_may_do(client, people, five):
    client.force_login(people["CGJ"])
    assert numbers(page(client, "?tab=mine")) == [five[4].number]
    client.force_login(people["operator"])
    assert set(numbers(page(client, "?tab=mine"))) == {case.number for case in five[:4]}


@pytest.mark.parametrize("who", ["dispatcher", "S2", "GSJ"])
def test_pages_follow_each_other_without_gap_or_double(people, five, who):
    sight = sight_of(people[who], LATER)
    for query in ({"sort": "due"}, {"sort": "opened"}, {"q": "refuse"}):
        listing = Listing(tab="all", **query)
        whole = make_page(sight, listing.wish, now=LATER, size=50).lines
        seen = []
        for _page in range(9):
            page = make_page(sight, listing.wish, now=LATER, size=2, after=listing.key)
            seen += page.lines
            if page.following is None:
                break
            listing = Listing(tab="all", **query, after=key_text(page.following))
        assert [line.case_id for line in seen] == [line.case_id for line in whole]
        assert len({line.case_id for line in seen}) == len(seen)


@pytest.mark.parametrize("after", ["x", "_", "2026-11-02_1", "2026-11-02T00:00:00_x", "_9_9"])
def test_a_broken_page_key_starts_from_the_beginning(client, people, five, after):
    client.force_login(people["dispatcher"])
    assert len(numbers(page(client, f"?after={after}"))) in {0, 5}


def test_the_next_page_has_an_address(client, people, five, monkeypatch):
    monkeypatch.setattr(view, "PAGE", 2)
    client.force_login(people["dispatcher"])
    seen, query = [], ""
    for _page in range(3):
        answer = page(client, query)
        seen += numbers(answer)
        found = re.search(r'href="/office/cases/(\?[^"]+)" rel="next"', answer.content.decode())
        query = found[1].replace("&amp;", "&") if found else ""
    assert not query
    assert len(seen) == len(set(seen)) == 5


def test_a_part_update_tells_the_browser_its_clean_address(client, people, five):
    client.force_login(people["dispatcher"])
    answer = client.get(
        "/office/cases/?stage=&category=&unit=S2&due=&sort=due", headers={"HX-Request": "true"}
    )
    assert answer["HX-Push-Url"] == "/office/cases/?unit=S2&sort=due"


def test_an_empty_list_says_what_to_do(client, people):
    client.force_login(people["dispatcher"])
    assert "circle-check" in page(client).content.decode()
    assert 'href="/office/cases/"' in page(client, "?q=zzz").content.decode()


def test_simulated_and_imported_cases_are_marked_loudly(client, people, units):
    with clock.at(MONDAY, "simulated"):
        make.open_case(make.report(), actor="operator")
    client.force_login(people["dispatcher"])
    assert "flask-conical" in page(client).content.decode()


def test_the_list_goes_out_as_csv_and_xlsx(client, people, five):
    client.force_login(people["S2"])
    with clock.at(LATER, "live"):
        answer = client.get("/office/cases.csv")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    assert {row[0] for row in rows[1:]} == {five[1].number, five[2].number}
    with clock.at(LATER, "live"):
        answer = client.get("/office/cases.xlsx?q=stalls")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert "attachment" in answer["Content-Disposition"]


def test_a_workbook_says_what_it_is(client, people, five):
    client.force_login(people["dispatcher"])
    with clock.at(LATER, "live"):
        answer = client.get("/office/cases.xlsx?unit=S2", HTTP_ACCEPT_LANGUAGE="en")
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    words = book.read("xl/worksheets/sheet2.xml").decode()
    for said in ("西林街道", "All running", "2026-11-02 10:00", "dispatcher"):
        assert said in words


def test_the_places_of_a_list_go_out_as_geojson(client, people, five):
    opened(title="placed", lat=29.6, lon=105.07)
    client.force_login(people["dispatcher"])
    answer = client.get("/office/cases-all.geojson")
    found = json.loads(b"".join(answer.streaming_content))
    assert [each["properties"]["title"] for each in found["features"]] == ["placed"]
    assert found["features"][0]["geometry"]["coordinates"] == [105.07, 29.6]
    client.force_login(people["GSJ"])
    answer = client.get("/office/cases-all.geojson")
    assert json.loads(b"".join(answer.streaming_content))["features"] == []


def test_a_formula_in_a_title_is_harmless_in_the_file(client, people, units):
    opened(title="=1+1")
    client.force_login(people["dispatcher"])
    answer = client.get("/office/cases.csv")
    assert "'=1+1" in b"".join(answer.streaming_content).decode("utf-8-sig")


def test_markup_in_a_title_is_only_text(client, people, units):
    opened(title="<script>alert(1)</script>", address='"><img src=x>')
    client.force_login(people["dispatcher"])
    text = page(client).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x>" not in text


def test_what_waits_for_dispatch_names_the_unit_and_why(client, people, five):
    do(five[1], "file", people["operator"], LATER)
    client.force_login(people["dispatcher"])
    text = page(client, "?stage=dispatch").content.decode()
    assert "區城管局" in text
    assert "Duty register 篇2 L95" in text
    assert f"/office/dispatch/cases/{five[1].number}/?next=" in text
    assert f'value="{five[1].number}~' in text
    assert f'data-back="/office/cases/{five[1].number}/#act-send_back"' in text
    client.force_login(people["S2"])
    text = page(client, "?stage=dispatch").content.decode()
    assert 'name="case"' not in text
    assert "/office/dispatch/cases/" not in text


COUNTED = {
    "?tab=all&opened=today": "today",
    "?stage=handling": "handling",
    "?due=over": "over",
    "?due=soon": "soon",
    "?unit=none": "nobody",
    "?ask=dispute": "dispute",
    "?ask=decide": "decide",
    "?tab=mine": "mine",
}


@pytest.mark.parametrize("who", ["dispatcher", "supervisor", "CGJ", "GSJ"])
def test_each_counter_is_the_length_of_its_list(client, people, five, who):
    given = {"reason": "屬登記事項", "clause": "第 8 條", "other": "GSJ"}
    do(five[4], "dispute", people["CGJ"], LATER, **given)
    do(five[4], "extend", people["CGJ"], LATER, reason="等待材料")
    counts = view.count_all(sight_of(people[who], LATER), LATER)
    client.force_login(people[who])
    for query, counter in COUNTED.items():
        assert (query, len(numbers(page(client, query)))) == (query, counts[counter])


def test_a_view_of_ones_own_is_kept_and_found_again(client, people, five):
    client.force_login(people["dispatcher"])
    sent = {"name": "東二", "query": "area=S2&nonsense=1"}
    assert client.post("/office/views/", sent)["Location"] == "/office/cases/?area=S2"
    text = page(client, "?area=S2").content.decode()
    assert re.search(r'href="/office/cases/\?area=S2"\s+aria-current="page"', text)
    assert "東二" in text
    view_pk = SavedView.objects.get().pk
    client.force_login(people["S2"])
    assert "東二" not in page(client).content.decode()
    assert client.post(f"/office/views/{view_pk}/drop/").status_code == 404
    client.force_login(people["dispatcher"])
    assert client.post(f"/office/views/{view_pk}/drop/").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 41])
def test_a_view_without_a_proper_name_is_not_kept(client, people, name):
    client.force_login(people["dispatcher"])
    client.post("/office/views/", {"name": name, "query": "stage=handling"})
    assert not SavedView.objects.exists()


def test_only_so_many_views_are_kept(client, people):
    client.force_login(people["dispatcher"])
    for number in range(14):
        client.post("/office/views/", {"name": f"view {number}", "query": "stage=handling"})
    assert SavedView.objects.count() == 12


@pytest.mark.parametrize("query", ["?area=S2", "?stage=handling", "?tab=all", "?q=refuse"])
def test_what_goes_out_is_what_is_listed(client, people, five, query):
    client.force_login(people["dispatcher"])
    with clock.at(LATER, "live"):
        body = b"".join(client.get(f"/office/cases.csv{query}").streaming_content).decode()
    rows = list(csv.reader(io.StringIO(body)))[1:]
    assert [row[0] for row in rows] == numbers(page(client, query))


@pytest.mark.parametrize("after", ["0001-01-01T00:00:00+14:00_1", "9999-12-31T23:59:59-14:00_1"])
@pytest.mark.parametrize("tab", ["mine", "open", "ended"])
def test_an_address_from_beyond_the_calendar_begins_at_the_start(client, people, five, after, tab):
    client.force_login(people["dispatcher"])
    assert numbers(page(client, f"?{urlencode({'tab': tab, 'after': after})}")) == numbers(
        page(client, f"?tab={tab}")
    )


def test_a_row_says_what_waits_for_a_decision(client, people, five):
    case = next(case for case in five if case.stage == "handling")
    given = {"reason": "not ours", "clause": "3", "other": "GSJ"}
    do(case, "dispute", people["CGJ"], LATER, **given)
    do(case, "extend", people["CGJ"], LATER, reason="rain")
    client.force_login(people["dispatcher"])
    row = re.search(
        rf'<tr data-case="{case.number}".*?</tr>', page(client).content.decode(), re.DOTALL
    )
    assert row is not None
    assert "in dispute" in row[0]
    assert "more time asked for" in row[0]
    client.force_login(people["CGJ"])
    with clock.at(LATER, "live"):
        text = client.get("/office/field/tasks/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert text.count("in dispute") == 1


def test_only_reading_is_possible(client, people):
    client.force_login(people["dispatcher"])
    assert client.post("/office/cases/").status_code == 405


def test_a_page_asks_the_database_a_fixed_number_of_times(
    client, people, five, django_assert_num_queries
):
    client.force_login(people["dispatcher"])
    touch_registers()
    page(client)  # rules of procedures and names of registers are read once in a process
    with django_assert_num_queries(QUERIES):
        page(client)
    for number in range(10):
        opened(title=f"more {number}")
    with django_assert_num_queries(QUERIES):
        page(client)

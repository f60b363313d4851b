"""The desks: disputes and their ruling, requests one by one and several, duplicates, the map."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.make import MONDAY, do, opened
from townkeeper.cases.models import Ask, Case, Merge
from townkeeper.journal.models import Entry

HOUR = timedelta(hours=1)
LON, LAT = 105.0700, 29.5925
DISPUTES = "/office/dispatch/disputes/"
REQUESTS = "/office/dispatch/requests/"


def fresh(case):
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def handled(people, filed):
    def make_one(**fields):
        return do(filed(**fields), "dispatch", people["dispatcher"], MONDAY)

    return make_one


@pytest.fixture
def disputed(people, handled):
    def make_one(**fields):
        case = handled(**fields)
        do(
            case, "dispute", people["CGJ"], MONDAY + HOUR,
            reason="屬工商登記事項", clause="條例第 8 條", other="GSJ",
        )  # fmt: skip
        return case

    return make_one


def ruling(ask_row, decision="grant", reason="登記事項由工商局負責", **fields):
    name = f"ask-{ask_row.pk}"
    return {
        "ask": ask_row.pk,
        "decision": decision,
        f"{name}-version": fresh(ask_row.case).version,
        f"{name}-reason": reason,
        **{f"{name}-{key}": value for key, value in fields.items()},
    }


def test_the_desk_shows_both_sides_and_who_rules(ask, people, disputed):
    case = disputed()
    text = ask(people["arbiter"], DISPUTES, at=MONDAY + 2 * HOUR).content.decode()
    for said in (
        case.number,
        "區城管局",
        "區工商局",
        "屬工商登記事項",
        "條例第 8 條",
        "It stays with",
    ):
        assert said in text
    text = ask(people["dispatcher"], DISPUTES, at=MONDAY + 2 * HOUR).content.decode()
    assert "It stays with" not in text
    assert "Ruled on by" in text


@pytest.mark.parametrize(("decision", "unit"), [("grant", "GSJ"), ("refuse", "CGJ")])
def test_a_ruling_gives_the_case_to_the_right_unit(ask, people, disputed, decision, unit):
    case = disputed()
    row = Ask.objects.get(case=case)
    sent = ruling(row, decision)
    answer = ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR, follow=True)
    assert f"Ruled on {case.number}." in answer.content.decode()
    assert fresh(case).unit.code == unit
    row.refresh_from_db()
    assert row.ruled.code == unit
    found = ask(people["arbiter"], DISPUTES + "?q=工商局負責", at=MONDAY + 2 * HOUR)
    assert case.number in found.content.decode()
    found = ask(people["arbiter"], DISPUTES + "?q=nothing+such", at=MONDAY + 2 * HOUR)
    assert "No ruling has all these words." in found.content.decode()


def test_a_third_unit_may_be_named(ask, people, disputed):
    case = disputed()
    sent = ruling(Ask.objects.get(case=case), unit="S1")
    ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR)
    assert fresh(case).unit.code == "S1"


def test_a_ruling_without_reasons_keeps_the_page(ask, people, disputed):
    case = disputed()
    sent = ruling(Ask.objects.get(case=case), reason="", unit="S1")
    answer = ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR)
    assert answer.status_code == 422
    assert 'value="S1"' in answer.content.decode()
    assert fresh(case).unit.code == "CGJ"


def test_others_do_not_rule(ask, people, disputed):
    case = disputed()
    row = Ask.objects.get(case=case)
    answer = ask(people["dispatcher"], DISPUTES, ruling(row), at=MONDAY + 2 * HOUR)
    assert answer.status_code == 422
    assert ask(people["S2"], DISPUTES, ruling(row), at=MONDAY + 2 * HOUR).status_code == 302
    assert case.number not in ask(people["S2"], DISPUTES).content.decode()
    assert ask(people["leader"], DISPUTES).status_code == 404
    row.refresh_from_db()
    assert row.decided_at is None


def test_a_dispute_ruled_on_meanwhile_is_told(ask, people, disputed):
    case = disputed()
    row = Ask.objects.get(case=case)
    sent = ruling(row)
    ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR)
    text = ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR, follow=True)
    assert "decided already" in text.content.decode()


def test_evasion_is_counted_by_ruling(ask, people, disputed):
    case = disputed()
    sent = ruling(Ask.objects.get(case=case), "refuse")
    ask(people["arbiter"], DISPUTES, sent, at=MONDAY + 2 * HOUR)
    text = ask(people["arbiter"], DISPUTES, at=MONDAY + 2 * HOUR).content.decode()
    assert "Who disputes how often" in text
    assert "區城管局" in text


def test_requests_are_granted_several_at_once(ask, people, handled):
    cases = [handled(title=f"more time {n}") for n in range(3)]
    for case in cases:
        do(case, "extend", people["CGJ"], MONDAY + HOUR, reason="等待材料")
    text = ask(people["supervisor"], REQUESTS, at=MONDAY + HOUR).content.decode()
    assert text.count('name="ask"') == 3
    assert "等待材料" in text
    assert "1 of 1" in text
    rows = [Ask.objects.get(case=case) for case in cases]
    marks = [f"{row.pk}~{fresh(row.case).version}" for row in rows[:2]]
    sent = {"ask": marks, "decision": "grant", "reason": "同意"}
    answer = ask(people["supervisor"], REQUESTS, sent, at=MONDAY + HOUR, follow=True)
    assert "2 granted." in answer.content.decode()
    accepted = [Ask.objects.get(pk=row.pk).is_accepted for row in rows]
    assert accepted == [True, True, None]
    due = timezone.localtime(fresh(cases[0]).due_at)
    assert f"due {due:%m-%d %H:%M} if granted" in text  # what was promised is what came


def test_a_request_changed_meanwhile_stays_and_the_words_too(ask, people, handled):
    good, stale = handled(title="good"), handled(title="stale")
    for case in (good, stale):
        do(case, "extend", people["CGJ"], MONDAY + HOUR, reason="等待材料")
    rows = [Ask.objects.get(case=case) for case in (good, stale)]
    marks = [f"{rows[0].pk}~{fresh(good).version}", f"{rows[1].pk}~1"]
    sent = {"ask": marks, "decision": "refuse", "reason": "理由不足"}
    answer = ask(people["supervisor"], REQUESTS, sent, at=MONDAY + HOUR)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert stale.number in text
    assert "理由不足" in text
    assert Ask.objects.get(pk=rows[0].pk).is_accepted is False
    assert Ask.objects.get(pk=rows[1].pk).decided_at is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"decision": "grant", "reason": "x"}, "Mark at least one request."),
        ({"ask": "1~1", "decision": "refuse", "reason": ""}, "Say why it is not granted"),
        ({"ask": "99999~1", "decision": "grant"}, "decided already"),
        ({"ask": ["~", "x~y", "9" * 30 + "~1"], "decision": "grant"}, "decided already"),
    ],
)
def test_what_cannot_be_decided_is_said(ask, people, sent, said):
    answer = ask(people["supervisor"], REQUESTS, sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_requests_of_others_are_seen_but_not_decided(ask, people, handled):
    case = handled()
    do(case, "extend", people["CGJ"], MONDAY + HOUR, reason="等待材料")
    text = ask(people["dispatcher"], REQUESTS, at=MONDAY + HOUR).content.decode()
    assert case.number in text
    assert 'name="ask"' not in text
    row = Ask.objects.get(case=case)
    sent = {"ask": f"{row.pk}~{fresh(case).version}", "decision": "grant"}
    assert ask(people["dispatcher"], REQUESTS, sent, at=MONDAY + HOUR).status_code == 422
    assert ask(people["S2"], REQUESTS, sent, at=MONDAY + HOUR).status_code == 422
    row.refresh_from_db()
    assert row.decided_at is None


def there(**fields):
    return opened(**{"lon": LON, "lat": LAT, **fields})


def test_likely_twins_stand_side_by_side_and_are_put_together(ask, people):
    first, second = there(title="市場門口垃圾堆積"), there(title="市場門口垃圾成堆")
    alone = opened(title="elsewhere", lon=LON + 0.1, lat=LAT)
    text = ask(people["dispatcher"], "/office/dispatch/duplicates/").content.decode()
    assert first.number in text
    assert second.number in text
    assert alone.number not in text
    query = "&".join(f"case={c.number}~{c.version}" for c in (first, second))
    text = ask(people["dispatcher"], f"/office/dispatch/merge/?{query}").content.decode()
    assert "Main case" in text
    sent = {"case": [f"{c.number}~{c.version}" for c in (first, second)], "main": first.number}
    refused = ask(people["dispatcher"], "/office/dispatch/merge/", sent)
    assert refused.status_code == 422
    done = ask(people["dispatcher"], "/office/dispatch/merge/", sent | {"reason": "同一堆垃圾"})
    assert done["Location"] == f"/office/cases/{first.number}/"
    assert fresh(second).main == first
    assert Merge.objects.get(case=second).found["same_spot"] is not None
    text = ask(people["dispatcher"], f"/office/cases/{second.number}/").content.decode()
    assert "Take it apart again" in text
    unmerge = f"/office/dispatch/cases/{second.number}/unmerge/"
    ask(people["dispatcher"], unmerge, {"reason": ""})
    assert fresh(second).stage == "merged"
    ask(people["dispatcher"], unmerge, {"reason": "是另一處"})
    assert fresh(second).stage == "intake"


def test_merging_from_an_old_page_does_nothing(ask, people):
    first, second = there(title="one"), there(title="two")
    do(second, "file", people["operator"], MONDAY)
    sent = {
        "case": [f"{first.number}~1", f"{second.number}~1"],
        "main": first.number,
        "reason": "同一處",
    }
    answer = ask(people["dispatcher"], "/office/dispatch/merge/", sent)
    assert answer.status_code == 422
    assert "同一處" in answer.content.decode()
    assert fresh(second).main is None


def test_strangers_see_no_desk(ask, people, filed):
    case = there()
    for address in ("duplicates/", "merge/", "batch/", "batch/results/"):
        assert ask(people["S1"], f"/office/dispatch/{address}").status_code == 404
    answer = ask(people["S2"], f"/office/dispatch/cases/{case.number}/unmerge/", {"reason": "x"})
    assert answer.status_code == 404


def test_list_and_map_are_two_views_of_one_query(ask, people):
    near, far = there(title="near"), opened(title="far", area="S2", lon=LON + 0.02, lat=LAT)
    unplaced = opened(title="unplaced")
    text = ask(people["dispatcher"], "/office/dispatch/map/?area=S1").content.decode()
    assert near.number in text
    assert unplaced.number in text
    assert far.number not in text
    assert 'href="/office/cases/?area=S1"' in text
    assert "no position" in text
    listed = ask(people["dispatcher"], "/office/cases/?area=S1").content.decode()
    assert 'href="/office/dispatch/map/?area=S1"' in listed
    box = f"bbox={LON - 1},{LAT - 1},{LON + 1},{LAT + 1}"
    found = json.loads(ask(people["dispatcher"], f"/office/cases.geojson?area=S1&{box}").content)
    assert [f["properties"]["number"] for f in found["features"]] == [near.number]
    mine = ask(people["CGJ"], f"/office/cases.geojson?tab=mine&{box}").content
    assert json.loads(mine)["features"] == []


def test_outlines_are_public_and_kept_by_the_browser(client, units):
    units["S1"].outline = {
        "type": "Polygon",
        "coordinates": [[[105, 29], [105.1, 29], [105.1, 29.1], [105, 29]]],
    }
    units["S1"].save()
    answer = client.get("/office/dispatch/outlines.geojson")
    assert answer["Content-Type"] == "application/geo+json"
    found = json.loads(answer.content)["features"]
    assert [each["properties"]["code"] for each in found] == ["S1"]
    again = client.get(
        "/office/dispatch/outlines.geojson", headers={"If-None-Match": answer["ETag"]}
    )
    assert again.status_code == 304


def test_desks_that_are_empty_say_what_comes(ask, people):
    for address in (DISPUTES, REQUESTS, "/office/dispatch/duplicates/", "/office/dispatch/merge/"):
        assert 'class="empty"' in ask(people["dispatcher"], address).content.decode()


@pytest.fixture
def busy(people, handled, disputed):
    """Return who fills the desks with some of everything."""

    def fill(number):
        for n in range(number):
            disputed(title=f"disputed {n}", lon=LON, lat=LAT)
            case = handled(title=f"later {n}")
            do(case, "extend", people["CGJ"], MONDAY + HOUR, reason="等待材料")

    return fill


@pytest.mark.parametrize("address", [DISPUTES, REQUESTS, "/office/dispatch/duplicates/"])
def test_desks_ask_a_fixed_number_of_times(
    ask, people, busy, django_assert_max_num_queries, address
):
    busy(4)
    who = people["arbiter"] if address == DISPUTES else people["supervisor"]
    ask(who, address)
    with django_assert_max_num_queries(26):
        ask(who, address)


def test_a_note_is_written_for_colleagues_or_for_the_public(ask, people):
    case = opened()
    address = f"/office/cases/{case.number}/"
    ask(people["operator"], address + "note/", {"text": "已電話聯繫", "reader": "internal"})
    ask(people["operator"], address + "note/", {"text": "已安排清運", "reader": "public"})
    notes = Entry.objects.filter(subject=case.subject, act="case.note")
    assert [json.loads(entry.data)["public"] for entry in notes.order_by("seq")] == [False, True]
    assert fresh(case).version == case.version
    text = ask(people["operator"], address + "?history=said").content.decode()
    assert "已電話聯繫" in text
    assert "Reported and recorded" not in text
    text = ask(people["operator"], address + "?history=moves").content.decode()
    assert "已電話聯繫" not in text
    for sent in ({"text": " ", "reader": "internal"}, {"text": "x", "reader": "all"}):
        assert ask(people["operator"], address + "note/", sent).status_code == 422
    answer = ask(people["operator"], address + "note/", {"text": "y" * 2001, "reader": "public"})
    assert answer.status_code == 422
    assert ask(people["S2"], address + "note/", {"text": "x"}).status_code == 404
    assert (
        ask(people["leader"], address + "note/", {"text": "x", "reader": "public"}).status_code
        == 422
    )

"""From signing to passing: acts from the field, with photos that survive whatever goes wrong."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.make import MONDAY, opened
from tests.web.field.conftest import HOUR, LAT, LON, handled, now, shot, text
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.assigning import latest_draft
from townkeeper.cases.models import Ask, Evidence
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
TASKS, CHECKS = "/office/field/tasks/", "/office/field/verifications/"


def claims(*places, at=MONDAY + HOUR):
    """What the page says beside photos of its own camera."""
    return json.dumps(
        [{"taken": at.isoformat(), "lat": lat, "lon": lon, "accuracy": 8} for lon, lat in places]
    )


def reported(act, case, people, at=MONDAY + HOUR, seed=1, **more):
    fields = {
        "file__after-photo": shot(seed),
        "claims__after-photo": claims((LON, LAT), at=at),
        "measures": ["cleared", "washed"],
        "words": "門前兩處",
        "draft": "已清運，謝謝。",
        **more,
    }
    return act(people["CGJ"], case, "report", at, **fields)


def test_a_case_is_signed_reported_sent_back_reworked_and_passed(ask, act, people, case):
    task = case.tasks.get(unit__code="CGJ")
    ask(people["CGJ"], f"{TASKS}{case.number}/sign/", {"task": task.pk})
    answer = reported(act, case, people)
    assert answer.status_code == 302
    assert answer.url == f"{TASKS}?done={case.number}"
    assert now(case).stage == "verifying"
    said = Entry.objects.filter(subject=case.subject, act="case.report").get().data
    assert "Measures: cleared away, washed." in said
    assert "門前兩處" in said
    assert now(case).answer == ""

    page = text(ask(people["verifier"], f"{CHECKS}{case.number}/"))
    assert "0 m from the place" in page
    assert "Measures: cleared away, washed." in page
    failing = {"reason": "還有一堆", "lat": str(LAT), "lon": str(LON + 0.0005), "accuracy": "10"}
    failing["file__check-photo"] = shot(7, "check.jpg")
    answer = act(people["verifier"], case, "fail", MONDAY + 2 * HOUR, **failing)
    assert answer.url == f"{CHECKS}?done={case.number}"
    assert now(case).counts["rework"] == 1
    assert Entry.objects.filter(subject=case.subject, act="case.presence").count() == 1
    assert Evidence.objects.filter(case=case, kind="check-photo").count() == 1

    back = text(ask(people["CGJ"], f"{TASKS}{case.number}/", at=MONDAY + 2 * HOUR))
    assert "Reason: 還有一堆" in back
    assert 'alt="photo at the check"' in back

    later = MONDAY + 3 * HOUR
    again = act(people["CGJ"], case, "report", later)
    assert again.status_code == 422
    assert "Evidence is missing" in text(again)
    reported(act, case, people, later, seed=2, draft="重新清運。")
    passing = text(ask(people["verifier"], f"{TASKS}{case.number}/do/pass/", at=later + HOUR))
    assert "重新清運。" in passing
    act(people["verifier"], case, "pass", later + HOUR, answer="重新清運。")
    assert (now(case).stage, now(case).answer) == ("closed", "重新清運。")


def test_a_photo_of_the_page_carries_time_and_place_and_its_photo_before(act, people, case):
    make.photo(case, people["operator"], MONDAY + HOUR, kind="before-photo")
    first = Evidence.objects.get(case=case, kind="before-photo")
    make.photo(case, people["operator"], MONDAY + HOUR, kind="before-photo")
    said = json.loads(claims((LON + 0.01, LAT)))
    said[0]["before"] = str(first.pk)
    reported(act, case, people, **{"claims__after-photo": json.dumps(said)})
    found = Evidence.objects.get(case=case, kind="after-photo")
    assert found.file.taken_at == MONDAY + HOUR
    assert 900 < found.distance_m < 1000
    assert found.findings == ["far"]
    assert found.before_id == first.pk


@pytest.mark.parametrize("said", ["", "nonsense", "{}", "[1]", '[{"lat": "NaN", "taken": "x"}]'])
def test_nonsense_beside_a_photo_says_nothing(act, people, case, said):
    assert reported(act, case, people, **{"claims__after-photo": said}).status_code == 302
    found = Evidence.objects.get(case=case, kind="after-photo")
    assert (found.distance_m, found.file.taken_at) == (None, None)


def test_several_photos_and_one_that_is_none(act, people, case):
    fake = SimpleUploadedFile("virus.jpg", b"MZ not a photo", "image/jpeg")
    photos = [shot(1, "one.jpg"), fake, shot(2, "two.jpg")]
    answer = reported(act, case, people, **{"file__after-photo": photos, "words": "已清"})
    assert answer.status_code == 422
    page = text(answer)
    assert "virus.jpg: This file is not a photo" in page
    assert "Kept already" in page
    assert "已清" in page
    assert Evidence.objects.filter(case=case).count() == 2
    assert now(case).stage == "handling"
    assert latest_draft(case) == "已清運，謝謝。"
    # pressed once more, the kept photos are enough, and the same one is not added twice
    again = reported(act, case, people, **{"file__after-photo": [shot(1, "one.jpg")]})
    assert again.status_code == 302
    assert Evidence.objects.filter(case=case).count() == 2


def test_what_was_typed_and_photographed_survives_an_old_page(act, people, case):
    answer = reported(act, case, people, version=1)
    assert answer.status_code == 422
    page = text(answer)
    assert "in the meantime" in page
    assert "門前兩處" in page
    assert f'name="report-version" value="{now(case).version}"' in page
    assert Evidence.objects.filter(case=case).count() == 1


def test_whoever_fixed_it_does_not_verify_it_and_is_told_why(ask, act, people, case, units):
    make.Post.objects.create(
        user=people["CGJ"], unit=units["ZLB"], role=people["verifier"].posts.get().role,
        scope=units["D"],
    )  # fmt: skip
    reported(act, case, people)
    page = ask(people["CGJ"], f"{CHECKS}{case.number}/", at=MONDAY + 2 * HOUR)
    assert "somebody else must" in text(page)
    form = ask(people["CGJ"], f"{TASKS}{case.number}/do/pass/", at=MONDAY + 2 * HOUR)
    assert "somebody else must" in text(form)
    tried = act(people["CGJ"], case, "pass", MONDAY + 2 * HOUR, answer="好了")
    assert tried.status_code == 422
    assert now(case).stage == "verifying"


def test_an_extension_is_asked_once_and_its_rules_are_shown(ask, act, people, case):
    page = text(ask(people["CGJ"], f"{TASKS}{case.number}/do/extend/"))
    assert "if granted" in page
    assert "used 0 of 1 times" in page
    assert act(people["CGJ"], case, "extend", reason="等吊車").status_code == 302
    assert Ask.objects.get().reason == "等吊車"
    with clock.at(MONDAY + 2 * HOUR, "live"):
        decide_ask(Ask.objects.get(), accepted=False, actor=people["supervisor"], reason="不准")
    used = text(ask(people["CGJ"], f"{TASKS}{case.number}/", at=MONDAY + 2 * HOUR))
    assert "used 1 of 1 times" in used
    assert "as often as it may be" in used
    tried = act(people["CGJ"], case, "extend", MONDAY + 2 * HOUR, reason="再等")
    assert tried.status_code == 422
    assert Ask.objects.count() == 1


def test_a_dispute_names_unit_and_clause(act, people, case):
    wrong = act(people["CGJ"], case, "dispute", reason="不歸我局", clause="第三條", other="NOPE")
    assert wrong.status_code == 422
    assert "no unit with the code" in text(wrong)
    assert "第三條" in text(wrong)
    assert (
        act(
            people["CGJ"], case, "dispute", reason="不歸我局", clause="第三條", other="GSJ"
        ).status_code
        == 302
    )
    assert Ask.objects.get().other.code == "GSJ"


def test_a_stop_needs_its_paper_and_says_so(act, people, case):
    bare = act(people["CGJ"], case, "suspend", ground="permit", reason="待批")
    assert bare.status_code == 422
    assert "Evidence is missing: document." in text(bare)
    paper = {"ground": "permit", "reason": "待批", "file__document": shot(3, "permit.jpg")}
    assert act(people["CGJ"], case, "suspend", **paper).status_code == 302


def test_somebody_elses_task_is_refused_in_words_and_keeps_nothing(act, people, case):
    answer = act(people["supervisor"], case, "report", **{"file__after-photo": shot()})
    assert answer.status_code == 422
    assert Evidence.objects.filter(case=case).count() == 0
    assert act(people["S2"], case, "report").status_code == 404


def test_an_act_of_an_earlier_step_leads_back_to_the_case(act, people, case):
    answer = act(people["CGJ"], case, "file")
    assert (answer.status_code, answer.url) == (302, f"{TASKS}{case.number}/")


def test_verifications_are_sorted_by_distance_and_offer_the_next(ask, act, people, case):
    other = handled(opened(title="far", lon=LON + 0.02, lat=LAT), people)
    for each in (case, other):
        reported(act, each, people)
    at = MONDAY + 2 * HOUR
    page = text(ask(people["verifier"], f"{CHECKS}?lat={LAT}&lon={LON + 0.019}", at=at))
    assert page.index(other.number) < page.index(case.number)
    assert "97 m" in page
    done = text(ask(people["verifier"], f"{CHECKS}?done={case.number}", at=at))
    assert "Next one" in done


def test_the_street_that_only_assists_acts_on_its_own_part(ask, people, case):
    page = text(ask(people["S1"], f"{TASKS}{case.number}/"))
    assert "assisting" in page
    assert "/do/report/" in page


def test_far_away_is_said_and_refuses_nothing(act, people, case):
    reported(act, case, people)
    far = {"answer": "好了", "lat": str(LAT + 1), "lon": str(LON), "accuracy": "5"}
    assert act(people["verifier"], case, "pass", MONDAY + 2 * HOUR, **far).status_code == 302
    entry = Entry.objects.get(subject=case.subject, act="case.presence")
    assert '"near":false' in entry.data
    assert str(LAT + 1) not in entry.data


def test_queries_of_a_form(ask, client, people, case, django_assert_max_num_queries):
    ask(people["CGJ"], f"{TASKS}{case.number}/do/report/")
    with django_assert_max_num_queries(24):
        client.get(f"{TASKS}{case.number}/do/report/")

"""People act on a case in the browser: each form asks for what the action needs, once."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.test_case_page import picture
from townkeeper.cases.models import Ask, Case
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def people():
    return make.staff(make.town())


def give(client, case, **fields):
    """Dispatch on the page of its own that the case's page leads to."""
    address = f"/office/dispatch/cases/{case.number}/"
    text = client.get(address).content.decode()
    lead = re.search(r'name="lead"\s+value="([^"]+)"\s+checked', text)
    assists = re.findall(r'name="assists"\s+value="([^"]+)"\s+checked', text)
    data = {
        "version": Case.objects.get(pk=case.pk).version,
        "lead": lead[1] if lead else "other",
        "assists": assists,
    }
    if "lead" in fields:
        data |= {"lead": "other", "other": fields.pop("lead")}
    return client.post(address, data | fields, follow=True)


@pytest.fixture
def press(client):
    """Open the page as a person and send one of its forms; the answer after redirects."""

    def send(who, case, action, at=MONDAY + HOUR, **fields):
        client.force_login(who)
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            text = client.get(f"/office/cases/{case.number}/").content.decode()
            if f'id="act-{action}" href="/office/dispatch/' in text or (
                action in {"dispatch", "redispatch"} and "/office/dispatch/cases/" in text
            ):
                return give(client, case, **fields)
            found = re.search(rf'action="([^"]*/{action}/)"', text)
            assert found, f"no form for {action}"
            prefix = fields.pop("prefix", action)
            version = Case.objects.get(pk=case.pk).version
            data = {f"{prefix}-version": fields.pop("version", version)}
            data |= {f"{prefix}-{name.replace('__', '-')}": said for name, said in fields.items()}
            return client.post(found[1], data, follow=True)

    return send


def stage(case):
    return Case.objects.get(pk=case.pk).stage


def test_a_case_lives_its_whole_life_in_the_browser(press, people):
    case = opened(title="refuse")
    press(people["operator"], case, "file", MONDAY + timedelta(minutes=5))
    press(people["dispatcher"], case, "dispatch", MONDAY + timedelta(minutes=10))
    shot = SimpleUploadedFile("after.jpg", picture(), "image/jpeg")
    answer = (
        press(people["CGJ"], case, "report", file__after__photo=None or shot)
        if False
        else (press(people["CGJ"], case, "report", **{"file__after-photo": shot}))
    )
    assert answer.status_code == 200
    assert stage(case) == "verifying"
    press(people["verifier"], case, "pass", MONDAY + 2 * HOUR, answer="已清理，謝謝。")
    done = Case.objects.get(pk=case.pk)
    assert (done.stage, done.answer) == ("closed", "已清理，謝謝。")


def in_handling(people):
    case = opened(title="refuse")
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=10))
    return case


def test_what_was_typed_is_still_there_when_something_is_missing(press, people):
    case = in_handling(people)
    answer = press(people["CGJ"], case, "dispute", reason="不歸我局", clause="第三條", other="NOPE")
    text = answer.content.decode()
    assert answer.status_code == 422
    for typed in ("不歸我局", "第三條", "NOPE"):
        assert typed in text
    assert "no unit with the code" in text
    assert not Ask.objects.exists()


def test_a_report_without_a_photo_says_so(press, people):
    case = in_handling(people)
    answer = press(people["CGJ"], case, "report")
    assert answer.status_code == 422
    assert "Evidence is missing" in answer.content.decode()
    assert stage(case) == "handling"


def test_something_that_is_no_photo_is_refused_and_nothing_happens(press, people):
    case = in_handling(people)
    fake = SimpleUploadedFile("after.jpg", b"MZ not a photo", "image/jpeg")
    answer = press(people["CGJ"], case, "report", **{"file__after-photo": fake})
    assert answer.status_code == 422
    assert "not a photo" in answer.content.decode()
    assert Case.objects.get(pk=case.pk).evidence.count() == 0


def test_a_dispute_is_stated_on_and_ruled_in_the_browser(press, client, people):
    case = in_handling(people)
    press(people["CGJ"], case, "dispute", reason="不歸我局", clause="第三條", other="GSJ")
    ask = Ask.objects.get()
    said = press(
        people["GSJ"], case, f"asks/{ask.pk}/statement", prefix=f"say-{ask.pk}", text="也不歸我局"
    )
    assert "也不歸我局" in said.content.decode()
    client.force_login(people["arbiter"])
    version = Case.objects.get(pk=case.pk).version
    data = {f"ask-{ask.pk}-version": version, f"ask-{ask.pk}-reason": "", "decision": "refuse"}
    url = f"/office/cases/{case.number}/asks/{ask.pk}/"
    with clock.at(MONDAY + 2 * HOUR, "live"):
        assert client.post(url, data).status_code == 422  # a ruling needs its reasons
        data[f"ask-{ask.pk}-reason"] = "按屬地負責"
        assert client.post(url, data).status_code == 302
    ask.refresh_from_db()
    assert (ask.is_accepted, ask.decision) == (False, "按屬地負責")


def test_whoever_acts_from_an_old_page_is_told(press, people):
    case = in_handling(people)
    answer = press(people["CGJ"], case, "dispute", version=1, reason="x", clause="y", other="GSJ")
    assert answer.status_code == 422
    assert "in the meantime" in answer.content.decode()


def test_an_action_of_an_earlier_step_is_no_error(client, people):
    case = in_handling(people)
    client.force_login(people["operator"])
    answer = client.post(f"/office/cases/{case.number}/file/", {"file-version": 1}, follow=True)
    assert answer.status_code == 200
    assert stage(case) == "handling"


@pytest.mark.parametrize("path", ["report/", "asks/1/", "asks/1/statement/", "nonsense/"])
def test_strangers_get_the_same_not_found(client, people, path):
    case = in_handling(people)
    client.force_login(people["S2"])
    forbidden = client.post(f"/office/cases/{case.number}/{path}", {})
    absent = client.post(f"/office/cases/DX00000000-0000/{path}", {})
    assert forbidden.status_code == absent.status_code == 404
    assert client.get(f"/office/cases/{case.number}/{path}").status_code in {404, 405}


def test_an_act_from_an_old_page_says_what_changed_and_keeps_the_words(client, people):
    case = in_handling(people)
    client.force_login(people["dispatcher"])
    client.cookies["django_language"] = "en"
    sent = {"send_back-version": 2, "send_back-reason": "地址不清，請補充"}
    with clock.at(MONDAY + HOUR, "live"):
        answer = client.post(f"/office/cases/{case.number}/send_back/", sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "地址不清，請補充" in text
    assert "What happened last:" in text
    assert stage(case) == "handling"

"""Who reported a case: a form asks why, the answer shows it once, strangers find nothing."""

import pytest

from tests import make
from tests.make import opened
from townkeeper.cases.models import Reporter
from townkeeper.cases.privacy import looks

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make.staff(make.town())


@pytest.fixture
def case(people):
    return opened(reporter_name="黃小芬", reporter_phone="13812345678")


def test_it_is_shown_once_with_a_reason(client, people, case):
    client.force_login(people["operator"])
    url = f"/office/cases/{case.number}/reporter/"
    asked = client.get(url)
    assert "13812345678" not in asked.content.decode()
    answer = client.post(url, {"reason": "回訪"})
    assert answer.status_code == 200
    assert "13812345678" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert [(each.who, each.reason) for each in looks()] == [("operator", "回訪")]
    page = client.get(f"/office/cases/{case.number}/").content.decode()
    assert "13812345678" not in page
    part = client.post(url, {"reason": "回訪"}, headers={"HX-Request": "true"}).content.decode()
    assert "13812345678" in part
    assert "<html" not in part


def test_without_a_reason_nothing_is_shown_or_written(client, people, case):
    client.force_login(people["operator"])
    answer = client.post(f"/office/cases/{case.number}/reporter/", {"reason": " "})
    assert answer.status_code == 422
    assert "13812345678" not in answer.content.decode()
    assert not looks()


def test_an_anonymous_reporter_is_never_shown(client, people, case):
    Reporter.objects.filter(case=case).update(is_anonymous=True)
    client.force_login(people["supervisor"])
    answer = client.post(f"/office/cases/{case.number}/reporter/", {"reason": "督辦"})
    assert answer.status_code == 422
    assert "13812345678" not in answer.content.decode()
    assert not looks()


def test_to_others_the_page_does_not_exist(client, people, case):
    for who in ("CGJ", "verifier", "leader"):
        client.force_login(people[who])
        url = f"/office/cases/{case.number}/reporter/"
        assert client.get(url).status_code == 404
        assert client.post(url, {"reason": "想看"}).status_code == 404
    assert not looks()

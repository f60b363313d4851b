"""Registering a problem without a call: inspectors and dispatchers, with a photo and a point."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.web.test_case_page import picture
from townkeeper.cases.models import Case

pytestmark = pytest.mark.django_db
PATH = "/office/register/"


def test_a_problem_with_a_photo_and_a_point(desk, client):
    shot = SimpleUploadedFile("a.jpg", picture(), "image/jpeg")
    desk(path=PATH, who="dispatcher", channel="inspection", point="29.5833, 105.0664",
         category="matter/06010", area="西林街道", photo=shot)  # fmt: skip
    case = Case.objects.get()
    assert (case.channel, case.lat, case.lon) == ("inspection", 29.5833, 105.0664)
    assert case.area.code == "S2"
    assert case.stage == "intake"  # filing is the operator's
    assert case.evidence.get().kind == "before-photo"
    assert case.registration.is_call is False
    assert case.number in client.get(f"{PATH}?done={case.number}").content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"point": "somewhere"}, "Write latitude and longitude"),
        ({"point": "99.0, 105.0"}, "There is no such position"),
        ({"channel": "rumour"}, "Select a valid choice"),
        ({"photo": SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")}, "picture"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_saved(desk, fields, said):
    answer = desk(path=PATH, where="紅星路", **fields)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "紅星路" in answer.content.decode()
    assert not Case.objects.exists()


def test_the_link_stands_in_the_bar_of_those_who_may(client, people):
    client.force_login(people["operator"])
    assert PATH in client.get("/office/cases/").content.decode()


def test_an_inspectors_channel_is_chosen_already(client, people, units):
    make.Role.objects.create(key="inspector", names={}, permissions=["cases:case:open"])
    client.force_login(make.person("li", "inspector", units["S1"]))
    assert '<option value="inspection" selected>' in client.get(PATH).content.decode()

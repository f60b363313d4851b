"""Suggestions and choices over HTTP."""

import pytest

from tests import make
from tests.web.api.test_cases import operator, post, token, units  # noqa: F401 - fixtures
from townkeeper.suggestions import suggest
from townkeeper.suggestions.models import Offer

URL = "/api/v1/suggestions"
CHOICES = "/api/v1/choices"


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.HOME = tmp_path
    suggest._kept.clear()


def test_the_words_of_a_report_are_answered_with_categories_and_owner(token):  # noqa: F811
    found = post({"title": "門口暴露垃圾", "area": "S1"}, token=token, url=URL)
    assert found.status == 200
    assert found.json["categories"][0]["value"] == "matter/06010"
    assert found.json["categories"][0]["model"] == "keywords"
    assert found.json["owner"]["value"] == "CGJ"
    assert Offer.objects.count() == 0


def test_words_that_say_nothing_are_answered_with_nothing(token):  # noqa: F811
    found = post({"title": "你好"}, token=token, url=URL)
    assert found.json == {"categories": [], "owner": None}


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"title": 1}, 422), ({"title": "暴露垃圾", "area": "X"}, 422), (b"{", 422)],
)
def test_what_does_not_fit_is_refused(token, body, status):  # noqa: F811
    assert post(body, token=token, url=URL).status == status


def test_without_a_token_nothing_is_said(units):  # noqa: F811
    assert post({"title": "垃圾"}, url=URL).status == 401
    assert post({}, url=CHOICES).status == 401
    assert post({}, url=CHOICES, method="GET").status == 405


def test_a_choice_is_kept(token):  # noqa: F811
    case = make.opened()
    offered = post({"title": "暴露垃圾"}, token=token, url=URL).json["categories"]
    body = {"number": case.number, "kind": "category", "offered": offered}
    found = post({**body, "chosen": "matter/06010"}, token=token, url=CHOICES)
    assert (found.status, found.json) == (201, {"accepted": True, "rank": 1})
    offer = Offer.objects.get()
    assert (offer.case, offer.by, offer.model) == (case, "hotline", "keywords")


@pytest.mark.parametrize("change", [{"number": "X1"}, {"kind": "mood"}, {"more": 1}])
def test_a_choice_that_cannot_be_is_refused(token, change):  # noqa: F811
    case = make.opened()
    body = {"number": case.number, "kind": "category", "offered": [], "chosen": ""}
    assert post({**body, **change}, token=token, url=CHOICES).status in {404, 422}
    assert Offer.objects.count() == 0

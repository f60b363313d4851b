"""The town, its people, and a browser that asks in English at a given time."""

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.kit import clock


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def ask(client):
    """Get or post as a person at a time."""

    def send(who, address, data=None, *, at=MONDAY, follow=False, **headers):
        client.force_login(who)
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            if data is None:
                return client.get(address, follow=follow, headers=headers)
            return client.post(address, data, follow=follow, headers=headers)

    return send


@pytest.fixture
def filed(people):
    """Return who makes a case that waits for dispatch."""

    def make_one(**fields):
        return do(opened(**fields), "file", people["operator"], MONDAY)

    return make_one

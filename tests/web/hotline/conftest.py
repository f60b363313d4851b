"""A town with an operator at the desk."""

import re
from datetime import timedelta

import pytest

from tests import make
from townkeeper.kit import clock
from townkeeper.web.spots import forget_spots

NOON = make.MONDAY + timedelta(hours=3)


@pytest.fixture
def units(db):
    forget_spots()
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def desk(client, people):
    """Open the desk as a person and send its form; the answer after redirects."""

    def send(who="operator", do="register", path="/office/hotline/", at=NOON, **fields):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            page = client.get(path).content.decode()
            key = re.search(r'name="key" value="(\w+)"', page)[1]
            data = {"key": key, "do": do, "urgency": "normal", "text": "市場門口垃圾堆積"}
            data |= {name: said for name, said in fields.items() if said is not None}
            return client.post(path, data, follow=True)

    return send

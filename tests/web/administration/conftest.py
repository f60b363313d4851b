"""A town with an administrator who has signed in, in English."""

import pytest

from tests.web.administration.world import live


@pytest.fixture
def town(db):
    units, people = live()
    return {"units": units, "people": people}


@pytest.fixture
def admin(client, town):
    """The browser of somebody who may do everything, in English."""
    client.force_login(town["people"]["supervisor"])
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client

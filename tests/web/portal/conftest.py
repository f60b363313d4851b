"""A town, and an empty memory of what was counted before."""

import pytest
from django.core.cache import cache

from tests import make


@pytest.fixture(autouse=True)
def _forgetful():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def people(db):
    return make.staff(make.town())


@pytest.fixture
def citizen(client):
    client.cookies["django_language"] = "en"
    return client

"""The rail names what a person's posts allow, and nothing that is not there."""

import pytest

from tests import make
from townkeeper.units.permissions import Permission
from townkeeper.web.navigation import GROUPS, PHONE

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make.staff(make.town())


def hrefs(client, user):
    client.force_login(user)
    nav = client.get("/office/me/").context["nav"]
    return {item["name"] for group in nav for item in group["items_list"]}


def test_the_rail_follows_the_posts(client, people):
    handler = hrefs(client, people["CGJ"])
    assert "office:cases" in handler
    assert not {name for name in handler if name.startswith("administration:")}


def test_a_day_begins_at_the_first_entry_of_the_phone(client, people):
    client.force_login(people["CGJ"])
    assert client.get("/office/").status_code == 302


def test_names_are_unique_and_permissions_exist():
    items = [item for _title, group in GROUPS for item in group]
    names = [item.name for item in items]
    assert len(names) == len(set(names))
    assert set(PHONE) <= set(names)
    assert {each for item in items for each in item.to} <= set(Permission)

"""No page is forgotten by the gallery: every plain address that answers with a page is in it."""

import pytest

from tests import make
from tests.web.test_strangers import addresses, consume
from townkeeper.web.gallery import all_shots

pytestmark = pytest.mark.django_db


def test_every_plain_address_is_in_the_gallery(client):
    people = make.staff(make.town())
    client.force_login(people["supervisor"])
    listed = {
        shot.path.partition("?")[0] for _face, shot in all_shots() if isinstance(shot.path, str)
    }
    forgotten = []
    for name, route in addresses():
        if "<" in route or route in listed or route.startswith("/api/"):
            continue
        answer = client.get(route)
        is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        if is_page and b"<main" in answer.content:
            forgotten.append((name, route))
        consume(answer)
    assert forgotten == []


def test_names_of_pages_are_unique():
    names = [(face, shot.name) for face, shot in all_shots()]
    assert len(names) == len(set(names))

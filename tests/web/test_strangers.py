"""A stranger's eyes: what is not yours answers as if it were not there, at every address.

The addresses are not listed here: every one that names a case is walked through, reading and
writing, so that a page made tomorrow is tried as well.
"""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry

pytestmark = pytest.mark.django_db

PART = re.compile(r"<(?:(\w+):)?(\w+)>")
NUMBERS = {"number"}
"""Names of the part of an address that is a case's number."""
PUBLIC = ("portal:",)
"""The portal shows public steps to everybody by the number; `tests/web/portal` holds it."""
OPEN = {"office:start", "dispatch:outlines"}
"""The start leads to signing in; outlines of streets are on every map."""
FILLERS = {"int": "1", "str": "x", "slug": "x", "path": "x", "uuid": "0" * 32}


def addresses(patterns=None, prefix="", space=""):
    """Give (name, address with its parts) of everything that the resolver knows."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", "/" + route


def consume(answer):
    """Read a file to its end: then the client closes it."""
    if answer.streaming:
        for _part in answer.streaming_content:
            pass


def of_a_case():
    return sorted(
        (name, route)
        for name, route in addresses()
        if NUMBERS & {part for _kind, part in PART.findall(route)} and not name.startswith(PUBLIC)
    )


def filled(route, number):
    return PART.sub(lambda m: number if m[2] in NUMBERS else FILLERS.get(m[1] or "str", "x"), route)


@pytest.fixture
def world():
    people = make.staff(make.town())
    theirs = opened(area="S1", reporter_name="陳女士", reporter_phone="13800006021")
    do(theirs, "file", people["operator"], MONDAY)
    do(theirs, "dispatch", people["dispatcher"], MONDAY)
    return {"people": people, "case": Case.objects.get(pk=theirs.pk)}


def test_there_are_addresses_to_try():
    assert {"office:case", "office:act"} <= {name for name, _route in of_a_case()}


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_units_case_is_answered_like_one_that_does_not_exist(client, world, method):
    client.force_login(world["people"]["S2"])
    case = world["case"]
    before = Entry.objects.count()
    different, shown = [], []
    for name, route in of_a_case():
        there = getattr(client, method)(filled(route, case.number))
        nowhere = getattr(client, method)(filled(route, "DX20260101-9999"))
        if there.status_code != nowhere.status_code or there.status_code < 400:
            different.append((name, there.status_code, nowhere.status_code))
        body = b"" if there.streaming else there.content
        if case.title.encode() in body or b"13800006021" in body:
            shown.append(name)
        consume(there)
        consume(nowhere)
    assert different == []
    assert shown == []
    assert Entry.objects.count() == before
    case.refresh_from_db()
    assert case.version == world["case"].version


def test_without_signing_in_every_office_address_leads_to_the_sign_in_page(client, world):
    loose = []
    for name, route in addresses():
        if not route.startswith("/office/"):
            continue
        answer = client.get(filled(route, world["case"].number))
        leads = answer.status_code == 302 and answer["Location"].startswith("/sign-in/")
        if not leads and answer.status_code not in {404, 405} and name not in OPEN:
            loose.append((name, answer.status_code))
        consume(answer)
    assert loose == []


def test_someone_without_a_post_sees_nothing_of_the_office(client, world):
    from townkeeper.accounts.models import User

    client.force_login(User.objects.create_user("nobody"))
    seen = []
    for name, route in of_a_case():
        answer = client.get(filled(route, world["case"].number))
        if answer.status_code < 400:
            seen.append((name, answer.status_code))
        consume(answer)
    assert seen == []

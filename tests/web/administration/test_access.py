"""To others the administration does not exist; its pages cost a fixed number of queries."""

import pytest
from django.urls import reverse

from tests import make
from tests.web.administration.world import BASE
from townkeeper.units.models import Post, Role
from townkeeper.web.administration.urls import urlpatterns

PAGES = {
    "units": 12, "unit-add": 10, "changes": 10, "posts": 12, "appoint": 12, "roles": 12,
    "users": 12, "user-add": 10, "duties": 16, "duty-lines": 12, "duty-gaps": 18, "duty-cell": 14,
    "duty-trial": 10, "duty-import": 10, "categories": 12, "category-add": 10, "calendars": 16,
    "settings": 12, "translations": 16,
}  # fmt: skip


def address(name):
    return reverse(f"administration:{name}")


def test_pages_are_there_for_the_administrator_only(admin, town):
    for name in PAGES:
        answer = admin.get(address(name))
        assert answer.status_code == 200, name
        assert b"<h1>" in answer.content, name
    admin.force_login(town["people"]["CGJ"])
    for name in PAGES:
        assert admin.get(address(name)).status_code == 404, name
    admin.logout()
    for name in PAGES:
        assert admin.get(address(name))["Location"].startswith("/sign-in/"), name


def test_pages_ask_the_database_a_fixed_number_of_times(admin, town, django_assert_max_num_queries):
    for number in range(5):
        make.person(f"more-{number}", "handler", town["units"]["S1"])
    for name, most in PAGES.items():
        admin.get(address(name))
        with django_assert_max_num_queries(most, info=name):
            assert admin.get(address(name)).status_code == 200


def test_every_changing_address_is_closed_to_others(client, town):
    client.force_login(town["people"]["CGJ"])
    pk = town["people"]["supervisor"].pk
    known = {
        "code": "S1", "key": "operator", "pk": pk, "number": 1, "kind": "merge", "form": "csv",
    }  # fmt: skip
    for pattern in urlpatterns:
        names = pattern.pattern.converters
        given = {name: known[name] for name in names}
        if "code" in given and "calendar" in pattern.name:
            given["code"] = "default"
        path = reverse(f"administration:{pattern.name}", kwargs=given)
        assert client.post(path, {}).status_code in {404, 405}, path
        assert client.get(path).status_code in {404, 405}, path


def test_a_street_changes_only_what_lies_below_it(client, town):
    street = town["units"]["S1"]
    role = Role.objects.create(key="street", names={"en": "x"}, permissions=["units:unit:edit"])
    user = make.person("street", "handler", street)
    Post.objects.create(user=user, role=role, unit=street)
    client.force_login(user)
    assert client.get(f"{BASE}units/at/S1/edit/").status_code == 200
    assert client.get(f"{BASE}units/at/S2/").status_code == 200
    for path in ("edit", "outline", "rename", "move", "end/close"):
        assert client.get(f"{BASE}units/at/S2/{path}/").status_code == 404
    assert client.get(f"{BASE}units/roles/handler/").status_code == 404


NONSENSE = ["9" * 40, "²", "-1", "' OR 1=1", "%00"]


@pytest.mark.parametrize("typed", NONSENSE)
def test_nonsense_in_an_address_shows_the_beginning(admin, typed):
    for path in ("units/posts/", "duties/lines/", "settings/translations/", "users/"):
        assert admin.get(f"{BASE}{path}", {"after": typed, "q": typed}).status_code == 200


def test_lists_are_sent_as_tables_only(admin):
    for name in ("units", "units/posts", "users", "duties", "categories"):
        assert admin.get(f"{BASE}{name}/all.csv").status_code == 200
        assert admin.get(f"{BASE}{name}/all.exe").status_code == 404
        assert admin.get(f"{BASE}{name}/all.{'x' * 300}").status_code == 404

"""Signing in and out, language, theme and keys."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests import make
from townkeeper.web.office import limiter
from townkeeper.web.security import POLICY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def people():
    return make.staff(make.town())


def sign_in(client, **fields):
    return client.post(
        "/sign-in/", {"username": "dispatcher", "password": "correct horse", **fields}
    )


def test_the_start_page_leads_to_signing_in_or_to_the_work_list(client, people):
    assert client.get("/office/")["Location"] == "/sign-in/"
    client.force_login(people["dispatcher"])
    assert client.get("/office/")["Location"].startswith("/office/")


def test_pages_of_the_office_ask_for_signing_in_and_come_back(client, people):
    answer = client.get("/office/cases/?due=over")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=/office/cases/%3Fdue%3Dover"
    answer = sign_in(client, next="/office/cases/?due=over")
    assert answer["Location"] == "/office/cases/?due=over"


def test_a_part_update_after_the_session_ended_leads_the_whole_page_to_signing_in(client, people):
    headers = {"HX-Request": "true"}  # browsers keep it on their way through a redirect
    there = client.get("/office/cases/?unit=S1", headers=headers)["HX-Redirect"]
    answer = client.get(there, headers=headers)
    assert answer["HX-Redirect"] == there == "/sign-in/?next=/office/cases/%3Funit%3DS1"
    assert answer.content == b""


def test_a_form_sent_after_the_session_ended_comes_back_to_its_own_page(client, people):
    english = {"Accept-Language": "en"}
    case = "http://testserver/office/cases/DX1/?x=1"
    answer = client.post("/office/cases/DX1/report/", headers={"Referer": case, **english})
    assert answer["Location"] == "/sign-in/?next=/office/cases/DX1/%3Fx%3D1"
    answer = client.post(
        "/office/cases/DX1/report/", headers={"Referer": "https://example.org/", **english}
    )
    assert answer["Location"] == "/sign-in/?next=/office/"
    answer = sign_in(client, next="/office/me/")
    page = client.get(answer["Location"], headers=english)
    assert "send them again" in page.content.decode()


def test_nobody_is_led_to_another_site(client, people):
    assert sign_in(client, next="https://example.org/")["Location"] == "/office/"


def test_a_wrong_password_says_so_and_keeps_the_name(client, people):
    answer = sign_in(client, password="wrong")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="dispatcher"' in text
    assert 'role="alert"' in text
    assert 'autocomplete="current-password"' in text


def test_guessing_has_to_wait_and_the_right_password_too(client, people):
    for _try in range(limiter.FREE_TRIES):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code == 422
    assert "errsum" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_wait_grows_and_ends():
    for _try in range(limiter.FREE_TRIES):
        limiter.note_failure("a", "1.1.1.1", now=NOW)
    assert limiter.wait_seconds("a", "1.1.1.1", now=NOW) == 30
    assert limiter.wait_seconds("a", "2.2.2.2", now=NOW) == 0
    assert limiter.wait_seconds("a", "1.1.1.1", now=NOW + timedelta(seconds=30)) == 0
    limiter.note_failure("a", "1.1.1.1", now=NOW)
    assert limiter.wait_seconds("A", "1.1.1.1", now=NOW) == 60
    for _try in range(40):
        limiter.note_failure("a", "1.1.1.1", now=NOW)
    assert limiter.wait_seconds("a", "1.1.1.1", now=NOW) == 900
    limiter.forget("a", "1.1.1.1")
    assert limiter.wait_seconds("a", "1.1.1.1", now=NOW) == 0


def test_made_up_people_are_offered_in_a_demonstration_only(client, people, settings):
    people["dispatcher"].is_demo = True
    people["dispatcher"].save()
    assert "?as=dispatcher" not in page(client, "/sign-in/")
    settings.DEMO = True
    assert "?as=dispatcher" in page(client, "/sign-in/")
    assert 'value="dispatcher"' in page(client, "/sign-in/?as=dispatcher")
    assert 'value="&quot;&gt;' in page(client, '/sign-in/?as=">')


def test_a_closed_account_does_not_get_in(client, people):
    people["dispatcher"].is_active = False
    people["dispatcher"].save()
    assert sign_in(client).status_code == 422


def test_signing_out_needs_a_post(client, people):
    client.force_login(people["dispatcher"])
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/office/cases/").status_code == 302


def test_theme_and_keys_are_remembered(client, people):
    client.force_login(people["dispatcher"])
    assert 'media="screen and (prefers-color-scheme: dark)"' in page(client)
    client.post("/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in page(client)
    client.post("/theme/", {"theme": "<script>"})
    assert 'data-theme="system"' in page(client)
    assert 'class="keys ' in page(client)
    client.post("/office/me/keys/", {"keys": "off"})
    assert 'data-keys="off"' in page(client)
    assert 'class="keys ' not in page(client)


def page(client, path: str = "/office/cases/") -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize(
    ("code", "tag"), [("zh-hans", "zh-Hans"), ("zh-hant", "zh-Hant"), ("en", "en")]
)
def test_the_language_is_chosen_by_a_form_that_needs_no_script(client, people, code, tag):
    client.force_login(people["dispatcher"])
    answer = client.post("/language/", {"language": code, "next": "/office/cases/"})
    assert answer.status_code == 302
    assert f'<html lang="{tag}"' in page(client)


def test_my_settings_name_the_posts(client, people):
    client.force_login(people["CGJ"])
    assert "區城管局" in page(client, "/office/me/")


@pytest.mark.parametrize("path", ["/sign-in/", "/nothing/", "/office/cases/", "/"])
def test_every_answer_carries_the_policy(client, people, path):
    answer = client.get(path)
    assert answer["Content-Security-Policy"] == POLICY
    assert "unsafe-eval" not in POLICY
    assert "script-src 'self';" in POLICY


def test_a_page_that_is_not_there_says_so_in_the_look_of_the_house(client, people):
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "townkeeper/ui.css" in answer.content.decode()


def test_the_error_page_needs_nothing(client):
    from django.template.loader import render_to_string

    assert "ui.css" in render_to_string("500.html")
    assert reverse("office:sign-in") == "/sign-in/"

"""Who comes for the first time gets the style in the page, allowed by its hash; later a link."""

import base64
import hashlib
import re

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse  # noqa: TID251 - it is what the middleware is given
from django.test import RequestFactory

from townkeeper.web.firstview import MARK, FirstView, style_of

PAGE = (
    '<head><link rel="stylesheet" href="/static/a.1.css">\n<title>x</title>'
    '<link rel="stylesheet" href="/static/b.2.css" media="screen">'
    '<script defer src="/s.js"></script></head>'
    '<body><link rel="stylesheet" href="/static/a.1.css">號</body>'
)


@pytest.fixture
def published(settings, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "a.1.css").write_text("a { color: red }\n")
    (folder / "b.2.css").write_text("b { color: blue }\n")
    settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS = folder, False
    settings.STATIC_URL = "/static/"
    yield
    style_of.cache_clear()


def answer(page=PAGE, *, kind="text/html; charset=utf-8", status=200, known="", **headers):
    request = RequestFactory().get("/", **headers)
    if known:
        request.COOKIES[MARK] = known
    view = FirstView(lambda _request: HttpResponse(page, content_type=kind, status=status))
    return view(request)


def test_the_first_page_holds_its_style_and_the_policy_its_hash(published):
    found = answer()
    text = found.content.decode()
    head, body = text.split("</head>")
    style = re.search(r"<style>(.*?)</style>", head, re.DOTALL)[1]
    assert style == "a { color: red }\n@media screen {\nb { color: blue }\n}\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in found.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in found.headers["Content-Security-Policy"].replace(
        "style-src-attr 'unsafe-inline'", ""
    )
    assert head.count('rel="stylesheet"') == 0
    assert head.count('rel="prefetch"') == 2
    assert "<title>x</title>" in head
    assert body == PAGE.split("</head>")[1]
    assert found.cookies[MARK].value == "state"


def test_the_length_that_was_said_is_the_length_that_is_sent(published):
    said = HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE.encode()))})
    found = FirstView(lambda _request: said)(RequestFactory().get("/"))
    assert int(found.headers["Content-Length"]) == len(found.content) > len(PAGE.encode())


@pytest.mark.parametrize(
    "asked",
    [
        {"known": "state"},
        {"status": 422},
        {"kind": "application/json"},
        {"HTTP_HX_REQUEST": "true"},
        {"page": PAGE.replace("/static/b", "https://elsewhere/b")},
        {"page": "no head"},
    ],
)
def test_all_others_stay_as_they_are(published, asked):
    found = answer(**asked)
    assert found.content.decode() == asked.get("page", PAGE)
    assert "Content-Security-Policy" not in found.headers
    assert not found.cookies


def test_files_that_are_not_published_are_only_linked(settings):
    settings.WHITENOISE_USE_FINDERS = True
    with pytest.raises(MiddlewareNotUsed):
        FirstView(lambda _request: HttpResponse())

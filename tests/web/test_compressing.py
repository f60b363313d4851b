"""Pages and data are sent compressed, photos as they are."""

import gzip

import pytest
from django.http import HttpResponse  # noqa: TID251 - it is what the middleware is given
from django.test import RequestFactory

from townkeeper.web.compressing import CompressWords


@pytest.mark.parametrize(
    ("kind", "shrinks"),
    [("text/html; charset=utf-8", True), ("application/geo+json", True), ("image/jpeg", False)],
)
def test_what_consists_of_words_goes_compressed(kind, shrinks):
    request = RequestFactory().get("/", HTTP_ACCEPT_ENCODING="gzip")
    words = b"town " * 400
    answer = CompressWords(lambda _request: HttpResponse(words, content_type=kind))(request)
    assert answer.headers.get("Content-Encoding") == ("gzip" if shrinks else None)
    assert (gzip.decompress(answer.content) if shrinks else answer.content) == words

"""Pages and data go compressed where no proxy does it; photos and documents are so already."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from typing_extensions import override

WORDS = ("text/", "application/json", "application/geo+json", "image/svg+xml")


class CompressWords(GZipMiddleware):
    """Compresses what consists of words; Django pads it at random against guessing by length."""

    @override
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(WORDS):
            return response
        return super().process_response(request, response)

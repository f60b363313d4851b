"""What one page reads once: the stamp of the registers, which many of its parts compare."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from townkeeper.journal.actions import one_stamp

SAFE = {"GET", "HEAD"}


class OneStamp:
    """Lets a page that only reads ask for the stamp of the registers once instead of five times."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE:
            return self.get_response(request)
        with one_stamp():
            return self.get_response(request)

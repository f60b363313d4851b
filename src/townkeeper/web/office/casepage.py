"""One case."""

from django.http import HttpRequest, HttpResponse


def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """X."""
    return HttpResponse("")

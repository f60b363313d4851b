"""The short pages that explain: help, accessibility, privacy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from townkeeper.cases.following import DIGITS, PHOTOS_MAX, WORDS_MAX
from townkeeper.web.registers import registers


@require_safe
def explained(request: HttpRequest, page: str) -> HttpResponse:
    """Show one of the pages that explain."""
    context = {
        "hotline": registers().site("hotline", settings.HOTLINE),
        "photos_max": PHOTOS_MAX,
        "words_max": WORDS_MAX,
        "digits": DIGITS,
        "upload_mb": settings.UPLOAD_LIMIT_MB,
    }
    return render(request, f"portal/{page}.html", context)

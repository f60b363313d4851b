"""The headers that tell browsers to run nothing but our own files."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; "
    # Bars and meters carry their value as a custom property: style="--v:67%".
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PERMISSIONS = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"


class ContentSecurityPolicy:
    """Puts the policy on every answer; a view that needs another one sets the header itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


def policy() -> str:
    """Return the policy; where map tiles are set, pictures may come from their host as well."""
    parts = urlsplit(settings.MAP_TILES)
    if not parts.scheme or not parts.hostname:
        return POLICY
    return POLICY.replace("img-src 'self'", f"img-src 'self' {parts.scheme}://{parts.netloc}")

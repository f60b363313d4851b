"""The first page that a browser sees brings its style along.

Over a slow mobile line it would wait twice: 400 ms for the page, then 400 for the sheets. So who
comes without the mark that the sheets are known gets them written into the page, allowed by their
hash in the policy (`style-src` of CSP level 2: no other style inside a page is taken), and the
browser fetches the files at leisure. From then on pages only link. Measured by `bench first_view`;
only where the files are published (`config.statics`).
"""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from townkeeper.web.security import policy

MARK = "look"
"""The cookie that names the published state whose sheets the browser has."""
YEAR = 365 * 24 * 3600
SHEET = re.compile(rb'<link rel="stylesheet" href="([^"?]+)"(?: media="([^"]+)")?>\s*')
Sheets = tuple[tuple[str, str], ...]
"""Address and media of each."""


class FirstView:
    """Writes the sheets into a page for browsers that do not have them yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if settings.WHITENOISE_USE_FINDERS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.state = Path(settings.STATIC_ROOT).name

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.COOKIES.get(MARK) == self.state or not _is_page(request, response):
            return response
        return self._written(response) if isinstance(response, HttpResponse) else response

    def _written(self, response: HttpResponse) -> HttpResponse:
        """Write the sheets where the first is linked, and say in the policy which style this is."""
        head, end, body = response.content.partition(b"</head>")
        links = SHEET.findall(head)
        known = tuple((href.decode(), media.decode()) for href, media in links)
        if (
            not end
            or not known
            or not all(href.startswith(settings.STATIC_URL) for href, _m in known)
        ):
            return response
        style, sum_ = style_of(known)
        first = head.index(b'<link rel="stylesheet"')
        rest = SHEET.sub(b"", head[first:])
        later = b"".join(b'<link rel="prefetch" href="%s">' % href for href, _media in links)
        response.content = head[:first] + style + rest + later + end + body
        if response.has_header("Content-Length"):  # counted before the style came in
            response.headers["Content-Length"] = str(len(response.content))
        allowed = policy().replace("style-src 'self'", f"style-src 'self' '{sum_}'", 1)
        response.headers.setdefault("Content-Security-Policy", allowed)
        response.set_cookie(
            MARK, self.state, max_age=YEAR, samesite="Lax", httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
        return response


def _is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether this is a whole page for one reader: parts of pages and refusals stay as they are."""
    if request.method != "GET" or "HX-Request" in request.headers or response.status_code != 200:  # noqa: PLR2004
        return False
    return response.headers.get("Content-Type", "").startswith("text/html")


@lru_cache(maxsize=50)
def style_of(sheets: Sheets) -> tuple[bytes, str]:
    """Return the sheets as one element in their order, and what the policy calls it."""
    parts = []
    for href, media in sheets:
        path = Path(settings.STATIC_ROOT) / href.removeprefix(settings.STATIC_URL)
        text = path.read_text(encoding="utf-8")
        parts.append(f"@media {media} {{\n{text}}}\n" if media else text)
    css = "".join(parts)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"<style>{css}</style>".encode(), f"sha256-{digest}"

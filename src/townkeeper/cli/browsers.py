"""Chromium for the gallery and the tests: where it is, signing in, the search for barriers."""

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from townkeeper.accounts.models import User

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""WCAG 2.2, levels A and AA, by axe's names."""


def find_browser() -> str | None:
    """Return the path of a Chromium of this computer, or none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def sign_in_cookie(user: "User") -> dict[str, str]:
    """Open a session for a person; returns its cookie."""
    from django.conf import settings  # noqa: PLC0415 - Django is set up by now
    from django.contrib.auth import (  # noqa: PLC0415
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
    )
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"sessionid": str(session.session_key)}


def set_cookies(context: Any, address: str, values: dict[str, str]) -> None:  # noqa: ANN401
    """Give a browser's context cookies for one address."""
    context.add_cookies([{"name": n, "value": v, "url": address} for n, v in values.items()])


def barriers(page: "Page") -> list[str]:
    """Return what axe finds on a page: rule, first place, number of places."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - for development only

    # without `preload`, axe would fetch style sheets anew, from addresses it misreads
    options = {"runOnly": list(RULES), "preload": False}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']} ({len(each['nodes'])})" for each in found]


def sideways(page: "Page") -> int:
    """Return by how many pixels a page is wider than its window; 0 where it fits."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width

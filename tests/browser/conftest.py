"""What every test in a browser needs: files under their own names, and what the console said."""

import pytest

from townkeeper.cli.browsers import set_cookies, sign_in_cookie


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """The live server serves files by their own names."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def seen(page):
    """What the browser complains about."""
    found: list[str] = []
    page.on("console", lambda m: found.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def visit(live_server):
    """Sign a person in (none: the public), and choose language and theme, for a browser context."""

    def go(context, user=None, *, language: str = "en", theme: str = "light") -> None:
        session = sign_in_cookie(user) if user else {}
        chosen = {"django_language": language, "theme": theme}
        set_cookies(context, live_server.url, {**chosen, **session})

    return go

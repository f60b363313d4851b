"""Every page of every role in a small living district: quiet, free of barriers, never too wide.

`./townkeeper gallery` does the same with the whole demonstration district, in all widths, themes
and languages; this is the part of it that every run of the suite can afford.
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from townkeeper.accounts.models import User
from townkeeper.programs.load import load_program
from townkeeper.programs.simulation.run import simulate
from townkeeper.web.gallery import all_shots

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 11, 16, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PHONE_FACES = {"portal", "field"}
"""Phone first: there the narrow picture is searched for barriers, elsewhere the wide one."""
WIDTHS = (320, 390, 1024, 1440)


@pytest.fixture
def district(settings, tmp_path):
    """Dongxing with its people and two simulated weeks."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.HOME = tmp_path
    settings.DEMO = True  # its people may sign in
    assert load_program(ROOT / "programs" / "dongxing", actor="test", with_people=True).ok
    simulate(0, 3, until=UNTIL, per_day=2)


def cookies(who: str, language: str) -> dict[str, str]:
    if not who:
        return {"django_language": language}
    user = User.objects.get(username=who)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"sessionid": session.session_key, "django_language": language, "theme": "light"}


def faults(page, url: str, where: str, *, phone: bool) -> list[str]:
    """Open a page in its own width, look for barriers, then make it narrow and wide."""
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_viewport_size({"width": 390 if phone else 1440, "height": 900})
    answer = page.goto(url)
    found = [f"{where}: answered {answer.status}"] if answer.status != 200 else []
    found += [f"{where}: {text}" for text in said]
    if "/sign-in/" in page.url and "/sign-in/" not in url:
        found.append(f"{where}: leads to signing in")
    found += (
        [f"{where}: {page.locator('h1').count()} h1"] if page.locator("h1").count() != 1 else []
    )
    if connection.vendor != "sqlite":
        return found  # how a page looks does not depend on where its data lie
    for barrier in Axe().run(page, options=AXE).response["violations"]:
        found.append(f"{where}: {barrier['id']} {barrier['nodes'][0]['target']}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            found.append(f"{where}: {over} px too wide at {width}")
    return found


@pytest.mark.parametrize("language", ["en"])
def test_every_page_is_quiet_accessible_and_never_too_wide(
    browser, live_server, district, language
):
    by_person: dict[str, list] = {}
    for face, shot in all_shots():
        by_person.setdefault(shot.who, []).append((face, shot))
    found: list[str] = []
    for who, shots in by_person.items():
        context = browser.new_context()
        context.add_cookies(
            [
                {"name": n, "value": v, "url": live_server.url}
                for n, v in cookies(who, language).items()
            ]
        )
        user = User.objects.get(username=who) if who else AnonymousUser()
        for face, shot in shots:
            path = shot.address(user)
            if path:
                page = context.new_page()
                where = f"{face}/{shot.name}"
                found += faults(page, live_server.url + path, where, phone=face in PHONE_FACES)
                page.close()
        context.close()
    assert found == []

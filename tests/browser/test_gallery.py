"""Every page of every role in a small living district: quiet, free of barriers, never too wide.

`./townkeeper gallery` does the same with the whole demonstration district, in all widths, themes
and languages; this is the part of it that every run of the suite can afford.
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser

from townkeeper.accounts.models import User
from townkeeper.cli.browsers import barriers, sideways
from townkeeper.programs.load import load_program
from townkeeper.programs.simulation.run import simulate
from townkeeper.web.gallery import FACES, all_shots

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # pytest-base-url makes its fixture in a way that pytest 10 will refuse; not ours to change
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 11, 16, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
PHONE_FACES = {"portal", "field"}
"""Phone first: there the narrow picture is searched for barriers, elsewhere the wide one."""
WIDTHS = (320, 390, 1024, 1440)
PARTS = (FACES[:5], FACES[5:])
"""Two halves, so that two processes share them."""


@pytest.fixture
def district(settings, tmp_path):
    """Dongxing with its people and two simulated weeks."""
    settings.HOME = tmp_path
    settings.DEMO = True  # its people may sign in
    assert load_program(ROOT / "programs" / "dongxing", actor="test", with_people=True).ok
    simulate(0, 3, until=UNTIL, per_day=2)


def faults(page, url: str, where: str, *, phone: bool) -> list[str]:
    """Open a page in its own width, look for barriers, then make it narrow and wide."""
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_viewport_size({"width": 390 if phone else 1440, "height": 900})
    answer = page.goto(url)
    found = [f"answered {answer.status}"] if answer.status != 200 else []
    if "/sign-in/" in page.url and "/sign-in/" not in url:
        found.append("leads to signing in")
    if (heads := page.locator("h1").count()) != 1:
        found.append(f"{heads} h1")
    found += barriers(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (over := sideways(page)) > 0:
            found.append(f"{over} px too wide at {width}")
    return [f"{where}: {text}" for text in found + said]


@pytest.mark.parametrize("faces", PARTS, ids="-".join)
def test_every_page_is_quiet_accessible_and_never_too_wide(
    browser, live_server, district, visit, faces
):
    by_person: dict[str, list] = {}
    for face, shot in all_shots():
        if face in faces:
            by_person.setdefault(shot.who, []).append((face, shot))
    found: list[str] = []
    for who, shots in by_person.items():
        user = User.objects.get(username=who) if who else None
        context = browser.new_context()
        visit(context, user)
        for face, shot in shots:
            if path := shot.address(user or AnonymousUser()):
                page = context.new_page()
                where = f"{face}/{shot.name}"
                found += faults(page, live_server.url + path, where, phone=face in PHONE_FACES)
                page.close()
        context.close()
    assert found == []

"""Draws every page of the demonstration district and says what is wrong with any of them.

A page is at fault when the server refuses it, the browser's console says anything (a breach of
the content security policy is said there), it scrolls sideways, or axe finds a barrier.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from townkeeper.cli.browsers import (
    barriers,
    find_browser,
    set_cookies,
    sideways,
    sign_in_cookie,
)
from townkeeper.cli.server import answering, free_port
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from townkeeper.web.gallery import Shot

HOST = "127.0.0.1"
HEIGHT = 900
BAD_STATUS = 400


@dataclass(frozen=True)
class Wish:
    """What to draw: faces (none: all), widths in pixels, themes, languages."""

    faces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    widths: tuple[int, ...] = (1440, 390)
    themes: tuple[str, ...] = ("light",)
    languages: tuple[str, ...] = ("zh-hans",)
    axe: bool = True


@dataclass
class Drawn:
    """The pictures, and what is wrong with the pages."""

    pictures: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    without_example: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Look:
    width: int
    theme: str
    language: str

    def suffix(self) -> str:
        return f"{self.width}-{self.theme}-{self.language}"


def draw(home: Path, out: Path, wish: Wish) -> Drawn:
    """Draw the pages into `out`, one folder for each face; Django is set up, the home is ready."""
    drawn = Drawn()
    address = f"http://{HOST}:{(port := free_port(HOST, 8700))}"
    with answering(home=home, host=HOST, port=port), _browser() as browser:
        for theme in wish.themes:
            for language in wish.languages:
                for width in wish.widths:
                    look = _Look(width, theme, language)
                    _draw_all(browser, address, out, wish, look, drawn)
    return drawn


def _draw_all(  # noqa: PLR0917 - one pass over all pages
    browser: "Browser", address: str, out: Path, wish: Wish, look: _Look, drawn: Drawn
) -> None:
    for who, shots in _by_person(wish).items():
        context = browser.new_context(
            viewport={"width": look.width, "height": HEIGHT}, device_scale_factor=1
        )
        session = sign_in_cookie(_person(who)) if who else {}
        chosen = {"django_language": look.language, "theme": look.theme}
        set_cookies(context, address, {**chosen, **session})
        for face, shot in shots:
            page = context.new_page()
            _draw_one(page, address, out / face, shot, look, axe=wish.axe, drawn=drawn)
            page.close()
        context.close()


def _draw_one(
    page: "Page", address: str, folder: Path, shot: "Shot", look: _Look, *, axe: bool, drawn: Drawn
) -> None:
    path = shot.address(_person(shot.who))
    name = f"{folder.name}/{shot.name}"
    if path is None:
        if name not in drawn.without_example:
            drawn.without_example.append(name)
        return
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(address + path, wait_until="networkidle")
    where = f"{name} {look.suffix()}"
    if answer is None or answer.status >= BAD_STATUS:
        drawn.faults.append(f"{where}: {path} → {answer.status if answer else '?'}")
    drawn.faults += [f"{where}: {text}" for text in said]
    wide = sideways(page)
    if wide > 0:
        drawn.faults.append(f"{where}: {wide} px too wide")
    if axe:
        drawn.faults += [f"{where}: {text}" for text in barriers(page)]
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"{shot.name}-{look.suffix()}.png"
    page.screenshot(path=picture, full_page=True)
    drawn.pictures.append(picture)


def _by_person(wish: Wish) -> dict[str, list[tuple[str, "Shot"]]]:
    from townkeeper.web.gallery import all_shots  # noqa: PLC0415 - Django is set up by now

    found: dict[str, list[tuple[str, Shot]]] = {}
    for face, shot in all_shots():
        if (not wish.faces or face in wish.faces) and (not wish.names or shot.name in wish.names):
            found.setdefault(shot.who, []).append((face, shot))
    return found


def _person(who: str) -> Any:  # noqa: ANN401 - a user, or nobody
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    from townkeeper.accounts.models import User  # noqa: PLC0415

    if not who:
        return AnonymousUser()
    user = User.objects.filter(username=who).first()
    if user is None:
        raise Problem("no-such-user", _("There is nobody with the name %(name)s.") % {"name": who})
    return user


@contextmanager
def _browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for development only

    program = find_browser()
    if program is None:
        raise Problem(
            "no-browser",
            _("No Chromium was found on this computer."),
            hint=_("On Debian or Ubuntu: apt install chromium fonts-noto-cjk"),
        )
    # as root Chromium cannot make its own sandbox
    extra = ["--no-sandbox"] if os.geteuid() == 0 else []
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=extra)
        try:
            yield browser
        finally:
            browser.close()


def write_index(out: Path, pictures: list[Path]) -> Path:
    """Write a page that shows all pictures beside each other; returns where it is."""
    rows = "".join(
        f'<figure><a href="{p.relative_to(out)}"><img src="{p.relative_to(out)}" loading="lazy">'
        f"</a><figcaption>{p.relative_to(out)}</figcaption></figure>"
        for p in sorted(pictures)
    )
    index = out / "index.html"
    style = "body{font:14px sans-serif;display:flex;flex-wrap:wrap}figure{margin:8px}"
    style += "img{width:300px;height:220px;object-fit:cover;object-position:top;border:1px solid}"
    index.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style>{rows}", encoding="utf-8"
    )
    return index

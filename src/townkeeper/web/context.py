"""What every page of the office needs to know: language tag, theme, navigation, the present."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_info

from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, posts_for
from townkeeper.web.navigation import navigation, phone_bar
from townkeeper.web.registers import Registers, registers
from townkeeper.web.wording import script_words

HTML_LANG = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}
THEMES = ("system", "light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the common context; the database is asked only for what a template shows."""
    language = get_language() or settings.LANGUAGE_CODE
    theme = request.COOKIES.get("theme", "system")
    known: Registers = SimpleLazyObject(registers)  # type: ignore[assignment]
    nav: list[dict[str, Any]] = SimpleLazyObject(lambda: navigation(request))  # type: ignore[assignment]
    return {
        "html_lang": HTML_LANG.get(language, language),
        "languages": [
            {
                "code": code,
                "name": get_language_info(code)["name_local"],
                "tag": HTML_LANG.get(code, code),
                "current": code == language,
            }
            for code, _name in settings.LANGUAGES
        ],
        "theme": theme if theme in THEMES else "system",
        "keys_on": request.COOKIES.get("keys") != "off",
        "now": clock.now(),
        "words_json": json.dumps(script_words(), ensure_ascii=False),
        "nav": nav,
        "phone_nav": SimpleLazyObject(lambda: phone_bar(nav)),
        "site_name": SimpleLazyObject(lambda: site_name(known)),
        "may_register": SimpleLazyObject(lambda: may(request, Permission.CASES_CASE_OPEN)),
        "office_says": SimpleLazyObject(lambda: office_says(known)),
        "role_line": SimpleLazyObject(lambda: role_line(request)),
    }


def site_name(known: Registers) -> str:
    """Return the name of the place: what the office calls it, or the topmost unit."""
    return known.site("site_name", known.top.title if known.top else "")


def office_says(known: Registers) -> dict[str, str]:
    """Return what the office tells the public on every page."""
    return {"contact": known.site("office_contact"), "notice": known.site("public_notice")}


def role_line(request: HttpRequest) -> str:
    """Return a person's first post in words: `Dispatcher · Governance office`."""
    posts = posts_for(request)
    if not posts:
        return ""
    return f"{posts[0].title or posts[0].role.title} · {posts[0].unit.title}"

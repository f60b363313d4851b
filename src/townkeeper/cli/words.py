"""The words of the command line, in the language of the terminal.

They come from the same catalogue as the pages, read by Python's own gettext, so that `--help`,
`check` and a message about broken settings need no Django.
"""

import gettext as catalogue
import os
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("zh-hant", "zh-hans", "en")
LOCALE = Path(__file__).parents[1] / "locale"
FOLDERS = {"zh-hant": "zh_Hant", "zh-hans": "zh_Hans", "en": "en"}
TRADITIONAL = ("tw", "hk", "mo", "hant")

_spoken = "en"


def guess_language(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for, English where it says nothing."""
    given = environment.get("TOWNKEEPER_LANGUAGE", "").lower()
    if given in LANGUAGES:
        return given
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "").lower().replace("-", "_")
        if not value:
            continue
        if not value.startswith("zh"):
            return "en"
        return "zh-hant" if any(mark in value for mark in TRADITIONAL) else "zh-hans"
    return "en"


def speak(language: str) -> None:
    """Use `language` for everything that is said from here on, argparse's own words too."""
    global _spoken  # noqa: PLW0603 - one process speaks one language
    _spoken = language
    os.environ["LANGUAGE"] = FOLDERS[language]
    catalogue.bindtextdomain("django", str(LOCALE))
    catalogue.textdomain("django")


def spoken() -> str:
    """Return the language in use."""
    return _spoken


def gettext(message: str) -> str:
    """Return the message in the language in use."""
    return catalogue.dgettext("django", message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the singular or plural form for `number`."""
    return catalogue.dngettext("django", one, many, number)

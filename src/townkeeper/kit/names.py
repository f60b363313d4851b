"""Names in several languages and the keys by which people find them."""

from collections.abc import Mapping
from functools import lru_cache

from django.utils.translation import get_language
from pypinyin import Style, lazy_pinyin

TRADITIONAL = ("zh-Hant", "zh-Hans", "en")
SIMPLIFIED = ("zh-Hans", "zh-Hant", "en")
FALLBACKS = {
    **dict.fromkeys(("zh-hant", "zh-hk", "zh-mo", "zh-tw"), TRADITIONAL),
    **dict.fromkeys(("zh-hans", "zh-cn", "zh-sg", "zh"), SIMPLIFIED),
    "en": ("en", "zh-Hant", "zh-Hans"),
}


def say(texts: Mapping[str, str], language: str | None = None) -> str:
    """Return the text in `language` (the page's by default), or the nearest one there is."""
    key = (language or get_language() or "en").lower()
    for tag in FALLBACKS.get(key, FALLBACKS["en"]):
        if texts.get(tag):
            return texts[tag]
    return next(filter(None, texts.values()), "")


@lru_cache(maxsize=20_000)
def pinyin_key(name: str) -> str:
    """Return `initials full-spelling` for typing and sorting: `dxq dongxingqu`."""
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return f"{initials} {''.join(lazy_pinyin(name))}".lower()[:120]

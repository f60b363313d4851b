"""Tells a file's encoding from its bytes, because “invalid byte” helps nobody who used Notepad."""

import codecs
from typing import Literal, NamedTuple

Trouble = Literal["", "bom", "utf16", "legacy", "broken"]
_UTF16 = {codecs.BOM_UTF16_LE: "UTF-16 LE", codecs.BOM_UTF16_BE: "UTF-16 BE"}
_COMMON = frozenset(
    "的一是不了在有人和中大為为以及對对區区鎮镇局位程序名稱称單单級级月日年分責责辦办理治"
)
"""Characters so frequent in such files that their absence speaks against an encoding."""


class Decoded(NamedTuple):
    """The text, or what stood in the way of it."""

    text: str
    problem: Trouble = ""
    encoding: str = "UTF-8"
    line: int = 1
    offset: int = 0


def decode(raw: bytes) -> Decoded:
    """Decode UTF-8; name the encoding that it probably is instead."""
    for bom, name in _UTF16.items():
        if raw.startswith(bom):
            return Decoded("", "utf16", name)
    if raw.startswith(codecs.BOM_UTF8):
        rest = decode(raw[len(codecs.BOM_UTF8) :])
        return rest if rest.problem else Decoded(rest.text, "bom", "UTF-8 BOM")
    if b"\x00" in raw[:200]:
        return Decoded("", "utf16", "UTF-16")
    try:
        return Decoded(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        name = guess(raw)
        trouble: Trouble = "legacy" if name else "broken"
        return Decoded("", trouble, name or "", line, error.start)


def guess(raw: bytes) -> str:
    """Return `GBK` or `Big5`, whichever makes the bytes read like Chinese; else empty."""
    scores: dict[str, int] = {}
    for name in ("gbk", "big5", "gb18030"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        scores[name] = sum(character in _COMMON for character in text)
    if not scores:
        return ""
    best = max(scores, key=lambda name: scores[name])
    return {"gbk": "GBK", "big5": "Big5", "gb18030": "GB18030"}[best]

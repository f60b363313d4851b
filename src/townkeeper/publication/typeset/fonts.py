"""Chooses, from the fonts that are really there, a family for each role of GB/T 9704."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import typst
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import Language

Role = Literal["title", "body", "second", "heading", "latin", "page"]
"""小标宋, 仿宋, 楷体, 黑体, the Latin letters and digits within them, and the page numbers."""

SERIF = {
    "zh-Hans": ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN"),
    "zh-Hant": ("Noto Serif CJK HK", "Noto Serif CJK TC", "Source Han Serif HC"),
}
SANS = {
    "zh-Hans": ("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN"),
    "zh-Hant": ("Noto Sans CJK HK", "Noto Sans CJK TC", "Source Han Sans HC"),
}
ANY = (
    "SimSun", "Microsoft YaHei", "PMingLiU", "Songti SC", "PingFang SC", "LXGW WenKai",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "AR PL UMing CN", "Droid Sans Fallback",
)  # fmt: skip
"""Families that at least show Chinese, where neither an official nor a general one is there."""
LATIN = ("Times New Roman", "Liberation Serif", "Tinos", "Libertinus Serif")

WANTED: dict[str, dict[str, tuple[str, ...]]] = {
    "zh-Hans": {
        "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05"),
        "body": ("FangSong_GB2312", "FangSong", "STFangsong", "FandolFang R", "Zhuque Fangsong"),
        "second": ("KaiTi_GB2312", "KaiTi", "STKaiti", "LXGW WenKai", "FandolKai", "AR PL UKai"),
        "heading": ("SimHei", "STHeiti"),
        "page": ("SimSun",),
    },
    "zh-Hant": {
        "title": ("FZXiaoBiaoSong-B05", "FZXiaoBiaoSong-B05T"),
        "body": ("cwTeXFangSong", "FangSong", "Zhuque Fangsong"),
        "second": ("DFKai-SB", "BiauKai", "TW-Kai", "LXGW WenKai TC", "LXGW WenKai", "AR PL UKai"),
        "heading": ("Microsoft JhengHei",),
        "page": ("PMingLiU", "MingLiU"),
    },
}
"""Families by role, the official ones first; the general CJK serif or sans follows each list."""


@dataclass(frozen=True)
class FontSettings:
    """Where fonts are looked for and which families the office prefers."""

    directory: Path | None = None
    """A folder of font files beside those of the system (TOWNKEEPER_FONT_DIR)."""
    body: str = ""
    """A family to try first for the running text."""
    system: bool = True
    """Whether the fonts installed on this machine are used."""


@dataclass(frozen=True)
class FontChoice:
    """The families of each role in order, all of them present."""

    roles: dict[str, tuple[str, ...]]
    has_chinese: bool


@lru_cache(maxsize=8)
def installed(settings: FontSettings) -> typst.Fonts:
    """Return the fonts that Typst finds (0.2–0.8 s the first time, then kept)."""
    paths: list[Path] = []
    if settings.directory is not None:
        if not settings.directory.is_dir():
            raise Problem(
                "font-folder",
                _("The folder of fonts does not exist."),
                where=str(settings.directory),
                hint=_("Correct TOWNKEEPER_FONT_DIR or leave it empty."),
            )
        paths.append(settings.directory)
    return typst.Fonts(include_system_fonts=settings.system, font_paths=paths)


def choose(settings: FontSettings, language: Language, *, chinese: bool) -> FontChoice:
    """Pick present families for every role; refuse Chinese text where no font can show it."""
    present = set(installed(settings).families())
    script = "zh-Hant" if language == "zh-Hant" else "zh-Hans"
    other = "zh-Hans" if script == "zh-Hant" else "zh-Hant"
    serif = _present((*SERIF[script], *SERIF[other]), present)
    sans = _present((*SANS[script], *SANS[other]), present)
    latin = _present(LATIN, present)
    spare = () if serif or sans else _present(ANY, present)
    roles: dict[str, tuple[str, ...]] = {"latin": latin[:1]}
    for role, families in WANTED[script].items():
        asked = (settings.body, *families) if role == "body" else families
        general = (*sans, *serif) if role == "heading" else (*serif, *sans)
        roles[role] = _once((*_present(asked, present), *general[:2], *spare))
    has_chinese = bool(roles["body"])
    if chinese and not has_chinese:
        raise Problem(
            "font-chinese",
            _("No font on this machine can show Chinese, so the document would be all boxes."),
            hint=_(
                "Install the Debian packages fonts-noto-cjk, fonts-noto-cjk-extra and "
                "fonts-lxgw-wenkai, or put the office's own font files into TOWNKEEPER_FONT_DIR."
            ),
        )
    if language == "en":
        roles = {role: _once((*latin[:1], *families)) for role, families in roles.items()}
    return FontChoice(
        {role: families or latin[:1] for role, families in roles.items()}, has_chinese
    )


def _present(wanted: tuple[str, ...], present: set[str]) -> tuple[str, ...]:
    return tuple(family for family in wanted if family in present)


def _once(families: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(families))

"""Things to choose from, in memory, and how they are found by what a person types."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

from townkeeper.cases.desk import desk
from townkeeper.cases.search.folding import fold
from townkeeper.duties.models import Category
from townkeeper.duties.register import register
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.kit.names import pinyin_key, say
from townkeeper.units.models import Unit

MOST: Final = 20
"""Lines of one answer; who sees more than that reads and does not choose."""
APART: Final = " › "


@dataclass(frozen=True)
class Option:
    """One thing to choose, with everything it is found by."""

    value: str
    name: str
    names: dict[str, str] = field(default_factory=dict)
    code: str = ""
    parent: str = ""
    words: tuple[str, ...] = ()
    """Other words for it, such as older codes and what people call it."""
    area: str = ""
    """The code of the unit in whose area it lies, for what stands in no tree."""
    cases: int = 0
    """How many cases it was seen in, for what was learnt from cases."""
    is_offered: bool = True
    """False for what is closed or out of use: it is found by `all=1` only."""

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.name

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """Its names, scripts and letter cases made alike."""
        return tuple(dict.fromkeys(fold(each) for each in (self.name, *self.names.values())))

    @cached_property
    def keys(self) -> tuple[str, str]:
        """Its pinyin: initials and full spelling."""
        initials, _space, full = pinyin_key(self.name).partition(" ")
        return initials, full


@dataclass(frozen=True)
class Book:
    """All options of one sort, in their order, with the tree that they form."""

    options: tuple[Option, ...]

    @cached_property
    def by_value(self) -> dict[str, Option]:
        """The options by what a form sends."""
        return {option.value: option for option in self.options}

    @cached_property
    def below(self) -> dict[str, list[Option]]:
        """The options under each one; under `""` those at the top."""
        found: dict[str, list[Option]] = {}
        for option in self.options:
            parent = option.parent if option.parent in self.by_value else ""
            found.setdefault(parent, []).append(option)
        return found

    def above(self, option: Option) -> list[Option]:
        """Return the options over one, the topmost first."""
        line: list[Option] = []
        while (parent := self.by_value.get(option.parent)) is not None and parent not in line:
            line.insert(0, parent)
            option = parent
        return line


def why_found(option: Option, typed: str) -> tuple[int, str] | None:
    """Return how well an option fits what was typed (0 is best) and why, in words; None: not.

    `typed` is folded. Initials come before full pinyin, beginnings before middles, names before
    the words that people use.
    """
    names = option.folded
    if any(name == typed for name in names):
        return 0, ""
    if typed.isascii() and (hit := _by_letters(option, typed)):
        return hit
    if any(name.startswith(typed) for name in names):
        return 2, ""
    if any(typed in name for name in names):
        return 5, ""
    return _by_other_words(option, typed)


def _by_letters(option: Option, typed: str) -> tuple[int, str] | None:
    """Compare with code, initials and full pinyin from their beginnings."""
    initials, full = option.keys
    codes = (option.code.lower(), option.code.lower().rpartition("/")[2])
    if option.code and typed in codes:
        return 0, _("code %(code)s") % {"code": option.code}
    if initials.startswith(typed):
        return 1, _("initials %(initials)s") % {"initials": initials}
    if option.code and any(code.startswith(typed) for code in codes):
        return 3, _("code %(code)s") % {"code": option.code}
    return (4, _("pinyin")) if full.startswith(typed) else None


def _by_other_words(option: Option, typed: str) -> tuple[int, str] | None:
    initials, full = option.keys
    for word in option.words:
        if typed in fold(word) or (typed.isascii() and pinyin_key(word).startswith(typed)):
            return 6, _("also called “%(word)s”") % {"word": word}
    least = 2
    if typed.isascii() and len(typed) >= least and (typed in initials or typed in full):
        return 7, _("pinyin")
    return None


def find_options(
    book: Book, typed: str, *, with_all: bool = False, most: int = MOST
) -> list[tuple[Option, str]]:
    """Return the options that fit what was typed, the best first, each with the reason in words."""
    wanted = fold(" ".join(typed.split()))
    found = []
    for place, option in enumerate(book.options):
        if not (option.is_offered or with_all):
            continue
        hit = why_found(option, wanted)
        if hit is not None:
            found.append((hit[0], len(option.name), place, option, hit[1]))
    found.sort(key=lambda each: each[:3])
    return [(option, reason) for *_order, option, reason in found[:most]]


# --- the books ---


AREA_KINDS: Final = frozenset({"county", "township", "village"})


def _areas() -> Iterable[Option]:
    return _units(AREA_KINDS)


def _units(kinds: frozenset[str] = frozenset()) -> Iterable[Option]:
    on = clock.today()
    rows = Unit.objects.select_related("parent").defer("outline", "parent__outline")
    for unit in rows.filter(kind__in=kinds) if kinds else rows:
        yield Option(
            unit.code,
            unit.name,
            dict(unit.names),
            code=unit.code,
            parent=unit.parent.code if unit.parent else "",
            words=tuple(map(str, unit.aliases)),
            is_offered=_exists(unit, on),
        )


def _exists(unit: Unit, on: date) -> bool:
    return (unit.since is None or unit.since <= on) and (unit.until is None or on < unit.until)


def _categories() -> Iterable[Option]:
    for row in Category.objects.select_related("parent").order_by("key"):
        yield Option(
            row.key,
            row.name,
            dict(row.names),
            code=row.key,
            parent=row.parent.key if row.parent else "",
            words=tuple(str(word) for word in (*row.keywords, *row.aliases)),
            is_offered=row.is_used,
        )


def _places() -> Iterable[Option]:
    units, on = register().units, clock.today()
    for place in desk().places.values():
        area = units[place.area_id]
        yield Option(
            place.code,
            place.name,
            dict(place.names),
            code=place.code,
            area=area.code,
            is_offered=place.until is None or on < place.until,
        )


SOURCES: Final[dict[str, Callable[[], Iterable[Option]]]] = {
    "units": _units,
    "areas": _areas,
    "categories": _categories,
    "places": _places,
}
_kept: dict[str, tuple[tuple[int, date], Book]] = {}


def book_of(what: str) -> Book:
    """Return the options of a sort, read anew when the registers or the day have changed."""
    mark = (registers_stamp(), clock.today())
    known = _kept.get(what)
    if known is None or known[0] != mark:
        known = (mark, Book(tuple(SOURCES[what]())))
        _kept[what] = known
    return known[1]


def where_words(book: Book, option: Option) -> str:
    """Return where an option stands: the line above it in its tree, or the area it lies in."""
    above = book.above(option)
    if above:
        return APART.join(each.title for each in above)
    area = book_of("units").by_value.get(option.area)
    return area.title if area else ""

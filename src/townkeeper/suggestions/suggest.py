"""Suggests category and owner for a report that is being entered; a person decides.

The category comes from the trained model; before there is one, and for categories that it has never
seen, from the keywords that the program gives to categories. The owner is the duty register's
answer, and beside it stands where the office in fact sent such cases.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.models import Case, Stage
from townkeeper.duties.models import Category
from townkeeper.duties.register import Register, UnitRow, register
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.suggestions.classifier import BrokenModelError, Classifier, load_classifier
from townkeeper.suggestions.words import normalised

NAME: Final = "category"
KEYWORDS: Final = "keywords"
LOOKED_AT: Final = 200
"""The latest closed cases of a category that are asked where they went."""
FEWEST_ELSEWHERE: Final = 3
SHARE_ELSEWHERE: Final = 0.2
"""Fewer or rarer deviations are chance."""
TEXT_SEARCHED: Final = 2_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One category that a report may belong to."""

    category: str
    name: str
    confidence: float | None
    """0 to 1, measured on held-out cases; None where it comes from keywords."""
    reason: tuple[str, ...]
    """The words that spoke for it."""
    model: str
    """The model's version, or `keywords`."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as data for a page, the API or an offer."""
        return {
            "value": self.category,
            "name": self.name,
            "confidence": self.confidence,
            "reason": list(self.reason),
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A unit to which cases of the kind went although the register names another."""

    unit: str
    name: str
    cases: int
    of: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers by the duty register, and where such cases really went."""

    unit: str | None
    """None: the register names nobody, which is a finding and not a default."""
    name: str
    reason: dict[str, object]
    elsewhere: tuple[Elsewhere, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as data for a page, the API or an offer."""
        return {
            "value": self.unit,
            "name": self.name,
            "confidence": None,
            "reason": self.reason,
            "elsewhere": [
                {"value": unit.unit, "name": unit.name, "cases": unit.cases, "of": unit.of}
                for unit in self.elsewhere
            ],
            "model": "register",
        }


def suggest(title: str, text: str = "", *, limit: int = 3) -> list[Suggestion]:
    """Return up to `limit` categories for the words of a report, the likeliest first.

    A model that cannot be read is no reason to keep a report waiting: keywords answer, and the
    log says what is broken.
    """
    known = _known()
    try:
        model = current_model()
    except Problem:
        logger.exception("the model for suggestions cannot be used")
        model = None
    found = []
    for guess in model.guess(title, text, limit=limit + 3) if model else ():
        row = known.used.get(guess.label)
        if row is not None and model is not None:
            found.append(
                Suggestion(row.key, row.title, guess.confidence, guess.words, model.version)
            )
    seen = frozenset(model.labels) if model else frozenset()
    by_words = [row for row in known.by_keywords(f"{title}\n{text}") if row.category not in seen]
    if model is None or not found:
        return by_words[:limit]
    # what the model has never seen it can never say: one place is kept for the keywords' word
    return [*found[: limit - 1], by_words[0]] if by_words else found[:limit]


def suggest_owner(category: str | None, *, area: str | None = None) -> Owner:
    """Return who answers for a category in an area today, and where such cases really went.

    Errors: Problem `category-unknown`, `area-unknown`.
    """
    book, today = register(), clock.today()
    row = book.category_by_key.get(category) if category else None
    if category and row is None:
        raise Problem(
            "category-unknown",
            _("There is no category “%(key)s”.") % {"key": category},
            where="category",
        )
    place = book.unit_by_code.get(area) if area else None
    if area and place is None:
        raise Problem(
            "area-unknown",
            _("There is no unit with the code “%(code)s”.") % {"code": area},
            where="area",
        )
    place = (book.standing(place, today) or place) if place else None
    answer = book.resolve(row, place, today)
    lead = answer.lead
    went = _elsewhere(book, row.id, place, lead) if row else ()
    return Owner(lead.code if lead else None, lead.name if lead else "", answer.reason(), went)


def _elsewhere(
    book: Register, category: int, place: UnitRow | None, lead: UnitRow | None
) -> tuple[Elsewhere, ...]:
    """Return the other units to which the latest closed cases of a kind went, if not by chance."""
    latest = (
        Case.objects.filter(category_id=category, stage=Stage.CLOSED, closed_at__isnull=False)
        .order_by("-closed_at")
        .values_list("unit_id", "area__path")[:LOOKED_AT]
    )
    here = place.path if place else ""
    today = clock.today()
    units: Counter[int] = Counter()
    for unit_id, path in latest:
        if unit_id in book.units and (path or "").startswith(here):
            heir = book.standing(book.units[unit_id], today)
            units[(heir or book.units[unit_id]).id] += 1
    total = units.total()
    return tuple(
        Elsewhere(book.units[pk].code, book.units[pk].name, n, total)
        for pk, n in units.most_common()
        if (lead is None or pk != lead.id)
        and n >= FEWEST_ELSEWHERE
        and n >= SHARE_ELSEWHERE * total
    )


# --- the model of this installation ---

_loaded: dict[Path, tuple[tuple[int, int], Classifier]] = {}


def models_folder() -> Path:
    """Return the folder in which trained models lie."""
    return Path(settings.HOME) / "models"


def current_model() -> Classifier | None:
    """Return the trained model, read again when training has replaced it; None before the first.

    Errors: Problem `model-broken`.
    """
    path = models_folder() / f"{NAME}.json"
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    mark = (state.st_mtime_ns, state.st_size)
    kept = _loaded.get(path)
    if kept is not None and kept[0] == mark:
        return kept[1]
    try:
        model = load_classifier(path)
    except (BrokenModelError, OSError) as error:
        raise Problem(
            "model-broken",
            _("The trained model cannot be read."),
            where=path.name,
            hint=_("Train it again: ./townkeeper suggest train."),
        ) from error
    _loaded[path] = (mark, model)
    return model


# --- keywords ---


@dataclass(frozen=True, slots=True)
class Known:
    """A category as suggestions know it."""

    key: str
    names: dict[str, str]
    name: str
    words: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.name


@dataclass(frozen=True)
class Catalogue:
    """The categories in use and their words, in one state of the registers."""

    stamp: int
    used: dict[str, Known]
    inner: frozenset[str]
    """Groups: they are not suggested by keywords, the kinds below them are."""

    def by_keywords(self, said: str) -> list[Suggestion]:
        """Return the categories whose words occur in a text, the most said first."""
        text = "".join(normalised(said[:TEXT_SEARCHED]).split())
        found: list[tuple[int, str, Known, tuple[str, ...]]] = []
        for row in self.used.values():
            hits = tuple(word for word in row.words if word in text)
            # 垃圾 inside 垃圾堆 is not said a second time
            whole = tuple(w for w in hits if not any(w != other and w in other for other in hits))
            if whole and row.key not in self.inner:
                found.append((-sum(map(len, whole)), row.key, row, whole))
        found.sort(key=lambda hit: hit[:2])
        return [
            Suggestion(row.key, row.title, None, words, KEYWORDS) for _n, _k, row, words in found
        ]


_kept: list[Catalogue] = []


def _known() -> Catalogue:
    stamp = registers_stamp()
    if _kept and _kept[0].stamp == stamp:
        return _kept[0]
    rows = list(Category.objects.filter(is_used=True).order_by("sort_key", "pk"))
    parents = set(Category.objects.exclude(parent=None).values_list("parent__key", flat=True))
    fresh = Catalogue(
        stamp, {row.key: _known_row(row) for row in rows}, frozenset(map(str, parents))
    )
    _kept[:] = [fresh]
    return fresh


def _known_row(row: Category) -> Known:
    said = [row.name, *row.names.values(), *row.keywords, *row.aliases]
    words = dict.fromkeys("".join(normalised(str(word)).split()) for word in said)
    # codes of older standards are among the aliases, and no word of a report
    useful = tuple(word for word in words if len(word) > 1 and "0" not in word)
    return Known(row.key, dict(row.names), row.name, useful)

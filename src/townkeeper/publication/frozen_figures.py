"""The figures that a bulletin may name, each from the frozen round and nowhere else.

A figure's key says where it stands in the frozen content: `totals.on_time_rate`,
`most.rework_count` (the units with most), `first`, `overdue.categories`. `figure_text()` is the
only way from a key to what is printed, so a test can do it again for every figure of a bulletin.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from townkeeper.assessment.frozen import Content
from townkeeper.kit.names import say
from townkeeper.publication.typeset.document import Figure, Language
from townkeeper.publication.words import WORDS

NAMED = {
    "filed": "totals.filed_count",
    "due": "totals.due_count",
    "handled": "totals.handled_count",
    "on_time": "totals.on_time_count",
    "late": "totals.late_count",
    "overdue": "totals.overdue_backlog_count",
    "rework": "totals.rework_times",
    "evasion": "totals.evasion_count",
    "closed": "totals.closed_count",
    "voided": "totals.voided_count",
    "suspended": "totals.suspended_count",
    "open": "totals.backlog_count",
    "ownerless": "totals.ownerless_count",
    "units": "ranked",
    "ranked_units": "ranked",
    "unscored": "unscored",
    "unscored_units": "unscored",
    "groups": "groups",
    "min_cases": "min_cases",
    "first_units": "first",
    "last_units": "last",
    "rework_units": "most.rework_count",
    "evasion_units": "most.evasion_count",
    "overdue_units": "most.overdue_count",
    "overdue_categories": "overdue.categories",
    "repeat_places": "places",
    "year": "year",
    "month": "month",
}
"""Short names for templates; every metric of the totals may also be named by its own key."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
LISTED = 3
"""How many are named where the text says who has most."""
TENTH_OF_PERCENT = Decimal("0.01")


def figures_of(content: Content, language: Language) -> dict[str, Figure]:
    """Return every figure that a template may name."""
    keys = {**{key: f"totals.{key}" for key in content["totals"]}, **NAMED}
    return {name: Figure(figure_text(content, key, language), key) for name, key in keys.items()}


def figure_text(content: Content, key: str, language: Language) -> str:
    """Return what is printed for a key; raise KeyError for one that the round does not hold."""
    head, _dot, rest = key.partition(".")
    words = WORDS[language]
    if head == "totals":
        return metric_text(content, content["totals"][rest], rest)
    if head == "most":
        return _most(content, rest, language)
    if head == "overdue":
        return _categories(content, language)
    if head in {"first", "last"}:
        return words.between.join(_ends(content, language, last=head == "last")) or words.none
    if head == "places":
        named = [
            words.times % (say(place["names"], language) or place["name"], place["cases"])
            for place in content["places"][:LISTED]
        ]
        return words.listing.join(named) or words.none
    return _plain(content, head, language)


def metric_text(content: Content, figure: Mapping[str, Any], key: str) -> str:
    """Return a figure as printed: `1,234`, `95.02%`, `3.5`; a dash where there is no value."""
    if figure["value"] is None:
        return "—"
    value = Decimal(figure["value"])
    kind = content["metrics"].get(key, {}).get("kind", "")
    if kind == "rate":
        return f"{value.quantize(TENTH_OF_PERCENT, rounding=ROUND_HALF_EVEN)}%"
    return f"{value:,f}"


def unit_name(content: Content, code: str, language: Language) -> str:
    """Return a unit's name on the day of the round."""
    unit = content["units"][code]
    return say(unit["names"], language) or str(unit["name"])


def group_title(content: Content, group: str, language: Language) -> str:
    """Return a group's title."""
    titles = {each["key"]: each["title"] for each in content["scheme"]["groups"]}
    return say(titles.get(group, {}), language) or group


def _plain(content: Content, key: str, language: Language) -> str:
    period = str(content["round"]["period"])
    ranked = [sheet for sheet in content["sheets"] if sheet["rank"] is not None]
    found = {
        "year": lambda: period[:4],
        "month": lambda: _month(period, language),
        "ranked": lambda: str(len(ranked)),
        "unscored": lambda: str(len(content["sheets"]) - len(ranked)),
        "groups": lambda: str(len({sheet["group"] for sheet in content["sheets"]})),
        "min_cases": lambda: str(content["scheme"].get("min_cases", 0)),
    }
    return found[key]()


def _month(period: str, language: Language) -> str:
    """Return the month as a date says it: `9` before 月, `September` in English."""
    number = int(period[5:])
    return MONTHS[number - 1] if language == "en" else str(number)


def _ends(content: Content, language: Language, *, last: bool) -> Iterable[str]:
    """Yield each group with the units at its top or bottom, ties together."""
    words = WORDS[language]
    for group in content["scheme"]["groups"]:
        ranked = [
            sheet
            for sheet in content["sheets"]
            if sheet["group"] == group["key"] and sheet["rank"] is not None
        ]
        if not ranked or (last and len(ranked) == 1):
            continue
        place = max(sheet["rank"] for sheet in ranked) if last else 1
        names = [
            words.scored % (unit_name(content, sheet["unit"], language), sheet["score"])
            for sheet in ranked
            if sheet["rank"] == place
        ]
        yield words.of_group % (say(group["title"], language), words.listing.join(names))


def _most(content: Content, metric: str, language: Language) -> str:
    words = WORDS[language]
    counted = [
        (figures[metric]["numerator"], code)
        for code, figures in content["figures"].items()
        if figures[metric]["numerator"]
    ]
    top = sorted(counted, key=lambda pair: (-pair[0], pair[1]))[:LISTED]
    named = [words.times % (unit_name(content, code, language), number) for number, code in top]
    return words.listing.join(named) or words.none


def _categories(content: Content, language: Language) -> str:
    words = WORDS[language]
    counted = Counter(
        say(row["categories"], language) or row["category"] or words.no_category
        for row in content["overdue"]
    )
    top = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:LISTED]
    return words.listing.join(words.times % pair for pair in top) or words.none

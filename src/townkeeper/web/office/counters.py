"""The counters above the work list, each a filter, and the choices of its other filters."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from townkeeper.cases.models import Stage
from townkeeper.cases.queues import count_waiting
from townkeeper.cases.sight import Sight
from townkeeper.cases.worklist import (
    NOBODY,
    count_mine,
    count_new,
    count_running,
    newest_channels,
)
from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import registers_stamp
from townkeeper.units.models import Unit
from townkeeper.web.office.listing import Listing
from townkeeper.web.stages import channel_words, look_of

COUNT_UP_TO = 10_000
MANY_RUNNING, FRESH_SECONDS, MOST_KEPT = 5_000, 5, 200
"""Where so many cases run, their counters are remembered for so long, for so many sights."""
LIST = "office:cases"
AREA_KINDS = (Unit.Kind.COUNTY, Unit.Kind.TOWNSHIP, Unit.Kind.VILLAGE)


def count_all(sight: Sight, now: datetime) -> dict[str, int]:
    """Count what a person sees: running cases by state, new ones, one's own, what waits."""
    figures = _running(sight, now) | count_waiting(sight)
    figures["today"] = count_new(sight, now)
    figures["mine"] = count_mine(sight, now, most=COUNT_UP_TO).number
    return figures


_figures: dict[Sight, tuple[float, datetime, dict[str, int]]] = {}


def _running(sight: Sight, now: datetime) -> dict[str, int]:
    """Count running cases; where they are thousands the figures may be some seconds old."""
    began = time.monotonic()
    kept = _figures.get(sight)
    fresh = timedelta(seconds=FRESH_SECONDS)
    if kept and began - kept[0] < FRESH_SECONDS and abs(now - kept[1]) < fresh:
        return dict(kept[2])
    figures = count_running(sight, now)
    if figures["open"] >= MANY_RUNNING:
        if len(_figures) >= MOST_KEPT:
            _figures.clear()
        _figures[sight] = (began, now, dict(figures))
    return figures


def make_kpis(
    listing: Listing, counts: dict[str, int], *, page: str = LIST
) -> list[dict[str, Any]]:
    """Return the counters; the one whose condition is in force is marked."""
    wanted: list[tuple[str, str, str, str, dict[str, str]]] = [
        ("today", _("New today"), "inbox", "", {"tab": "all", "opened": "today"}),
        ("dispatch", _("To dispatch"), "send", "", {"stage": Stage.DISPATCH}),
        ("handling", _("In handling"), "construction", "", {"stage": Stage.HANDLING}),
        ("verifying", _("To verify"), "clipboard-check", "", {"stage": Stage.VERIFYING}),
        ("soon", _("Due soon"), "alarm-clock", "y", {"due": "soon"}),
        ("over", _("Overdue"), "triangle-alert", "r", {"due": "over"}),
        ("nobody", _("Without owner"), "user-x", "r", {"unit": NOBODY}),
    ]
    kpis = []
    for key, label, icon, kind, parts in wanted:
        target = Listing(**parts)
        current = target == Listing(
            **{name: getattr(listing, name) for name in ("tab", "stage", "due", "unit", "opened")}
        )
        kpis.append(
            {
                "label": label,
                "icon": icon,
                "kind": kind,
                "count": counts[key],
                "href": Listing().url(page) if current else target.url(page),
                "current": current,
            }
        )
    return kpis


def make_tabs(
    listing: Listing, counts: dict[str, int], *, page: str = LIST
) -> list[dict[str, Any]]:
    """Return the saved views; other filters stay when one changes the tab."""
    labels = [
        ("mine", "", _("Waiting for me"), counts["mine"]),
        ("open", "decide", _("To decide"), counts["decide"]),
        ("open", "dispute", _("In dispute"), counts["dispute"]),
        ("open", "", _("All running"), counts["open"]),
        ("ended", "", _("Ended"), None),
        ("all", "", _("All"), None),
    ]
    return [
        {
            "label": label,
            "count": count,
            "href": listing.url(page, tab=tab, ask=ask, sort=""),
            "current": listing.tab == tab and listing.ask == ask,
        }
        for tab, ask, label, count in labels
    ]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a filter offers, ready as HTML: hundreds of units are not written anew each time."""

    values: frozenset[str]
    html: SafeString

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, object]]) -> "Choices":
        """Write the options of some values and their words."""
        pairs = list(pairs)
        html = format_html_join("", '<option value="{}">{}</option>', pairs)
        return cls(frozenset(value for value, _word in pairs), html)


@dataclass(frozen=True, slots=True)
class Pick:
    """One filter as the page shows it."""

    name: str
    label: str
    value: str
    options: SafeString


def make_picks(listing: Listing, counts: dict[str, int]) -> list[Pick]:
    """Return the drop-down filters with their choices, states with their numbers where known."""
    known = _register_choices(registers_stamp(), get_language() or "")
    ways = [(way, channel_words(way)) for way in newest_channels()]
    stages = [(value, _counted(look_of(value).word, counts.get(value))) for value in Stage.values]
    return [
        _pick("stage", _("State"), Choices.of(stages), listing.stage),
        _pick("category", _("Category"), known["category"], listing.category),
        _pick("area", _("Area"), known["area"], listing.area),
        _pick("unit", _("Unit"), known["unit"], listing.unit),
        _pick("due", _("Time limit"), Choices.of(due_choices()), listing.due),
        _pick("channel", _("Channel"), Choices.of(ways), listing.channel),
        _pick("ask", _("Decisions"), Choices.of(ask_choices()), listing.ask),
    ]


def _pick(name: str, label: str, choices: Choices, value: str) -> Pick:
    """Return one filter; a value that is no longer offered stays visible, so it can be removed."""
    html = choices.html
    if value and value not in choices.values:
        html += format_html('<option value="{0}" selected>{0}</option>', value)
    elif value:
        plain = format_html('<option value="{}">', value)
        chosen = format_html('<option value="{}" selected>', value)
        html = mark_safe(html.replace(plain, chosen, 1))  # noqa: S308 - both are escaped
    return Pick(name, label, value, html)


def _register_choices(stamp: int, language: str) -> dict[str, Choices]:
    """Return what the registers offer, kept until they change."""
    # without a stamp nothing tells that they have changed
    return _kept_choices(stamp, language) if stamp else _read_choices()


@lru_cache(maxsize=6)
def _kept_choices(_stamp: int, _language: str) -> dict[str, Choices]:
    return _read_choices()


def _read_choices() -> dict[str, Choices]:
    categories = Category.objects.filter(is_used=True).only("key", "name", "names")
    units = Unit.objects.filter(Exists(Duty.objects.filter(unit=OuterRef("pk"))))
    units = units.only("code", "name", "names")
    areas = Unit.objects.filter(kind__in=AREA_KINDS, until=None).only("code", "name", "names")
    owners = [(NOBODY, _("without owner")), *sorted((u.code, u.title) for u in units)]
    return {
        "category": Choices.of((c.key, c.title) for c in categories),
        "area": Choices.of((u.code, u.title) for u in areas),
        "unit": Choices.of(owners),
    }


def _counted(word: object, number: int | None) -> str:
    return f"{word} ({number:,})" if number else str(word)


def due_choices() -> list[tuple[str, str]]:
    """Return the choices of the due filter in words."""
    return [
        ("over", _("overdue")),
        ("soon", _("due soon")),
        ("calm", _("well in time")),
        ("today", _("due today")),
        ("week", _("due within 7 days")),
        ("stopped", _("clock stopped")),
        ("none", _("no time limit")),
    ]


def ask_choices() -> list[tuple[str, str]]:
    """Return the choices of what waits for a decision in words."""
    return [("dispute", _("in dispute")), ("decide", _("waiting for my decision"))]


def filter_words(listing: Listing) -> list[tuple[str, str]]:
    """Return what narrows a list, in words: (name of the filter, its value)."""
    tabs = {"mine": _("Waiting for me"), "open": _("All running"), "ended": _("Ended")}
    words = [
        (_("View"), tabs.get(listing.tab, _("All"))),
        (_("State"), str(look_of(listing.stage).word) if listing.stage else ""),
        (_("Category"), _title_of(Category, "key", listing.category)),
        (_("Area"), _title_of(Unit, "code", listing.area)),
        (_("Unit"), _title_of(Unit, "code", listing.unit)),
        (_("Time limit"), dict(due_choices()).get(listing.due, "")),
        (_("Channel"), channel_words(listing.channel) if listing.channel else ""),
        (_("Decisions"), dict(ask_choices()).get(listing.ask, "")),
        (_("Opened"), _("today") if listing.opened == "today" else listing.opened),
        (_("Words"), listing.q),
    ]
    return [(name, value) for name, value in words if value]


def _title_of(model: type[Category] | type[Unit], name: str, value: str) -> str:
    """Return the title of what a filter names; an unknown one as it stands in the address."""
    if not value or value == NOBODY:
        return _("without owner") if value else ""
    found = model.objects.filter(**{name: value}).only("name", "names").first()
    return found.title if found else value

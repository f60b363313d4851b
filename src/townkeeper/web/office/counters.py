"""The counters above the work list, each a filter, and the choices of its other filters."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from townkeeper.cases.models import Stage
from townkeeper.cases.sight import Sight
from townkeeper.cases.worklist import (
    NOBODY,
    count_mine,
    count_new,
    count_running,
    newest_channels,
)
from townkeeper.duties.models import Category, Duty
from townkeeper.units.models import Unit
from townkeeper.web.office.listing import Listing
from townkeeper.web.stages import channel_words, look_of

COUNT_UP_TO = 10_000
AREA_KINDS = (Unit.Kind.COUNTY, Unit.Kind.TOWNSHIP, Unit.Kind.VILLAGE)


def count_all(sight: Sight, now: datetime) -> dict[str, int]:
    """Count the visible cases in three queries: running ones by state, new ones, one's own."""
    figures = count_running(sight, now)
    figures["today"] = count_new(sight, now)
    figures["mine"] = count_mine(sight, now, most=COUNT_UP_TO).number
    return figures


def make_kpis(listing: Listing, counts: dict[str, int]) -> list[dict[str, Any]]:
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
                "href": Listing().url() if current else target.url(),
                "current": current,
            }
        )
    return kpis


def make_tabs(listing: Listing, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the saved views; other filters stay when one changes the tab."""
    labels = [
        ("mine", _("Waiting for me"), counts["mine"]),
        ("open", _("All running"), counts["open"]),
        ("ended", _("Ended"), None),
        ("all", _("All"), None),
    ]
    return [
        {
            "label": label,
            "count": count,
            "href": listing.url(tab=key, sort=""),
            "current": listing.tab == key,
        }
        for key, label, count in labels
    ]


def make_picks(listing: Listing, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the drop-down filters with their choices, states with their numbers where known."""
    categories = Category.objects.filter(is_used=True).only("key", "name", "names")
    units = Unit.objects.filter(Exists(Duty.objects.filter(unit=OuterRef("pk"))))
    areas = Unit.objects.filter(kind__in=AREA_KINDS, until=None)
    ways = [(way, channel_words(way)) for way in newest_channels()]
    stages = [(value, _counted(look_of(value).word, counts.get(value))) for value in Stage.values]
    owners = [(NOBODY, _("without owner")), *sorted((u.code, u.title) for u in units)]
    return [
        _pick("stage", _("State"), stages, listing.stage),
        _pick("category", _("Category"), [(c.key, c.title) for c in categories], listing.category),
        _pick("area", _("Area"), [(u.code, u.title) for u in areas], listing.area),
        _pick("unit", _("Unit"), owners, listing.unit),
        _pick("due", _("Time limit"), due_choices(), listing.due),
        _pick("channel", _("Channel"), ways, listing.channel),
        _pick("ask", _("Decisions"), ask_choices(), listing.ask),
    ]


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


def _pick(name: str, label: str, choices: list[Any], value: str) -> dict[str, Any]:
    """Return one filter; a value that is no longer offered stays visible, so it can be removed."""
    if value and value not in {key for key, _label in choices}:
        choices = [*choices, (value, value)]
    return {"name": name, "label": label, "choices": choices, "value": value}

"""Figures and things to know of a brief in the words of the page, with the rule that chose them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from townkeeper.duties.models import Category
from townkeeper.publication.models import BriefEdition
from townkeeper.units.models import Unit
from townkeeper.web.templatetags.ui import num, pct

TITLES: Mapping[str, tuple[str | Promise, str, str]] = {
    "reported": (gettext_lazy("Reported"), "inbox", ""),
    "closed": (gettext_lazy("Cases closed"), "circle-check", "more"),
    "on_time": (gettext_lazy("Handled in time"), "timer", "more"),
    "overdue": (gettext_lazy("Overdue now"), "triangle-alert", "less"),
    "back": (gettext_lazy("Came back"), "repeat", "less"),
}
"""Key → title, icon, and whether more or less of it is better."""
SPAN_TITLES: Mapping[str, str | Promise] = {
    "day": gettext_lazy("Yesterday"),
    "week": gettext_lazy("7 days"),
    "month": gettext_lazy("30 days"),
}
BEFORE: Mapping[str, str | Promise] = {
    "day": gettext_lazy("the day before"),
    "week": gettext_lazy("the 7 days before"),
    "month": gettext_lazy("the 30 days before"),
}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One of the five figures."""

    key: str
    title: str
    icon: str
    value: str
    change: str
    """`+3`, `-2.1` percentage points, `=`, or empty where there is nothing to compare."""
    css: str
    """`good`, `bad` or empty."""
    note: str
    href: str


def figure_rows(edition: BriefEdition, span: str) -> list[FigureRow]:
    """Return the five figures of a span."""
    figures = edition.content["spans"][span]["figures"]
    return [_figure(edition, span, key, figures[key]) for key in TITLES]


def _figure(edition: BriefEdition, span: str, key: str, figure: Mapping[str, Any]) -> FigureRow:
    title, icon, better = TITLES[key]
    value, before = figure["value"], figure["before"]
    is_rate = key == "on_time"
    change, css = "", ""
    if value is not None and before is not None:
        difference = (value - before) * (100 if is_rate else 1)
        change = f"{difference:+.1f}" if is_rate else f"{difference:+,}"
        if not difference:
            change = "="
        else:
            css = "" if not better else "good" if (difference > 0) == (better == "more") else "bad"
    note = ""
    if is_rate:
        parts = {"late": num(figure["late"]), "due": num(figure["due"])}
        note = _("%(late)s of %(due)s late") % parts
    name = key if key == "overdue" else f"{span}.{key}"
    href = reverse("leader:cases", args=[edition.day.isoformat(), name])
    shown = "–" if value is None else pct(value, 1) if is_rate else num(value)
    return FigureRow(key, str(title), icon, shown, change, css, note, href)


@dataclass(frozen=True, slots=True)
class ThingRow:
    """One thing to know."""

    icon: str
    text: str
    rule: str
    href: str
    order: str
    """What a new instruction about it begins with: a query."""


def thing_rows(edition: BriefEdition) -> list[ThingRow]:
    """Return the three things to know, each with the rule by which it was chosen."""
    things = edition.content["things"]
    codes = [thing["unit"] for thing in things if thing.get("unit")]
    keys = [thing["category"] for thing in things if thing.get("category")]
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=codes).defer("outline")}
    kinds = {each.key: each for each in Category.objects.filter(key__in=keys)}
    made = {"unit": _unit, "kind": _kind, "chain": _chain, "longest": _longest}
    rows = [made[thing["key"]](thing, units, kinds) for thing in things]
    # what was counted that morning; editions from before these lists were kept lead to the present
    kept = kept_things(edition)
    return [
        replace(row, href=reverse("leader:cases", args=[edition.day.isoformat(), key]))
        if (key := f"thing.{thing['key']}") in kept
        else row
        for thing, row in zip(things, rows, strict=True)
    ]


def kept_things(edition: BriefEdition) -> dict[str, int]:
    """Return which things have a list of their own, with the number that the brief said."""
    numbers = {"unit": "overdue", "kind": "now"}
    return {
        f"thing.{thing['key']}": int(thing[numbers[thing["key"]]])
        for thing in edition.content["things"]
        if thing["key"] in numbers and numbers[thing["key"]] in thing and thing.get("kept")
    }


Named = Mapping[str, Any]


def _unit(thing: Named, units: Named, _kinds: Named) -> ThingRow:
    rule = _("The largest share of overdue cases among units with at least %(n)s running.") % {
        "n": thing["least"]
    }
    unit = units.get(thing.get("unit", ""))
    if unit is None:
        return ThingRow("building-2", _("No unit stands out with overdue cases."), rule, "", "")
    parts = {
        "unit": unit.title, "over": num(thing["overdue"]), "running": num(thing["running"]),
        "share": pct(thing["overdue"] / thing["running"], 0),
    }  # fmt: skip
    text = _("%(unit)s: %(over)s of %(running)s running cases are overdue (%(share)s).") % parts
    href = f"{reverse('office:cases')}?unit={unit.code}&due=over"
    return ThingRow("building-2", text, rule, href, f"unit={unit.code}")


def _kind(thing: Named, _units: Named, kinds: Named) -> ThingRow:
    rule = _(
        "The rise of reports over %(days)s days that is least likely chance; from %(n)s on."
    ) % {
        "days": thing["days"],
        "n": thing["least"],
    }
    kind = kinds.get(thing.get("category", ""))
    if kind is None:
        text = _("No kind of matter rose beyond chance.")
        return ThingRow("trending-up", text, rule, "", "")
    parts = {"kind": kind.title, "now": num(thing["now"]), "before": num(thing["before"])}
    text = _("%(kind)s: %(now)s reports in 7 days, %(before)s in the 7 before.") % parts
    href = f"{reverse('office:cases')}?tab=all&category={kind.key}"
    about = urlencode({"title": _("On %(title)s") % {"title": kind.title}})
    return ThingRow("trending-up", text, rule, href, about)


def _chain(thing: Named, _units: Named, _kinds: Named) -> ThingRow:
    rule = _("The longest chain of relapses that grew within the week.")
    parts = {"title": thing["title"], "n": thing["ordinal"], "days": thing["days"]}
    text = _("“%(title)s” was reported for time number %(n)s within %(days)s days.") % parts
    return ThingRow("repeat", text, rule, _case(thing), f"case={thing['case']}")


def _longest(thing: Named, units: Named, _kinds: Named) -> ThingRow:
    rule = _("No chain of relapses grew this week; so the case that is overdue for longest.")
    if not thing.get("case"):
        return ThingRow("alarm-clock", _("No case is overdue."), rule, "", "")
    unit = units.get(thing.get("unit", ""))
    days, hours = divmod(int(thing["hours"]), 24)
    span = (
        ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
        if days
        else _("%(hours)s h") % {"hours": hours}
    )
    parts = {"title": thing["title"], "unit": unit.title if unit else "–", "span": span}
    text = _("“%(title)s” (%(unit)s) has been overdue for %(span)s.") % parts
    return ThingRow("alarm-clock", text, rule, _case(thing), f"case={thing['case']}")


def _case(thing: Named) -> str:
    return reverse("office:case", args=[thing["case"]])


def day_words(day: date) -> str:
    """Return a day as pages show it."""
    return day.isoformat()

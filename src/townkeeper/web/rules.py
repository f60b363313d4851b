"""Scoring rules, figures and reasons of a round in words; plain data in, text out."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.cases.metrics_named import metrics
from townkeeper.kit.names import say

DASH = "–"
NOTES: Mapping[str, str | Promise] = {
    "too-few-cases": gettext_lazy("too few cases in this period"),
    "too-few": gettext_lazy("too few cases for one of the items"),
    "missing": gettext_lazy("a figure is missing"),
    "too-little-left": gettext_lazy("too many items could not be scored"),
}
STATUSES: Mapping[str, str | Promise] = {
    "too-few": gettext_lazy("Too few cases: the item's points are spread over the other items."),
    "missing": gettext_lazy("No figure: the item's points are spread over the other items."),
}


def note_words(note: str) -> str:
    """Say why a unit has no score."""
    return str(NOTES.get(note, note))


def plain(number: object) -> str:
    """Return a decimal without needless zeros: `95`, `2.5`."""
    text = format(Decimal(str(number)).normalize(), "f")
    return text if text != "-0" else "0"


def is_rate(metric: str) -> bool:
    """Whether a metric is a rate in percent."""
    known = metrics().get(metric)
    return known is not None and known.kind == "rate"


def figure(metric: str, value: object) -> str:
    """Return a measured value as people read it: `91.3%`, `12`, `3.5 h`."""
    if value is None or value == "":
        return DASH
    known = metrics().get(metric)
    kind = known.kind if known else ""
    number = Decimal(str(value))
    if kind == "rate":
        return f"{number:.1f}%"
    if kind == "count":
        return f"{number:,.0f}"
    return _("%(hours)s h") % {"hours": f"{number:,.1f}"} if kind == "hours" else plain(number)


def metric_name(metric: str) -> str:
    """Return a metric's name in the page's language."""
    known = metrics().get(metric)
    return say(known.names) if known else metric.partition(":")[2] or metric


def metric_definition(metric: str) -> str:
    """Return what a metric counts, in the page's language."""
    known = metrics().get(metric)
    return say(known.definition) if known else ""


def rule_words(rule: Mapping[str, Any], *, weight: object, metric: str) -> str:
    """Say a scoring rule in one sentence."""
    kind = rule.get("kind")
    sign = "%" if is_rate(metric) else ""
    if kind == "linear":
        text = _("No points at %(zero)s, all %(weight)s points at %(full)s, evenly between.")
        return text % {
            "zero": plain(rule["zero_at"]) + sign,
            "full": plain(rule["full_at"]) + sign,
            "weight": plain(weight),
        }
    if kind == "bands":
        return "; ".join(_band(band, sign) for band in rule["bands"])
    if kind in {"deduction", "per_unit"}:
        return _each(rule, weight)
    if kind == "rank":
        return _(
            "By place: the first of the group gets %(first)s%% of the points, the last %(last)s%%."
        ) % {"first": plain(rule.get("first", 100)), "last": plain(rule.get("last", 0))}
    return str(kind or "")


def _each(rule: Mapping[str, Any], weight: object) -> str:
    """Say a rule that counts occurrences."""
    costs = rule["kind"] == "deduction"
    parts = {
        "free": plain(rule.get("free") or 0),
        "points": plain(rule["per_unit"]),
        "cap": plain(rule.get("cap") or weight),
    }
    if parts["free"] == "0":
        if costs:
            return _("Each one costs %(points)s points, at most %(cap)s.") % parts
        return _("Each one counts %(points)s points, at most %(cap)s.") % parts
    if costs:
        return _("Each one beyond %(free)s costs %(points)s points, at most %(cap)s.") % parts
    return _("Each one beyond %(free)s counts %(points)s points, at most %(cap)s.") % parts


def _band(band: Mapping[str, Any], sign: str) -> str:
    points = plain(band["points"])
    if band.get("at_least") is not None:
        return _("from %(edge)s: %(points)s points") % {
            "edge": plain(band["at_least"]) + sign,
            "points": points,
        }
    if band.get("at_most") is not None:
        return _("up to %(edge)s: %(points)s points") % {
            "edge": plain(band["at_most"]) + sign,
            "points": points,
        }
    return _("otherwise: %(points)s points") % {"points": points}

"""Relapses and revisits in a case's history, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from townkeeper.relapse.chains import nth
from townkeeper.relapse.models import Recurrence, Revisit
from townkeeper.web.journal_words import Names, Told, telling
from townkeeper.web.wording import full_time

HOWS = {str(value): label for value, label in Recurrence.How.choices}
RESULTS = {str(value): label for value, label in Revisit.Result.choices}
SIGNS = {"stands": ("circle-check", "o"), "relapsed": ("undo-2", "r")}


def _facts(data: Mapping[str, Any]) -> list[str]:
    days = int(data.get("days") or 0)
    how = str(HOWS.get(str(data.get("how")), data.get("how", "")))
    lines = [
        _("%(days)s between closing and new report; %(how)s.")
        % {"days": ngettext("%(n)s day", "%(n)s days", days) % {"n": days}, "how": how}
    ]
    if data.get("reason"):
        lines.append(_("Reason: %(text)s") % {"text": data["reason"]})
    return lines


@telling("case.relapse")
def _relapse(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Came back: brings back %(number)s, the %(nth)s time") % {
        "number": data.get("former"),
        "nth": nth(int(data.get("ordinal") or 2)),
    }
    return Told(title, _facts(data), "undo-2", "r", public=False)


@telling("case.relapse-of")
def _relapse_of(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Came back as %(number)s, the %(nth)s time") % {
        "number": data.get("case"),
        "nth": nth(int(data.get("ordinal") or 2)),
    }
    return Told(title, _facts(data), "undo-2", "r", public=False)


@telling("case.relapse-overruled")
def _overruled(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Does not bring back %(number)s after all") % {"number": data.get("former")}
    return Told(title, _facts(data)[1:], "x", "g", public=False)


@telling("case.relapse-overruled-of")
def _overruled_of(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Did not come back as %(number)s after all") % {"number": data.get("case")}
    return Told(title, _facts(data)[1:], "x", "g", public=False)


@telling("case.revisit-drawn")
def _drawn(data: Mapping[str, Any], names: Names) -> Told:
    lines = [
        _("Visit by %(unit)s.") % {"unit": names.unit(data["unit"])} if data.get("unit") else "",
        _("Due %(when)s.") % {"when": full_time(datetime.fromisoformat(data["due"]))}
        if data.get("due")
        else "",
    ]
    return Told(_("Drawn for a revisit"), lines, "clipboard-check", "b", public=False)


@telling("case.revisit-dropped")
def _dropped(_data: Mapping[str, Any], _names: Names) -> Told:
    lines = [_("The case was reopened before anybody came.")]
    return Told(_("Revisit dropped"), lines, "x", "g", public=False)


@telling("case.revisited")
def _revisited(data: Mapping[str, Any], _names: Names) -> Told:
    result = str(data.get("result"))
    icon, css = SIGNS.get(result, ("circle-dot", "y"))
    lines = [
        str(data.get("note") or ""),
        _("Opened: %(number)s.") % {"number": data["new_case"]} if data.get("new_case") else "",
    ]
    title = _("Revisited: %(result)s") % {"result": RESULTS.get(result, result)}
    return Told(title, lines, icon, css, public=False)

"""Alarms and moved due times in words: for the clock of a case and for its history."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from townkeeper.cases.ladder import PERFORMER, RungError, point_of
from townkeeper.web.context import HTML_LANG
from townkeeper.web.journal_words import Names, Told, telling
from townkeeper.web.wording import full_time, span

LATE: Final = timedelta(minutes=5)
"""An alarm found later than this after its time was missed, and says so."""
SHOWN_DAYS: Final = 3

Moment = Callable[[datetime], str]


def language() -> str:
    """Return the tag of the page's language."""
    return HTML_LANG.get(get_language() or "en", "en")


def rung_words(at: str) -> str:
    """Say when a rung is reached: `80% of the time used`, `when due`, `4 working hours after`."""
    try:
        point = point_of(at)
    except RungError:
        return at
    if point.base == "share":
        return _("%(share)s%% of the time used") % {"share": f"{point.share * 100:g}"}
    if point.limit is None:
        return _("when due")
    length = point.limit.title(language())
    if point.sign > 0:
        return _("%(length)s after it was due") % {"length": length}
    return _("%(length)s before it is due") % {"length": length}


def roles_line(roles: Iterable[str], names: Mapping[str, str]) -> str:
    """Return who is told, by the names of the place."""
    between = ", " if language() == "en" else "、"
    joined = between.join(names.get(role, role) for role in roles if role != PERFORMER)
    return _("told: %(roles)s") % {"roles": joined} if joined else ""


def late_words(reached: datetime, found: datetime) -> str:
    """Say that nobody had looked when an alarm was due; empty where it was found in time."""
    if found - reached < LATE:
        return ""
    return _("found %(span)s later, at %(when)s") % {
        "span": span(found - reached),
        "when": full_time(found),
    }


@telling("case.alarm")
def _alarm(data: Mapping[str, Any], names: Names) -> Told:
    title = _("Alarm: %(rule)s") % {"rule": rung_words(str(data.get("rule", "")))}
    if data.get("on") == "ask":
        title = _("Alarm, nobody has decided: %(rule)s") % {
            "rule": rung_words(str(data.get("rule", "")))
        }
    reached = datetime.fromisoformat(data["reached"]) if data.get("reached") else None
    lines = [
        _("Reached %(when)s.") % {"when": full_time(reached)} if reached else "",
        roles_line(data.get("tell") or (), names.roles),
    ]
    css = {"red": "r", "yellow": "y"}.get(str(data.get("card")), "y")
    return Told(title, lines, "alarm-clock", css, public=False)


@telling("case.due-moved")
def _due_moved(data: Mapping[str, Any], names: Names) -> Told:
    lines = [_moved_line(each, names) for each in data.get("moved") or ()]
    lines += _cause_lines(data.get("cause") or {})
    return Told(_("Due time counted anew"), lines, "calendar", "y", public=False)


def _moved_line(each: Mapping[str, Any], names: Names) -> str:
    what = {
        "promise": _("public promise"),
        "ask": names.action(str(each.get("name", ""))),
    }.get(str(each.get("clock"))) or names.unit(each.get("name"))
    old, new = (_when(each.get(key)) for key in ("old", "new"))
    return _("%(what)s: %(old)s → %(new)s") % {"what": what, "old": old, "new": new}


def _when(text: object) -> str:
    return full_time(datetime.fromisoformat(str(text))) if text else "–"


def _cause_lines(cause: Mapping[str, Any]) -> list[str]:
    if not cause:
        return []
    lines = [
        _("Because of the calendar “%(code)s”, version %(number)s. %(note)s")
        % {
            "code": cause.get("calendar"),
            "number": cause.get("version"),
            "note": cause.get("note") or "",
        }
    ]
    if cause.get("limits"):
        lines = [_("Because limits were changed, and counted anew on request.")]
    days = (cause.get("days") or [])[:SHOWN_DAYS]
    lines += [_day_line(day) for day in days]
    return [line.strip() for line in lines]


def _day_line(day: Mapping[str, Any]) -> str:
    said = {"on": date.fromisoformat(day["date"]).isoformat(), "name": day.get("name") or ""}
    if day.get("working"):
        return _("%(on)s %(name)s: a working day") % said
    return _("%(on)s %(name)s: a day off") % said

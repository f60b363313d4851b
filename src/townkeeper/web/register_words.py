"""Entries of the registers in words: units, people, posts, duties, categories, calendars."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from townkeeper.journal.models import Entry
from townkeeper.kit.names import say
from townkeeper.web.journal_words import Names, Told, telling

UNIT_KEYS = ("unit", "from", "to", "into", "parent", "successor", "scope", "of", "units", "area")
Data = Mapping[str, Any]


def codes_of(entry: Entry) -> set[str]:
    """Return what may be codes of units in an entry."""
    data = msgspec.json.decode(entry.data)
    found: set[str] = set()
    for key in UNIT_KEYS:
        value = data.get(key)
        found |= {
            each
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, str)
        }
    return found


def _list(codes: object, names: Names) -> str:
    return ", ".join(names.unit(code) for code in codes) if isinstance(codes, list) else ""


def _told(title: str, *lines: str, icon: str = "pencil", css: str = "g") -> Told:
    return Told(title, [line for line in lines if line], icon, css, public=False)


def _reason(data: Data) -> str:
    return str(data.get("reason") or "")


@telling("unit.added")
def _unit_added(data: Data, names: Names) -> Told:
    place = _("Below %(unit)s.") % {"unit": names.unit(data["parent"])} if data["parent"] else ""
    return _told(_("Unit added: %(name)s") % {"name": data["name"]}, place, icon="plus", css="o")


@telling("unit.corrected")
def _unit_corrected(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Details of the unit corrected"), *_pairs(data))


def _pairs(data: Data) -> list[str]:
    return [
        f"{key}: {_plain(value[0])} → {_plain(value[1])}"
        for key, value in data.items()
        if isinstance(value, list) and len(value) == 2  # noqa: PLR2004 - before and after
    ]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return " / ".join(str(each) for each in value.values()) or "–"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "–"
    return "–" if value in {None, ""} else str(value)


@telling("unit.outlined")
def _unit_outlined(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    title = _("Outline on the map drawn anew") if data["type"] else _("Outline taken away")
    return _told(title, icon="map")


@telling("unit.renamed")
def _unit_renamed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    words = {"old": data["former"], "new": data["name"], "day": data["on"]}
    return _told(_("Renamed from %(old)s to %(new)s as of %(day)s") % words)


@telling("unit.moved")
def _unit_moved(data: Data, names: Names) -> Told:
    there = names.unit(data["to"]) if data["to"] else _("the top")
    return _told(
        _("Moved below %(unit)s") % {"unit": there}, _reason(data), icon="move-right", css="b"
    )


@telling("unit.closed")
def _unit_closed(data: Data, names: Names) -> Told:
    heir = data.get("successor")
    line = _("%(unit)s takes over.") % {"unit": names.unit(heir)} if heir else ""
    title = _("Ends on %(day)s") % {"day": data["on"]}
    return _told(title, line, _reason(data), icon="archive", css="r")


@telling("unit.merged")
def _unit_merged(data: Data, names: Names) -> Told:
    title = _("Merged from %(units)s") % {"units": _list(data["of"], names)}
    return _told(title, _reason(data), icon="merge", css="b")


@telling("unit.split")
def _unit_split(data: Data, names: Names) -> Told:
    title = _("Split into %(units)s") % {"units": _list(data["into"], names)}
    return _told(title, _reason(data), icon="split", css="b")


@telling("unit.change-planned")
def _change_planned(data: Data, names: Names) -> Told:
    words = {"number": data["change"], "day": data["on"]}
    lines = [_list(data.get("units"), names) + " → " + _list(data.get("into"), names)]
    title = _("Change no. %(number)s planned for %(day)s") % words
    return _told(title, *lines, icon="calendar-clock", css="b")


@telling("unit.change-withdrawn")
def _change_withdrawn(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    title = _("Planned change no. %(number)s withdrawn") % {"number": data["change"]}
    return _told(title, icon="undo-2", css="y")


@telling("unit.change-blocked")
def _change_blocked(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    title = _("Planned change no. %(number)s could not be carried out") % {"number": data["change"]}
    return _told(title, icon="octagon-alert", css="r")


@telling("user.added")
def _user_added(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Account added"), str(data.get("name") or ""), icon="user-plus", css="o")


@telling("user.changed")
def _user_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Account changed"), *(f"{key}: {_plain(text)}" for key, text in data.items()))


@telling("user.password-set")
def _password(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Password set"), icon="key", css="y")


@telling("user.closed")
def _user_closed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Account closed"), _reason(data), icon="user-x", css="r")


@telling("user.reopened")
def _user_reopened(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Account opened again"), icon="user-check", css="o")


@telling("token.issued")
def _token_issued(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Key issued: %(label)s") % {"label": data["label"]}, icon="key", css="y")


@telling("token.closed")
def _token_closed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Key closed: %(label)s") % {"label": data["label"]}, icon="key")


@telling("post.given")
def _post_given(data: Data, names: Names) -> Told:
    role = names.roles.get(data["role"], data["role"])
    words = {"role": role, "unit": names.unit(data["unit"]), "day": data["since"]}
    title = _("Appointed %(role)s in %(unit)s from %(day)s") % words
    return _told(title, icon="contact", css="o")


@telling("post.ended")
def _post_ended(data: Data, names: Names) -> Told:
    role = names.roles.get(data["role"], data["role"])
    words = {"role": role, "unit": names.unit(data["unit"]), "day": data["on"]}
    title = _("Post as %(role)s in %(unit)s ends on %(day)s") % words
    return _told(title, _reason(data), icon="contact", css="y")


@telling("post.carried")
def _post_carried(data: Data, names: Names) -> Told:
    words = {"old": names.unit(data["from"]), "new": names.unit(data["to"]), "day": data["on"]}
    title = _("Post went from %(old)s to %(new)s on %(day)s") % words
    return _told(title, icon="send", css="b")


@telling("role.changed")
def _role_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    more = "+ " + ", ".join(data["added"]) if data["added"] else ""
    less = "− " + ", ".join(data["removed"]) if data["removed"] else ""
    return _told(_("Role changed"), more, less, icon="shield-check", css="y")


@telling("duty.opened")
def _duty_opened(data: Data, names: Names) -> Told:
    title = {
        "lead": _("%(unit)s leads from %(day)s"),
        "assist": _("%(unit)s assists from %(day)s"),
    }.get(data["part"], "%(unit)s %(day)s") % _line(data, names)
    return _told(title, str(data["source"]), str(data["note"]), icon="plus", css="o")


def _line(data: Data, names: Names) -> dict[str, Any]:
    return {"unit": names.unit(data["unit"]), "day": data["since"] or "–"}


@telling("duty.ended")
def _duty_ended(data: Data, names: Names) -> Told:
    words = {"unit": names.unit(data["unit"]), "day": data["until"]}
    title = _("Line of %(unit)s ends on %(day)s") % words
    return _told(title, _reason(data), icon="archive", css="y")


@telling("duty.handed")
def _duty_handed(data: Data, names: Names) -> Told:
    words = {**_line(data, names), "old": names.unit(data["from"])}
    title = _("Line goes from %(old)s to %(unit)s on %(day)s") % words
    return _told(title, str(data["source"]), str(data["note"]), icon="send", css="b")


@telling("duties.carried")
def _duties_carried(data: Data, names: Names) -> Told:
    words = {"units": _list(data["units"], names), "ended": data["ended"], "opened": data["opened"]}
    title = _("Lines carried over from %(units)s: %(ended)s ended, %(opened)s begun") % words
    return _told(title, icon="send", css="b")


@telling("duties.changed")
def _duties_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    words = {key: data.get(key, 0) for key in ("added", "changed", "closed")}
    title = _("Program loaded: %(added)s lines added, %(changed)s changed, %(closed)s ended")
    return _told(title % words, icon="package", css="b")


@telling("category.added")
def _category_added(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Category added: %(name)s") % {"name": data["name"]}, icon="plus", css="o")


@telling("category.changed")
def _category_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    lines = _pairs(data.get("values") or {}) or [", ".join(data.get("fields") or [])]
    more = _("Open cases follow the new limit.") if data.get("open_too") else ""
    return _told(_("Category changed"), *lines, more)


@telling("category.recounted")
def _category_recounted(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    words = {"moved": data["moved"], "cases": data["cases"]}
    title = _("Open cases counted anew: %(moved)s of %(cases)s are due at another time") % words
    return _told(title, icon="timer-reset", css="b")


@telling("calendar.seeded")
def _calendar_seeded(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    return _told(_("Calendar made"), icon="plus", css="o")


@telling("calendar.changed")
def _calendar_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    days = [
        f"{day['date']} {_('working day') if day['is_working'] else _('day off')} {day['name']}"
        for day in data.get("days", ())[:5]
    ]
    gone = [f"{day} {_('as its weekday again')}" for day in data.get("removed", ())[:5]]
    title = _("Version %(number)s of the calendar") % {"number": data["number"]}
    return _told(title, str(data.get("note") or ""), *days, *gone, icon="calendar-days", css="b")


@telling("setting.changed")
def _setting_changed(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    line = f"{say(data['before']) or '–'} → {say(data['value']) or '–'}"
    return _told(_("Setting changed"), line, icon="settings")


@telling("name.translated")
def _name_translated(data: Data, names: Names) -> Told:  # noqa: ARG001 - as all tellers
    line = " / ".join(f"{tag}: {text}" for tag, text in data["names"].items())
    return _told(_("Names translated"), line, icon="languages")


@telling("case.taken-over")
def _taken_over(data: Data, names: Names) -> Told:
    who = {"old": names.people.get(data["from"], data["from"])}
    if data["to"]:
        who["new"] = names.people.get(data["to"], data["to"])
        title = _("Task goes from %(old)s to %(new)s") % who
    else:
        title = _("Task goes from %(old)s back to the unit") % who
    return _told(title, _reason(data), icon="send", css="b")

"""Tells in a case's timeline what campaigns and suggestions had to do with it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.web.journal_words import Names, Told, telling


@telling("case.campaign")
def _campaign(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Part of %(title)s (%(key)s), row %(row)s") % {
        "title": data.get("title", ""),
        "key": data.get("campaign", ""),
        "row": data.get("row", ""),
    }
    leader = data.get("leader")
    lines = [
        _("Leader in charge: %(name)s.") % {"name": leader} if leader else "",
        _("The case was running before.") if data.get("linked") else "",
    ]
    return Told(title, lines, "list-checks", "b", public=False)


@telling("case.reminded")
def _reminded(data: Mapping[str, Any], names: Names) -> Told:
    people = [names.people.get(name, name) for name in data.get("people") or ()]
    lines = [
        _("To: %(people)s.") % {"people": ", ".join(people)} if people else "",
        str(data.get("note") or ""),
    ]
    return Told(_("Reminded"), lines, "bell", "y", public=False)


@telling("suggestion.answered")
def _answered(data: Mapping[str, Any], names: Names) -> Told:
    chosen = str(data.get("chosen") or "")
    line = names.categories.get(chosen) or names.units.get(chosen) or chosen
    return Told(_("Suggestion answered"), [line], "info", "", public=False)

"""Tells in a case's timeline who signed for a task, who handed it over, and who stood where."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.web.journal_words import Names, Told, telling


@telling("case.signed")
def _signed(data: Mapping[str, Any], names: Names) -> Told:
    lines = [names.unit(data["unit"])] if data.get("unit") else []
    return Told(_("Signed for"), lines, "signature", "b", public=False)


@telling("case.assigned")
def _assigned(data: Mapping[str, Any], names: Names) -> Told:
    who = str(data.get("assignee", ""))
    title = _("Handed to %(who)s") % {"who": names.people.get(who, who)}
    return Told(title, [str(data.get("note") or "")], "user-check", "b", public=False)


@telling("case.draft")
def _draft(data: Mapping[str, Any], _names: Names) -> Told:
    line = _("Answer: %(text)s") % {"text": data.get("text", "")}
    return Told(_("Draft of the answer"), [line], "pencil", "", public=False)


@telling("case.presence")
def _presence(data: Mapping[str, Any], _names: Names) -> Told:
    values = {"metres": data.get("metres"), "accuracy": data.get("accuracy")}
    line = _("%(metres)s m from the place of the case (telephone: ± %(accuracy)s m)") % values
    if data.get("near"):
        return Told(_("On the spot"), [line], "map-pinned", "o", public=False)
    return Told(_("Not on the spot"), [line], "map-pin", "y", public=False)

"""Changes of units in a case's history, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.web.journal_words import Names, Told, telling


@telling("case.handed-over")
def _handed_over(data: Mapping[str, Any], names: Names) -> Told:
    heir = data.get("to") or next((task["unit"] for task in data.get("tasks") or ()), None)
    heir = heir or data.get("area")
    lines = []
    if data.get("from"):
        lines.append(
            _("From %(unit)s, which ends on %(day)s.")
            % {"unit": names.unit(data["from"]), "day": data.get("on", "")}
        )
    if data.get("tasks"):
        lines.append(_("Its tasks went over with running clocks."))
    if data.get("doubles"):
        lines.append(_("An assisting task fell away: the unit leads the case itself."))
    if data.get("moot"):
        lines.append(_("The dispute ended: both units are one now."))
    title = _("Handed over to %(unit)s") % {"unit": names.unit(heir)}
    return Told(title, [*lines, str(data.get("reason") or "")], "send", "b", public=True)

"""Acts that need no sentence of their own: what was done, and the words that stand in the entry."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from townkeeper.web.journal_words import Names, Told, telling

TITLES: Mapping[str, str | Promise] = {
    "article.written": _("Article of the knowledge base written"),
    "brief.made": _("Brief made"),
    "bulletin.installed": _("Bulletin taken over from the program"),
    "bulletin.made": _("Bulletin made"),
    "calls.forgotten": _("Old calls forgotten"),
    "campaign.closed": _("Campaign closed"),
    "campaign.handed_over": _("List handed over to the units"),
    "campaign.made": _("Campaign begun"),
    "campaign.printed": _("Task breakdown table printed"),
    "campaign.reminded": _("Units of a campaign reminded"),
    "duties.changed": _("Duty register changed"),
    "file.stored": _("File stored"),
    "import.done": _("Records imported"),
    "job.end": _("Long work ended"),
    "job.lost": _("Long work was cut off"),
    "job.start": _("Long work started"),
    "job.stop": _("Long work stopped"),
    "phrase.written": _("Phrase written"),
    "place.added": _("Key place added"),
    "place.carried": _("Key place carried over to another area"),
    "procedure.installed": _("Procedure taken over from the program"),
    "program.loaded": _("Program loaded"),
    "revisit.drawn": _("Revisits drawn"),
    "role.added": _("Role added"),
    "round.assessed": _("Round scored"),
    "round.corrected": _("Round corrected"),
    "round.published": _("Round published"),
    "scheme.installed": _("Scheme taken over from the program"),
    "suggestions.trained": _("Suggestions trained anew"),
    "unit.changed": _("Unit changed by the program"),
}
"""What acts are called that no page tells in a sentence of its own."""
PLAIN = ("title", "name", "file", "problem", "reason")
"""What of an act without a sentence is shown as it stands."""


def _register(act: str, title: str | Promise) -> None:
    @telling(act)
    def _plain(data: Mapping[str, Any], _names: Names) -> Told:
        lines = [said for name in PLAIN if isinstance(said := data.get(name), str) and said]
        return Told(str(title), lines, "scroll-text", "g", public=False)


for _act, _title in TITLES.items():
    _register(_act, _title)


@telling("post.added")
def _post_added(data: Mapping[str, Any], names: Names) -> Told:
    words = {"role": names.roles.get(data["role"], data["role"]), "unit": names.unit(data["unit"])}
    title = gettext("Appointed %(role)s in %(unit)s by the program") % words
    return Told(title, [], "contact", "o", public=False)

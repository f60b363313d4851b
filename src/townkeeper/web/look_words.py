"""Tells in a case's timeline that somebody was shown the reporter's name and number."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.web.journal_words import Names, Told, telling

KINDS: Mapping[str, str | Promise] = {
    "case.reporter_shown": gettext_lazy("reporter's name and number"),
    "case.original_seen": gettext_lazy("original of a photo"),
}
"""What was looked at, by act."""


@telling("case.reporter_shown")
def _shown(data: Mapping[str, Any], _names: Names) -> Told:
    lines = [_("Reason: %(text)s") % {"text": data.get("reason", "")}]
    return Told(_("Reporter shown in full"), lines, "eye", "y", public=False)

"""Tells notes in a case's timeline: who wrote what, for colleagues or for the public too."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.cases.notes import NOTE
from townkeeper.web.journal_words import Names, Told, telling

SAID = frozenset({NOTE, "case.statement", "case.judged", "case.added"})
"""What people said, beside what they did."""


@telling(NOTE)
def _note(data: Mapping[str, Any], _names: Names) -> Told:
    is_public = bool(data.get("public"))
    title = _("Told to the reporter") if is_public else _("Note")
    lines = [str(data.get("text", ""))]
    return Told(title, lines, "message-square", "b" if is_public else "g", public=is_public)

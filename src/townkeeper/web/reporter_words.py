"""What reporters say and do by the public pages, in a case's history."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.web.journal_words import Names, Told, telling


@telling("case.words_added")
def _words(data: Mapping[str, Any], _names: Names) -> Told:
    is_supporter = data.get("part") == "supporter"
    title = _("Somebody who has it too adds") if is_supporter else _("The reporter adds")
    return Told(title, [str(data.get("text") or "")], "message-square-plus", "y", public=False)


@telling("case.supported")
def _supported(data: Mapping[str, Any], _names: Names) -> Told:
    words = [str(data.get("words") or "")]
    return Told(_("Somebody else has it too"), words, "users", "y", public=False)


@telling("case.reminded")
def _reminded(_data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("Reminded by the public: it is overdue"), [], "bell-ring", "r", public=False)


@telling("case.withdrawal")
def _withdrawal(data: Mapping[str, Any], _names: Names) -> Told:
    lines = [str(data.get("reason") or "")]
    return Told(_("The reporter takes the report back"), lines, "undo-2", "y", public=False)


@telling("case.photo_shown")
def _photo_shown(_data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("A photo was shown to the public"), [], "eye", "", public=False)


@telling("case.photo_hidden")
def _photo_hidden(_data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("A photo was hidden from the public"), [], "eye-off", "", public=False)

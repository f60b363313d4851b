"""What the head of a case page offers: dispatch, notes, the reporter, parts of the history."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.cases.dispatching import dispatch_action
from townkeeper.cases.models import Case, Stage
from townkeeper.journal.models import Entry
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may
from townkeeper.web.note_words import SAID
from townkeeper.web.office.rows import procedure_of

PARTS = ("all", "moves", "said")
ON_THE_BAR = 2
"""Acts that have room at the foot of a phone; the rest are behind one more button."""


def head_of(request: HttpRequest, case: Case, moves: dict[str, Any]) -> dict[str, Any]:
    """Return what stands at the head of the page and at the foot of a phone.

    The act that dispatches leads to its own page (a dialog where scripts run); every other one
    jumps to its form.
    """
    action = None
    if case.stage != Stage.MERGED:
        action = dispatch_action(procedure_of(case), case.step)
    buttons = []
    for move in moves.get("mine", []):
        gives = action is not None and move["name"] == action.name
        move["give"] = reverse("dispatch:dispatch", args=[case.number]) if gives else ""
        buttons.append(move)
    return {
        "buttons": buttons,
        "bar": buttons[:ON_THE_BAR],
        "more_acts": len(buttons) > ON_THE_BAR,
        "may_note": may(request, Permission.CASES_CASE_ACT),
        "may_reveal": may(request, Permission.CASES_REPORTER_VIEW),
        "may_unmerge": may(request, Permission.CASES_CASE_MERGE),
    }


def part_of(request: HttpRequest) -> str:
    """Return which part of the history the address asks for."""
    wanted = request.GET.get("history", "")
    return wanted if wanted in PARTS else "all"


def only(entries: list[Entry], part: str) -> list[Entry]:
    """Return the entries of a part of the history: what was done, or what was said."""
    if part == "all":
        return entries
    return [entry for entry in entries if (entry.act in SAID) == (part == "said")]


def history_tabs(case: Case, part: str) -> list[dict[str, Any]]:
    """Return the parts of the history as links."""
    page = reverse("office:case", args=[case.number])
    words = {"all": _("All"), "moves": _("Steps taken"), "said": _("Notes")}
    return [
        {
            "label": words[each],
            "href": f"{page}?history={each}#h-history" if each != "all" else f"{page}#h-history",
            "current": each == part,
        }
        for each in PARTS
    ]

"""Rankings: the list of rounds, a round's table, and its bulletins."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.publication.models import Bulletin
from townkeeper.web.access import signed_in
from townkeeper.web.ranking_table import GroupTable, history_of, make_group
from townkeeper.web.rounds import SchemeView, visible_rounds
from townkeeper.web.wording import full_time

ICONS = {"pdf": "file-text", "docx": "file-down", "xlsx": "file-spreadsheet"}
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_ROUNDS = 120


@signed_in
@require_safe
def round_list(request: HttpRequest) -> HttpResponse:
    """List the rounds, newest first."""
    rounds = visible_rounds(request.user)[:MOST_ROUNDS]
    return render(request, "office/rankings.html", {"rounds": list(rounds)})


def one_round(request: HttpRequest, pk: int) -> Round:
    """Return a round that the person may see; absent and forbidden answer alike."""
    found = visible_rounds(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@signed_in
@require_safe
def round_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a round's ranking, one group at a time."""
    round_ = one_round(request, pk)
    view = SchemeView(round_.scheme.definition)
    scores = list(
        UnitScore.objects.filter(round=round_).select_related("unit").defer("unit__outline")
    )
    by_group = {key: [s for s in scores if s.group == key] for key in view.groups}
    shown = request.GET.get("group", "")
    if shown not in by_group:
        shown = first_group(by_group)
    table = make_group(view, shown, by_group.get(shown, []), history_of(round_), round_.period)
    context = {
        "round": round_,
        "table": table,
        "tabs": _tabs(round_, view, by_group, shown),
        "podium": _podium(table),
        "bulletins": bulletin_links(round_),
        "siblings": _siblings(request, round_),
    }
    return render(request, "office/ranking.html", context)


def first_group(by_group: dict[str, list[UnitScore]]) -> str:
    """Return the first group with a ranked unit, else the first with any, else the first."""
    ranked = [key for key, found in by_group.items() if any(s.rank for s in found)]
    filled = [key for key, found in by_group.items() if found]
    return next(iter([*ranked, *filled, *by_group]), "")


def _tabs(
    round_: Round, view: SchemeView, by_group: dict[str, list[UnitScore]], shown: str
) -> list[dict[str, Any]]:
    address = reverse("office:ranking", args=[round_.pk])
    return [
        {
            "label": view.groups[key],
            "count": len(found),
            "href": f"{address}?group={key}",
            "current": key == shown,
        }
        for key, found in by_group.items()
    ]


def _podium(table: GroupTable) -> dict[str, Any]:
    """Return the figures above the table: best, average, and how many are ranked."""
    first = table.rows[0].score if table.rows else None
    return {
        "average": table.average,
        "difference": table.difference,
        "moved": abs(table.difference or 0),
        "first": first,
        "first_name": table.rows[0].name if table.rows else "",
        "ranked": len(table.rows),
        "unranked": len(table.unranked),
    }


def _siblings(request: HttpRequest, round_: Round) -> list[Round]:
    """Return other rounds of the scheme, to go from month to month."""
    rounds = visible_rounds(request.user).filter(scheme__key=round_.scheme.key)
    return list(rounds[:24])


def bulletin_links(round_: Round) -> list[dict[str, Any]]:
    """Return the files of the round's newest bulletin in each language."""
    newest: dict[str, Bulletin] = {}
    for bulletin in Bulletin.objects.filter(round=round_).order_by("made_at"):
        newest[bulletin.language] = bulletin
    return [
        {
            "href": reverse("office:bulletin", args=[round_.pk, bulletin.pk, form]),
            "icon": ICONS.get(form, "download"),
            "label": f"{form.upper()} {language}" if len(newest) > 1 else form.upper(),
            "primary": form == "pdf",
            "title": full_time(bulletin.made_at),
        }
        for language, bulletin in newest.items()
        for form in ICONS
        if form in bulletin.files
    ]


@signed_in
@require_safe
def bulletin_file(request: HttpRequest, pk: int, bulletin: int, form: str) -> FileResponse:
    """Send one file of a bulletin; only files below the home folder are sent."""
    round_ = one_round(request, pk)
    found = Bulletin.objects.filter(pk=bulletin, round=round_).first()
    if found is None or form not in TYPES or form not in found.files:
        raise Http404
    home = Path(settings.HOME).resolve()
    path = (home / str(found.files[form])).resolve()
    if not path.is_relative_to(home) or not path.is_file():
        raise Http404
    name = f"{round_.scheme.key}-{round_.period}-{found.language}.{form}"
    data = path.open("rb")
    return FileResponse(data, content_type=TYPES[form], as_attachment=True, filename=name)

"""Public rankings: published rounds only, with method, parts, past months and downloads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.assessment.published import round_file
from townkeeper.publication.models import Bulletin
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.web.exports import Sheet, send_sheet
from townkeeper.web.ranking_table import RankRow, history_of, make_group, unit_name
from townkeeper.web.rounds import Item, SchemeView
from townkeeper.web.rules import figure, metric_definition, metric_name, rule_words
from townkeeper.web.wording import month_words

MOST_ROUNDS: Final = 120
DAY: Final = 24 * 3600
FIGURES: Final = ("closed_on_time_rate", "satisfaction_rate", "satisfied_rate")
TWO: Final = 2
TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def public_rounds() -> QuerySet[Round]:
    """Return what was published, corrected versions included; drafts are nobody's business."""
    rounds = Round.objects.exclude(state=Round.State.DRAFT).select_related("scheme")
    return rounds.defer("content").order_by("-period", "scheme__key", "-number")


def newest_round() -> Round | None:
    """Return the round published for the latest month."""
    return public_rounds().filter(state=Round.State.PUBLISHED).first()


def published_figures(round_: Round) -> list[dict[str, str]]:
    """Return two figures of a published month, as they were frozen."""
    key = f"portal:totals:{round_.pk}"
    totals: dict[str, Any] | None = cache.get(key)
    if totals is None:
        content = Round.objects.values_list("content", flat=True).get(pk=round_.pk)
        totals = json.loads(content).get("totals", {}) if content else {}
        cache.set(key, totals, DAY)
    found: list[dict[str, str]] = []
    for metric in FIGURES:
        total = totals.get(metric) or {}
        if total.get("value") is not None and len(found) < TWO:
            label = f"{metric_name(metric)} · {month_words(round_.period)}"
            found.append({"label": label, "value": figure(metric, total["value"])})
    return found


@require_safe
def rankings(request: HttpRequest) -> HttpResponse:
    """List the published months, the latest shown with its first places."""
    rounds = list(public_rounds()[:MOST_ROUNDS])
    return render(request, "portal/rankings.html", {"rounds": rounds})


def one_round(period: str, scheme: str, version: str = "") -> Round:
    """Return a published round by month and scheme: the latest version, or the one asked for."""
    rounds = public_rounds().filter(period=period, scheme__key=scheme)
    if version:
        rounds = rounds.filter(number=int(version)) if version.isdecimal() else rounds.none()
    found = rounds.first()
    if found is None:
        raise Http404
    return found


@require_safe
def ranking(request: HttpRequest, period: str, scheme: str) -> HttpResponse:
    """Show one month: places, parts of each score, the rules, past months, files."""
    round_ = one_round(period, scheme, request.GET.get("version", ""))
    view = SchemeView(round_.scheme.definition)
    scores = list(
        UnitScore.objects.filter(round=round_).select_related("unit").defer("unit__outline")
    )
    by_group = {key: [s for s in scores if s.group == key] for key in view.groups}
    shown = request.GET.get("group", "")
    if shown not in by_group:
        ranked = [key for key, found in by_group.items() if any(s.rank for s in found)]
        shown = next(iter([*ranked, *by_group]), "")
    history = history_of(round_, is_public=True)
    table = make_group(view, shown, by_group.get(shown, []), history, period)
    address = reverse("portal:ranking", args=[period, scheme])
    context = {
        "round": round_,
        "table": table,
        "rows": [_row(row, table.items) for row in table.rows],
        "tabs": [
            {
                "label": view.groups[key],
                "count": len(found),
                "href": f"{address}?group={key}",
                "current": key == shown,
            }
            for key, found in by_group.items()
        ],
        "rules": [_rule(item) for item in table.items],
        "siblings": list(public_rounds().filter(scheme__key=scheme)[:24]),
        "files": _files(round_),
    }
    return render(request, "portal/ranking.html", context)


def _row(row: RankRow, items: list[Item]) -> dict[str, Any]:
    """Return a unit with the parts of its score: figure, counts and points of each item."""
    sheets = {sheet["key"]: sheet for sheet in row.score.items}
    parts = []
    for item in items:
        sheet = sheets.get(item.key)
        if sheet is None:
            continue
        counts = ""
        if sheet.get("denominator"):
            counts = f"{sheet.get('numerator')} / {sheet.get('denominator')}"
        parts.append(
            {
                "title": item.title,
                "value": figure(item.metric, sheet.get("value")),
                "counts": counts,
                "points": sheet.get("points"),
                "full": sheet.get("full"),
            }
        )
    moved = "" if not row.change else "up" if row.change > 0 else "down"
    return {"row": row, "parts": parts, "moved": moved}


def _rule(item: Item) -> dict[str, str]:
    return {
        "title": item.title,
        "weight": item.weight,
        "rule": rule_words(item.rule, weight=item.weight, metric=item.metric),
        "metric": metric_name(item.metric),
        "meaning": metric_definition(item.metric),
        "source": item.source,
        "why": item.why,
    }


def language_name(tag: str) -> str:
    """Return a language by its own name."""
    try:
        return str(get_language_info(tag.lower())["name_local"])
    except KeyError:
        return tag


def _files(round_: Round) -> list[dict[str, str]]:
    """Return what of a round can be downloaded."""
    address = reverse("portal:ranking", args=[round_.period, round_.scheme.key])
    version = f"?version={round_.number}"
    files = [
        {
            "href": reverse("portal:bulletin", args=[bulletin.pk, form]),
            "icon": "file-text",
            "label": f"{form.upper()} {language_name(bulletin.language)}",
        }
        for bulletin in Bulletin.objects.filter(round=round_).order_by("language", "-made_at")
        for form in TYPES
        if form in bulletin.files
    ]
    files.append({"href": f"{address}table.csv{version}", "icon": "download", "label": "CSV"})
    files.append({"href": f"{address}table.xlsx{version}", "icon": "download", "label": "XLSX"})
    if round_file(round_).is_file():
        label = _("signed file")
        files.append(
            {"href": f"{address}signed.json{version}", "icon": "shield-check", "label": label}
        )
    return files


@require_safe
def ranking_table(request: HttpRequest, period: str, scheme: str, form: str) -> HttpResponseBase:
    """Send the scores of a published month as a table."""
    round_ = one_round(period, scheme, request.GET.get("version", ""))
    view = SchemeView(round_.scheme.definition)
    columns = [
        Column(_("Group")), Column(_("Rank"), kind="number"), Column(_("Unit")),
        Column(_("Score"), kind="number"),
        *[Column(item.title, kind="number") for item in view.items.values()],
    ]  # fmt: skip
    scores = UnitScore.objects.filter(round=round_).select_related("unit").defer("unit__outline")

    def rows() -> Iterator[list[Cell]]:
        for score in scores.order_by("group", "rank", "unit_name"):
            points = {sheet["key"]: sheet.get("points") for sheet in score.items}
            yield [
                view.groups.get(score.group, score.group), score.rank, unit_name(score),
                _number(score.score), *[_number(points.get(key)) for key in view.items],
            ]  # fmt: skip

    title = f"{round_.scheme.title} {round_.period}"
    sheet = Sheet(f"ranking-{period}-{scheme}", title, columns, rows())
    return send_sheet(request, sheet, form)


def _number(value: object) -> Cell:
    return None if value is None else float(str(value))


@require_safe
def signed_file(request: HttpRequest, period: str, scheme: str) -> FileResponse:
    """Send the signed file of a published round, as it was written at publication."""
    round_ = one_round(period, scheme, request.GET.get("version", ""))
    path = round_file(round_)
    if not path.is_file():
        raise Http404
    data = path.open("rb")
    return FileResponse(data, "application/json", as_attachment=True, filename=path.name)


@require_safe
def bulletins(request: HttpRequest) -> HttpResponse:
    """List the bulletins of published rounds with their files."""
    shown = Bulletin.objects.filter(round__in=public_rounds().values("pk"))
    rows = shown.select_related("round__scheme").defer("round__content").order_by("-made_at")
    found = [
        {
            "bulletin": row,
            "language": language_name(row.language),
            "files": [
                {"href": reverse("portal:bulletin", args=[row.pk, form]), "label": form.upper()}
                for form in TYPES
                if form in row.files
            ],
        }
        for row in rows[:MOST_ROUNDS]
    ]
    return render(request, "portal/bulletins.html", {"bulletins": found})


@require_safe
def bulletin_file(_request: HttpRequest, pk: int, form: str) -> FileResponse:
    """Send one file of a published bulletin; only files below the home folder are sent."""
    found = Bulletin.objects.filter(pk=pk, round__in=public_rounds().values("pk")).first()
    if found is None or form not in TYPES or form not in found.files:
        raise Http404
    home = Path(settings.HOME).resolve()
    path = (home / str(found.files[form])).resolve()
    if not path.is_relative_to(home) or not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=TYPES[form], as_attachment=True, filename=path.name
    )

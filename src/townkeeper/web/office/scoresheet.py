"""One unit's score sheet: every item with its rule, and the cases behind every figure."""

from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.cases.metrics_named import metrics
from townkeeper.cases.models import Case
from townkeeper.web.access import signed_in
from townkeeper.web.office.behind import case_numbers
from townkeeper.web.office.rankings import one_round
from townkeeper.web.office.rows import make_rows, with_row_parts
from townkeeper.web.ranking_table import unit_name
from townkeeper.web.rounds import Item, SchemeView
from townkeeper.web.rules import (
    STATUSES,
    figure,
    is_rate,
    metric_definition,
    metric_name,
    note_words,
    rule_words,
)

PARTS = ("numerator", "denominator")
PAGE = 100


def _score_of(round_: Round, code: str) -> UnitScore:
    found = UnitScore.objects.filter(round=round_, unit__code=code).select_related("unit").first()
    if found is None:
        raise Http404
    return found


@signed_in
@require_safe
def score_sheet(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Show how a unit's score came about, item by item."""
    round_ = one_round(request, pk)
    score = _score_of(round_, code)
    view = SchemeView(round_.scheme.definition)
    group = list(UnitScore.objects.filter(round=round_, group=score.group).only("rank", "score"))
    context = {
        "round": round_,
        "score": score,
        "unit_name": unit_name(score),
        "group_title": view.groups.get(score.group, score.group),
        "of": sum(1 for other in group if other.score is not None),
        "lines": [_line(sheet, view.items.get(sheet["key"])) for sheet in score.items],
        "why_not": note_words(score.note) if score.score is None else "",
    }
    return render(request, "office/score_sheet.html", context)


def _line(sheet: dict[str, Any], item: Item | None) -> dict[str, Any]:
    """Return one item of the sheet as it is shown."""
    metric = sheet.get("metric") or ""
    known = metrics().get(metric)
    return {
        "key": sheet["key"],
        "title": item.title if item else sheet["key"],
        "kind": sheet.get("kind", "item"),
        "metric": metric_name(metric),
        "definition": metric_definition(metric),
        "value": figure(metric, sheet.get("value")),
        "numerator": sheet.get("numerator"),
        "denominator": sheet.get("denominator"),
        "numerator_name": metric_name(known.numerator) if known and known.numerator else "",
        "denominator_name": metric_name(known.denominator) if known and known.denominator else "",
        "is_rate": is_rate(metric),
        "points": sheet.get("points"),
        "full": sheet.get("full") or sheet.get("weight"),
        "weight": sheet.get("weight"),
        "is_spread": Decimal(sheet.get("full") or sheet["weight"]) != Decimal(sheet["weight"]),
        "low": sheet.get("low"),
        "high": sheet.get("high"),
        "rule": rule_words(item.rule, weight=item.weight, metric=metric) if item else "",
        "status": STATUSES.get(sheet.get("status", ""), ""),
        "place": sheet.get("place"),
        "source": item.source if item else "",
        "why": item.why if item else "",
        "opens": known is not None,
    }


@signed_in
@require_safe
def cases_behind(request: HttpRequest, pk: int, code: str, item: str, part: str) -> HttpResponse:
    """List the cases behind a numerator or denominator; each opens to its own page."""
    round_ = one_round(request, pk)
    score = _score_of(round_, code)
    sheet = next((sheet for sheet in score.items if sheet["key"] == item), None)
    if sheet is None or part not in PARTS:
        raise Http404
    numbers = case_numbers(round_, code, sheet.get("metric") or "", part)
    page = Paginator(numbers or [], PAGE).get_page(request.GET.get("page"))
    visible = Case.objects.visible_to(request.user).filter(number__in=list(page.object_list))
    rows = {row.case.number: row for row in make_rows(with_row_parts(visible))}
    view = SchemeView(round_.scheme.definition)
    known = metrics().get(sheet.get("metric") or "")
    counted = getattr(known, part, "") if known else ""
    context = {
        "round": round_,
        "score": score,
        "unit_name": unit_name(score),
        "item_title": view.items[item].title if item in view.items else item,
        "counted": metric_name(counted) if counted else metric_name(sheet.get("metric") or ""),
        "definition": metric_definition(counted or sheet.get("metric") or ""),
        "figure": sheet.get(part),
        "rows": [rows[number] for number in page.object_list if number in rows],
        "hidden": sum(1 for number in page.object_list if number not in rows),
        "page": page,
        "total_text": _("%(n)s entries") % {"n": f"{len(numbers or []):,}"},
        "is_kept": numbers is not None,
        "has_photos": False,
    }
    return render(request, "office/cases_behind.html", context)

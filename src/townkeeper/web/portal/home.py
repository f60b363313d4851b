"""The public front page: report, follow, this month's figures, what was just fixed, the ranking."""

from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.cases.models import Evidence, Judgement
from townkeeper.cases.publicity import lately_fixed, listed_cases, public_title
from townkeeper.kit import clock
from townkeeper.web.portal.ranks import newest_round, published_figures
from townkeeper.web.ranking_table import unit_name
from townkeeper.web.registers import registers
from townkeeper.web.rounds import SchemeView
from townkeeper.web.wording import span

FIXED: Final = 3
TEN_MINUTES: Final = 600
TOP: Final = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page."""
    round_ = newest_round()
    context = {
        "hotline": registers().site("hotline", settings.HOTLINE),
        "figures": figures(round_),
        "fixed": just_fixed(),
        "round": round_,
        "top": top_of(round_) if round_ else [],
    }
    return render(request, "portal/home.html", context)


def figures(round_: Round | None) -> list[dict[str, str]]:
    """Return three figures: what came in this month, and the latest month as published."""
    local = timezone.localtime(clock.now())
    start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    key = f"portal:received:{start:%Y-%m}"
    received: int | None = cache.get(key)
    if received is None:
        received = listed_cases().filter(opened_at__gte=start).count()
        cache.set(key, received, TEN_MINUTES)
    month = date_format(start, "YEAR_MONTH_FORMAT")
    found = [{"label": _("Taken up in %(month)s") % {"month": month}, "value": f"{received:,}"}]
    return found + (published_figures(round_) if round_ else [])


def just_fixed() -> list[dict[str, Any]]:
    """Return what was fixed last and may be shown with before and after, and how it was judged.

    The reporter's own words are not repeated here: they were written to the office.
    """
    photos = lately_fixed(FIXED)
    judged = {
        row.case_id: row
        for row in Judgement.objects.filter(case__in=[p.case_id for p in photos]).order_by(
            "closing"
        )
    }
    return [_card(photo, judged.get(photo.case_id)) for photo in photos]


def _card(photo: Evidence, judged: Judgement | None) -> dict[str, Any]:
    case = photo.case
    took = case.closed_at - case.opened_at if case.closed_at else None
    return {
        "title": public_title(case),
        "href": reverse("portal:case", args=[case.number]),
        "before": reverse("portal:photo", args=[case.number, photo.before_id]),
        "after": reverse("portal:photo", args=[case.number, photo.pk]),
        "unit": case.unit.title if case.unit else "",
        "took": _("done in %(span)s") % {"span": span(took)} if took else "",
        "verdict": judged.get_verdict_display() if judged else "",
        "stars": judged.stars if judged else None,
        "origin": case.origin,
    }


def top_of(round_: Round) -> list[dict[str, Any]]:
    """Return the first units of the round's first group that has any ranked."""
    view = SchemeView(round_.scheme.definition)
    scores = UnitScore.objects.filter(round=round_, rank__isnull=False).select_related("unit")
    ranked = list(scores.defer("unit__outline", "items").order_by("rank", "unit_name"))
    group = next((key for key in view.groups if any(s.group == key for s in ranked)), "")
    return [
        {
            "rank": score.rank,
            "name": unit_name(score),
            "score": score.score,
            "share": max(0, min(100, round(score.score or 0))),
            "group": view.groups.get(group, group),
        }
        for score in ranked
        if score.group == group
    ][:TOP]

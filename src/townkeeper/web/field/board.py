"""The unit's own board: how the month stands so far, where the unit was ranked, who has what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.assessment.unit_figures import (
    FIGURES,
    Figure,
    Span,
    cases_behind,
    figures_of,
    loads_in,
    span_of,
)
from townkeeper.cases.models import Case
from townkeeper.cases.worklist import Key
from townkeeper.kit import clock
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.field.units import chosen_unit, own_units
from townkeeper.web.office.listing import key_text, read_key
from townkeeper.web.office.rows import make_rows, with_row_parts
from townkeeper.web.ranking_table import history_of, spark_points
from townkeeper.web.rounds import visible_rounds

PAGE: Final = 50
MOST_SCHEMES: Final = 3
GOOD, POOR = 0.9, 0.2
LABELS: Final[dict[str, tuple[str | Promise, str, str | Promise]]] = {
    "on-time": (gettext_lazy("Done in time"), "timer", gettext_lazy("of what was due")),
    "rework": (gettext_lazy("Sent back"), "undo-2", gettext_lazy("of what was reported done")),
    "recurrence": (
        gettext_lazy("Came back"), "repeat", gettext_lazy("beside what was reported done")
    ),
    "satisfaction": (gettext_lazy("Satisfied"), "thumbs-up", gettext_lazy("of those who judged")),
    "disputes": (gettext_lazy("Disputes raised"), "scale", ""),
    "rejected": (gettext_lazy("Disputes rejected"), "gavel", gettext_lazy("of those raised")),
    "yellow": (gettext_lazy("Yellow cards"), "rectangle-vertical", ""),
    "red": (gettext_lazy("Red cards"), "rectangle-vertical", ""),
    "overdue": (gettext_lazy("Overdue now"), "triangle-alert", ""),
    "assisting": (gettext_lazy("Assisting, open"), "helping-hand", ""),
}  # fmt: skip
RATES: Final = frozenset({"on-time", "rework", "satisfaction"})


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure as the board shows it."""

    name: str
    label: str
    icon: str
    value: str
    note: str
    href: str
    missed: str
    css: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the unit stood in the newest published round of a scheme."""

    round: Round
    score: UnitScore
    href: str
    line: str
    end: tuple[str, str]
    months: int


def month_start(now: datetime) -> datetime:
    """Return the first instant of the site's month."""
    return timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@needs(Permission.CASES_CASE_VIEW)
@require_safe
def unit_board(request: HttpRequest) -> HttpResponse:
    """Show a unit its own figures; each opens the cases behind it."""
    units = own_units(request)
    if not units:
        raise Http404
    unit, now = chosen_unit(request, units), clock.now()
    span = span_of(unit, month_start(now), now)
    loads = loads_in(span.units, now)
    most = max((load.open_tasks for load in loads), default=0)
    context = {
        "unit": unit,
        "units": units,
        "since": span.since,
        "tiles": [_tile(figure, unit) for figure in figures_of(span).values()],
        "placed": _placed(request, unit),
        "loads": [(load, round(100 * load.open_tasks / most) if most else 0) for load in loads],
        "ledger_url": f"{reverse('field:ledger')}?{urlencode({'unit': unit.code})}",
    }
    return render(request, "field/board.html", context)


def _tile(figure: Figure, unit: Unit) -> Tile:
    label, icon, whole = LABELS[figure.name]
    share, plain = figure.share, f"{figure.count:,}"
    is_rate = figure.name in RATES
    value = plain if not is_rate else "–" if share is None else f"{share:.0%}"
    of = {"count": plain, "whole": f"{figure.out_of or 0:,}", "what": whole}
    note = _("%(count)s of %(whole)s %(what)s") % of if figure.out_of is not None else ""
    href = reverse("field:behind", args=[figure.name]) + "?" + urlencode({"unit": unit.code})
    left = (figure.out_of or 0) - figure.count if is_rate else 0
    bad = (
        (figure.name in {"overdue", "red"} and figure.count > 0)
        or (share is not None and figure.name == "on-time" and share < GOOD)
        or (share is not None and figure.name == "rework" and share > POOR)
    )
    missed = f"{href}&missed=1" if left > 0 and figure.name in {"on-time", "satisfaction"} else ""
    return Tile(figure.name, str(label), icon, value, note, href, missed, "bad" if bad else "")


def _placed(request: HttpRequest, unit: Unit) -> list[Placed]:
    """Return the newest published result of each scheme that scores the unit, with its line."""
    rounds = visible_rounds(request.user).filter(state=Round.State.PUBLISHED, scores__unit=unit)
    newest: dict[int, Round] = {}
    for round_ in rounds[: 12 * MOST_SCHEMES]:
        newest.setdefault(round_.scheme_id, round_)
    found = []
    for round_ in list(newest.values())[:MOST_SCHEMES]:
        past = history_of(round_).get(unit.pk, [])
        score = next((each for month, each in reversed(past) if month == round_.period), None)
        if score is None:
            continue
        values = [each.score for _month, each in past if each.score is not None]
        line, end = spark_points(values)
        href = reverse("office:score", args=[round_.pk, unit.code])
        found.append(Placed(round_, score, href, line, end, len(values)))
    return found


@needs(Permission.CASES_CASE_VIEW)
@require_safe
def behind(request: HttpRequest, figure: str) -> HttpResponse:
    """List the cases behind a figure, or with `missed` those that it leaves out."""
    if figure not in FIGURES:
        raise Http404
    unit, now = chosen_unit(request, own_units(request)), clock.now()
    span: Span = span_of(unit, month_start(now), now)
    missed = request.GET.get("missed") == "1"
    seen = Case.objects.visible_to(request.user)
    wanted = seen.filter(pk__in=cases_behind(span, figure, missed=missed).values("pk"))
    after = read_key(request.GET.get("after", ""))
    if after is not None:
        wanted = wanted.filter(pk__lt=after.pk)
    cases = list(with_row_parts(wanted.order_by("-pk")[: PAGE + 1]))
    rows = make_rows(cases[:PAGE])
    parts: dict[str, Any] = {"unit": unit.code} | ({"missed": "1"} if missed else {})
    following = ""
    if len(cases) > PAGE:
        last = rows[-1].case
        parts["after"] = key_text(Key(None, last.pk))
        following = f"?{urlencode(parts)}"
    context = {
        "unit": unit,
        "label": LABELS[figure][0],
        "missed": missed,
        "rows": rows,
        "since": span.since,
        "next_url": following,
        "is_later": after is not None,
        "board_url": f"{reverse('field:board')}?{urlencode({'unit': unit.code})}",
        "first_url": f"?{urlencode({k: v for k, v in parts.items() if k != 'after'})}",
        "has_photos": any(row.photo for row in rows),
    }
    return render(request, "field/behind.html", context)

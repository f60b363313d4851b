"""Recurrence: what came back, which time it is, why it counts, and people who say otherwise."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.cases.models import Case
from townkeeper.kit.errors import Problem
from townkeeper.relapse.actions import link_relapse, overrule_relapse
from townkeeper.relapse.chains import Chain, chain_of, say_times, why_words
from townkeeper.relapse.listing import (
    Wanted,
    longest_first,
    overruled_of,
    placed,
    relapse_of,
    relapse_page,
)
from townkeeper.relapse.models import Recurrence
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.campaigns import person
from townkeeper.web.board.choices import area_choices, unit_choices
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Pick,
    Row,
    address,
    chosen,
    number_in,
    send_list,
)
from townkeeper.web.exports import send_geojson
from townkeeper.web.stages import look_of
from townkeeper.web.wording import full_time

BATCH = 500
REFUSED = 422
TIMES = (3, 4, 5, 10)
views = needs(Permission.RELAPSE_CHAIN_VIEW)


@views
@require_safe
def chain_list(request: HttpRequest) -> HttpResponseBase:
    """List relapses, newest first, or one row for each chain, the longest first."""
    picks, longest = _picks(request), request.GET.get("order") == "longest"
    values = {pick.name: pick.value for pick in picks}
    wanted = Wanted(values["area"], values["unit"], int(values["times"] or 2), values["state"])
    before = number_in(request.GET.get("after", ""))
    if longest:
        found = longest_first(request.user, wanted, most=PAGE)
    else:
        found = relapse_page(request.user, wanted, before=before, most=PAGE + 1)
    shown = found[:PAGE]

    if request.GET.get("as") == "geojson":
        rows = (row for batch in batches(request, wanted) for row in batch)
        return send_geojson("relapses", features(rows))
    return send_list(
        request,
        Listed(
            stem="relapses",
            title=_("Recurrence"),
            lead=_("The same kind at the same place soon after closing; each counts for the unit"
                   " whose fix did not last."),
            heads=_heads(),
            rows=list(_rows(shown)),
            every=lambda: _rows(row for batch in batches(request, wanted) for row in batch),
            picks=picks,
            tabs=[
                {"label": _("Newest first"), "href": address(request, order=""),
                 "current": not longest, "count": None},
                {"label": _("Longest chains"), "href": address(request, order="longest"),
                 "current": longest, "count": None},
            ],
            following=str(shown[-1].pk) if not longest and len(found) > PAGE else "",
            empty=_nothing(),
            extra={"points": points(shown), "kept": {"order": request.GET.get("order", "")}},
        ),
        "board/chains.html",
    )  # fmt: skip


def _nothing() -> Empty:
    return Empty(
        _("Nothing came back"),
        _("Relapses are looked for each minute among new cases; they appear here."),
        "repeat",
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Which time"), ""),
        (_("Case"), ""),
        (_("Kind"), ""),
        (_("Area"), ""),
        (_("Unit whose fix did not last"), ""),
        (_("Why it counts"), ""),
    ]


def _picks(request: HttpRequest) -> list[Pick]:
    times = [(str(n), _("%(n)s times or more") % {"n": n}) for n in TIMES]
    states = [("hand", _("linked by a person")), ("overruled", _("overruled"))]
    areas, units = area_choices(), unit_choices()
    return [
        Pick("area", _("Area"), chosen(request, "area", areas), areas),
        Pick("unit", _("Unit whose fix did not last"), chosen(request, "unit", units), units),
        Pick("times", _("How often"), chosen(request, "times", times), times),
        Pick("state", _("State"), chosen(request, "state", states), states),
    ]


def batches(request: HttpRequest, wanted: Wanted) -> Iterator[list[Recurrence]]:
    """Yield all relapses of a list, some at a time."""
    before = None
    while batch := relapse_page(request.user, wanted, before=before, most=BATCH):
        yield batch
        before = batch[-1].pk


def _rows(found: Iterable[Recurrence]) -> Iterator[Row]:
    for row in found:
        case = row.case
        times = say_times(row.ordinal, case.opened_at - row.first.opened_at)
        yield [
            Cell(times, reverse("board:chain", args=[case.number]),
                 small=full_time(case.opened_at)),
            Cell(case.title, reverse("office:case", args=[case.number]), small=case.number,
                 css="wide2"),
            Cell(case.category.title if case.category else "–"),
            Cell(case.area.title if case.area else "–"),
            Cell(row.unit.title if row.unit else "–"),
            Cell(_("overruled: %(reason)s") % {"reason": row.overruled_reason}
                 if row.is_overruled else why_words(row), css="small"),
        ]  # fmt: skip


def points(rows: Iterable[Recurrence]) -> list[dict[str, Any]]:
    """Return what the map draws: a circle for each relapse, larger for later ones."""
    return [
        {
            "lat": row.case.lat,
            "lon": row.case.lon,
            "times": row.ordinal,
            "title": row.case.title,
            "href": reverse("board:chain", args=[row.case.number]),
        }
        for row in placed(rows)
    ]


def features(rows: Iterable[Recurrence]) -> Iterator[dict[str, Any]]:
    """Yield relapses as GeoJSON points (RFC 7946, WGS 84)."""
    for row in rows:
        if row.case.lat is None or row.case.lon is None:
            continue
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.case.lon, row.case.lat]},
            "properties": {
                "number": row.case.number,
                "title": row.case.title,
                "times": row.ordinal,
                "former": row.former.number,
                "days": row.days,
                "unit": row.unit.code if row.unit else None,
            },
        }


@views
@require_safe
def chain_page(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show one chain: every case in it, and why it is."""
    return show_chain(request, _case(request, number))


def show_chain(
    request: HttpRequest, case: Case, *, refused: Problem | None = None
) -> HttpResponseBase:
    """Answer with the page of a chain; what was refused and typed stands there again."""
    chain: Chain = chain_of(case)
    seen = set(
        Case.objects.visible_to(request.user)
        .filter(number__in=[link.number for link in chain.links])
        .values_list("number", flat=True)
    )
    context = {
        "case": case,
        "chain": chain,
        "words": chain.words,
        "links": [
            {
                "link": link,
                "href": reverse("office:case", args=[link.number]) if link.number in seen else "",
                "state": look_of(link.stage),
                "why": why_words(link.recurrence) if link.recurrence else "",
                "rule": rule_words(link.recurrence) if link.recurrence else "",
                "is_here": link.number == case.number,
            }
            for link in chain.links
        ],
        "overruled": [(row, why_words(row)) for row in overruled_of(case)],
        "refused": refused,
        "reason": request.POST.get("reason", ""),
        "former": request.POST.get("former", ""),
    }
    return render(request, "board/chain.html", context, status=REFUSED if refused else 200)


def rule_words(row: Recurrence) -> str:
    """Say by which rule it was found: the window in days and the radius in metres."""
    reason = row.reason
    if reason.get("said"):
        return _("%(who)s said: %(text)s") % {"who": row.found_by, "text": reason["said"]}
    days, metres = reason.get("window_days"), reason.get("radius_m")
    parts = []
    if days:
        parts.append(_("within %(days)s days") % {"days": days})
    if metres:
        parts.append(_("within %(metres)s m") % {"metres": metres})
    return " · ".join(parts)


def _case(request: HttpRequest, number: str) -> Case:
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None:
        raise Http404
    return case


@views
@require_POST
def overrule(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """Say that a case is no relapse after all."""
    case, row = _case(request, number), relapse_of(request.user, pk)
    if row is None:
        raise Http404
    try:
        overrule_relapse(row, actor=person(request), reason=request.POST.get("reason", ""))
    except Problem as problem:
        return show_chain(request, case, refused=problem)
    messages.success(request, _("Overruled; it is never found again."))
    return redirect("board:chain", number)


@views
@require_POST
def link(request: HttpRequest, number: str) -> HttpResponseBase:
    """Say that the case brings back a former one."""
    case = _case(request, number)
    wanted = request.POST.get("former", "").strip()
    former = Case.objects.visible_to(request.user).filter(number=wanted).first()
    try:
        if former is None:
            raise Problem(  # noqa: TRY301 - said like every other refusal
                "case-unknown",
                _("There is no case %(number)s that you may see.") % {"number": wanted or "–"},
            )
        link_relapse(case, former, actor=person(request), reason=request.POST.get("reason", ""))
    except Problem as problem:
        return show_chain(request, case, refused=problem)
    messages.success(request, _("Linked."))
    return redirect("board:chain", number)

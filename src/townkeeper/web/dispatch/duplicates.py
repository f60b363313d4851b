"""Likely twins among the running cases, and the desk on which they are put together."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.likeness import Reach
from townkeeper.cases.merging import merge_cases, unmerge_case
from townkeeper.cases.models import Case, CaseQuerySet, Evidence, Reporter, Stage
from townkeeper.cases.twins import Twin, find_twins, twins_among
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, signed_in
from townkeeper.web.dispatch.batch import read_chosen, visible_cases
from townkeeper.web.dispatch.leading import lead_back, ours, words
from townkeeper.web.office.actforms import TEXT_MAX
from townkeeper.web.office.casepage import where_is
from townkeeper.web.office.rows import make_rows, with_row_parts

LOOKED_AT = 300
"""Newest running cases that are compared with each other."""
MOST_PAIRS = 40
REFUSED = 422
NEAR = Reach(200, 30)
"""What the case page calls near: metres and days."""


@needs(Permission.CASES_CASE_MERGE)
@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """Show which running cases look like an earlier one, the likeliest first."""
    running = Case.objects.visible_to(request.user).running().exclude(stage=Stage.MERGED)
    placed = running.filter(Q(lat__isnull=False) | Q(place__isnull=False) | ~Q(address=""))
    cases = list(placed.order_by("-opened_at", "-pk")[:LOOKED_AT])
    pairs = twins_among(cases)[:MOST_PAIRS]
    wanted = {pk for case, twin in pairs for pk in (case.pk, twin.case.pk)}
    shown = Case.objects.visible_to(request.user).filter(pk__in=wanted)
    rows = {row.case.pk: row for row in make_rows(with_row_parts(shown))}
    context = {
        "pairs": [
            {
                "case": rows[case.pk],
                "twin": rows[twin.case.pk],
                "score": round(twin.score * 100),
                "reasons": twin.reasons(),
            }
            for case, twin in pairs
            if case.pk in rows and twin.case.pk in rows
        ],
        "looked": len(cases),
        "most": LOOKED_AT,
    }
    return render(request, "dispatch/duplicates.html", context)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the cases to put together, with what it brings."""

    row: Any
    where: str
    photos: int
    others: int
    """Cases that were merged into it before."""
    has_reporter: bool
    is_main: bool


@needs(Permission.CASES_CASE_MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Choose the main case, see what is carried over, and put the others to it."""
    query = request.POST if request.method == "POST" else request.GET
    chosen = read_chosen(query)
    cases = visible_cases(request, chosen)
    error = ""
    main = _main_of(cases, query.get("main", ""))
    if request.method == "POST" and main is not None and isinstance(request.user, User):
        others = [case for case in cases if case.pk != main.pk]
        versions = {c.pk: v for c in cases if (v := chosen[c.number]) is not None}
        try:
            done = merge_cases(
                main,
                others,
                actor=request.user,
                reason=words(request, "reason", most=TEXT_MAX),
                found=_found(main, others),
                seen_versions=versions,
            )
        except Problem as problem:
            error = f"{problem.message} {problem.hint}".strip()
        else:
            text = _("%(n)s put together with %(main)s.") % {"n": len(others), "main": done.number}
            messages.success(request, text)
            return lead_back(request, done.number)
    context = {
        "parts": _parts(cases, main, Case.objects.visible_to(request.user)),
        "missing": len(chosen) - len(cases),
        "error": error,
        "reason": query.get("reason", ""),
        "text_max": TEXT_MAX,
        "next": ours(request, query.get("next", "")),
    }
    return render(request, "dispatch/merge.html", context, status=REFUSED if error else 200)


def _main_of(cases: list[Case], number: str) -> Case | None:
    """Return the main case: the one named, else the oldest."""
    named = next((case for case in cases if case.number == number), None)
    return named or min(cases, key=lambda case: (case.opened_at, case.pk), default=None)


def _found(main: Case, others: list[Case]) -> dict[int, dict[str, object]]:
    """Return by case why it looks like the main one, for the history."""
    pairs = twins_among([main, *others], least=0.0)
    wanted = {case.pk for case in others}
    return {case.pk: twin.found() for case, twin in pairs if case.pk in wanted}


def _parts(cases: list[Case], main: Case | None, visible: CaseQuerySet) -> list[Part]:
    pks = [case.pk for case in cases]
    photos = dict(
        Evidence.objects.filter(case__in=pks).order_by().values_list("case").annotate(Count("pk"))
    )
    named = set(Reporter.objects.filter(case__in=pks).values_list("case", flat=True))
    rows = {row.case.pk: row for row in make_rows(with_row_parts(visible.filter(pk__in=pks)))}
    return [
        Part(
            row=rows[case.pk],
            where=where_is(rows[case.pk].case),
            photos=photos.get(case.pk, 0),
            others=case.counts.get("merged", 0),
            has_reporter=case.pk in named,
            is_main=main is not None and case.pk == main.pk,
        )
        for case in cases
        if case.pk in rows
    ]


@needs(Permission.CASES_CASE_MERGE)
@require_POST
def unmerge(request: HttpRequest, number: str) -> HttpResponse:
    """Take a merge back; the case stands where it stood."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    try:
        unmerge_case(case, actor=request.user, reason=words(request, "reason", most=TEXT_MAX))
    except Problem as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
        return redirect("office:case", number)
    messages.success(request, _("The case stands on its own again."))
    return redirect("office:case", number)


@signed_in
@require_safe
def nearby(request: HttpRequest, number: str) -> HttpResponse:
    """Show cases that look like this one or lie near it: a part of the case page, or a page."""
    visible = Case.objects.visible_to(request.user)
    case = visible.filter(number=number).first()
    if case is None:
        raise Http404
    twins: list[Twin] = find_twins(case, among=visible, reach=NEAR, least=0.3, limit=6)
    found = visible.filter(pk__in={twin.case.pk for twin in twins})
    rows = {row.case.pk: row for row in make_rows(with_row_parts(found))}
    context = {
        "case": case,
        "twins": [
            {"row": rows[twin.case.pk], "reasons": twin.reasons(), "score": round(twin.score * 100)}
            for twin in twins
            if twin.case.pk in rows
        ],
        "metres": round(NEAR.metres),
        "days": NEAR.days,
    }
    part = "_nearby" if "HX-Request" in request.headers else "nearby"
    return render(request, f"dispatch/{part}.html", context)

"""Dispatching many cases at once: grouped by unit, exceptions first, every result listed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from townkeeper.accounts.models import User
from townkeeper.cases.dispatching import (
    BATCH_MOST,
    Pick,
    Planned,
    Result,
    dispatch_each,
    plan_batch,
)
from townkeeper.cases.models import Case
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.dispatch.leading import ours, words
from townkeeper.web.office.actforms import TEXT_MAX
from townkeeper.web.office.rowacts import source_words
from townkeeper.web.registers import registers

RESULTS = "batch-results"
LONGEST_ADDRESS = 1500
"""Beyond it a case does not lead back to the batch: its address on each row weighs too much."""


@dataclass(slots=True)
class Group:
    """The cases that one unit would have."""

    code: str
    title: str
    why: str
    rows: list[Planned] = field(default_factory=list)


@needs(Permission.CASES_CASE_MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: HttpRequest) -> HttpResponse:
    """Show what dispatching the chosen cases would do; with a post, do it and tell each result."""
    if not isinstance(request.user, User):
        raise Http404
    chosen = read_chosen(request.POST if request.method == "POST" else request.GET)
    cases = visible_cases(request, chosen)
    versions = {case.pk: chosen[case.number] for case in cases if chosen[case.number] is not None}
    if request.method == "POST":
        return _do(request, cases, versions, request.user)
    planned = plan_batch(cases, actor=request.user, seen_versions=versions)  # type: ignore[arg-type]
    back = ours(request, request.GET.get("next", "")) or reverse("office:cases")
    here = request.get_full_path()
    context = {
        "here": here if len(here) <= LONGEST_ADDRESS else back,
        "groups": grouped(planned),
        "exceptions": [(each, exception_words(each.why)) for each in planned if each.why],
        "missing": len(chosen) - len(cases),
        "too_many": len(chosen) >= BATCH_MOST,
        "most": BATCH_MOST,
        "next": back,
        "ready": sum(not each.why for each in planned),
        "text_max": TEXT_MAX,
    }
    return render(request, "dispatch/batch.html", context)


def read_chosen(query: QueryDict) -> dict[str, int | None]:
    """Read `case=NUMBER~VERSION` as the boxes of a list send it; at most `BATCH_MOST`."""
    found: dict[str, int | None] = {}
    for text in query.getlist("case")[:BATCH_MOST]:
        # PostgreSQL takes no NUL in a text
        number, _mark, version = text.replace("\x00", "").partition("~")
        found[number] = int(version) if version.isdecimal() and len(version) < 10 else None  # noqa: PLR2004
    return found


def visible_cases(request: HttpRequest, numbers: dict[str, Any]) -> list[Case]:
    """Return the chosen cases that the person sees, in the order they were chosen."""
    visible = Case.objects.visible_to(request.user).filter(number__in=list(numbers))
    found = {case.number: case for case in visible.select_related("category", "area")}
    return [found[number] for number in numbers if number in found]


def grouped(planned: Sequence[Planned]) -> list[Group]:
    """Return the cases that can be dispatched, by the unit that would have them, by name."""
    units, groups = registers().units, dict[str, Group]()
    for each in planned:
        lead = each.answer.lead
        if each.why or lead is None:
            continue
        unit = units.get(lead.id)
        title = unit.title if unit else lead.name
        group = groups.setdefault(lead.code, Group(lead.code, title, source_words(each.answer)))
        group.rows.append(each)
    return sorted(groups.values(), key=lambda group: (-len(group.rows), group.title))


def exception_words(why: str) -> str:
    """Say why a case stays out of the batch, and what can be done about it."""
    return {
        "moved-on": _("Changed since you chose it: look at it first."),
        "not-dispatchable": _("In its present step it cannot be dispatched."),
        "not-permitted": _("Others dispatch it in this step."),
        "no-owner": _("The duty register names nobody: name a unit yourself."),
    }.get(why, "")


def _do(
    request: HttpRequest, cases: list[Case], versions: dict[int, int | None], user: User
) -> HttpResponse:
    reason = words(request, "reason", most=TEXT_MAX)
    picks = [Pick(case, versions.get(case.pk) or 0) for case in cases]
    results = dispatch_each(picks, actor=user, reason=reason)
    request.session[RESULTS] = {
        "rows": [_plain(result) for result in results],
        "next": ours(request, request.POST.get("next", "")),
    }
    done = sum(result.problem is None for result in results)
    text = _("%(done)s of %(all)s cases dispatched.") % {"done": done, "all": len(results)}
    (messages.success if done == len(results) else messages.warning)(request, text)
    return redirect("dispatch:batch-results")


def _plain(result: Result) -> dict[str, str]:
    problem = result.problem
    why = f"{problem.message} {problem.hint}".strip() if problem else ""
    return {"number": result.number, "title": result.title, "unit": result.unit, "why": why}


@needs(Permission.CASES_CASE_MERGE)
@require_http_methods(["GET", "HEAD"])
def results(request: HttpRequest) -> HttpResponse:
    """Tell what became of each case of the person's last batch."""
    kept = request.session.get(RESULTS) or {"rows": [], "next": ""}
    rows = sorted(kept["rows"], key=lambda row: not row["why"])
    context = {
        "rows": rows,
        "failed": sum(bool(row["why"]) for row in rows),
        "next": kept["next"] or reverse("office:cases"),
    }
    return render(request, "dispatch/batch_results.html", context)

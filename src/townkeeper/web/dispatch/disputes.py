"""The dispute desk: both sides, the rules they rely on, earlier rulings, the ruling."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from townkeeper.accounts.models import User
from townkeeper.cases.disputes import dispute_records, precedents_of, precedents_saying
from townkeeper.cases.models import Ask
from townkeeper.cases.queues import DISPUTE, deciding_roles, waiting_asks
from townkeeper.cases.sight import Sight, sight_of
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.counting import ask_clock
from townkeeper.web.office.actforms import DecisionForm
from townkeeper.web.office.rows import procedure_of, task_clock
from townkeeper.web.registers import registers
from townkeeper.web.wording import Clock

MOST = 50
RECORD_DAYS = 90
QUERY_MAX = 100
REFUSED = 422


@needs(Permission.CASES_CASE_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def disputes(request: HttpRequest) -> HttpResponse:
    """Show the open disputes and the chosen one; with a post, rule on it."""
    if not isinstance(request.user, User):
        raise Http404
    sight = sight_of(request.user, clock.now())
    asks = open_disputes(sight)
    chosen = _chosen(asks, request.POST.get("ask") or request.GET.get("ask", ""))
    if request.method == "POST":
        return _rule(request, request.user, sight, asks, chosen)
    return _show(request, request.user, sight, asks, chosen)


def open_disputes(sight: Sight) -> list[Ask]:
    """Return the disputes that wait for a ruling, what is due first first."""
    related = ("case", "case__category", "case__area", "case__procedure", "unit", "other", "task")
    rows = waiting_asks(sight).filter(effect=DISPUTE).select_related(*related)
    outlines = ("unit__outline", "other__outline", "case__area__outline")
    return list(rows.defer("case__procedure__definition", *outlines)[:MOST])


def _chosen(asks: list[Ask], pk: str) -> Ask | None:
    """Return the dispute that the address names, else the first."""
    named = next((ask for ask in asks if str(ask.pk) == pk), None)
    return named or (asks[0] if asks and not pk else None)


def _rule(
    request: HttpRequest, user: User, sight: Sight, asks: list[Ask], chosen: Ask | None
) -> HttpResponse:
    if chosen is None:
        messages.warning(request, _("This has been decided already."))
        return redirect("dispatch:disputes")
    form = DecisionForm(request.POST, ask=chosen, procedure=procedure_of(chosen.case))
    if form.is_valid():
        try:
            form.decide(granted=request.POST.get("decision") == "grant", actor=user)
        except Problem as problem:
            form.add_error(None, f"{problem.message} {problem.hint}".strip())
        else:
            messages.success(request, _("Ruled on %(number)s.") % {"number": chosen.case.number})
            return redirect("dispatch:disputes")
    return _show(request, user, sight, asks, chosen, form=form)


def _show(
    request: HttpRequest,
    user: User,
    sight: Sight,
    asks: list[Ask],
    chosen: Ask | None,
    *,
    form: DecisionForm | None = None,
) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:QUERY_MAX]
    context: dict[str, Any] = {
        "rows": [
            {
                "ask": ask,
                "limit": Clock(due_at=ask.due_at, opened_at=ask.asked_at),
                "href": f"{reverse('dispatch:disputes')}?ask={ask.pk}",
                "current": chosen is not None and ask.pk == chosen.pk,
            }
            for ask in asks
        ],
        "chosen": chosen,
        "words": words,
        "found": precedents_saying(words) if words else [],
        "precedents": [],
        "records": evasion_rows(),
        "days": RECORD_DAYS,
    }
    if chosen is not None:
        context |= _beside(chosen, user, sight, form)
    return render(
        request, "dispatch/disputes.html", context, status=REFUSED if form is not None else 200
    )


def _beside(ask: Ask, user: User, sight: Sight, form: DecisionForm | None) -> dict[str, Any]:
    """Return what stands beside the chosen dispute."""
    may_rule = ask.decider in deciding_roles(sight) and ask.actor != user.username
    if form is None and may_rule:
        start = {"version": ask.case.version}
        form = DecisionForm(initial=start, ask=ask, procedure=procedure_of(ask.case))
    task = ask.task
    people = User.objects.filter(username__in={ask.actor, ask.stated_by} - {""})
    return {
        "form": form if may_rule else None,
        "precedents": precedents_of(ask.case, limit=5),
        "ask_limit": ask_clock(ask),
        "task_limit": task_clock(task) if task else None,
        "decider": registers().role_titles().get(ask.decider, ask.decider),
        "people": {person.username: str(person) for person in people},
        "used": ask.case.counts.get("evasion", 0),
    }


def evasion_rows() -> list[dict[str, Any]]:
    """Return by unit how its disputes of the last months were ruled, most often wrong first."""
    until = clock.now()
    found = dispute_records(until - timedelta(days=RECORD_DAYS), until)
    titles = {unit.code: unit.title for unit in registers().units.values()}
    rows = [{"title": titles.get(code, code or "–"), "record": row} for code, row in found.items()]
    return sorted(rows, key=lambda row: (-row["record"].rejected, -row["record"].raised))

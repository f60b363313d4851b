"""The queue of what was asked for: more time, a stop, giving up, reopening; one or several."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from townkeeper.accounts.models import User
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.chances import extended_due
from townkeeper.cases.models import Ask, Evidence
from townkeeper.cases.queues import DISPUTE, EFFECTS, deciding_roles, waiting_asks
from townkeeper.cases.sight import Sight, sight_of
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.counting import ask_clock
from townkeeper.web.dispatch.leading import words
from townkeeper.web.office.actforms import TEXT_MAX
from townkeeper.web.office.rows import procedure_of, task_clock
from townkeeper.web.registers import registers
from townkeeper.web.wording import Clock

MOST = 100
"""Requests that one post may decide."""
SHOWN = 40
"""Requests on the page; the next ones come up as these are decided."""
REFUSED = 422


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked for, as its decider needs it."""

    ask: Ask
    what: str
    ground: str
    used: str
    """How often it was used in this case, of how many."""
    decide_by: Clock
    task: Clock | None
    proofs: list[Evidence]
    is_mine: bool
    """Whether this person decides it."""
    decider: str
    unit: str
    """Who asked."""
    granted: datetime | None
    """When the task would be due if more time is granted."""


@needs(Permission.CASES_CASE_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: HttpRequest) -> HttpResponse:
    """Show what waits for a decision; with a post, grant or refuse what is marked."""
    if not isinstance(request.user, User):
        raise Http404
    sight = sight_of(request.user, clock.now())
    effect = request.GET.get("effect", "")
    if request.method == "POST":
        return _decide(request, request.user, sight)
    return _show(request, request.user, sight, effect)


def _show(
    request: HttpRequest,
    user: User,
    sight: Sight,
    effect: str,
    *,
    failed: list[tuple[str, str]] | None = None,
    kept: dict[str, Any] | None = None,
) -> HttpResponse:
    counts = count_effects(sight)
    shown = waiting_rows(sight, user, effect)
    total = counts[effect] if effect else counts.total()
    context = {
        "rows": shown,
        "tabs": effect_tabs(counts, effect),
        "total_text": _("%(shown)s shown of %(total)s") % {"shown": len(shown), "total": total},
        "is_cut": len(shown) < total,
        "tabs_label": _("Kinds of request"),
        "can_decide": any(row.is_mine for row in shown),
        "failed": failed or [],
        "kept": kept or {},
        "text_max": TEXT_MAX,
        "effect": effect,
    }
    return render(request, "dispatch/requests.html", context, status=REFUSED if failed else 200)


def count_effects(sight: Sight) -> Counter[str]:
    """Count what waits besides disputes, by what is asked for."""
    asks = waiting_asks(sight).exclude(effect=DISPUTE).order_by()
    return Counter(dict(asks.values_list("effect").annotate(n=Count("pk"))))


ASK = (
    "action", "effect", "actor", "unit", "decider", "reason", "ground", "asked_at", "due_at",
    "limit",
)  # fmt: skip
CASE = ("number", "title", "version", "counts", "procedure", "category", "area", "unit")
TASK = (
    "case", "stage", "part", "due_at", "opened_at", "warn_at", "done_at", "limit", "extensions",
    "calendar", "is_given",
)  # fmt: skip
"""What a row shows of what was asked for, its case and its task."""


def waiting_rows(sight: Sight, user: User, effect: str = "") -> list[Request]:
    """Return what waits besides disputes, what is due first first, in a fixed number of queries."""
    asks = waiting_asks(sight).exclude(effect=DISPUTE)
    asks = asks.filter(effect=effect) if effect else asks
    of_case, of_task = (f"case__{name}" for name in CASE), (f"task__{name}" for name in TASK)
    asks = asks.select_related("case", "task").only(*ASK, *of_case, *of_task)
    asks = asks.prefetch_related("task__pauses")
    found, known = list(asks[:SHOWN]), registers()
    known.name(ask.case for ask in found)
    proofs: dict[int, list[Evidence]] = {}
    papers = Evidence.objects.filter(case__in=[ask.case_id for ask in found])
    for item in papers.exclude(kind__in=["before-photo", "after-photo"]).order_by("pk"):
        proofs.setdefault(item.case_id, []).append(item)
    roles, titles = deciding_roles(sight), known.role_titles()
    return [_row(ask, proofs.get(ask.case_id, []), roles, titles, user) for ask in found]


def _row(
    ask: Ask, proofs: list[Evidence], roles: set[str], titles: dict[str, str], user: User
) -> Request:
    units = registers().units
    procedure, task = procedure_of(ask.case), ask.task
    action = procedure.action_named(ask.action)
    ground = action.grounds.get(ask.ground) if action else None
    return Request(
        ask=ask,
        what=say(action.title) if action and action.title else ask.action,
        ground=say(ground.title) if ground and ground.title else ask.ground,
        used=_used(ask, procedure),
        decide_by=ask_clock(ask),
        task=task_clock(task) if task else None,
        proofs=proofs,
        is_mine=ask.decider in roles and ask.actor != user.username,
        decider=titles.get(ask.decider, ask.decider),
        granted=extended_due(task, action) if task and action else None,
        unit=units[ask.unit_id].title if ask.unit_id and ask.unit_id in units else "",
    )  # fmt: skip


def _used(ask: Ask, procedure: Procedure) -> str:
    used = (ask.case.counts.get("used") or {}).get(ask.action, 0)
    action = procedure.action_named(ask.action)
    most = action.ask.times if action and action.ask else None
    if most is None:
        return str(used)
    return _("%(used)s of %(most)s") % {"used": used, "most": most}


def effect_tabs(counts: Counter[str], current: str) -> list[dict[str, Any]]:
    """Return the kinds of what waits, with their numbers."""
    words = {
        "": _("All"),
        "extension": _("More time"),
        "stop": _("Stops of the clock"),
        "unsolvable": _("Cannot be solved now"),
        "reopening": _("Reopening"),
    }
    others = sorted(set(counts) - set(words))
    page = reverse("dispatch:requests")
    return [
        {
            "label": words.get(effect, effect),
            "count": counts[effect] if effect else counts.total(),
            "href": f"{page}?effect={effect}" if effect else page,
            "current": effect == current,
        }
        for effect in ("", *EFFECTS, *others)
    ]


def _decide(request: HttpRequest, user: User, sight: Sight) -> HttpResponse:
    """Grant or refuse what is marked, each in a transaction of its own."""
    accepted = request.POST.get("decision") == "grant"
    said = words(request, "reason", most=TEXT_MAX)
    effect = request.POST.get("effect", "")
    marked = dict(part.split("~", 1) for part in request.POST.getlist("ask")[:MOST] if "~" in part)
    kept = {"reason": said, "marked": set(marked)}
    if not marked:
        why = [("", _("Mark at least one request."))]
        return _show(request, user, sight, effect, failed=why, kept=kept)
    if not accepted and not said:
        why = [("", _("Say why it is not granted: whoever asked has to go on by it."))]
        return _show(request, user, sight, effect, failed=why, kept=kept)
    asks = waiting_asks(sight).exclude(effect=DISPUTE).filter(pk__in=_numbers(marked))
    waiting = {str(ask.pk): ask for ask in asks.select_related("case")}
    failed, done = [], 0
    for pk, version in marked.items():
        ask = waiting.get(pk)
        if ask is None:
            failed.append(("", _("One of them has been decided already.")))
            continue
        try:
            seen = int(version) if version.isdecimal() else -1
            decide_ask(ask, accepted=accepted, actor=user, reason=said, seen_version=seen)
        except Problem as problem:
            failed.append((ask.case.number, f"{problem.message} {problem.hint}".strip()))
        else:
            done += 1
    if done:
        said_done = _("%(n)s granted.") if accepted else _("%(n)s not granted.")
        messages.success(request, said_done % {"n": done})
    if failed:
        return _show(request, user, sight, effect, failed=failed, kept=kept)
    page = reverse("dispatch:requests")
    return redirect(f"{page}?effect={effect}" if effect in EFFECTS else page)


def _numbers(marked: dict[str, str]) -> list[int]:
    return [int(pk) for pk in marked if pk.isdecimal() and len(pk) < 19]  # noqa: PLR2004 - 64 bits

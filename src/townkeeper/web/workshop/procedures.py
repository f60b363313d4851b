"""Procedures as people read them: a picture, and every step and action in words."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, ProcedureVersion
from townkeeper.kit.names import say
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Action, Step
from townkeeper.units.models import Role
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.workshop.diagram import draw_procedure


@dataclass(frozen=True, slots=True)
class Row:
    """One step in words."""

    step: Step
    title: str
    performer: str
    running: int
    actions: list[dict[str, Any]]
    ladder: list[dict[str, str]]


@needs(Permission.PROGRAMS_PROGRAM_LOAD, Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show the procedures in force."""
    versions = ProcedureVersion.objects.filter(is_current=True).order_by("key")
    rows = [
        {"version": version, "title": say(version.titles) or version.key} for version in versions
    ]
    return render(request, "workshop/procedures.html", {"rows": rows})


@needs(Permission.PROGRAMS_PROGRAM_LOAD, Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Show one procedure, in the version asked for or the one in force."""
    versions = list(ProcedureVersion.objects.filter(key=key).order_by("-number"))
    wanted = request.GET.get("version", "")
    chosen = next((v for v in versions if str(v.number) == wanted), None)
    current = chosen or next((v for v in versions if v.is_current), None)
    if current is None or (wanted and chosen is None):
        raise Http404
    procedure = parse(current.definition)
    roles = {role.key: role.title for role in Role.objects.all()}
    running = dict(
        Case.objects.visible_to(request.user)
        .running()
        .filter(procedure=current)
        .values_list("step")
        .annotate(n=Count("pk"))
        .values_list("step", "n")
    )
    rows = [
        _row(step, roles, running.get(name, 0), procedure.ladder)
        for name, step in procedure.steps.items()
    ]
    context = {
        "version": current,
        "versions": versions,
        "title": say(procedure.title) or key,
        "procedure": procedure,
        "diagram": draw_procedure(procedure),
        "rows": rows,
    }
    return render(request, "workshop/procedure.html", context)


def _row(step: Step, roles: dict[str, str], running: int, ladder: tuple[Any, ...]) -> Row:
    rungs = (
        []
        if step.final
        else [
            {
                "at": rung.at,
                "tell": ", ".join(roles.get(r, r) for r in rung.tell),
                "card": rung.card,
            }
            for rung in (step.ladder or ladder)
        ]
    )
    actions = [_action(action, roles) for action in step.actions.values()]
    title = say(step.title) or step.name
    return Row(step, title, roles.get(step.performer, step.performer), running, actions, rungs)


def _action(action: Action, roles: dict[str, str]) -> dict[str, Any]:
    """Return an action's name, whither it leads, and its conditions in words."""
    conditions = []
    if action.reason:
        conditions.append(_("with a reason"))
    if action.clause:
        conditions.append(_("naming the rule relied on"))
    if action.evidence:
        conditions.append(_("with evidence: %(kinds)s") % {"kinds": ", ".join(action.evidence)})
    if action.ask is not None:
        who = roles.get(action.ask.decider, action.ask.decider)
        conditions.append(_("decided by %(who)s") % {"who": who})
        if action.ask.limit:
            conditions.append(_("decided within %(limit)s") % {"limit": action.ask.limit})
        if action.ask.times:
            conditions.append(_("at most %(n)s times") % {"n": action.ask.times})
    if action.within:
        conditions.append(_("only within %(limit)s") % {"limit": action.within})
    if action.pauses:
        conditions.append(_("stops the clock"))
    if action.counts:
        conditions.append(_("counted as %(name)s") % {"name": action.counts})
    who = ", ".join(roles.get(role, role) for role in action.performers)
    title = say(action.title) or action.name
    return {"title": title, "to": action.to, "who": who, "conditions": "; ".join(conditions)}

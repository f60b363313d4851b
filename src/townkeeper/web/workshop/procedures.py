"""Procedures as people read them: a picture, and every step and action in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, ProcedureVersion
from townkeeper.cases.refusals import EVIDENCE
from townkeeper.kit.names import say
from townkeeper.procedures.bpmn import bpmn
from townkeeper.procedures.diagram import svg
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import PERFORMER, REPORTER, Action, Rung, Step
from townkeeper.procedures.wording import limit_text
from townkeeper.units.models import Role
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.clockwords import language, rung_words
from townkeeper.web.journal_words import COUNTS


@dataclass(frozen=True, slots=True)
class Row:
    """One step in words."""

    step: Step
    title: str
    performer: str
    limit: str
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
    words = Words(roles, {name: say(step.title) or name for name, step in procedure.steps.items()})
    rows = [
        _row(step, words, running.get(name, 0), procedure.ladder)
        for name, step in procedure.steps.items()
    ]
    context = {
        "version": current,
        "versions": versions,
        "title": say(procedure.title) or key,
        "procedure": procedure,
        # made from a checked definition, every word of it escaped by the drawer
        "diagram": mark_safe(svg(procedure, language(), names=roles)),  # noqa: S308
        "rows": rows,
    }
    return render(request, "workshop/procedure.html", context)


@needs(Permission.PROGRAMS_PROGRAM_LOAD, Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def as_bpmn(_request: HttpRequest, key: str) -> HttpResponse:
    """Send a procedure as BPMN 2.0 (ISO/IEC 19510), for tools of others."""
    version = ProcedureVersion.objects.filter(key=key, is_current=True).first()
    if version is None:
        raise Http404
    name = f'attachment; filename="{version.key}-{version.number}.bpmn"'
    text = bpmn(parse(version.definition), language())
    headers = {"Content-Disposition": name}
    return HttpResponse(text, content_type="application/xml; charset=utf-8", headers=headers)


@dataclass(frozen=True, slots=True)
class Words:
    """What the names of roles and steps mean to people."""

    roles: dict[str, str]
    steps: dict[str, str]

    def role(self, key: str) -> str:
        """Return a role's name; whoever has the task, and whoever reported, are no posts."""
        spoken = {PERFORMER: _("whoever has the task"), REPORTER: _("the reporter")}
        return spoken.get(key) or self.roles.get(key, key)

    def all_roles(self, keys: Iterable[str]) -> str:
        """Return several roles."""
        return ", ".join(self.role(key) for key in keys)


def limit_words(text: str | None) -> str:
    """Say a limit: `4wh` as 4 working hours; `by-category` as the kind's own."""
    return limit_text(text, language()) if text else ""


def _row(step: Step, words: Words, running: int, ladder: tuple[Rung, ...]) -> Row:
    own = () if step.final else step.ladder or ladder
    rungs = [
        {"at": rung_words(rung.at), "tell": words.all_roles(rung.tell), "card": rung.card}
        for rung in own
    ]
    actions = [_action(step, action, words) for action in step.actions.values()]
    title, performer = say(step.title) or step.name, words.role(step.performer)
    return Row(step, title, performer, limit_words(step.limit), running, actions, rungs)


def _action(step: Step, action: Action, words: Words) -> dict[str, Any]:
    """Return an action's name, whither it leads, and its conditions in words."""
    return {
        "title": say(action.title) or action.name,
        "to": words.steps.get(action.to or "", "") if action.to != step.name else "",
        "who": words.all_roles(action.performers),
        "conditions": "; ".join(_conditions(action, words)),
    }


def _conditions(action: Action, words: Words) -> Iterator[str]:
    if action.reason:
        yield _("with a reason")
    if action.clause:
        yield _("naming the rule relied on")
    if action.evidence:
        kinds = ", ".join(str(EVIDENCE.get(kind, kind)) for kind in action.evidence)
        yield _("with evidence: %(kinds)s") % {"kinds": kinds}
    if action.ask is not None:
        yield _("decided by %(who)s") % {"who": words.role(action.ask.decider)}
        if action.ask.limit:
            yield _("decided within %(limit)s") % {"limit": limit_words(action.ask.limit)}
        if action.ask.times:
            yield _("at most %(n)s times") % {"n": action.ask.times}
    if action.within:
        yield _("only within %(limit)s") % {"limit": limit_words(action.within)}
    if action.pauses:
        yield _("stops the clock")
    if action.counts:
        name = str(COUNTS.get(action.counts, action.counts))
        yield _("counted as %(name)s") % {"name": name}

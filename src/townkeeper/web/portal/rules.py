"""The rules by which the office works and is measured, as they are in force today."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.assessment.models import Scheme
from townkeeper.calendars.actions import current_version
from townkeeper.calendars.models import Day
from townkeeper.cases.desk import desk
from townkeeper.cases.publicity import PUBLIC_PROCEDURES
from townkeeper.cases.search.folding import fold
from townkeeper.duties.models import Category
from townkeeper.duties.register import CategoryRow, Register, UnitRow
from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.procedures.model import REPORTER, Procedure
from townkeeper.units.models import Unit
from townkeeper.web.portal.kinds import area_choices
from townkeeper.web.portal.steps import limit_words
from townkeeper.web.rounds import SchemeView
from townkeeper.web.rules import metric_definition, metric_name, rule_words

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_SHOWN: Final = 40


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show the procedure's limits, the calendar, and how units are scored."""
    picture = desk()
    procedures = [picture.procedures[key] for key in PUBLIC_PROCEDURES if key in picture.procedures]
    context = {
        "procedures": [_procedure(known.procedure) for known in procedures],
        "calendar": calendar(),
        "schemes": [_scheme(scheme) for scheme in Scheme.objects.filter(is_current=True)],
    }
    return render(request, "portal/rules.html", context)


def _procedure(procedure: Procedure) -> dict[str, Any]:
    """Return the steps that the public waits for, and its own rights, with their limits."""
    steps = []
    for step in procedure.steps.values():
        if step.final or not step.limit:
            continue
        limit = _("by kind") if step.limit == "by-category" else limit_words(step.limit)
        steps.append({"title": say(step.title) or step.name, "limit": limit})
    rights = []
    for step in procedure.steps.values():
        if step.judge:
            rights.append({"title": _("Judge the answer"), "limit": limit_words(step.judge)})
        rights += [
            {"title": say(action.title) or action.name, "limit": limit_words(action.within or "")}
            for action in step.actions.values()
            if REPORTER in action.performers
        ]
    return {"title": say(procedure.title), "steps": steps, "rights": rights}


def calendar() -> dict[str, Any]:
    """Return working hours and the days that differ, from today on."""
    version = current_version()
    names = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    )  # fmt: skip
    hours = [
        {"day": name, "hours": " · ".join(version.hours.get(key) or ()) or _("day off")}
        for key, name in zip(WEEK, names, strict=True)
    ]
    days = Day.objects.filter(version=version, date__gte=clock.today()).order_by("date")
    return {"version": version, "hours": hours, "days": list(days[:DAYS_SHOWN])}


def _scheme(scheme: Scheme) -> dict[str, Any]:
    view = SchemeView(scheme.definition)
    return {
        "scheme": scheme,
        "groups": list(view.groups.values()),
        "items": [
            {
                "title": item.title,
                "weight": item.weight,
                "rule": rule_words(item.rule, weight=item.weight, metric=item.metric),
                "metric": metric_name(item.metric),
                "meaning": metric_definition(item.metric),
                "source": item.source,
            }
            for item in view.items.values()
        ],
    }


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """List the kinds of matters with their limits, and who answers for them in a chosen area."""
    picture, today = desk().register, clock.today()
    code = request.GET.get("area", "")[:40]
    place = picture.unit_by_code.get(code)
    words = request.GET.get("q", "").strip()[:40]
    rows = list(Category.objects.filter(is_used=True).select_related("parent"))
    inner = {row.parent_id for row in rows}
    leaves = [row for row in rows if row.pk not in inner and _is_named(row, words)]
    leads = {}
    answers: dict[int, UnitRow | None] = {}
    for row in leaves:
        known = picture.categories.get(row.pk)
        answers[row.pk] = picture.resolve(known, place, today).lead if known else None
    wanted = {lead.id for lead in answers.values() if lead}
    leads = Unit.objects.defer("outline").in_bulk(wanted)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(leaves, key=lambda each: each.key):
        lead = answers[row.pk]
        shown = _kind(row, picture.categories.get(row.pk), picture)
        shown["unit"] = leads[lead.id].title if lead and lead.id in leads else ""
        groups.setdefault(row.parent.title if row.parent else "", []).append(shown)
    context = {
        "groups": list(groups.items()),
        "areas": area_choices(),
        "code": code if place else "",
        "q": words,
    }
    return render(request, "portal/kinds.html", context)


def _is_named(row: Category, words: str) -> bool:
    """Whether a kind is called so, in any language and either script, or known by such words."""
    said = fold(" ".join([row.name, *row.names.values(), *row.keywords]))
    return all(word in said for word in fold(words).split())


def _kind(row: Category, known: CategoryRow | None, picture: Register) -> dict[str, Any]:
    return {
        "title": row.title,
        "key": row.key,
        "limit": limit_words(picture.limit_of(known)),
        "promise": limit_words(picture.promise_of(known)),
    }

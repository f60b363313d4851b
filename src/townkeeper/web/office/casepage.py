"""One case: where it stands, its clocks, its evidence and its history."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django import forms
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.models import Ask, Case, CaseQuerySet, Evidence, Pause, Reporter, Stage, Task
from townkeeper.cases.refusals import EVIDENCE
from townkeeper.cases.running import Before, Beyond
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.model import REPORTER, Action
from townkeeper.units.models import Post, Unit
from townkeeper.web.access import signed_in
from townkeeper.web.journal_words import (
    OUTCOMES,
    Names,
    codes_in,
    owner_line,
    tell,
)
from townkeeper.web.office.actforms import (
    ActForm,
    DecisionForm,
    StatementForm,
    decisions_for,
    moves_of,
    statements_for,
)
from townkeeper.web.office.caseacts import head_of, history_tabs, only, part_of
from townkeeper.web.office.casemore import asks_of, what_hangs_on
from townkeeper.web.office.clockpanel import make_panel
from townkeeper.web.office.counters import Choices
from townkeeper.web.office.progress import make_progress
from townkeeper.web.office.rows import case_clock, procedure_of, step_title, task_clock
from townkeeper.web.registers import Registers, registers

AskForm = DecisionForm | StatementForm
BEFORE, AFTER = "before-photo", "after-photo"
CHAIN_SHORT = 16
ASKED_FOR = {
    "reason-missing", "ground-missing", "evidence-missing", "answer-missing", "clause-missing",
    "unit-missing",
}  # fmt: skip
"""Refusals that only ask for something more: whoever gets them may do the action."""


@signed_in
@require_safe
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one case; one that may not be seen answers like one that does not exist."""
    return show_case(request, number)


def show_case(
    request: HttpRequest,
    number: str,
    *,
    posted: ActForm | None = None,
    decided: DecisionForm | None = None,
    stated: StatementForm | None = None,
    noted: forms.Form | None = None,
    lost: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Answer with the page of a case; a form that was just refused is shown as it was filled."""
    visible = Case.objects.visible_to(request.user)
    case = _loaded(visible).filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    known, user = registers(), request.user
    known.name([case])
    known.name_tasks(case.tasks.all())
    asks = asks_of(case, known)
    waiting = sorted((ask for ask in asks if ask.decided_at is None), key=lambda ask: ask.pk)
    moves, part = make_moves(case, user, known, posted), part_of(request)
    context = _context(case, visible, waiting, known, part) | {
        "moves": moves,
        "head": head_of(request, case, moves),
        "note_form": noted,
        "lost": lost,
        "decisions": _refilled([*decisions_for(case, waiting, user, procedure_of(case))], decided),
        "statements": _refilled([*statements_for(case, waiting, user)], stated),
        "more": what_hangs_on(case, user, asks),
    }
    context["names_units"] = bool(context["decisions"]) or context["moves"].get("has_units")
    if context["names_units"]:
        context["known_units"] = _known_units(known)
    return render(request, "office/case.html", context, status=status)


def _refilled(forms: list[AskForm], posted: AskForm | None) -> list[AskForm]:
    """Put the form that was just refused in its place."""
    if posted is None:
        return forms
    return [posted, *[form for form in forms if form.ask.pk != posted.ask.pk]]


def _known_units(known: Registers) -> SafeString:
    """Return the units that can be named as choices; villages lead nothing themselves."""

    def write() -> SafeString:
        units = [unit for unit in known.existing(day) if unit.kind != Unit.Kind.VILLAGE]
        units.sort(key=lambda unit: unit.sort_key)
        return Choices.of((unit.code, unit.title) for unit in units).html

    day = clock.today()
    return known.kept(("units to name", day, get_language()), write)


def _context(
    case: Case, visible: CaseQuerySet, waiting: list[Ask], known: Registers, part: str
) -> dict[str, Any]:
    tasks = list(case.tasks.all())
    entries = list(Entry.objects.filter(subject=case.subject).order_by("-seq"))
    names = names_for(case, entries, known)
    previous, following = neighbours(visible, case)
    return {
        "case": case,
        "where": where_is(case),
        "state_title": step_title(case),
        "progress": make_progress(procedure_of(case), case, tasks),
        "procedure_title": say(case.procedure.titles) or case.procedure.key,
        "limit": case_clock(case),
        "panel": make_panel(case, tasks, waiting, known.role_titles(), clock.now()),
        "units": task_rows(case, tasks),
        "owner_why": _owner_why(entries, names),
        "timeline": [tell(entry, names) for entry in only(entries, part)],
        "history_tabs": history_tabs(case, part),
        "evidence": evidence_groups(list(case.evidence.all())),
        "reporter": _reporter(case),
        "outline": outline_around(case),
        "outcome": OUTCOMES.get(case.outcome, case.outcome),
        "previous": previous,
        "following": following,
        "head_hash": bytes(entries[0].hash).hex()[:CHAIN_SHORT] if entries else "",
    }


def where_is(case: Case) -> str:
    """Return area, place and address in one line, each said once."""
    parts: list[str] = []
    for part in (case.area.title if case.area else "", str(case.place or ""), case.address):
        if part and not any(part in other for other in (*parts, case.address) if other != part):
            parts += [part] if part not in parts else []
    return " ".join(parts)


def _loaded(cases: CaseQuerySet) -> CaseQuerySet:
    """Load a case with all that its page shows, in a fixed number of queries."""
    tasks = Task.objects.select_related("assignee").order_by("pk")
    evidence = Evidence.objects.select_related("file").prefetch_related("repeats__case")
    return cases.select_related("place", "reporter", "main").prefetch_related(
        Prefetch("tasks", tasks),
        Prefetch("tasks__pauses", Pause.objects.order_by("since")),
        Prefetch("evidence", evidence.order_by("pk")),
    )


def names_for(case: Case, entries: list[Entry], known: Registers | None = None) -> Names:
    """Look up the units, categories and people that the timeline mentions."""
    known = known or registers()
    codes, keys = codes_in(entries)
    actors = {entry.actor for entry in entries}
    people = {user.username: str(user) for user in User.objects.filter(username__in=actors)}
    posts = Post.objects.filter(user__username__in=actors).select_related("user")
    for post in posts.order_by("pk"):
        unit = known.units.get(post.unit_id) or post.unit
        people[post.user.username] = f"{post.user}, {unit.title}"
    people |= {
        "system": _("the system"),
        REPORTER: _("reporter"),
        "simulation": _("simulation"),
        "import": _("import"),
        "command-line": _("command line"),
    }
    return Names(
        procedure=procedure_of(case),
        units={unit.code: unit.title for unit in known.units.values() if unit.code in codes},
        categories={each.key: each.title for each in known.categories.values() if each.key in keys},
        people=people,
        roles=known.role_titles(),
    )


def neighbours(visible: CaseQuerySet, case: Case) -> tuple[str, str]:
    """Return the numbers of the running cases before and after this one by due time."""
    if case.is_ended or case.due_at is None:
        return "", ""
    running = visible.running().filter(due_at__isnull=False)
    here = (case.due_at, case.pk)
    ahead = running.filter(Beyond("due_at", "pk", here)).order_by("due_at", "pk")
    behind = running.filter(Before("due_at", "pk", here)).order_by("-due_at", "-pk")
    return (
        behind.values_list("number", flat=True).first() or "",
        ahead.values_list("number", flat=True).first() or "",
    )


def task_rows(case: Case, tasks: list[Task]) -> list[dict[str, Any]]:
    """Return the units at work on the present step, or on handling when the case has ended."""
    stage = Stage.HANDLING if case.is_ended else case.stage
    last_step = next((task.step for task in reversed(tasks) if task.stage == stage), "")
    shown = [task for task in tasks if task.step == last_step and task.outcome != "cancelled"]
    begun = max((task.opened_at for task in shown), default=None)
    return [
        {
            "task": task,
            "title": task.unit.title if task.unit else "",
            "assists": task.part == "assist",
            "limit": task_clock(task),
        }
        for task in shown
        if task.opened_at == begun or not task.is_done
    ]


def _owner_why(entries: list[Entry], names: Names) -> str:
    """Return why this unit answers: the last word of the register in the history."""
    told = (owner_line(msgspec.json.decode(e.data).get("owner"), names) for e in entries)
    return next(filter(None, told), "")


def evidence_groups(evidence: list[Evidence]) -> dict[str, Any]:
    """Count the photos before and after, and return everything that is neither."""
    kinds = {BEFORE: 0, AFTER: 0}
    others = []
    for item in evidence:
        is_photo = item.file is not None and item.file.media_type.startswith("image/")
        if is_photo and item.kind in kinds:
            kinds[item.kind] += 1
        else:
            others.append({"item": item, "word": EVIDENCE.get(item.kind, item.kind)})
    return {"before": kinds[BEFORE], "after": kinds[AFTER], "others": others}


def _reporter(case: Case) -> dict[str, Any] | None:
    """Return the reporter masked; looking at the whole number is a recorded act of its own."""
    reporter: Reporter | None = getattr(case, "reporter", None)
    if reporter is None:
        return None
    name = reporter.name[:1] + "**" if reporter.name else ""
    return {
        "name": _("anonymous") if reporter.is_anonymous else name,
        "phone": reporter.masked_phone,
        "can_show": not reporter.is_anonymous and bool(reporter.name or reporter.phone),
    }


def outline_around(case: Case) -> object:
    """Return the outline of the smallest area around the case that has one."""
    if case.area is None or case.lat is None:
        return None
    path = case.area.path
    lines = [path[: end + 1] for end, letter in enumerate(path) if letter == "."]
    around = Unit.objects.filter(path__in=lines, outline__isnull=False).order_by("-level")
    return around.values_list("outline", flat=True).first()


def make_moves(
    case: Case, user: User, known: Registers, posted: ActForm | None = None
) -> dict[str, Any]:
    """Return what this person can do in this step, and what others can and why only they."""
    roles = known.role_titles()
    mine: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for found in moves_of(case, user, procedure_of(case), posted):
        move = {"title": found.title, "name": found.action.name, "why": "", "form": found.form}
        if found.why is not None:
            move["why"] = _why_not(case, found.action, found.why, roles)
        if found.why is None or found.why.code in ASKED_FOR:
            mine.append(move)
        else:
            others.append(move)
    if not mine and (case.is_ended or not others):
        return {}
    has_units = any(move["form"].has_units for move in mine)
    return {"mine": mine, "others": others, "has_units": has_units}


def _why_not(case: Case, action: Action, problem: Problem, roles: dict[str, str]) -> str:
    """Say why a person may not do an action; roles by the names of the place."""
    if problem.code != "not-performer":
        return str(problem.message)
    step = procedure_of(case).steps[case.step]
    names = [roles.get(key, key) for key in action.performers or (step.performer,)]
    return _("Only for: %(roles)s.") % {"roles": " / ".join(names)}

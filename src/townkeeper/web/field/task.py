"""One case in the hand of who does it: time, place, photos, what to do, acts below a thumb."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.accounts.models import User
from townkeeper.calendars.limits import Limit
from townkeeper.cases.actions import options_for
from townkeeper.cases.assigning import colleagues_for, own_open_tasks
from townkeeper.cases.chances import Chance, chance_of
from townkeeper.cases.evidence import FINDINGS, pairs_of
from townkeeper.cases.models import Ask, Case, Evidence, Pause, Stage, Task
from townkeeper.cases.presence import point_of
from townkeeper.cases.privacy import may_show
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.model import Action
from townkeeper.procedures.transition import effect_of
from townkeeper.units.models import Role
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, posts_for
from townkeeper.web.clockwords import language
from townkeeper.web.field.forms import CHECK_PHOTO
from townkeeper.web.field.spots import distance_words, fix_query, read_fix
from townkeeper.web.journal_words import tell
from townkeeper.web.office.casepage import ASKED_FOR, names_for, outline_around, where_is
from townkeeper.web.office.rows import procedure_of, step_title, task_clock
from townkeeper.web.wording import Clock, clock_time, full_time

SHOWN_ENTRIES: Final = 4
BAR: Final = ("report", "extension", "dispute")
"""What stands in the bar below the thumb, by sort of act; everything else is one press further."""
ICONS: Final = {
    "report": "camera", "extension": "hourglass", "dispute": "undo-2", "stop": "circle-pause",
    "unsolvable": "pause", "pass": "check", "fail": "x",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doing:
    """One act of the present step, for this person."""

    name: str
    title: str
    sort: str
    icon: str
    why_not: str
    rules: list[str]
    href: str
    is_lead: bool = False
    """The one that moves the case on without anybody's leave."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case as somebody has it in the hand."""

    case: Case
    user: User
    tasks: list[Task]
    own: list[Task]
    """The person's own open tasks in it."""

    @property
    def mine(self) -> Task | None:
        """Return the task that the page is about."""
        return self.own[0] if self.own else None

    @property
    def is_verifying(self) -> bool:
        """Whether the case waits for a check."""
        return self.case.stage == Stage.VERIFYING


@dataclass(frozen=True, slots=True)
class Strip:
    """A clock as one line that is seen in passing."""

    limit: Clock
    words: str
    css: str
    until: str
    share: int
    runs: bool


def strip_of(task: Task | None) -> Strip | None:
    """Return the clock of a task as a line; None where it has no limit."""
    if task is None or task.due_at is None:
        return None
    limit, now = task_clock(task), clock.now()
    state = limit.state(now)
    return Strip(
        limit=limit,
        words=limit.words(now),
        css={"warn": "y", "over": "o", "missed": "o"}.get(state, ""),
        until=clock_time(task.due_at, now),
        share=limit.share(now),
        runs=state in {"ok", "warn", "over"},
    )


def open_case(request: HttpRequest, number: str) -> Opened:
    """Return a case that the person may see; absent and forbidden answer alike (404)."""
    rows = Task.objects.select_related("unit", "assignee").defer("unit__outline").order_by("pk")
    cases = Case.objects.visible_to(request.user).select_related(
        "procedure", "category", "area", "unit", "place"
    )
    cases = cases.defer("procedure__definition", "area__outline", "unit__outline")
    cases = cases.prefetch_related(
        Prefetch("tasks", rows), Prefetch("tasks__pauses", Pause.objects.order_by("since"))
    )
    case = cases.filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    tasks = list(case.tasks.all())
    return Opened(case, request.user, tasks, own_open_tasks(tasks, posts_for(request)))


@needs(Permission.CASES_CASE_ACT)
@require_safe
def task_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case to whoever handles it."""
    opened = open_case(request, number)
    return render(request, "field/task.html", page_context(request, opened, "field:tasks"))


@needs(Permission.CASES_CASE_ACT)
@require_safe
def verification_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case to whoever verifies it: before and after first."""
    opened = open_case(request, number)
    context = page_context(request, opened, "field:verifications")
    context["verifies"] = True
    return render(request, "field/task.html", context)


def page_context(request: HttpRequest, opened: Opened, back: str) -> dict[str, Any]:
    """Gather what the page of a case shows."""
    case, mine = opened.case, opened.mine
    fix = read_fix(request.GET)
    entries = list(Entry.objects.filter(subject=case.subject).order_by("-seq")[:SHOWN_ENTRIES])
    word = last_word(opened)
    names = names_for(case, [*entries, *([word] if word else [])])
    history = [tell(entry, names) for entry in entries]
    at = point_of(case)
    acts = doings(opened)
    return {
        "case": case,
        "mine": mine,
        "fix": fix,
        "back_url": reverse(back) + fix_query(fix),
        "where": where_is(case),
        "point": at,
        "outline": outline_around(case) if at else None,
        "geo": geo_link(at),
        "state_title": step_title(case),
        "strip": strip_of(mine),
        "others": [task for task in opened.tasks if not task.is_done and task not in opened.own],
        "pairs": shown_pairs(case),
        "history": history,
        "last_word": tell(word, names) if word else None,
        "check_photos": check_photos(opened),
        "asks": list(_open_asks(case)),
        "bar": [act for act in acts if act.sort in BAR or act.is_lead],
        "more": [act for act in acts if act.sort not in BAR and not act.is_lead],
        "can_hand": mine is not None and not opened.is_verifying and _has_colleague(opened, mine),
        "needed_limit": limit_words(mine),
        "metres": settings.PHOTO_METRES,
        "may_call": mine is not None and may_show(case, opened.user),
        "nothing_why": _nothing_why(opened),
    }


def _has_colleague(opened: Opened, mine: Task) -> bool:
    return bool(colleagues_for(mine, besides=opened.user))


def _open_asks(case: Case) -> Iterable[Ask]:
    return case.asks.filter(decided_at=None).select_related("other").defer("other__outline")


def _nothing_why(opened: Opened) -> str:
    """Say why there is nothing to do here for this person."""
    if opened.own:
        return ""
    if opened.case.is_ended:
        return _("The case has ended.")
    unit = next((t.unit.title for t in opened.tasks if not t.is_done and t.unit), "")
    if unit:
        return _("This is now with %(unit)s; there is nothing for you to do.") % {"unit": unit}
    return _("Nothing for you to do in this step.")


def limit_words(task: Task | None) -> str:
    """Say how long the task's limit is, by its own rule: `4 working hours`."""
    return Limit.parse(task.limit).title(language()) if task is not None and task.limit else ""


def geo_link(at: tuple[float, float] | None) -> str:
    """Return a link that opens the telephone's own map (RFC 5870)."""
    if at is None:
        return ""
    lon, lat = at
    return f"geo:{lat:.6f},{lon:.6f}?q={lat:.6f},{lon:.6f}"


def last_word(opened: Opened) -> Entry | None:
    """Return the entry that brought the case here: the report to a check, or what sent it back."""
    if not opened.is_verifying and not opened.case.counts.get("rework"):
        return None
    stage = Stage.HANDLING if opened.is_verifying else Stage.VERIFYING
    done = [t for t in opened.tasks if t.stage == stage and t.is_done and t.outcome != "cancelled"]
    if not done:
        return None
    acts = Entry.objects.filter(subject=opened.case.subject, act=f"case.{done[-1].outcome}")
    return acts.order_by("-seq").first()


def check_photos(opened: Opened) -> list[Evidence]:
    """Return the photos that were taken at checks, for whoever has to do it again."""
    if opened.is_verifying or not opened.case.counts.get("rework"):
        return []
    rows = opened.case.evidence.filter(kind=CHECK_PHOTO, file__isnull=False)
    return list(rows.select_related("file").order_by("-pk"))


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo with what was found about it, in words."""

    item: Evidence
    facts: list[str]
    against: list[str]


def shown_pairs(case: Case) -> list[dict[str, Shot | None]]:
    """Return the photos before and after, newest work first."""
    pairs = reversed(pairs_of(case))
    return [{"before": _shot(pair.before), "after": _shot(pair.after)} for pair in pairs]


def _shot(item: Evidence | None) -> Shot | None:
    if item is None:
        return None
    taken = item.file.taken_at if item.file else None
    facts = [
        _("taken %(when)s") % {"when": full_time(taken)} if taken else "",
        _("%(distance)s from the place") % {"distance": distance_words(item.distance_m)}
        if item.distance_m is not None
        else "",
    ]
    against = [str(FINDINGS.get(code, code)) for code in item.findings]
    return Shot(item, [fact for fact in facts if fact], against)


def doings(opened: Opened) -> list[Doing]:
    """Return what the person can do in this step, with the rules of each and why not, if not."""
    case = opened.case
    if not opened.own:
        return []
    found = options_for(case, actor=opened.user)
    roles: dict[str, str] = {}
    if any(action.ask for action, _why in found):
        roles = {role.key: role.title for role in Role.objects.all()}
    performers = {task.performer for task in opened.own}
    step = procedure_of(case).steps[case.step]
    shown = [
        _doing(opened, action, why, roles)
        for action, why in found
        if performers & set(action.performers or (step.performer,))
    ]
    return [act for act in shown if act.sort != "resume" or not act.why_not]


def _doing(opened: Opened, action: Action, why: Problem | None, roles: dict[str, str]) -> Doing:
    case = opened.case
    sort = sort_of(action, verifying=opened.is_verifying)
    why_not = "" if why is None or why.code in ASKED_FOR else str(why.message)
    return Doing(
        name=action.name,
        title=say(action.title) or action.name.replace("_", " "),
        sort=sort,
        icon=ICONS.get(sort, "chevron-right"),
        why_not=why_not,
        rules=rule_lines(chance_of(case, action, opened.own), roles),
        href=reverse("field:act", args=[case.number, action.name]),
        is_lead=opened.is_verifying or (action.to is not None and action.ask is None),
    )


def sort_of(action: Action, *, verifying: bool) -> str:
    """Return what sort of act it is; procedures may name their acts as they like."""
    effect = effect_of(action)
    if effect in {"extension", "dispute", "stop", "unsolvable"}:
        return effect
    if action.resumes:
        return "resume"
    if verifying:
        return "fail" if action.counts == "rework" else "pass"
    return "report" if action.evidence and action.ask is None else ""


def rule_lines(chance: Chance, roles: dict[str, str]) -> list[str]:
    """Say the rules of an act: how often, who decides, until when."""
    lines = []
    if chance.times is not None:
        lines.append(
            _("used %(used)s of %(times)s times") % {"used": chance.used, "times": chance.times}
        )
    if chance.decider:
        who = {"who": roles.get(chance.decider, chance.decider)}
        lines.append(_("decided by: %(who)s") % who)
    if chance.limit:
        within = Limit.parse(chance.limit).title(language())
        lines.append(_("decision within %(limit)s") % {"limit": within})
    if chance.until is not None:
        lines.append(_("possible until %(when)s") % {"when": full_time(chance.until)})
    if chance.granted is not None:
        lines.append(_("due %(when)s if granted") % {"when": full_time(chance.granted)})
    if chance.decider:
        lines.append(_("the clock runs on until it is decided"))
    return lines

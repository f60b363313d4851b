"""The clocks of a case, each with its limit, rule, stops, alarms, and how its time came about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.translation import gettext as _

from townkeeper.calendars.actions import calendar_of, current
from townkeeper.calendars.explain import explain, in_words
from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.ladder import Pauses, rungs_of, rungs_of_asks
from townkeeper.cases.ladder import told as told_by
from townkeeper.cases.models import Alarm, Ask, Case, Stage, Task
from townkeeper.cases.promise import stops_of_case
from townkeeper.kit.names import say
from townkeeper.procedures.model import Rung
from townkeeper.web.clockwords import language, late_words, roles_line, rung_words
from townkeeper.web.counting import Counting, rule_words, whole_limit
from townkeeper.web.office.rows import procedure_of, shown_card
from townkeeper.web.wording import Clock, ClockState, clock_time

MOST_SHARE = 2.0
"""Beyond twice the limit a share says less than how long it is overdue."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The clock panel; empty parts are not shown."""

    limit: Clock
    limit_title: str
    rule: str
    story: list[str]
    opened: str
    warn: str
    due: str
    is_provisional: bool
    is_given: bool
    step_title: str
    state_now: ClockState
    words: str
    share: int
    used: str = ""
    """How much of the limit has run, by its own rule of counting."""
    stops: list[str] = field(default_factory=list)
    upcoming: str = ""
    """The next rung of the ladder: when, and who is told."""
    rang: list[str] = field(default_factory=list)
    """The alarms that have rung."""
    others: "list[Panel]" = field(default_factory=list)
    """The other clocks of the case: assisting units, what is asked for, the public promise."""

    @property
    def css(self) -> str:
        """Return the colour class: yellow, red or none."""
        return {"warn": "y", "over": "o", "missed": "o"}.get(self.state_now, "")

    @property
    def runs(self) -> bool:
        """Whether the shown time goes on running."""
        return self.state_now in {"ok", "warn", "over"}

    @property
    def has_bar(self) -> bool:
        """Whether there is a bar to show."""
        return self.limit.due_at is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a panel is made from, whatever runs under the clock."""

    title: str
    clock: Clock
    limit: str
    extensions: Sequence[str] = ()
    pauses: Pauses = ()
    calendar: WorkCalendar | None = None
    is_provisional: bool = False
    is_given: bool = False
    rungs: tuple[Rung, ...] = ()
    rung: int = 0
    next_at: datetime | None = None
    performer: str = ""
    alarms: Sequence[Alarm] = ()


def make_panel(
    case: Case, tasks: list[Task], waiting: Sequence[Ask], roles: dict[str, str], now: datetime
) -> Panel | None:
    """Return the panel for the running task, or for handling once the case has ended.

    The other open clocks of the case hang on it: of other tasks, of what waits for a decision.
    """
    task = present_task(case, tasks)
    if task is None:
        return None
    alarms = list(case.alarms.order_by("at", "due_at", "pk"))
    rest = [each for each in tasks if not each.is_done and each.pk != task.pk]
    versions = {each.calendar_id for each in (*rest, task) if each.calendar_id is not None}
    calendars = {pk: calendar_of(pk) for pk in versions}
    facts = [_of_task(case, each, alarms, calendars) for each in rest]
    if not case.is_ended:
        facts += [_of_ask(case, ask, tasks, alarms) for ask in waiting]
    if case.promise:
        facts.append(_of_promise(case, tasks))
    others = [_panel(each, now, roles) for each in facts]
    return _panel(_of_task(case, task, alarms, calendars), now, roles, others)


def _of_task(
    case: Case, task: Task, alarms: Iterable[Alarm], calendars: dict[int, WorkCalendar]
) -> Facts:
    pauses = [(pause.since, pause.until) for pause in task.pauses.all()]
    title = step_name(case, task.step)
    if task.part != "lead" and task.unit is not None:
        title = _("%(unit)s (assists)") % {"unit": task.unit.title}
    return Facts(
        title=title,
        clock=Clock(
            due_at=task.due_at,
            opened_at=task.opened_at,
            warn_at=task.warn_at,
            done_at=task.done_at,
            is_paused=any(until is None for _since, until in pauses),
            card=shown_card(procedure_of(case), task.step, task.rung),
        ),
        limit=task.limit,
        extensions=task.extensions,
        pauses=pauses,
        calendar=calendars.get(task.calendar_id or 0),
        is_provisional=task.is_provisional,
        is_given=task.is_given,
        rungs=rungs_of(procedure_of(case), task.step),
        rung=task.rung,
        next_at=None if task.is_done else task.next_at,
        performer=task.performer,
        alarms=[alarm for alarm in alarms if alarm.task_id == task.pk],
    )


def _of_ask(case: Case, ask: Ask, tasks: Iterable[Task], alarms: Iterable[Alarm]) -> Facts:
    procedure = procedure_of(case)
    task = next((each for each in tasks if each.pk == ask.task_id), None)
    step = procedure.steps.get(task.step if task else case.step)
    action = step.actions.get(ask.action) if step else None
    name = say(action.title) if action and action.title else ask.action
    return Facts(
        title=_("Waits for a decision: %(what)s") % {"what": name},
        clock=Clock(due_at=ask.due_at, opened_at=ask.asked_at),
        limit=ask.limit,
        calendar=current() if ask.limit else None,
        rungs=rungs_of_asks(procedure, step.name if step else case.step),
        rung=ask.rung,
        next_at=ask.next_at,
        performer=ask.decider,
        alarms=[alarm for alarm in alarms if alarm.ask_id == ask.pk],
    )


def _of_promise(case: Case, tasks: Iterable[Task]) -> Facts:
    stops = stops_of_case(tasks)
    return Facts(
        title=_("Public promise for the whole case"),
        clock=Clock(
            due_at=case.promise_due_at,
            opened_at=case.opened_at,
            done_at=case.closed_at,
            is_paused=any(until is None for _since, until in stops),
        ),
        limit=case.promise,
        pauses=stops,
        calendar=current(),
    )


def _panel(
    facts: Facts, now: datetime, roles: dict[str, str], others: list[Panel] | None = None
) -> Panel:
    limit = _parsed(facts.limit)
    shown = replace(facts.clock, rule=_counting(facts))
    tag = language()
    story: list[str] = []
    if limit is not None and facts.calendar is not None and not facts.is_given and shown.opened_at:
        story = in_words(explain(facts.calendar, shown.opened_at, limit, facts.pauses), tag)
        story += [
            _("Then extended by %(limit)s.") % {"limit": Limit.parse(extra).title(tag)}
            for extra in facts.extensions
        ]
    return Panel(
        limit=shown,
        step_title=facts.title,
        state_now=shown.state(now),
        words=shown.words(now),
        share=shown.share(shown.done_at or now),
        limit_title=limit.title(tag) if limit else "",
        rule=rule_words(limit) if limit else "",
        story=story,
        opened=clock_time(shown.opened_at, now) if shown.opened_at else "",
        warn=clock_time(shown.warn_at, now) if shown.warn_at else "",
        due=clock_time(shown.due_at, now) if shown.due_at else "",
        is_provisional=facts.is_provisional,
        is_given=facts.is_given,
        used=_used(shown, now),
        stops=[_stop(since, until, now) for since, until in facts.pauses],
        upcoming=_upcoming(facts, now, roles),
        rang=[_rang(alarm, now, roles) for alarm in facts.alarms],
        others=others or [],
    )


def _counting(facts: Facts) -> Counting | None:
    """Return how the clock is counted; a due time that was given has no rule."""
    if facts.calendar is None or facts.is_given:
        return None
    whole = whole_limit(facts.limit, facts.extensions)
    return Counting(whole, facts.calendar, facts.pauses) if whole else None


def _used(shown: Clock, now: datetime) -> str:
    """Say how much of the limit has run, as its own rule counts."""
    if shown.rule is None or shown.opened_at is None:
        return ""
    share = shown.rule.share(shown.opened_at, shown.done_at or now)
    if share > MOST_SHARE:
        return ""
    return _("%(share)d%% of the limit used") % {"share": round(share * 100)}


def _stop(since: datetime, until: datetime | None, now: datetime) -> str:
    times = {"since": clock_time(since, now)}
    if until is None:
        return _("since %(since)s") % times
    return _("%(since)s to %(until)s") % (times | {"until": clock_time(until, now)})


def _upcoming(facts: Facts, now: datetime, roles: dict[str, str]) -> str:
    if facts.next_at is None or facts.rung >= len(facts.rungs):
        return ""
    rung = facts.rungs[facts.rung]
    words = [
        clock_time(facts.next_at, now),
        rung_words(rung.at),
        roles_line(told_by(rung, facts.performer), roles),
    ]
    return " · ".join(word for word in words if word)


def _rang(alarm: Alarm, now: datetime, roles: dict[str, str]) -> str:
    words = [
        clock_time(alarm.due_at, now),
        rung_words(alarm.rule),
        roles_line(alarm.tell, roles),
        late_words(alarm.due_at, alarm.at),
    ]
    return " · ".join(word for word in words if word)


def present_task(case: Case, tasks: list[Task]) -> Task | None:
    """Return the task whose clock counts: the running lead, or the last lead handling."""
    leading = [task for task in tasks if task.part == "lead"]
    running = [task for task in leading if not task.is_done]
    if running:
        return next((task for task in running if task.due_at == case.due_at), running[0])
    handled = [task for task in leading if task.stage == Stage.HANDLING]
    return handled[-1] if handled else None


def step_name(case: Case, name: str) -> str:
    """Return a step's title in the page's language."""
    step = procedure_of(case).steps.get(name)
    return say(step.title) if step and step.title else name


def _parsed(text: str) -> Limit | None:
    try:
        return Limit.parse(text) if text else None
    except LimitError:
        return None

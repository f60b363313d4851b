"""The clock of a case's present task: limit, rule of counting, and how the due time came about."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from townkeeper.calendars.actions import calendar_of
from townkeeper.calendars.explain import explain, in_words
from townkeeper.calendars.limits import Kind, Limit, LimitError
from townkeeper.cases.models import Case, Stage, Task
from townkeeper.kit.names import say
from townkeeper.web.context import HTML_LANG
from townkeeper.web.office.rows import procedure_of
from townkeeper.web.wording import Clock, ClockState, clock_time


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


def make_panel(case: Case, tasks: list[Task], now: datetime) -> Panel | None:
    """Return the panel for the running task, or for handling once the case has ended."""
    task = present_task(case, tasks)
    if task is None:
        return None
    limit = _parsed(task.limit)
    language = HTML_LANG.get(get_language() or "en", "en")
    pauses = [(pause.since, pause.until) for pause in task.pauses.all()]
    story: list[str] = []
    if limit is not None and task.calendar_id is not None and not task.is_given:
        calendar = calendar_of(task.calendar_id)
        story = in_words(explain(calendar, task.opened_at, limit, pauses), language)
        story += [
            _("Then extended by %(limit)s.") % {"limit": Limit.parse(extra).title(language)}
            for extra in task.extensions
        ]
    shown = Clock(
        due_at=task.due_at,
        opened_at=task.opened_at,
        warn_at=task.warn_at,
        done_at=task.done_at,
        is_paused=any(until is None for _since, until in pauses),
    )
    return Panel(
        limit=shown,
        step_title=step_name(case, task.step),
        state_now=shown.state(now),
        words=shown.words(now),
        share=shown.share(task.done_at or now),
        limit_title=limit.title(language) if limit else "",
        rule=_rule(limit),
        story=story,
        opened=clock_time(task.opened_at, now),
        warn=clock_time(task.warn_at, now) if task.warn_at else "",
        due=clock_time(task.due_at, now) if task.due_at else "",
        is_provisional=task.is_provisional,
        is_given=task.is_given,
    )


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


def _rule(limit: Limit | None) -> str:
    if limit is None:
        return ""
    rules = {
        Kind.WORKING_TIME: _("only working hours count"),
        Kind.WORKING_DAYS: _("working days count, from the next working day"),
    }
    return rules.get(limit.kind, _("every hour counts, holidays too"))

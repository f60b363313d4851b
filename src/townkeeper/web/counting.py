"""How much of a limit has run, by its own rule of counting: one answer for board, lists and cases.

A Friday evening's clock of thirty working minutes has used nothing by Sunday. Without such a rule
(a due time that was given, extensions in another unit) plain time is all there is to go by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from townkeeper.calendars.limits import Kind, Limit, LimitError
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.models import Ask, Task
from townkeeper.web.clockwords import language
from townkeeper.web.registers import registers
from townkeeper.web.wording import Clock

Pauses = Sequence[tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Counting:
    """By which calendar a limit runs, and when it stood still."""

    limit: Limit
    """The whole limit, with what it was extended by."""
    calendar: WorkCalendar
    pauses: Pauses = ()

    def share(self, start: datetime, moment: datetime) -> float:
        """Return the used part of the limit: 0 at the start, 1 at the due time, more after."""
        return self.calendar.used_share(start, self.limit, moment, self.pauses)

    @property
    def words(self) -> str:
        """Return limit and rule of counting: `4 working hours, only working hours count`."""
        return f"{self.limit.title(language())} · {rule_words(self.limit)}"


def rule_words(limit: Limit) -> str:
    """Say which time counts for a limit."""
    if limit.kind is Kind.WORKING_TIME:
        return _("only working hours count")
    if limit.kind is Kind.WORKING_DAYS:
        return _("working days count, from the next working day")
    return _("every hour counts, holidays too")


def counting_of(
    limit: str, extensions: Sequence[str], calendar: int | None, pauses: Pauses = ()
) -> Counting | None:
    """Return how a written limit is counted; None where it has no rule of its own."""
    whole = whole_limit(limit, extensions) if calendar is not None else None
    if whole is None or calendar is None:
        return None
    return Counting(whole, registers().calendar(calendar), pauses)


def whole_limit(limit: str, extensions: Sequence[str] = ()) -> Limit | None:
    """Return a limit with what it was extended by; None where they do not add up to one."""
    try:
        parts = [Limit.parse(text) for text in (limit, *extensions)] if limit else []
    except LimitError:
        return None
    if not parts or parts[0].kind is Kind.NONE or (extensions and not _add_up(parts)):
        return None
    return Limit(parts[0].kind, sum(part.amount for part in parts), parts[0].unit)


def _add_up(parts: Sequence[Limit]) -> bool:
    """Tell whether limits can be counted as one: the same kind, and a kind with an amount."""
    return len({part.kind for part in parts}) == 1 and all(part.amount for part in parts)


def ask_clock(ask: Ask) -> Clock:
    """Return the clock of what waits for a decision: counted by the calendar in force."""
    version = registers().calendar_now
    return Clock(
        due_at=ask.due_at, opened_at=ask.asked_at, rule=counting_of(ask.limit, (), version)
    )


def counting_for(task: Task) -> Counting | None:
    """Return how the limit of a task is counted; all its pauses must be loaded with it."""
    if task.is_given:
        return None
    pauses = [(pause.since, pause.until) for pause in task.pauses.all()]
    return counting_of(task.limit, task.extensions, task.calendar_id, pauses)

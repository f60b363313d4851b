"""Until when an action is possible: its `within`, counted by the office's calendar."""

from collections.abc import Iterable
from datetime import datetime

from townkeeper.calendars.limits import Limit
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.procedures.model import Step


def ends_at(within: str, begin: datetime, calendar: WorkCalendar) -> datetime | None:
    """Return the last instant at which something is possible; None where there is no end."""
    return calendar.due(begin, Limit.parse(within)).at


def closed_windows(
    step: Step,
    *,
    opened: Iterable[datetime],
    closed_at: datetime | None,
    due_at: datetime | None = None,
    now: datetime,
    calendar: WorkCalendar,
) -> dict[str, datetime]:
    """Return the actions of a step that come too late, each with the instant until which it was.

    A window opens with the task (the latest of several, so that nobody loses time to another's), in
    a final step with the closing. A dispute's ends with the task's clock at the latest (`due_at`):
    raised after that it would only excuse what is late already.
    """
    begin = closed_at if step.final else max(opened, default=None)
    if begin is None:
        return {}
    late = {}
    for action in step.actions.values():
        end = ends_at(action.within, begin, calendar) if action.within else None
        if end is not None and due_at is not None and action.effect == "dispute":
            end = min(end, due_at)
        if end is not None and now > end:
            late[action.name] = end
    return late

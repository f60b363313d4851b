"""The public promise: the clock of the whole case, beside the internal limits of its tasks.

It runs from the report to the end of the case. A lawful stop of the unit that leads stops it too
(行政許可法 Art. 45: such time is not counted); an extension that one office grants another does not
move it: that is a matter between offices, and the reporter was promised a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.ladder import Pauses, limit_of
from townkeeper.cases.models import Task
from townkeeper.duties.register import CategoryRow, Register
from townkeeper.procedures.model import Procedure

BY_CATEGORY = "by-category"


@dataclass(frozen=True, slots=True)
class Promised:
    """The limit of a whole case and when it ends; empty and None where nothing is promised."""

    limit: str = ""
    due_at: datetime | None = None


def promise_of(procedure: Procedure, category: CategoryRow | None, register: Register) -> str:
    """Return the limit of the whole case: the category's promise, else the procedure's limit."""
    own = register.promise_of(category)
    if own or procedure.limit in {None, BY_CATEGORY}:
        return own
    return procedure.limit or ""


def promised(limit: str, start: datetime, calendar: WorkCalendar, pauses: Pauses = ()) -> Promised:
    """Count the whole case's clock from its opening; `due_at` is None while it stands still."""
    if not limit:
        return Promised()
    return Promised(limit, calendar.due(start, limit_of(limit), pauses).at)


def stops_of_case(tasks: Iterable[Task]) -> list[tuple[datetime, datetime | None]]:
    """Return the stops that the whole case has: those of the tasks that led it."""
    return sorted(
        (
            (pause.since, pause.until)
            for task in tasks
            if task.part == "lead"
            for pause in task.pauses.all()
        ),
        key=lambda stop: stop[0],
    )

"""What may still be asked for: how often, how often it was used, who decides, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from townkeeper.calendars.limits import Limit
from townkeeper.cases.desk import desk
from townkeeper.cases.models import Case, Task
from townkeeper.cases.windows import ends_at
from townkeeper.procedures.model import Action


@dataclass(frozen=True, slots=True)
class Chance:
    """The rules of one action as they stand for a case now."""

    times: int | None
    """How often in one case; None for any number."""
    used: int
    decider: str
    """The role that decides; empty where nobody has to."""
    limit: str
    """Within which the decision is due, as the procedure writes it."""
    until: datetime | None
    """The last instant at which it is possible; None where there is no end."""
    granted: datetime | None = None
    """When the task would be due if more time is granted; None where none is asked for."""

    @property
    def left(self) -> int | None:
        """Return how often it may still be used; None for any number."""
        return None if self.times is None else max(0, self.times - self.used)


def chance_of(case: Case, action: Action, tasks: Iterable[Task]) -> Chance:
    """Return the rules of an action; `tasks` are the person's own open ones."""
    own = list(tasks)
    times = action.ask.times if action.ask else action.times
    until: datetime | None = None
    if action.within and own:
        begun = max(task.opened_at for task in own)
        until = ends_at(action.within, begun, desk().calendar)
        due = max((task.due_at for task in own if task.due_at), default=None)
        if until is not None and due is not None and action.effect == "dispute":
            until = min(until, due)
    return Chance(
        times=times,
        used=int((case.counts.get("used") or {}).get(action.name, 0)),
        decider=action.ask.decider if action.ask else "",
        limit=(action.ask.limit or "") if action.ask else "",
        until=until,
        granted=extended_due(own[0], action) if own else None,
    )


def extended_due(task: Task, action: Action) -> datetime | None:
    """Return when a task would be due if an action that asks for more time were granted now.

    The extension is counted from the present due time, as granting it does; None for every other
    action, and for a task without a limit or a due time.
    """
    extra = task.limit if action.extends == "same" else action.extends
    if action.extends is None or not extra or not task.limit or task.due_at is None:
        return None
    return desk().calendar.due(task.due_at, Limit.parse(extra)).at

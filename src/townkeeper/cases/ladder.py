"""The escalation ladder of a clock: when its next rung is reached. Pure; `sweep` acts on it.

A ladder is climbed in the order in which it is written: a rung whose instant lies before that of
the rung below it (`due-1wh` under a limit of half an hour) is reached together with that one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.procedures.model import Procedure, Rung, Step

PERFORMER: Final = "performer"
"""In `Rung.tell`: whoever has the task, or decides what is asked for."""
SUPERVISOR: Final = "supervisor"
DUE: Final = Rung(at="due", tell=(PERFORMER, SUPERVISOR), card="red")
"""The ladder of a procedure that writes none: the performer at the step's warning point, the
performer and the supervisor when the time is up."""

Pauses = Sequence[tuple[datetime, datetime | None]]
Base = Literal["share", "due"]

_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)%")
_DUE: Final = re.compile(r"due(?:([+-])(.+))?")


class RungError(ValueError):
    """The time of a rung that nobody can reckon; the message is for whoever writes code."""


@dataclass(frozen=True, slots=True)
class Point:
    """The time of a rung as it was read: a share of the limit, or a length before or after due."""

    base: Base
    share: float = 0.0
    sign: int = 0
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Ticking:
    """A clock as the ladder sees it."""

    start: datetime
    limits: tuple[str, ...] = ()
    """The limit and what extensions added; none where the due time was given from outside."""
    due_at: datetime | None = None
    warn_at: datetime | None = None
    warn: float | None = None
    """The share at which `warn_at` lies; a rung at the same share is not reckoned again."""
    pauses: Pauses = field(default=())

    @property
    def stands(self) -> bool:
        """Whether the clock stands still just now."""
        return any(until is None for _since, until in self.pauses)


@lru_cache(maxsize=512)
def point_of(at: str) -> Point:
    """Read the time of a rung. Errors: `RungError`."""
    plain = at.strip().lower()
    if match := _SHARE.fullmatch(plain):
        share = float(match[1]) / 100
        if not 0 < share <= 1:
            raise RungError(at)
        return Point("share", share=share)
    match = _DUE.fullmatch(plain)
    if match is None:
        raise RungError(at)
    if match[1] is None:
        return Point("due")
    try:
        limit = Limit.parse(match[2])
    except LimitError as error:
        raise RungError(at) from error
    return Point("due", sign=1 if match[1] == "+" else -1, limit=limit)


@lru_cache(maxsize=512)
def limit_of(text: str) -> Limit:
    """Read a limit that was checked when it was stored."""
    return Limit.parse(text)


def rungs_of(procedure: Procedure, step: str) -> tuple[Rung, ...]:
    """Return the ladder of a step's clocks: its own, the procedure's, or the usual one."""
    found = procedure.steps.get(step)
    return (found.ladder if found else ()) or procedure.ladder or _usual(found)


def rungs_of_asks(procedure: Procedure, _step: str) -> tuple[Rung, ...]:
    """Return the ladder of what is asked for: the procedure's; else its decider learns of `due`.

    The ladder of a step speaks of those who do the work there, not of who decides an ask.
    """
    return procedure.ladder or (DUE,)


def _usual(step: Step | None) -> tuple[Rung, ...]:
    if step is None or step.warn is None:
        return (DUE,)
    return (_warning(step.warn), DUE)


@lru_cache(maxsize=64)
def _warning(share: float) -> Rung:
    return Rung(at=f"{round(share * 100, 4):g}%", tell=(PERFORMER,), card="yellow")


def reached_at(rung: Rung, clock: Ticking, calendar: WorkCalendar) -> datetime | None:
    """Say when a clock reaches a rung; None while it stands still or where there is no limit."""
    if clock.due_at is None or clock.stands:
        return None
    point = point_of(rung.at)
    if point.base == "share":
        return _share_at(point.share, clock, calendar)
    if point.limit is None:
        return clock.due_at
    if point.sign > 0:
        return calendar.due(clock.due_at, point.limit, clock.pauses).at
    return calendar.before(clock.due_at, point.limit, clock.pauses)


def _share_at(share: float, clock: Ticking, calendar: WorkCalendar) -> datetime | None:
    """Find where a share of the last piece is used up: of the extension, where there is one."""
    if clock.warn_at is not None and clock.warn == share:
        return clock.warn_at
    if not clock.limits:
        return _share_of_given(share, clock, calendar)
    begin: datetime | None = clock.start
    for text in clock.limits[:-1]:
        if begin is None:
            return None
        begin = calendar.due(begin, limit_of(text), clock.pauses).at
    if begin is None:
        return None
    return calendar.warn_at(begin, limit_of(clock.limits[-1]), share, clock.pauses)


def _share_of_given(share: float, clock: Ticking, calendar: WorkCalendar) -> datetime | None:
    """Where only the due time is known: a share of the working time up to it."""
    if clock.due_at is None:
        return None
    seconds = round(calendar.elapsed(clock.start, clock.due_at) * share)
    if seconds <= 0:
        return clock.due_at
    return calendar.due(clock.start, limit_of(f"{max(1, seconds // 60)}wmin")).at


def next_alarm(
    rungs: Sequence[Rung], rung: int, clock: Ticking, calendar: WorkCalendar
) -> datetime | None:
    """Say when rung number `rung` (from 0) is reached; None above the top or while it stands.

    What lies before the start of the clock is reached at its start.
    """
    if rung >= len(rungs):
        return None
    at = reached_at(rungs[rung], clock, calendar)
    return None if at is None else max(at, clock.start)


def first_alarm(rungs: Sequence[Rung], clock: Ticking, calendar: WorkCalendar) -> datetime | None:
    """Say when a clock that has just begun, or begins anew, reaches its first rung."""
    return next_alarm(rungs, 0, clock, calendar)


def climbed(
    rungs: Sequence[Rung], rung: int, clock: Ticking, calendar: WorkCalendar, now: datetime
) -> tuple[list[tuple[int, datetime]], int, datetime | None]:
    """Return the rungs reached by now (number, instant), the next rung's number and instant.

    Several at once where nobody looked for a while; each instant is at least that of the rung
    below it.
    """
    reached: list[tuple[int, datetime]] = []
    at = next_alarm(rungs, rung, clock, calendar)
    while at is not None and at <= now:
        reached.append((rung, at))
        rung += 1
        following = next_alarm(rungs, rung, clock, calendar)
        at = None if following is None else max(following, at)
    return reached, rung, at


def told(rung: Rung, performer: str) -> list[str]:
    """Return the roles that a rung tells, with whoever has the task by their own role."""
    roles: Iterable[str] = (performer if role == PERFORMER else role for role in rung.tell)
    return [role for role in dict.fromkeys(roles) if role]

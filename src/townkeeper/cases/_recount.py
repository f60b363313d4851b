"""Counts the clocks of a batch of cases anew, in few array calls, and says what differs."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from townkeeper.calendars.actions import calendar_of
from townkeeper.calendars.changes import changed_days
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases._climb import Climber, moments_of, set_next, times_of
from townkeeper.cases.ladder import Pauses, Ticking, limit_of, reached_at, rungs_of, rungs_of_asks
from townkeeper.cases.sweep import procedure_by
from townkeeper.procedures.model import Procedure, Rung

NAMED_DAYS: Final = 5
"""So many of the days that made a difference are named in a journal entry."""


@dataclass(slots=True)
class ClockRow:
    """An open task or ask: what is stored, and what it comes to now."""

    what: str
    id: int
    case_id: int
    step: str
    name: str
    """Code of the unit for a task, the action for an ask."""
    part: str
    branch: str
    start: datetime
    limit: str
    extensions: tuple[str, ...]
    due_at: datetime | None
    warn_at: datetime | None
    next_at: datetime | None
    rung: int
    moves: int
    calendar_id: int | None
    is_provisional: bool
    is_given: bool
    pauses: Pauses = ()
    new_limit: str = ""
    new_due: datetime | None = None
    new_warn: datetime | None = None
    new_next: datetime | None = None
    new_rung: int = 0
    new_moves: int = 0
    new_provisional: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether nothing here can move it: given from outside, or without a limit."""
        return self.is_given or not self.limit

    @property
    def has_moved(self) -> bool:
        """Whether it is due at another time, or under another limit."""
        return self.new_due != self.due_at or self.new_limit != self.limit

    @property
    def differs(self) -> bool:
        """Whether anything of it must be written, its calendar aside."""
        return self.has_moved or self.new_warn != self.warn_at or self.new_next != self.next_at


@dataclass(slots=True)
class CaseRow:
    """A running case with its open clocks."""

    id: int
    number: str
    procedure_id: int
    category_id: int | None
    opened_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    promise: str
    promise_due_at: datetime | None
    length: int
    head: bytes
    clocks: list[ClockRow] = field(default_factory=list)
    stops: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    """Stops of the tasks that lead it or led it: they stop the promise too."""
    new_due: datetime | None = None
    new_warn: datetime | None = None
    new_promise_due: datetime | None = None

    @property
    def has_moved(self) -> bool:
        """Whether any of its clocks ends at another time."""
        return self.new_promise_due != self.promise_due_at or any(
            clock.has_moved for clock in self.clocks
        )


LimitOf = Callable[[CaseRow, ClockRow], str]


def recount(
    cases: Sequence[CaseRow], calendar: WorkCalendar, limit_for: LimitOf, now: datetime
) -> None:
    """Fill in what every clock comes to under a calendar and the limits that are said."""
    ladders = _Ladders()
    plain: dict[tuple[str, float | None], list[ClockRow]] = defaultdict(list)
    for case in cases:
        for clock in case.clocks:
            clock.new_limit = clock.limit if clock.is_fixed else limit_for(case, clock)
            if clock.is_fixed:
                clock.new_due, clock.new_warn = clock.due_at, clock.warn_at
                clock.new_provisional = clock.is_provisional
                continue
            warn = ladders.warn(case, clock)
            if clock.pauses or clock.extensions:
                _count_one(clock, warn, calendar)
            else:
                plain[clock.new_limit, warn].append(clock)
    for (limit, warn), clocks in plain.items():
        _count_many(clocks, limit, warn, calendar)
    _promises(cases, calendar)
    _alarms(cases, ladders, calendar, now)
    for case in cases:
        leading = [clock for clock in case.clocks if clock.what == "task" and clock.part == "lead"]
        counted = leading or [clock for clock in case.clocks if clock.what == "task"]
        case.new_due = min((c.new_due for c in counted if c.new_due), default=None)
        case.new_warn = min((c.new_warn for c in counted if c.new_warn), default=None)


def _count_many(
    clocks: Sequence[ClockRow], limit: str, warn: float | None, calendar: WorkCalendar
) -> None:
    parsed = limit_of(limit)
    starts = times_of(clock.start for clock in clocks)
    dues = moments_of(calendar.add_many(starts, parsed))
    warns = moments_of(calendar.warn_many(starts, parsed, warn)) if warn else [None] * len(clocks)
    for clock, due, warn_at in zip(clocks, dues, warns, strict=True):
        clock.new_due, clock.new_warn = due, warn_at
        clock.new_provisional = bool(
            due and parsed.is_calendar_bound and calendar.is_provisional(due)
        )


def _count_one(clock: ClockRow, warn: float | None, calendar: WorkCalendar) -> None:
    """Count piece by piece, as an act on the case does: stops out, extensions added."""
    at: datetime | None = clock.start
    clock.new_provisional, clock.new_warn = False, None
    for text in (clock.new_limit, *clock.extensions):
        if at is None:
            break
        begin, limit = at, limit_of(text)
        due = calendar.due(begin, limit, clock.pauses)
        at, clock.new_warn = due.at, None
        clock.new_provisional = clock.new_provisional or due.provisional
        if warn and at is not None:
            clock.new_warn = calendar.warn_at(begin, limit, warn, clock.pauses)
    clock.new_due = at


def _promises(cases: Sequence[CaseRow], calendar: WorkCalendar) -> None:
    plain: dict[str, list[CaseRow]] = defaultdict(list)
    for case in cases:
        if not case.promise:
            case.new_promise_due = case.promise_due_at
        elif case.stops:
            limit = limit_of(case.promise)
            case.new_promise_due = calendar.due(case.opened_at, limit, case.stops).at
        else:
            plain[case.promise].append(case)
    for text, group in plain.items():
        starts = times_of(case.opened_at for case in group)
        dues = moments_of(calendar.add_many(starts, limit_of(text)))
        for case, due in zip(group, dues, strict=True):
            case.new_promise_due = due


class _Ladders:
    """Ladders and warning shares of the steps that occur in a batch."""

    def __init__(self) -> None:
        self._procedures: dict[int, Procedure] = {}
        self._rungs: dict[tuple[int, str, str], tuple[Rung, ...]] = {}

    def _procedure(self, pk: int) -> Procedure:
        if pk not in self._procedures:
            self._procedures[pk] = procedure_by(pk)
        return self._procedures[pk]

    def warn(self, case: CaseRow, clock: ClockRow) -> float | None:
        step = self._procedure(case.procedure_id).steps.get(clock.step)
        return step.warn if step and clock.what == "task" else None

    def rungs(self, case: CaseRow, clock: ClockRow) -> tuple[Rung, ...]:
        key = (case.procedure_id, clock.step, clock.what)
        if key not in self._rungs:
            ladder = rungs_of if clock.what == "task" else rungs_of_asks
            self._rungs[key] = ladder(self._procedure(case.procedure_id), clock.step)
        return self._rungs[key]


def _alarms(
    cases: Sequence[CaseRow], ladders: _Ladders, calendar: WorkCalendar, now: datetime
) -> None:
    """Find when each clock reaches its next rung; one that rang too early rings anew."""
    climbers = []
    for case in cases:
        for clock in case.clocks:
            clock.new_rung, clock.new_moves = clock.rung, clock.moves
            clock.new_next = clock.next_at
            if clock.is_fixed:
                continue
            limits = (clock.new_limit, *clock.extensions)
            ticking = Ticking(
                clock.start,
                limits,
                clock.new_due,
                clock.new_warn,
                ladders.warn(case, clock),
                clock.pauses,
            )
            rungs = ladders.rungs(case, clock)
            if clock.what == "task" and clock.has_moved:
                _begin_anew(clock, ticking, rungs, calendar, now)
            climbers.append(Climber(clock, ticking, rungs, clock.new_rung, None))
    set_next(climbers, calendar)
    for each in climbers:
        each.key.new_next = each.next_at


def _begin_anew(
    clock: ClockRow,
    ticking: Ticking,
    rungs: tuple[Rung, ...],
    calendar: WorkCalendar,
    now: datetime,
) -> None:
    """Go back to the lowest rung that rang too early; it will ring again, in a turn of its own."""
    for number in range(min(clock.rung, len(rungs))):
        at = reached_at(rungs[number], ticking, calendar)
        if at is not None and at > now:
            clock.new_rung, clock.new_moves = number, clock.moves + 1
            return


class Differences:
    """Days on which two versions of a calendar differ, by name: what made a due time move."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.calendar = calendar
        self._days: dict[int, tuple[list[date], Mapping[date, str]]] = {}

    def between(self, before: int | None, first: datetime, last: datetime) -> list[dict[str, Any]]:
        """Name up to five differing days in a span."""
        if before is None:
            return []
        if before not in self._days:
            names = changed_days(calendar_of(before), self.calendar)
            self._days[before] = (list(names), names)
        days, names = self._days[before]
        low = bisect_left(days, self.calendar.local_date(first))
        high = bisect_right(days, self.calendar.local_date(last))
        return [
            {
                "date": day.isoformat(),
                "name": names[day],
                "working": self.calendar.is_working_day(day),
            }
            for day in days[low:high][:NAMED_DAYS]
        ]

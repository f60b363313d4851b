"""Working time: when a limit ends, how much of it has run, one at a time or a million at once.

The counting rules, with their sources:

- Working time (`4wh`) runs inside the opening hours only. A start outside them counts from the
  next opening. An amount that is used up exactly at closing ends at closing: 18:00 stays 18:00
  and does not become the next 08:30.
- Working days (`2wd`): the day of the start is not counted, day 1 is the next working day, the
  period ends at the end of the last working day (行政許可法 Art. 82: working days, statutory
  holidays excluded; 民法典 Art. 201 and 203: the first day is not counted, the last ends at the
  close of business).
- Calendar days (`7d`): the day of the start is not counted; the period ends at the close of
  business of the last day, or, where that is a day off, of the next working day (民法典
  Art. 201, 203).
- Hours and minutes (`24h`, `30min`) run round the clock (民法典 Art. 201, second sentence).
- `same-day`: the close of business of the day of the start. Started at or after closing, or on
  a day off: the close of the next working day.
- `20:30`: the next time the clock shows it, on any day; started exactly then, the next day.
- Suspension is taken out (行政許可法 Art. 45): time while the clock stood is not counted, and a day
  or clock time is not counted when the clock stood just before its end.
- Beyond the last announced day only the weekly hours are known: such a result is provisional.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from townkeeper.calendars._back import Count, counted_back, run_back, working_back
from townkeeper.calendars._many import after_many, before_many, share_many
from townkeeper.calendars._pauses import Pause, Stop, nth_event, run_out, running, stops_of
from townkeeper.calendars._table import DAY, EPOCH, Instants, Table, instant, microseconds
from townkeeper.calendars.hours import Fault, HoursError, Spans, WeeklyHours, written_hours
from townkeeper.calendars.limits import Kind, Limit

Datetimes = NDArray[np.datetime64]
Stopped = Sequence[Stop]
T = TypeVar("T")

EARLIEST: Final = date(1900, 1, 2)
LATEST: Final = date(2200, 12, 30)
FIRST_TABLE: Final = (date(2004, 1, 1), date(2040, 12, 31))
MARGIN: Final = timedelta(days=3660)
SECOND: Final = 1_000_000
_NAT: Final = np.iinfo(np.int64).min


class OutOfRangeError(ValueError):
    """The time lies in no year that a calendar can hold; almost always a wrong date."""

    def __init__(self) -> None:
        super().__init__(f"working time is known from {EARLIEST} to {LATEST} only")


@dataclass(frozen=True, slots=True)
class DayRule:
    """What one date is where it differs from its weekday: a holiday, a make-up or a local day."""

    is_working: bool
    name: str = ""
    hours: Spans | None = None
    """Hours of its own; None takes those of the make-up weekday."""
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends. `at` is None where there is no limit or the clock stands still."""

    at: datetime | None
    provisional: bool = False


def _same(us: int) -> int:
    return us


_PLAIN: Final = Count(measure=_same, reach=_same)


class WorkCalendar:
    """One version of a calendar: weekly hours and the days that differ, in one time zone."""

    def __init__(
        self,
        hours: WeeklyHours,
        days: Mapping[date, DayRule] | None = None,
        *,
        time_zone: str,
        known_until: date,
        makeup_weekday: int = 0,
        version: str = "",
    ) -> None:
        """Build it; `known_until=date.max` says that no notice can change it (duty every day)."""
        if not any(hours.values()):
            raise HoursError(Fault.NEVER_OPEN)
        self.hours: WeeklyHours = dict(hours)
        self.days: Mapping[date, DayRule] = dict(days or {})
        self.zone = ZoneInfo(time_zone)
        self.known_until = known_until
        self.makeup_weekday = makeup_weekday
        self.digest = self._digest()
        self.version = version or self.digest[:16]
        self._table: Table | None = None
        self._known_end = self._end_of_known()

    def _digest(self) -> str:
        content = {
            "hours": written_hours(self.hours),
            "days": [
                [str(on), rule.is_working, rule.name, rule.hours, rule.is_local]
                for on, rule in sorted(self.days.items())
            ],
            "time_zone": self.zone.key,
            "known_until": str(self.known_until),
            "makeup_weekday": self.makeup_weekday,
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _end_of_known(self) -> int | None:
        if self.known_until >= LATEST:
            return None
        midnight = datetime.combine(self.known_until, datetime.min.time()) + timedelta(days=1)
        return microseconds(midnight.replace(tzinfo=self.zone))

    # Days

    def spans_of(self, on: date) -> Spans:
        """List the open spans of a date; none on a day off."""
        rule = self.days.get(on)
        if rule is None:
            return self.hours.get(on.weekday(), ())
        if not rule.is_working:
            return ()
        if rule.hours is not None:
            return rule.hours
        return self.hours.get(self.makeup_weekday) or next(iter(filter(None, self.hours.values())))

    def is_working_day(self, on: date) -> bool:
        return bool(self.spans_of(on))

    def next_working_day(self, on: date) -> date:
        """Find the first working day after a date. Errors: `OutOfRangeError`."""
        day = on + timedelta(days=1)
        while day <= LATEST:
            if self.is_working_day(day):
                return day
            day += timedelta(days=1)
        raise OutOfRangeError

    def local_date(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def is_provisional(self, at: datetime) -> bool:
        """Whether an instant lies beyond the last announced day."""
        return self._known_end is not None and microseconds(at) > self._known_end

    # The table

    def _covering(self, low: int, high: int) -> Table:
        """Give a table over two instants; it grows by whole decades and is then kept."""
        table = self._table
        if table and table.midnights[0] <= low and high < table.midnights[-2]:
            return table
        first, last = (table.first, table.last) if table else FIRST_TABLE
        try:
            early, late = _utc_date(low), _utc_date(high)
        except OverflowError:
            raise OutOfRangeError from None
        if early <= EARLIEST or late >= LATEST:
            raise OutOfRangeError
        if early <= first:
            first = max(EARLIEST, early - MARGIN)
        if late >= last - timedelta(days=2):
            last = min(LATEST, late + MARGIN)
        self._table = Table(first, last, self.spans_of, self.zone)
        return self._table

    def _growing(self, low: int, high: int, ask: Callable[[Table], T]) -> T:
        """Ask the table, and ask a longer one where the answer lies beyond its end."""
        while True:
            table = self._covering(low, high)
            try:
                return ask(table)
            except IndexError:
                high = table.midnights[-1]

    # One at a time

    def elapsed(self, a: datetime, b: datetime) -> int:
        """Working seconds from a to b, whole ones; negative when b is before a."""
        low, high = microseconds(a), microseconds(b)
        table = self._covering(min(low, high), max(low, high))
        us = table.worked(high) - table.worked(low)
        return us // SECOND if us >= 0 else -(-us // SECOND)

    def add(self, start: datetime, limit: Limit) -> Due:
        """When a limit that starts then ends; the rules are in the module's text."""
        return self.due(start, limit)

    def due(self, start: datetime, limit: Limit, pauses: Iterable[Pause] = ()) -> Due:
        """When a limit ends, suspension taken out; at None while a pause is open."""
        begin = microseconds(start)
        us = self._due(begin, limit, stops_of(pauses, begin))
        return self._as_due(us, limit)

    def _as_due(self, us: int | None, limit: Limit) -> Due:
        if us is None:
            return Due(None)
        beyond = self._known_end is not None and us > self._known_end
        return Due(instant(us), provisional=beyond and limit.is_calendar_bound)

    def _due(self, begin: int, limit: Limit, stops: Stopped) -> int | None:
        if limit.kind is Kind.NONE:
            return None
        if limit.kind is Kind.ELAPSED:
            return self._run_out(begin, limit.amount * SECOND, stops, _PLAIN)
        if limit.kind is Kind.WORKING_TIME:
            return self._growing(
                begin,
                _reach_of(stops, begin),
                lambda table: self._run_out(begin, limit.amount * SECOND, stops, _working(table)),
            )
        return self._growing(
            begin, _reach_of(stops, begin), lambda table: _counted(table, begin, limit, stops)
        )

    @staticmethod
    def _run_out(begin: int, amount: int, stops: Stopped, count: Count) -> int | None:
        return run_out(begin, amount, stops, measure=count.measure, reach=count.reach)

    def _share_basis(self, begin: int, limit: Limit, stops: Stopped) -> tuple[int, bool] | None:
        """Say what a share is a share of: an amount, and whether working time fills it."""
        if limit.kind is Kind.ELAPSED:
            return limit.amount * SECOND, False
        if limit.kind is Kind.WORKING_TIME:
            return limit.amount * SECOND, True
        end = self._due(begin, limit, stops)
        if end is None:
            return None
        in_working_time = limit.kind is not Kind.CLOCK
        count = _working(self._covering(begin, end)) if in_working_time else _PLAIN
        return running(begin, end, stops, measure=count.measure), in_working_time

    def warn_at(
        self, start: datetime, limit: Limit, share: float, pauses: Iterable[Pause] = ()
    ) -> datetime | None:
        """Find the instant at which that share of the limit is used up; None where there is none.

        For days the share is of the working time between start and due; for `24h` and `20:30` of
        plain time. None too when the clock stopped before. Errors: ValueError unless 0 < share ≤ 1.
        """
        if not 0 < share <= 1:
            message = f"a share of a limit lies above 0 and up to 1, not {share}"
            raise ValueError(message)
        begin = microseconds(start)
        stops = stops_of(pauses, begin)
        basis = self._share_basis(begin, limit, stops)
        if basis is None:
            return None
        amount, in_working_time = max(1, round(basis[0] * share)), basis[1]
        if not in_working_time:
            us = self._run_out(begin, amount, stops, _PLAIN)
        else:
            us = self._growing(
                begin,
                _reach_of(stops, begin),
                lambda table: self._run_out(begin, amount, stops, _working(table)),
            )
        return None if us is None else instant(us)

    def before(self, end: datetime, limit: Limit, pauses: Iterable[Pause] = ()) -> datetime:
        """Find the instant from which a limit runs up to `end`: the mirror of `due`.

        Working time that is used up exactly at an opening begins at the opening. Of days the day
        of the end is not counted; it is the close of the n-th working (or calendar) day before,
        of the last working day up to it where that is a day off. Suspension is taken out; `end`
        lies in none. Errors: ValueError for a limit that is no length (`same-day`, `20:30`).
        """
        stop = microseconds(end)
        stops = [
            (microseconds(a), microseconds(b))
            for a, b in pauses
            if b is not None and microseconds(b) <= stop
        ]
        if limit.kind is Kind.ELAPSED:
            return instant(run_back(stop, limit.amount * SECOND, stops, _PLAIN))
        table = self._covering(min([stop, *(a for a, _ in stops)]) - _reach_back(limit), stop)
        if limit.kind is Kind.WORKING_TIME:
            count = Count(measure=table.worked, reach=working_back(table))
            return instant(run_back(stop, limit.amount * SECOND, stops, count))
        return instant(counted_back(table, stop, limit, stops))

    def used_share(
        self, start: datetime, limit: Limit, now: datetime, pauses: Iterable[Pause] = ()
    ) -> float:
        """How much of the limit has run by now: 0.0 at the start, 1.0 at the due time, more after.

        An open pause counts as ending now. A limit of none is never used.
        """
        begin, until = microseconds(start), microseconds(now)
        stops = [
            (a, until if b is None else b)
            for a, b in stops_of(pauses, begin)
            if b is not None or a < until
        ]
        basis = self._share_basis(begin, limit, stops)
        if basis is None:
            return 0.0
        amount, in_working_time = basis
        low, high = min(begin, until), max(begin, until)
        count = _working(self._covering(low, high)) if in_working_time else _PLAIN
        return running(begin, until, stops, measure=count.measure) / amount

    # A million at once

    def add_many(self, starts: Datetimes, limit: Limit) -> Datetimes:
        """Due times of many starts under one limit: datetime64[us] in UTC, NaT stays NaT."""
        begins = starts.astype("datetime64[us]").astype(np.int64)
        known = begins != _NAT
        result = np.full(begins.shape, _NAT)
        if limit.kind is not Kind.NONE and known.any():
            given = begins if known.all() else begins[known]
            result[known] = self._add_known(given, limit)
        return result.view("datetime64[us]")

    def _add_known(self, begins: Instants, limit: Limit) -> Instants:
        if limit.kind is Kind.ELAPSED:
            return begins + limit.amount * SECOND
        low, high = int(begins.min()), int(begins.max())
        return self._growing(low, high, lambda table: after_many(table, begins, limit))

    def warn_many(self, starts: Datetimes, limit: Limit, share: float) -> Datetimes:
        """Warning points of many starts under one limit, as `warn_at`; NaT stays NaT."""
        return self._many(starts, lambda begins: self._warn_known(begins, limit, share))

    def _warn_known(self, begins: Instants, limit: Limit, share: float) -> Instants:
        if limit.kind in {Kind.ELAPSED, Kind.WORKING_TIME}:
            amounts = np.full(begins.shape, max(1, round(limit.amount * SECOND * share)))
            if limit.kind is Kind.ELAPSED:
                plain: Instants = begins + amounts
                return plain
            span = int(begins.min()), int(begins.max())
            return self._growing(*span, lambda table: share_many(table, begins, amounts))
        dues = self._add_known(begins, limit)
        if limit.kind is Kind.CLOCK:
            spans = np.maximum(1, np.round((dues - begins) * share).astype(np.int64))
            ends: Instants = begins + spans
            return ends
        table = self._covering(int(begins.min()), int(dues.max()))
        basis = table.worked_many(dues) - table.worked_many(begins)
        amounts = np.maximum(1, np.round(basis * share).astype(np.int64))
        return share_many(table, begins, amounts)

    def before_many(self, ends: Datetimes, limit: Limit) -> Datetimes:
        """Find many instants as `before`, without stops; NaT stays NaT."""
        return self._many(ends, lambda stops: self._before_known(stops, limit))

    def _before_known(self, ends: Instants, limit: Limit) -> Instants:
        if limit.kind is Kind.ELAPSED:
            return ends - limit.amount * SECOND
        table = self._covering(int(ends.min()) - _reach_back(limit), int(ends.max()))
        return before_many(table, ends, limit)

    @staticmethod
    def _many(given: Datetimes, answer: Callable[[Instants], Instants]) -> Datetimes:
        asked = given.astype("datetime64[us]").astype(np.int64)
        known = asked != _NAT
        result = np.full(asked.shape, _NAT)
        if known.any():
            result[known] = answer(asked[known])
        return result.view("datetime64[us]")

    def due_many(
        self,
        starts: Datetimes,
        limits: Sequence[Limit],
        codes: NDArray[np.integer] | None = None,
    ) -> Datetimes:
        """Due times under many limits: one per start, or a table of limits and a code each."""
        if codes is None:
            places: dict[Limit, int] = {}
            codes = np.array([places.setdefault(limit, len(places)) for limit in limits], dtype=int)
            limits = list(places)
        result = np.full(starts.shape, np.datetime64("NaT", "us"))
        for code in np.unique(codes):
            chosen = codes == code
            result[chosen] = self.add_many(starts[chosen], limits[int(code)])
        return result

    def elapsed_many(self, a: Datetimes, b: Datetimes) -> NDArray[np.int64]:
        """Working seconds between many pairs, as `elapsed`. Errors: ValueError for NaT."""
        low = a.astype("datetime64[us]").astype(np.int64)
        high = b.astype("datetime64[us]").astype(np.int64)
        if not low.size:
            return np.zeros(0, dtype=np.int64)
        first, last = min(low.min(), high.min()), max(low.max(), high.max())
        if first == _NAT:
            message = "elapsed time needs both ends; leave out the rows that have none"
            raise ValueError(message)
        table = self._covering(int(first), int(last))
        us = table.worked_many(high) - table.worked_many(low)
        seconds: NDArray[np.int64] = np.sign(us) * (np.abs(us) // SECOND)
        return seconds


def _utc_date(us: int) -> date:
    return EPOCH.date() + timedelta(days=us // DAY)


def _reach_of(stops: Stopped, begin: int) -> int:
    """Find the last instant that a count with these stops must know of."""
    return max([begin, *(a if b is None else b for a, b in stops)])


def _reach_back(limit: Limit) -> int:
    """Say how far back a count may lead. Errors: ValueError for a limit that is no length."""
    if limit.kind not in {Kind.WORKING_TIME, Kind.WORKING_DAYS, Kind.DAYS}:
        message = f"nothing lies {limit} before an instant"
        raise ValueError(message)
    # enough in any calendar that is open an hour on every other day
    days = limit.amount // 3600 if limit.kind is Kind.WORKING_TIME else limit.amount
    return (2 * days + 60) * DAY


def _working(table: Table) -> Count:
    sums, ends = table.sums, table.ends

    def reach(worked: int) -> int:
        i = bisect_left(sums, worked, lo=1)
        return ends[i - 1] - (sums[i] - worked)

    return Count(measure=table.worked, reach=reach)


def _counted(table: Table, begin: int, limit: Limit, stops: Stopped) -> int | None:
    """Find the end of a limit that counts events: closings, clock times, ends of days."""
    if limit.kind is Kind.CLOCK:
        times = table.clock(limit.amount)
        return nth_event(times, bisect_right(times, begin), 1, stops)
    if limit.kind is Kind.SAME_DAY:
        first = bisect_right(table.closings, begin)
        return nth_event(table.closings, first, 1, stops)
    if limit.kind is Kind.WORKING_DAYS:
        first = bisect_right(table.openings_of_days, begin)
        return nth_event(table.closings, first, limit.amount, stops)
    # The day of the start ends at `today_ends`; day 1 ends one later.
    today_ends = bisect_right(table.midnights, begin)
    end_of_last = nth_event(table.midnights, today_ends + 1, limit.amount, stops)
    if end_of_last is None:
        return None
    last = table.midnights[bisect_left(table.midnights, end_of_last) - 1]
    return nth_event(table.closings, bisect_left(table.openings_of_days, last), 1, stops)

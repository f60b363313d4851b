"""The prefix sum under all working-time arithmetic, so that one answer is a bisection."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from townkeeper.calendars.hours import DAY_MINUTES, Spans

Instants = NDArray[np.int64]
"""Instants or lengths in microseconds; instants count from 1970-01-01 UTC."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MINUTE: Final = 60_000_000
DAY: Final = DAY_MINUTES * MINUTE
_EPOCH_DAY: Final = EPOCH.toordinal()


def microseconds(at: datetime) -> int:
    """Count from the epoch; a time without a zone is refused, because it is not an instant."""
    if at.tzinfo is None:
        message = f"{at} has no time zone; working time needs an exact instant"
        raise ValueError(message)
    return (at - EPOCH) // MICROSECOND


def instant(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


class Table:
    """All open intervals and working days of a stretch of days, with sums up to each.

    Lists serve one question at a time, arrays a million at once; both hold the same numbers. The
    first interval is an empty one at the first midnight, so that every instant has one before it.
    """

    def __init__(
        self, first: date, last: date, spans_of: Callable[[date], Spans], zone: ZoneInfo
    ) -> None:
        self.first, self.last, self._zone = first, last, zone
        days = last.toordinal() - first.toordinal() + 1
        self.midnights = [self._local(first + timedelta(days=n), 0) for n in range(days + 1)]
        begins, ends = [self.midnights[0]], [self.midnights[0]]
        self.openings_of_days: list[int] = []
        self.closings: list[int] = []
        for index in range(days):
            open_before = len(begins)
            for span in spans_of(first + timedelta(days=index)):
                begin, end = self.at(index, span.opens), self.at(index, span.closes)
                if begin < end:  # the clocks going forward can swallow a span
                    begins.append(begin)
                    ends.append(end)
            if len(begins) > open_before:
                self.openings_of_days.append(self.midnights[index])
                self.closings.append(ends[-1])
        self.begins, self.ends = begins, ends
        lengths = (end - begin for begin, end in zip(begins, ends, strict=True))
        self.sums = list(accumulate(lengths, initial=0))
        self.np_begins, self.np_ends = np.array(begins), np.array(ends)
        self.np_sums = np.array(self.sums)
        self.np_midnights = np.array(self.midnights)
        self.np_working_midnights = np.array(self.openings_of_days)
        self.np_closings = np.array(self.closings)
        self._clocks: dict[int, list[int]] = {}

    def _local(self, day: date, minutes: int) -> int:
        """Find the instant of a wall clock time; one that is skipped is where the skip ends."""
        local = datetime.combine(day, time(minutes // 60, minutes % 60), self._zone)
        offset = local.utcoffset() or timedelta()
        after = local.replace(fold=1).utcoffset() or timedelta()
        us = (day.toordinal() - _EPOCH_DAY) * DAY + minutes * MINUTE - offset // MICROSECOND
        if after <= offset:
            return us
        us -= (after - offset) // MICROSECOND
        while instant(us).astimezone(self._zone).utcoffset() != after:
            us += MINUTE
        return us

    def at(self, index: int, minutes: int) -> int:
        """Find the instant of a local clock time on the day with that index."""
        begin, end = self.midnights[index], self.midnights[index + 1]
        if end - begin == DAY:
            return begin + minutes * MINUTE
        if minutes == DAY_MINUTES:
            return end
        return self._local(self.first + timedelta(days=index), minutes)

    def clock(self, minutes: int) -> list[int]:
        """All instants of a local clock time, in order."""
        if minutes not in self._clocks:
            self._clocks[minutes] = [
                self.at(index, minutes) for index in range(len(self.midnights) - 1)
            ]
        return self._clocks[minutes]

    def worked(self, us: int) -> int:
        """Working microseconds from the table's beginning until an instant."""
        i = bisect_right(self.begins, us) - 1
        return self.sums[i] + min(us, self.ends[i]) - self.begins[i]

    def worked_many(self, us: Instants) -> Instants:
        i = np.searchsorted(self.np_begins, us, side="right") - 1
        result: Instants = self.np_sums[i] + np.minimum(us, self.np_ends[i]) - self.np_begins[i]
        return result

"""Counting back from an end: the mirror of the counts forward, for what comes before a due time."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from townkeeper.calendars._table import Table
from townkeeper.calendars.limits import Kind, Limit


@dataclass(frozen=True, slots=True)
class Count:
    """A count that runs like a clock: working time, or plain time."""

    measure: Callable[[int], int]
    reach: Callable[[int], int]


def working_back(table: Table) -> Callable[[int], int]:
    sums, begins = table.sums, table.begins

    def reach(worked: int) -> int:
        # the latest instant of a count: an opening, not the closing before it
        i = bisect_right(sums, worked) - 1
        return begins[i] + (worked - sums[i])

    return reach


def run_back(end: int, amount: int, stops: Sequence[tuple[int, int]], count: Count) -> int:
    """Find the instant from which `amount` runs up to `end`, closed stops taken out."""
    at, left = end, amount
    for a, b in sorted(stops, reverse=True):
        if b > at:  # it lies within a stop that was taken out already
            at = min(at, a)
            continue
        runs = count.measure(at) - count.measure(b)
        if runs >= left:
            break
        left -= runs
        at = a
    return count.reach(count.measure(at) - left)


def counted_back(table: Table, end: int, limit: Limit, stops: Sequence[tuple[int, int]]) -> int:
    """Find the close of the n-th day before the day of `end` on which the clock did not stand."""
    first = table.midnights[bisect_left(table.midnights, end) - 1]
    days = table.openings_of_days if limit.kind is Kind.WORKING_DAYS else table.midnights
    index, left = bisect_left(days, first), limit.amount
    while left:
        index -= 1
        close = table.closings[index] if days is table.openings_of_days else days[index + 1]
        left -= not any(a < close <= b for a, b in stops)
    last = bisect_right(table.openings_of_days, days[index]) - 1
    return table.closings[last]

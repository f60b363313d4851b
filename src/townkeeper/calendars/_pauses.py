"""Suspension taken out of a count: the same few rules for every kind of limit."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from townkeeper.calendars._table import microseconds

Pause = tuple[datetime, datetime | None]
"""From and until; an open end means that the clock is still stopped."""
Stop = tuple[int, int | None]

Measure = Callable[[int], int]


def stops_of(pauses: Iterable[Pause], start: int) -> list[Stop]:
    """Put pauses in order, joined where they touch, without what lies before the start.

    Errors: ValueError for a pause that ends before it begins.
    """
    stops: list[Stop] = []
    for begin, end in pauses:
        a, b = microseconds(begin), None if end is None else microseconds(end)
        if b is not None and b < a:
            message = f"a pause ends ({end}) before it begins ({begin})"
            raise ValueError(message)
        if b is None or max(a, start) < b:
            stops.append((max(a, start), b))
    joined: list[Stop] = []
    for a, b in sorted(stops, key=lambda stop: stop[0]):
        if joined and (joined[-1][1] is None or a <= joined[-1][1]):
            last_a, last_b = joined[-1]
            joined[-1] = (last_a, None if last_b is None or b is None else max(last_b, b))
        else:
            joined.append((a, b))
    return joined


def run_out(
    start: int, amount: int, stops: Iterable[Stop], *, measure: Measure, reach: Measure
) -> int | None:
    """Find when `amount` has run since the start; None while the clock stands.

    `measure` counts until an instant, `reach` is its inverse (the earliest instant of a count).
    """
    at, left = start, amount
    for a, b in stops:
        runs = measure(a) - measure(at)
        if runs >= left:
            break
        if b is None:
            return None
        left -= runs
        at = b
    return reach(measure(at) + left)


def running(start: int, now: int, stops: Iterable[Stop], *, measure: Measure) -> int:
    """How much has run between two instants, suspension taken out."""
    until = max(start, now)
    total = measure(until) - measure(start)
    for a, b in stops:
        if a < until:
            total -= measure(until if b is None else min(b, until)) - measure(a)
    return total


def nth_event(events: Sequence[int], index: int, count: int, stops: Sequence[Stop]) -> int | None:
    """Find the count-th event from an index on before which the clock ran; None if it stands.

    An event is lost when the clock stood just before it: begun before, resumed not earlier. Raises
    IndexError where the events do not reach far enough.
    """
    if not stops:
        return events[index + count - 1]
    begins = [a for a, _ in stops]
    while True:
        event = events[index]
        i = bisect_right(begins, event - 1) - 1
        a_stop = stops[i] if i >= 0 else None
        if a_stop is None or (a_stop[1] is not None and a_stop[1] < event):
            count -= 1
            if count == 0:
                return event
        elif a_stop[1] is None:
            return None
        index += 1

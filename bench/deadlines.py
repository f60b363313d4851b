"""A million due times at once, against the walk from day to day that one would write first.

Values are operations per second; the reference walks a sample, and its answers must be the same.
The promise is a million in under a second: a value above 1,000,000.
"""

import time
from datetime import UTC, date, datetime, timedelta

import chinese_calendar.constants as package
import numpy as np

from townkeeper.calendars.hours import weekly_hours
from townkeeper.calendars.limits import Limit
from townkeeper.calendars.worktime import DayRule, WorkCalendar

LIMITS = ("4wh", "2wd", "7d", "same-day", "20:30", "24h")
SEED = 20261122


def run(quick: bool = False) -> list[dict]:
    calendar = _calendar()
    size, sample = (100_000, 200) if quick else (1_000_000, 2_000)
    rng = np.random.default_rng(SEED)
    first = np.datetime64("2011-01-01", "us")
    starts = first + rng.integers(0, 15 * 365 * 86_400, size).astype("m8[s]")
    ends = starts + rng.integers(0, 30 * 86_400, size).astype("m8[s]")
    calendar.add_many(starts[:10], Limit.parse("4wh"))  # the table is built once, and not measured
    rows = []
    for text in LIMITS:
        limit = Limit.parse(text)
        seconds, due = _best(lambda limit=limit: calendar.add_many(starts, limit))
        row = _row(f"due {text}", size / seconds)
        if walk := WALKS.get(text):
            expected, rate = _walked(walk, calendar, starts[:sample])
            assert due[:sample].tolist() == expected
            row |= {"reference": rate, "ratio": row["value"] / rate}
        rows.append(row)
    seconds, spent = _best(lambda: calendar.elapsed_many(starts, ends))
    pairs = list(zip(_aware(starts[:sample]), _aware(ends[:sample]), strict=True))
    began = time.perf_counter()
    expected = [_walk_between(calendar, a, b) for a, b in pairs]
    rate = sample / (time.perf_counter() - began)
    assert spent[:sample].tolist() == expected
    rows.append(_row("elapsed", size / seconds, rate))
    rows.append(_one_by_one(calendar, starts[: sample * 5]))
    return rows


def _row(name, value, reference=None):
    ratio = None if reference is None else value / reference
    row = {"name": name, "value": value, "unit": "per second"}
    return row | {"reference": reference, "ratio": ratio}


def _calendar():
    days = {on: DayRule(is_working=False, name=str(name)) for on, name in package.holidays.items()}
    days |= {on: DayRule(is_working=True, name=str(name)) for on, name in package.workdays.items()}
    return WorkCalendar(
        weekly_hours({"mon-fri": "08:30-12:00, 14:00-18:00"}),
        days,
        time_zone="Asia/Shanghai",
        known_until=date(2026, 12, 31),
    )


def _best(work):
    """Time a call three times and keep the best: other work on the machine only slows."""
    results = []
    for _ in range(3):
        began = time.perf_counter()
        result = work()
        results.append(time.perf_counter() - began)
    return min(results), result


def _aware(many):
    return [at.replace(tzinfo=UTC) for at in many.tolist()]


def _walked(walk, calendar, starts):
    instants = _aware(starts)
    began = time.perf_counter()
    ends = [walk(calendar, at) for at in instants]
    rate = len(instants) / (time.perf_counter() - began)
    return [end.astimezone(UTC).replace(tzinfo=None) for end in ends], rate


def _one_by_one(calendar, starts):
    """One case at a time, as when it is opened: due time and warning point."""
    limit = Limit.parse("4wh")
    instants = _aware(starts)
    began = time.perf_counter()
    for at in instants:
        calendar.due(at, limit)
        calendar.warn_at(at, limit, 0.8)
    return _row("one due time with its warning", len(instants) / (time.perf_counter() - began))


# The reference: from day to day, from span to span.


def _opening(calendar, on):
    midnight = datetime(on.year, on.month, on.day, tzinfo=calendar.zone)
    return [
        (midnight + timedelta(minutes=a), midnight + timedelta(minutes=b))
        for a, b in calendar.spans_of(on)
    ]


def _walk_hours(calendar, start):
    left = timedelta(hours=4)
    at = start.astimezone(calendar.zone)
    on = at.date()
    while True:
        for opens, closes in _opening(calendar, on):
            begin = max(opens, at)
            if begin < closes:
                if closes - begin >= left:
                    return begin + left
                left -= closes - begin
        on += timedelta(days=1)


def _walk_days(calendar, start):
    on, left = start.astimezone(calendar.zone).date(), 2
    while left:
        on += timedelta(days=1)
        left -= calendar.is_working_day(on)
    return _opening(calendar, on)[-1][1]


def _walk_between(calendar, a, b):
    on, total = a.astimezone(calendar.zone).date(), timedelta()
    while on <= b.astimezone(calendar.zone).date():
        for opens, closes in _opening(calendar, on):
            total += max(timedelta(), min(closes, b) - max(opens, a))
        on += timedelta(days=1)
    return int(total.total_seconds())


WALKS = {"4wh": _walk_hours, "2wd": _walk_days}

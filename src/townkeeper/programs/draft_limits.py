"""Guesses calendars and limits from records: which rule explains most of the due times.

Four rules are tried for each kind of matter: a fixed number of hours round the clock, calendar
days, working days, and working hours. The amount is the one that most rows agree on (the mode); the
rule is the one whose amount explains most rows, the simpler one where two explain about the same.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from townkeeper.programs.draft_learn import Learned, Spans

DAY: Final = 86_400
HOUR: Final = 3_600
NEAR: Final = 120
"""Seconds by which an exact span may be off: systems round."""
MORNING: Final = 10 * HOUR
"""A due time at a fixed hour before ten means the end of the working day before."""
FIXED_SHARE: Final = 0.3
DAYS_FROM: Final = 72
SIMPLER_BY: Final = 0.03
QUIET: Final = 0.2
"""A weekday with fewer closings than this share of a usual one looks like a day off."""


@dataclass(frozen=True, slots=True)
class WeekGuess:
    """When the office seems to work."""

    due_on_weekend: float
    opened_on_weekend: float
    opens: int
    closes: int
    """Minutes after midnight, to the half hour: nine tenths of the closings lie between."""
    days_off: tuple[date, ...]

    @property
    def hours(self) -> str:
        """Return the opening hours as a calendar file writes them."""
        return f"{_clock(self.opens)}-{_clock(self.closes)}"


@dataclass(frozen=True, slots=True)
class LimitGuess:
    """One rule and how many due times it explains."""

    limit: str
    share: float
    rows: int
    median: str
    """The median of the spans, in days, for a person to compare."""
    others: tuple[tuple[str, float], ...] = ()


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def guess_week(learned: Learned) -> WeekGuess:
    """Return when the office seems to work, from due times and closings."""
    opens, closes = _usual_hours(learned.closed_minutes)
    due, opened = _weekend_share(learned.due_days), _weekend_share(learned.opened_days)
    return WeekGuess(
        due_on_weekend=due,
        opened_on_weekend=opened,
        opens=opens,
        closes=closes,
        days_off=_quiet_days(learned),
    )


def _weekend_share(days: Counter[date]) -> float:
    weekend = sum(count for day, count in days.items() if day.weekday() > 4)  # noqa: PLR2004
    return weekend / max(days.total(), 1)


def _usual_hours(minutes: Counter[int]) -> tuple[int, int]:
    """Return the hours between which nine tenths of the closings on weekdays lie."""
    if minutes.total() < 100:  # noqa: PLR2004 - too few to say anything
        return 9 * 60, 17 * 60
    every = np.repeat(list(minutes), list(minutes.values()))
    first, last = np.percentile(every, [5, 95])
    opens, closes = round(first / 30) * 30, round(last / 30) * 30
    return (opens, min(closes, 1439)) if closes > opens else (9 * 60, 17 * 60)


def _quiet_days(learned: Learned) -> tuple[date, ...]:
    """Return weekdays within the records on which hardly anything was closed."""
    if not learned.opened_days:
        return ()
    first, last = min(learned.opened_days), max(learned.opened_days)
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weekdays = [day for day in span if day.weekday() < 5]  # noqa: PLR2004 - Monday to Friday
    usual = float(np.median([learned.closed_days[day] for day in weekdays] or [0]))
    if usual < 20:  # noqa: PLR2004 - too few to say anything
        return ()
    return tuple(day for day in weekdays if learned.closed_days[day] < usual * QUIET)


def guess_limit(spans: Spans, week: WeekGuess) -> LimitGuess | None:
    """Return the rule that explains most due times of one kind; None without due times."""
    if not spans.due:
        return None
    opened = np.frombuffer(spans.opened, dtype=np.int64)
    due = np.frombuffer(spans.due, dtype=np.int64)
    found = [
        guess
        for guess in (
            _elapsed(due - opened),
            _days("d", opened, due, None),
            _days("wd", opened, due, week.days_off),
        )
        if guess is not None
    ]
    if not found:
        return None
    # In this order the earlier one is the simpler: it wins unless a later one is clearly better.
    best = found[0]
    for guess in found[1:]:
        if guess[1] > best[1] + SIMPLER_BY:
            best = guess
    ordered = sorted(found, key=lambda guess: -guess[1])
    return LimitGuess(
        limit=best[0],
        share=best[1],
        rows=len(due),
        median=f"{np.median(due - opened) / DAY:.1f}",
        others=tuple(guess for guess in ordered if guess != best),
    )


def _elapsed(seconds: NDArray[np.int64]) -> tuple[str, float] | None:
    """Return the commonest whole number of hours, counted round the clock."""
    hours = np.rint(seconds / HOUR).astype(np.int64)
    exact = np.abs(seconds - hours * HOUR) <= NEAR
    found = _commonest(np.where(exact, hours, -1), len(seconds), "h")
    # Nobody says 2880 hours: from three days on people count in days.
    return None if found and int(found[0].removesuffix("h")) >= DAYS_FROM else found


def _days(
    unit: str,
    opened: NDArray[np.int64],
    due: NDArray[np.int64],
    days_off: tuple[date, ...] | None,
) -> tuple[str, float] | None:
    """Return the commonest number of days; with `days_off` working days are counted."""
    clock = due % DAY
    times, counts = np.unique(clock, return_counts=True)
    usual = times[counts.argmax()]
    is_morning = counts.max() >= len(due) * FIXED_SHARE and usual <= MORNING
    ends = np.where((clock == usual) & is_morning, due - usual - 1, due)
    first, last = _dates(opened), _dates(ends)
    if days_off is None:
        amounts = (last - first).astype(np.int64)
    else:
        off = np.array(days_off, dtype="datetime64[D]")
        one = np.timedelta64(1, "D")
        amounts = np.busday_count(first + one, last + one, holidays=off)
    return _commonest(amounts, len(due), unit)


def _dates(seconds: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return (seconds // DAY).astype("datetime64[D]")


def _commonest(amounts: NDArray[np.int64], total: int, unit: str) -> tuple[str, float] | None:
    values, counts = np.unique(amounts[amounts >= 0], return_counts=True)
    if not len(values):
        return None
    amount, share = int(values[counts.argmax()]), float(counts.max()) / total
    if amount == 0:
        return ("same-day", share) if unit != "h" else None
    return f"{amount}{unit}", share

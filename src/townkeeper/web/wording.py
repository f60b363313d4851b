"""Times and clocks in the words of the page: `1 h 18 min left, due 13:05`.

Moments are aware; they are shown in the site's zone (`TIME_ZONE`), never in the browser's, because
a deadline is a matter of local law. Durations are plain elapsed time unless a caller says working
time in so many words.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24

ClockState = Literal["none", "ok", "warn", "over", "paused", "kept", "missed"]


class Rule(Protocol):
    """How a limit is counted (`counting.Counting`)."""

    def share(self, start: datetime, moment: datetime) -> float:
        """Return the used part of the limit at a moment."""

    @property
    def words(self) -> str:
        """Return limit and rule in words."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One running or stopped time limit as a page shows it."""

    due_at: datetime | None
    opened_at: datetime | None = None
    warn_at: datetime | None = None
    done_at: datetime | None = None
    is_paused: bool = False
    rule: Rule | None = None
    """How its limit is counted; without it only plain time can be."""
    card: str = ""
    """`yellow` or `red`, as a rung of the ladder has shown it: being late alone shows none."""

    def state(self, now: datetime) -> ClockState:
        """Return how the limit stands at `now`."""
        if self.is_paused and self.done_at is None:
            # a stop before the due time takes it away; one after it heals nothing
            return "over" if self.due_at is not None and now > self.due_at else "paused"
        if self.due_at is None:
            return "none"
        if self.done_at is not None:
            return "kept" if self.done_at <= self.due_at else "missed"
        if now > self.due_at:
            return "over"
        return "warn" if self.warn_at is not None and now >= self.warn_at else "ok"

    def share(self, moment: datetime | None) -> int:
        """Return the used part of the limit at `moment`, in whole percent, at most 100.

        It is counted as the limit is: of working hours only those. A clock that has run out is
        full, whatever its due time was given for.
        """
        if self.due_at is None or self.opened_at is None or moment is None:
            return 0
        if self.rule is not None and (self.is_paused or moment < self.due_at):
            used = self.rule.share(self.opened_at, moment)
        else:
            whole = (self.due_at - self.opened_at).total_seconds()
            if whole <= 0:
                return 100
            used = (moment - self.opened_at).total_seconds() / whole
        return round(100 * min(1.0, max(0.0, used)))

    def hint(self, now: datetime) -> str:
        """Return how much is used and how that is counted, for whoever asks; empty without."""
        if self.due_at is None or self.opened_at is None or self.done_at is not None:
            return ""
        used = _("%(share)d%% of the limit used") % {"share": self.share(now)}
        return f"{used} · {self.rule.words if self.rule else _('every hour counts, holidays too')}"

    @property
    def warn_share(self) -> int:
        """Return where the yellow card stands on the bar, in whole percent."""
        return self.share(self.warn_at)

    def words(self, now: datetime) -> str:
        """Return the state in words: `1 h 18 min left`, `overdue by 12 min`, `in time`."""
        state = self.state(now)
        if state == "paused":
            return _("clock stopped")
        if self.due_at is None:
            return _("no time limit")
        if state == "over":
            late = _("overdue by %(span)s") % {"span": span(now - self.due_at)}
            return _("stopped after the due time") if self.is_paused else late
        if self.done_at is not None:
            if state == "kept":
                return _("done in time")
            return _("done %(span)s late") % {"span": span(self.done_at - self.due_at)}
        return _("%(span)s left") % {"span": span(self.due_at - now)}


def span(length: timedelta) -> str:
    """Return an elapsed time in its two largest units, rounded down to the minute."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < MINUTE:
        return _("under 1 min")
    if seconds < HOUR:
        return _("%(minutes)s min") % {"minutes": seconds // MINUTE}
    if seconds < DAY:
        parts = {"hours": seconds // HOUR, "minutes": seconds // MINUTE % MINUTES_PER_HOUR}
        text = _("%(hours)s h %(minutes)s min") if parts["minutes"] else _("%(hours)s h")
        return text % parts
    parts = {"days": seconds // DAY, "hours": seconds // HOUR % HOURS_PER_DAY}
    text = _("%(days)s d %(hours)s h") if parts["hours"] else _("%(days)s d")
    return text % parts


def clock_time(moment: datetime, now: datetime) -> str:
    """Return a moment as short as it is clear: `13:05` today, `11-06 13:05`, `2025-11-06 13:05`."""
    local, today = timezone.localtime(moment), timezone.localtime(now)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    if local.year == today.year:
        return local.strftime("%m-%d %H:%M")
    return local.strftime("%Y-%m-%d %H:%M")


def full_time(moment: datetime) -> str:
    """Return a moment to the minute with its date, in the site's zone."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def month_words(period: str) -> str:
    """Return a period `2026-10` as a month in words; every other period stays as it is written."""
    try:
        first = date.fromisoformat(f"{period}-01")
    except ValueError:
        return period
    return date_format(first, "YEAR_MONTH_FORMAT")


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, or how far ahead it lies."""
    length = now - moment
    if abs(length) < timedelta(minutes=1):
        return _("just now")
    if length > timedelta(0):
        return _("%(span)s ago") % {"span": span(length)}
    return _("in %(span)s") % {"span": span(-length)}


def script_words() -> dict[str, str]:
    """Return the phrases with which `ui.js` keeps shown clocks going, as templates."""
    return {
        "left": _("%(span)s left"),
        "over": _("overdue by %(span)s"),
        "under": _("under 1 min"),
        "m": _("%(minutes)s min"),
        "hm": _("%(hours)s h %(minutes)s min"),
        "h": _("%(hours)s h"),
        "dh": _("%(days)s d %(hours)s h"),
        "d": _("%(days)s d"),
    }

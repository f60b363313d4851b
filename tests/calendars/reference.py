"""A slow, obvious reference for working time: it walks minute by minute and knows no shortcut."""

from datetime import UTC, date, datetime, time, timedelta

from townkeeper.calendars.limits import Kind, Limit
from townkeeper.calendars.worktime import WorkCalendar

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether the minute that begins at `at` is working time."""
    local = at.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    return any(opens <= minute < closes for opens, closes in spans(calendar, local.date()))


def spans(calendar: WorkCalendar, on: date):
    rule = calendar.days.get(on)
    if rule is None:
        return calendar.hours.get(on.weekday(), ())
    if not rule.is_working:
        return ()
    return rule.hours or calendar.hours[calendar.makeup_weekday]


def is_paused(at: datetime, pauses) -> bool:
    """Whether the minute that begins at `at` lies in a pause."""
    return any(a <= at and (b is None or at < b) for a, b in pauses)


def elapsed(calendar: WorkCalendar, a: datetime, b: datetime) -> int:
    count = 0
    while a < b:
        count += is_open(calendar, a)
        a += MINUTE
    return count * 60


def closing(calendar: WorkCalendar, on: date) -> datetime | None:
    day = spans(calendar, on)
    if not day:
        return None
    return local(calendar, on, day[-1][1])


def local(calendar: WorkCalendar, on: date, minutes: int) -> datetime:
    midnight = datetime.combine(on + DAY * (minutes // 1440), time(), calendar.zone)
    return midnight.replace(hour=minutes // 60 % 24, minute=minutes % 60).astimezone(UTC)


def runs_before(at: datetime, pauses) -> bool:
    """Whether the clock runs in the last minute before `at`."""
    return not is_paused(at - MINUTE, pauses)


def due(calendar: WorkCalendar, start: datetime, limit: Limit, pauses=()) -> datetime | None:
    end_of_walk = start + timedelta(days=400)
    if limit.kind in {Kind.WORKING_TIME, Kind.ELAPSED}:
        left, at = limit.amount // 60, start
        while at < end_of_walk:
            counts = limit.kind is Kind.ELAPSED or is_open(calendar, at)
            left -= counts and not is_paused(at, pauses)
            at += MINUTE
            if not left:
                return at
        return None
    return None if limit.kind is Kind.NONE else counted(calendar, start, limit, pauses)


def counted(calendar, start, limit, pauses):
    today = start.astimezone(calendar.zone).date()
    if limit.kind is Kind.CLOCK:
        return first(local(calendar, today + DAY * n, limit.amount) for n in range(400))(
            lambda at: at > start and runs_before(at, pauses)
        )
    closings = [closing(calendar, today + DAY * n) for n in range(400)]
    if limit.kind is Kind.SAME_DAY:
        return first(at for at in closings if at)(lambda at: at > start and runs_before(at, pauses))
    if limit.kind is Kind.WORKING_DAYS:
        ends = [at for at in closings[1:] if at and runs_before(at, pauses)]
        return ends[limit.amount - 1] if len(ends) >= limit.amount else None
    return calendar_days(calendar, today, limit.amount, pauses)


def calendar_days(calendar, today, amount, pauses):
    days = [today + DAY * n for n in range(1, 400)]
    counted = [day for day in days if runs_before(local(calendar, day, 1440), pauses)]
    if len(counted) < amount:
        return None
    last = counted[amount - 1]
    closings = (closing(calendar, last + DAY * n) for n in range(400))
    return first(at for at in closings if at)(lambda at: runs_before(at, pauses))


def first(items):
    return lambda wanted: next((item for item in items if wanted(item)), None)

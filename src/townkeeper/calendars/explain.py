"""Every due time explains itself: the steps of its count, and those steps in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from townkeeper.calendars._pauses import Pause, stops_of
from townkeeper.calendars._table import instant, microseconds
from townkeeper.calendars.hours import DAY_MINUTES, clock
from townkeeper.calendars.limits import Kind, Limit
from townkeeper.calendars.words import (
    REST_DAY,
    STEPS,
    SUSPENDED,
    WEEKEND,
    say_date,
    say_duration,
    say_name,
    say_time,
)
from townkeeper.calendars.worktime import WorkCalendar

Value = datetime | date | timedelta | Limit | int | str
ONE_DAY: Final = timedelta(days=1)
MOMENT: Final = timedelta(microseconds=1)
SATURDAY: Final = 5
MANY: Final = 3
"""More ordinary working days in a row than this are told in one step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a count, the same in every language: what it is, and its figures."""

    code: str
    params: Mapping[str, Value] = field(default_factory=dict)

    def in_words(self, lang: str) -> str:
        """Say it in `zh-Hant`, `zh-Hans` or `en`."""
        said = {name: _say(value, lang) for name, value in self.params.items()}
        return STEPS[lang][self.code].format(**said)

    def as_dict(self) -> dict[str, object]:
        """Give it as plain JSON values: times in ISO 8601, lengths in seconds."""
        return {"code": self.code} | {name: _plain(value) for name, value in self.params.items()}


def in_words(steps: Iterable[Step], lang: str) -> list[str]:
    """Say each step as one sentence in `zh-Hant`, `zh-Hans` or `en`."""
    return [step.in_words(lang) for step in steps]


def _say(value: Value, lang: str) -> str:
    if isinstance(value, datetime):
        return say_time(value, lang)
    if isinstance(value, date):
        return say_date(value, lang)
    if isinstance(value, timedelta):
        return say_duration(value, lang)
    if isinstance(value, Limit):
        return value.title(lang)
    return say_name(value, lang) if isinstance(value, str) else str(value)


def _plain(value: Value) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return str(value) if isinstance(value, Limit) else value


def explain(
    calendar: WorkCalendar, start: datetime, limit: Limit, pauses: Iterable[Pause] = ()
) -> list[Step]:
    """Tell step by step how a due time comes about, down to it or to why there is none."""
    return _Story(calendar, start, limit, pauses).told()


class _Story:
    """The telling of one due time, day by day in the calendar's own zone."""

    def __init__(
        self, calendar: WorkCalendar, start: datetime, limit: Limit, pauses: Iterable[Pause]
    ) -> None:
        self.calendar, self.limit = calendar, limit
        self.start = start.astimezone(calendar.zone)
        self.stops = [
            (self._local(a), None if b is None else self._local(b))
            for a, b in stops_of(pauses, microseconds(start))
        ]
        self.result = calendar.due(start, limit, ((a, b) for a, b in self.stops))
        due, last = self.result.at, self.stops[-1] if self.stops else None
        self.due = None if due is None else due.astimezone(calendar.zone)
        self.end = self.due or (last[0] if last else self.start)
        """Where the telling stops: the due time, or where the clock stopped."""

    def told(self) -> list[Step]:
        steps = [Step("start", {"at": self.start})]
        if self.limit.kind is Kind.NONE:
            return [*steps, Step("none")]
        steps += [Step("limit", {"limit": self.limit}), *self._body()]
        if self.due is None:
            return [*steps, Step("stopped", {"since": self.stops[-1][0]})]
        if self.result.provisional:
            steps.append(Step("provisional", {"known": self.calendar.known_until}))
        return [*steps, Step("due", {"at": self.due})]

    def _body(self) -> Iterator[Step]:
        today = self.start.date()
        match self.limit.kind:
            case Kind.WORKING_TIME:
                yield Step("working-time")
                yield from self._moved()
                yield from self._worked()
            case Kind.WORKING_DAYS:
                yield Step("working-days", {"on": today})
                yield from self._counted()
            case Kind.DAYS:
                yield Step("days", {"on": today})
                yield from self._calendar_days()
            case Kind.ELAPSED:
                yield Step("elapsed")
                for a, b in self._closed_stops():
                    taken = b.astimezone(UTC) - a.astimezone(UTC)  # not by the clock on the wall
                    yield Step("paused", {"since": a, "until": b, "taken": taken})
            case Kind.SAME_DAY:
                yield Step("same-day")
                yield from self._same_day()
            case _:
                yield Step("clock", {"clock": clock(self.limit.amount)})
                yield from self._paused_days()

    # Time and days

    def _local(self, us: int) -> datetime:
        return instant(us).astimezone(self.calendar.zone)

    def _at(self, on: date, minutes: int) -> datetime:
        day = on + ONE_DAY * (minutes // DAY_MINUTES)
        clock_time = time(minutes // 60 % 24, minutes % 60)
        return datetime.combine(day, clock_time, self.calendar.zone)

    def _stood_at(self, end: datetime) -> bool:
        return any(a < end and (b is None or end <= b) for a, b in self.stops)

    def _closing(self, on: date) -> datetime:
        return self._at(on, self.calendar.spans_of(on)[-1].closes)

    def _why_off(self, on: date) -> str:
        rule = self.calendar.days.get(on)
        if rule is not None and rule.name:
            return rule.name
        return WEEKEND if on.weekday() >= SATURDAY else REST_DAY

    def _closed_stops(self) -> Iterator[tuple[datetime, datetime]]:
        return ((a, b) for a, b in self.stops if b is not None and a < self.end)

    def _paused_days(self) -> Iterator[Step]:
        for a, b in self._closed_stops():
            yield Step("paused-days", {"since": a, "until": b})

    def _special(self, on: date) -> Step | None:
        """Name what makes a working day unusual."""
        rule = self.calendar.days.get(on)
        if rule is None:
            return None
        if rule.hours is None:
            return Step("makeup", {"on": on, "name": rule.name})
        hours = ", ".join(span.text() for span in rule.hours)
        return Step("own-hours", {"on": on, "name": rule.name, "hours": hours})

    def _rests(self, days: Sequence[date]) -> Iterator[Step]:
        for name, group in groupby(days, self._why_off):
            run = list(group)
            if len(run) == 1:
                yield Step("rest", {"on": run[0], "name": name})
            else:
                yield Step("rests", {"first": run[0], "last": run[-1], "name": name})

    # Working time

    def _moved(self) -> Iterator[Step]:
        """Say why counting begins later than the start, where it does."""
        today = self.start.date()
        spans = self.calendar.spans_of(today)
        if any(self._at(today, a) <= self.start < self._at(today, b) for a, b in spans):
            return
        later = [span for span in spans if self._at(today, span.opens) > self.start]
        if later:
            code = "early" if later[0] == spans[0] else "break"
            yield Step(code, {"to": self._at(today, later[0].opens)})
            return
        following = self.calendar.next_working_day(today)
        to = self._at(following, self.calendar.spans_of(following)[0].opens)
        if spans:
            yield Step("closed", {"to": to})
        else:
            yield Step("off", {"on": today, "name": self._why_off(today), "to": to})

    def _run_until(self, until: datetime) -> timedelta:
        """Measure the working time that has run between the start and an instant."""
        ran = self.calendar.elapsed(self.start, until)
        for a, b in self.stops:
            if a < until:
                ran -= self.calendar.elapsed(a, until if b is None else min(b, until))
        return timedelta(seconds=ran)

    def _worked(self) -> Iterator[Step]:
        whole = timedelta(seconds=self.limit.amount)
        last = (self.end - MOMENT).astimezone(self.calendar.zone).date()
        day, ran = self.start.date(), timedelta()
        for run in self._runs(day, last):
            yield from self._stops_on(run[0], run[-1])
            until = min(self.end, self._at(run[-1] + ONE_DAY, 0))
            until_ran = whole if self.due and run[-1] == last else self._run_until(until)
            used, ran = until_ran - ran, until_ran
            yield from self._told_run(run, used, whole - ran, last=last)

    def _told_run(
        self, run: Sequence[date], used: timedelta, left: timedelta, *, last: date
    ) -> Iterator[Step]:
        if not self.calendar.is_working_day(run[0]):
            if run[0] > self.start.date():
                yield from self._rests(run)
            return
        special = self._special(run[0])
        if special:
            yield special
        if self.due and run[-1] == last:
            yield Step("worked-last", {"on": last, "used": used, "at": self.due})
        elif len(run) > 1:
            days = sum(map(self.calendar.is_working_day, run))
            reach: dict[str, Value] = {"first": run[0], "last": run[-1], "days": days}
            yield Step("worked-days", reach | {"used": used, "left": left})
        elif used:
            yield Step("worked", {"on": run[0], "used": used, "left": left})

    def _stops_on(self, first: date, last: date) -> Iterator[Step]:
        for a, b in self._closed_stops():
            if first <= a.date() <= last:
                taken = timedelta(seconds=self.calendar.elapsed(a, b))
                yield Step("paused", {"since": a, "until": b, "taken": taken})

    def _runs(self, first: date, last: date) -> Iterator[list[date]]:
        """Cut days into what one step each can tell; long ordinary stretches are one."""
        days = [first + ONE_DAY * n for n in range((last - first).days + 1)]
        for ordinary, group in groupby(days, lambda on: self._is_ordinary(on, first, last)):
            run = list(group)
            working = [on for on in run if self.calendar.is_working_day(on)]
            if ordinary and len(working) > MANY:
                # Days off at the rim are told on their own, those within go without saying.
                begin, end = run.index(working[0]), run.index(working[-1]) + 1
                yield from filter(None, (run[:begin], run[begin:end], run[end:]))
                continue
            for open_day, same in groupby(run, self.calendar.is_working_day):
                if open_day:
                    yield from ([on] for on in same)
                else:
                    yield list(same)

    def _is_ordinary(self, on: date, first: date, last: date) -> bool:
        if on in {first, last} or on in self.calendar.days:
            return False
        begin, end = self._at(on, 0), self._at(on + ONE_DAY, 0)
        return not any(a < end and (b is None or begin < b) for a, b in self.stops)

    # Counted days

    def _counted(self) -> Iterator[Step]:
        first, last = self.start.date(), (self.end - MOMENT).astimezone(self.calendar.zone).date()
        yield from self._paused_days()
        n = 0
        for run in self._runs(first, last):
            days = [on for on in run if on > first]
            working = [on for on in days if self.calendar.is_working_day(on)]
            if not working:
                yield from self._rests(days)
            elif len(working) > 1:
                n += len(working)
                numbers = {"from_n": n - len(working) + 1, "to_n": n}
                yield Step("counted-days", {"first": working[0], "last": working[-1], **numbers})
            elif self._stood_at(self._closing(working[0])):
                yield Step("paused-day", {"on": working[0]})
            else:
                n += 1
                special = self._special(working[0])
                if special:
                    yield special
                yield Step("counted", {"on": working[0], "n": n})

    def _calendar_days(self) -> Iterator[Step]:
        yield from self._paused_days()
        if self.due is None:
            return
        day, left = self.start.date(), self.limit.amount
        while left:
            day += ONE_DAY
            left -= not self._stood_at(self._at(day, DAY_MINUTES))
        first = self.start.date() + ONE_DAY
        yield Step("calendar-days", {"first": first, "last": day, "n": self.limit.amount})
        end = (self.due - MOMENT).date()
        if end != day:
            name = SUSPENDED if self.calendar.is_working_day(day) else self._why_off(day)
            yield Step("rolled", {"on": day, "name": name, "to": end})

    def _same_day(self) -> Iterator[Step]:
        yield from self._paused_days()
        today = self.start.date()
        working = self.calendar.is_working_day(today)
        if working and self.start < self._closing(today):
            return
        to = self.calendar.next_working_day(today)
        if working:
            yield Step("next-day", {"to": to})
        else:
            yield Step("next-day-off", {"on": today, "name": self._why_off(today), "to": to})

"""Many clocks on their ladders at once: what `ladder.climbed` says of one, in few array calls."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from townkeeper.calendars.worktime import Datetimes, WorkCalendar
from townkeeper.cases.ladder import Ticking, climbed, limit_of, next_alarm, point_of
from townkeeper.procedures.model import Rung


@dataclass(slots=True)
class Climber:
    """A clock on its ladder: where it stands, and where it has come to."""

    key: Any
    clock: Ticking
    rungs: tuple[Rung, ...]
    rung: int
    next_at: datetime | None
    """When the present rung is reached."""
    reached: list[tuple[int, datetime]] = field(default_factory=list)


def times_of(moments: Iterable[datetime | None]) -> Datetimes:
    """Return instants as an array; None becomes NaT."""
    # plain UTC numbers: numpy takes no datetime that has a zone
    return np.array(
        [
            None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
            for moment in moments
        ],
        dtype="datetime64[us]",
    )


def climb(climbers: Sequence[Climber], calendar: WorkCalendar, now: datetime) -> None:
    """Move every clock to where it is now, under one calendar; `next_at` is then later or None."""
    plain: list[Climber] = []
    for each in climbers:
        if each.clock.pauses:
            each.reached, each.rung, each.next_at = climbed(
                each.rungs, each.rung, each.clock, calendar, now
            )
        else:
            plain.append(each)
    while plain:
        plain = [each for each in plain if each.next_at is not None and each.next_at <= now]
        for each in plain:
            assert each.next_at is not None  # noqa: S101 - chosen in the line above
            each.reached.append((each.rung, each.next_at))
            each.rung += 1
        set_next(plain, calendar)


def set_next(climbers: Sequence[Climber], calendar: WorkCalendar) -> None:
    """Set when each clock reaches its present rung: at its start, or the rung below, the earliest.

    All under one calendar.
    """
    groups: dict[tuple[int, int], list[Climber]] = defaultdict(list)
    for each in climbers:
        groups[id(each.rungs), each.rung].append(each)
    for (_, rung), group in groups.items():
        rungs = group[0].rungs
        if rung >= len(rungs):
            for each in group:
                each.next_at = None
            continue
        for each, at in zip(group, _reached(rungs, rung, group, calendar), strict=True):
            floor = each.reached[-1][1] if each.reached else each.clock.start
            each.next_at = None if at is None else max(at, floor)


def _reached(
    rungs: tuple[Rung, ...], rung: int, group: Sequence[Climber], calendar: WorkCalendar
) -> list[datetime | None]:
    point = point_of(rungs[rung].at)
    if any(each.clock.pauses for each in group):
        return [next_alarm(rungs, rung, each.clock, calendar) for each in group]
    if point.base == "share":
        return _shares(rungs, rung, group, calendar)
    if point.limit is None:
        return [each.clock.due_at for each in group]
    dues = times_of(each.clock.due_at for each in group)
    count = calendar.add_many if point.sign > 0 else calendar.before_many
    return moments_of(count(dues, point.limit))


def _shares(
    rungs: tuple[Rung, ...], rung: int, group: Sequence[Climber], calendar: WorkCalendar
) -> list[datetime | None]:
    share = point_of(rungs[rung].at).share
    found: list[datetime | None] = [None] * len(group)
    by_limit: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(group):
        clock = each.clock
        if clock.due_at is not None and clock.warn_at is not None and clock.warn == share:
            found[index] = clock.warn_at
        elif clock.due_at is not None and len(clock.limits) == 1:
            by_limit[clock.limits[0]].append(index)
        else:
            found[index] = next_alarm(rungs, rung, clock, calendar)
    for text, places in by_limit.items():
        starts = times_of(group[index].clock.start for index in places)
        points = moments_of(calendar.warn_many(starts, limit_of(text), share))
        for index, at in zip(places, points, strict=True):
            found[index] = at
    return found


def moments_of(times: Datetimes) -> list[datetime | None]:
    """Return an array's instants as datetimes in UTC; NaT becomes None."""
    plain = cast("list[datetime | None]", times.astype("datetime64[us]").tolist())
    return [None if moment is None else moment.replace(tzinfo=UTC) for moment in plain]

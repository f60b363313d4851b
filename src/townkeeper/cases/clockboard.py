"""The electronic supervision board: running clocks by the card that the rules have shown them.

A card is what a rung of the ladder showed, not a share that this page reckons: the rules differ
from step to step. Every question starts from the open tasks in order of their due times, so that it
costs what is running now, never what has ever been (docs/supervision.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from townkeeper.cases.desk import desk
from townkeeper.cases.ladder import point_of, rungs_of
from townkeeper.cases.models import Alarm, Ask, Pause, Task
from townkeeper.cases.running import Before, Beyond, IsThere
from townkeeper.cases.sight import Sight
from townkeeper.cases.worklist import Amount, below_unit, day_start
from townkeeper.kit import clock
from townkeeper.units.models import Post

Column = Literal["red", "yellow", "calm"]
COLUMNS: Final[tuple[Column, ...]] = ("calm", "yellow", "red")
SOON: Final = timedelta(hours=1)
"""What rings within this time is about to be triggered."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the board is narrowed to; empty means no condition."""

    stage: str = ""
    area: str = ""
    """A unit's code; those below it count too."""
    unit: str = ""


class BoardKey(NamedTuple):
    """Where a page of a column ended; `is_early`: among those not due yet."""

    is_early: bool
    due_at: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Strip:
    """One running clock with the alarms that it has rung, the latest last."""

    task: Task
    alarms: tuple[Alarm, ...]
    person: str
    """Who has it, or the first who holds the post."""

    @property
    def card(self) -> str:
        """Return `red`, `yellow` or nothing, as the rules have shown."""
        shown = {alarm.card for alarm in self.alarms}
        return "red" if "red" in shown else "yellow" if "yellow" in shown else ""

    @property
    def fired(self) -> Alarm | None:
        """Return the alarm that showed the card."""
        return next((each for each in reversed(self.alarms) if each.card == self.card), None)


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Some strips of a column and the key behind which the next page begins."""

    strips: list[Strip]
    following: BoardKey | None


def column_page(
    sight: Sight,
    column: Column,
    wanted: Narrowing,
    *,
    now: datetime,
    size: int,
    after: BoardKey | None = None,
    early: frozenset[str] | None = None,
) -> BoardPage:
    """Return one page of a column with its strips loaded."""
    has_early = column in (early_columns() if early is None else early)
    keys, following = _page(
        sight, column, wanted, now=now, size=size, after=after, has_early=has_early
    )
    return BoardPage(load_strips([key.pk for key in keys]), following)


def first_pages(
    sight: Sight, wanted: Narrowing, *, now: datetime, size: int, early: frozenset[str]
) -> dict[Column, BoardPage]:
    """Return the first page of each column, all strips loaded at once."""
    pages = {
        name: _page(sight, name, wanted, now=now, size=size, has_early=name in early)
        for name in COLUMNS
    }
    strips = load_strips([key.pk for keys, _more in pages.values() for key in keys])
    by_task = {strip.task.pk: strip for strip in strips}
    return {
        name: BoardPage([by_task[key.pk] for key in keys if key.pk in by_task], following)
        for name, (keys, following) in pages.items()
    }


def _page(
    sight: Sight,
    column: Column,
    wanted: Narrowing,
    *,
    now: datetime,
    size: int,
    has_early: bool,
    after: BoardKey | None = None,
) -> tuple[list[BoardKey], BoardKey | None]:
    """Return the tasks of one page of a column.

    Not yet due ones come first, the soonest first; then overdue ones, yellow: the latest first,
    red: the longest overdue first.
    """
    rows = _running(sight, wanted)
    found: list[BoardKey] = []
    if has_early and (after is None or after.is_early):
        ahead = _shown(rows.filter(due_at__gte=now), column)
        if after is not None:
            ahead = ahead.filter(Beyond("due_at", "pk", (after.due_at, after.pk)))
        found = _keys(ahead.order_by("due_at", "pk"), size + 1, is_early=True)
    if column != "calm" and len(found) <= size:
        late = _shown(rows.filter(due_at__lt=now), column)
        turned = column == "yellow"
        if after is not None and not after.is_early:
            step = Before if turned else Beyond
            late = late.filter(step("due_at", "pk", (after.due_at, after.pk)))
        order = ("-due_at", "-pk") if turned else ("due_at", "pk")
        found += _keys(late.order_by(*order), size + 1 - len(found), is_early=False)
    return found[:size], found[size - 1] if len(found) > size else None


def count_column(
    sight: Sight,
    column: Column,
    wanted: Narrowing,
    *,
    now: datetime,
    most: int,
    early: frozenset[str],
) -> Amount:
    """Return how many clocks a column holds, counted up to `most`."""
    rows = _running(sight, wanted)
    number = 0
    if column in early:
        ahead = _shown(rows.filter(due_at__gte=now), column).order_by("due_at")
        number = ahead.values("pk")[: most + 1].count()
    if column != "calm" and number <= most:
        order = "-due_at" if column == "yellow" else "due_at"
        late = _shown(rows.filter(due_at__lt=now), column).order_by(order)
        number += late.values("pk")[: most + 1 - number].count()
    return Amount(min(number, most), more=number > most)


def _running(sight: Sight, wanted: Narrowing) -> QuerySet[Task]:
    """Return the open tasks that a person oversees: of their units, or in their areas."""
    rows = Task.objects.filter(done_at=None)
    if not sight.everything:
        rows = rows.filter(Q(unit__in=sight.units) | Q(case__area__in=sight.units))
    if wanted.stage:
        rows = rows.filter(stage=wanted.stage)
    if wanted.area:
        rows = rows.filter(case__area__in=below_unit(wanted.area))
    if wanted.unit:
        rows = rows.filter(unit__in=below_unit(wanted.unit))
    return rows


def _shown(rows: QuerySet[Task], column: Column) -> QuerySet[Task]:
    """Narrow to the clocks whose ladder has shown this card, and no redder one."""
    if column == "calm":
        return rows.exclude(_has_card("yellow", "red"))
    rows = rows.filter(_has_card(column))
    return rows.exclude(_has_card("red")) if column == "yellow" else rows


def _has_card(*cards: str) -> Q:
    """Return the condition that a rung of the present turn showed one of the cards.

    A clock that was given more time begins its ladder anew (`Task.rung` is 0 again). A value that
    is asked for task by task, not EXISTS: PostgreSQL would read all alarms there ever were.
    """
    rang = Alarm.objects.filter(task=OuterRef("pk"), card__in=cards, rung__lt=OuterRef("rung"))
    return Q(IsThere(Subquery(rang.order_by().values("pk")[:1])))


def early_columns() -> frozenset[str]:
    """Return the columns that may hold what is not due yet: calm, and the cards shown that early.

    Asked once for a page and handed on; where no rule shows a card early, nobody looks for one.
    """
    cards = {
        rung.card
        for known in desk().procedures.values()
        for step in known.procedure.steps
        for rung in rungs_of(known.procedure, step)
        if rung.card and _is_before_due(rung.at)
    }
    return frozenset({"calm", *cards})


def _is_before_due(at: str) -> bool:
    point = point_of(at)
    return point.share < 1 if point.base == "share" else point.sign < 0


def _keys(rows: QuerySet[Task], most: int, *, is_early: bool) -> list[BoardKey]:
    found = rows.values_list("due_at", "pk")[:most]
    return [BoardKey(is_early, at, pk) for at, pk in found if at is not None]


def load_strips(tasks: Sequence[int]) -> list[Strip]:
    """Load tasks with case, unit, alarms and person, in the given order, in five queries."""
    loaded = Task.objects.filter(pk__in=tasks).select_related(
        "case__category", "case__area", "case__procedure", "unit", "assignee"
    )
    loaded = loaded.defer(
        "case__text", "case__area__outline", "unit__outline", "case__procedure__definition"
    ).prefetch_related("pauses")
    by_pk = {task.pk: task for task in loaded}
    rang: dict[int, list[Alarm]] = {pk: [] for pk in by_pk}
    alarms = Alarm.objects.filter(task__in=list(by_pk), rung__lt=F("task__rung"))
    for alarm in alarms.order_by("due_at", "pk"):
        rang[alarm.task_id or 0].append(alarm)
    holders = _holders(by_pk.values())
    return [
        Strip(by_pk[pk], _of_this_turn(rang[pk]), _person(by_pk[pk], holders))
        for pk in tasks
        if pk in by_pk
    ]


def _of_this_turn(alarms: list[Alarm]) -> tuple[Alarm, ...]:
    latest = max((alarm.turn for alarm in alarms), default=0)
    return tuple(alarm for alarm in alarms if alarm.turn == latest)


def _holders(tasks: Iterable[Task]) -> dict[tuple[int, str], str]:
    """Return by unit and role who holds the post today, the first by name."""
    wanted = {(task.unit_id, task.performer) for task in tasks if task.unit_id}
    today = clock.today()
    posts = Post.objects.filter(
        Q(since=None) | Q(since__lte=today),
        Q(until=None) | Q(until__gt=today),
        unit__in={unit for unit, _role in wanted},
        role__key__in={role for _unit, role in wanted},
        user__is_active=True,
    ).select_related("user", "role")
    found: dict[tuple[int, str], str] = {}
    for post in posts.order_by("pk"):
        found.setdefault((post.unit_id, post.role.key), str(post.user))
    return found


def _person(task: Task, holders: dict[tuple[int, str], str]) -> str:
    if task.assignee is not None:
        return str(task.assignee)
    return holders.get((task.unit_id or 0, task.performer), "")


# What rang, and what is about to


@dataclass(frozen=True, slots=True)
class Rang:
    """Which alarms a list shows; empty means no condition."""

    card: str = ""
    """`yellow`, `red`, or `none` for those that showed no card."""
    since: datetime | None = None
    until: datetime | None = None
    unit: str = ""


def alarms_page(
    sight: Sight, wanted: Rang, *, size: int, after: tuple[datetime, int] | None = None
) -> tuple[list[Alarm], tuple[datetime, int] | None]:
    """Return alarms, newest first, and the key behind which the next page begins."""
    rows = _alarms(sight, wanted)
    if after is not None:
        rows = rows.filter(Before("at", "pk", after))
    shown = rows.select_related("case", "unit", "task", "ask", "case__procedure")
    shown = shown.defer("unit__outline", "case__text", "case__procedure__definition")
    found = list(shown.order_by("-at", "-pk")[: size + 1])
    more = (found[size - 1].at, found[size - 1].pk) if len(found) > size else None
    return found[:size], more


def count_alarms(sight: Sight, wanted: Rang, *, most: int) -> Amount:
    """Return how many alarms a list has, counted up to `most`."""
    number = _alarms(sight, wanted).order_by().values("pk")[: most + 1].count()
    return Amount(min(number, most), more=number > most)


def cards_of_day(sight: Sight, now: datetime) -> dict[str, int]:
    """Return how many yellow and red cards were shown since midnight: one range of an index."""
    rows = _alarms(sight, Rang(since=day_start(now))).exclude(card="").order_by()
    found = rows.values("card").annotate(number=Count("pk")).values_list("card", "number")
    return {"yellow": 0, "red": 0, **dict(found)}


def _alarms(sight: Sight, wanted: Rang) -> QuerySet[Alarm]:
    rows = Alarm.objects.all()
    if not sight.everything:
        rows = rows.filter(unit__in=sight.units)
    if wanted.card:
        rows = rows.filter(card="" if wanted.card == "none" else wanted.card)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.unit:
        rows = rows.filter(unit__in=below_unit(wanted.unit))
    return rows


def about_to_ring(sight: Sight, now: datetime, *, within: timedelta = SOON) -> QuerySet[Any]:
    """Return the open tasks whose next rung is reached within a time, the next one first."""
    rows = _running(sight, Narrowing()).filter(next_at__isnull=False, next_at__lt=now + within)
    return rows.order_by("next_at", "pk")


def undecided_count(sight: Sight, now: datetime, *, most: int) -> Amount:
    """Return how much waits for a decision beyond its time."""
    rows = Ask.objects.filter(decided_at=None, due_at__lt=now)
    if not sight.everything:
        rows = rows.filter(unit__in=sight.units)
    number = rows.values("pk")[: most + 1].count()
    return Amount(min(number, most), more=number > most)


def standing_count(sight: Sight, *, most: int) -> Amount:
    """Return how many clocks stand still by a granted stop."""
    rows = Pause.objects.filter(until=None)
    if not sight.everything:
        rows = rows.filter(task__unit__in=sight.units)
    number = rows.values("pk")[: most + 1].count()
    return Amount(min(number, most), more=number > most)

"""What waits for whom: lists of cases and of tasks, page by page, and how many there are.

A list of *tasks* is what a person or unit has to do: an assisting unit sees its own task under its
own clock, also where the lead's clock has long run out or stands still. A list of *cases* is what a
person may see (the rule of `CaseQuerySet.visible_to`). Both run by due time, the overdue first and
those without a due time last, or newest first; the next page begins behind a key, never at a
number. What makes them quick at a million cases is written in docs/performance.md.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Value, When
from django.db.models import Case as Case_
from django.utils import timezone

from townkeeper.cases.models import ENDED, Ask, Case, CaseQuerySet, Pause, Stage, Task
from townkeeper.cases.running import Before, Beyond
from townkeeper.cases.search.find import find_newest
from townkeeper.cases.search.words import parse_query
from townkeeper.cases.sight import Sight, ids_of_few, seen_by
from townkeeper.duties.models import Category
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission

TABS = ("mine", "open", "ended", "all")
DUE_CHOICES = ("over", "soon", "calm", "today", "week", "stopped", "none")
"""Red, yellow and green clocks; those due by a day; those that stand still; those without limit."""
ASK_CHOICES = ("dispute", "decide")
NOBODY = "none"
SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a list is narrowed to; empty means no condition."""

    tab: str = "open"
    stage: str = ""
    category: str = ""
    """A category's key; those below it count too."""
    area: str = ""
    """A unit's code; those below it count too."""
    unit: str = ""
    due: str = ""
    channel: str = ""
    opened: str = ""
    ask: str = ""
    """`dispute`: a dispute waits for its ruling; `decide`: an ask waits for one of my roles."""
    q: str = ""
    newest_first: bool = False


class Key(NamedTuple):
    """Where a page ended: the instant and the id of its last row."""

    moment: datetime | None
    pk: int


class Line(NamedTuple):
    """One row of a list."""

    case_id: int
    task_id: int | None
    key: Key


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines in order, and the key under which the next page begins."""

    lines: list[Line]
    following: Key | None


# Narrowing


def day_start(now: datetime) -> datetime:
    """Return midnight of the site's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def due_condition(choice: str, now: datetime) -> Q:
    """Return the condition on the clock: over, soon, calm, today, week or none; not `stopped`."""
    if choice == "none":
        return Q(due_at=None)
    if choice == "over":
        return Q(due_at__lt=now)
    near = Q(due_at__lte=now + SOON) | Q(warn_at__lte=now)
    if choice == "soon":
        return Q(due_at__gte=now) & near
    if choice == "calm":
        return Q(due_at__gt=now + SOON) & (Q(warn_at=None) | Q(warn_at__gt=now))
    days = 1 if choice == "today" else 7
    return Q(due_at__gte=now, due_at__lt=day_start(now) + timedelta(days=days))


def _conditions(wish: Wish, sight: Sight, now: datetime, prefix: str = "") -> Q:
    """Return what a wish asks of a case, except for tab, clock and words."""
    found = Q()

    def has(name: str, value: object) -> None:
        nonlocal found
        found &= Q(**{prefix + name: value})

    if wish.stage:
        has("stage", wish.stage)
    if wish.channel:
        has("channel", wish.channel)
    if wish.category:
        has("category__in", below_category(wish.category))
    if wish.area:
        has("area__in", below_unit(wish.area))
    if wish.unit == NOBODY:
        has("unit", None)
    elif wish.unit:
        has("unit__in", list(Unit.objects.filter(code=wish.unit).values_list("pk", flat=True)))
    if wish.opened == "today":
        has("opened_at__gte", day_start(now))
    if wish.ask:
        has("pk__in", asked(wish.ask, sight).values("case"))
    return found


def below_category(key: str) -> list[int]:
    """Return the ids of a category and of those below it."""
    line = Q(key=key) | Q(parent__key=key) | Q(parent__parent__key=key)
    line |= Q(parent__parent__parent__key=key)
    return list(Category.objects.filter(line).values_list("pk", flat=True))


def below_unit(code: str) -> list[int]:
    """Return the ids of a unit and of those below it; none where there is no such unit."""
    unit = Unit.objects.filter(code=code).only("path").first()
    return list(Unit.objects.under(unit).values_list("pk", flat=True)) if unit else []


def asked(choice: str, sight: Sight) -> QuerySet[Ask]:
    """Return the undecided disputes, or what one of the person's roles must decide."""
    waiting = Ask.objects.filter(decided_at=None)
    if choice == "dispute":
        return waiting.filter(effect="dispute")
    roles = {p.role.key for p in sight.posts if Permission.CASES_CASE_ACT in p.role.permissions}
    return waiting.filter(decider__in=roles)


def _stopped(*, tasks: bool) -> Q:
    standing = Pause.objects.filter(until=None)
    return Q(pk__in=standing.values("task")) if tasks else Q(pk__in=standing.values("task__case"))


def cases_of(sight: Sight, wish: Wish, now: datetime, *, of_few: bool = False) -> CaseQuerySet:
    """Return the cases that a wish asks for among those a person sees; words are left to search."""
    seen = seen_by(Case.objects.all(), sight, wish.tab, of_few=of_few)
    return _narrowed(seen, sight, wish, now)


def _narrowed(cases: CaseQuerySet, sight: Sight, wish: Wish, now: datetime) -> CaseQuerySet:
    if wish.tab == "ended":
        cases = cases.filter(stage__in=ENDED)
    elif wish.tab == "open":
        cases = cases.running()
    cases = cases.filter(_conditions(wish, sight, now))
    if wish.due == "stopped":
        return cases.filter(_stopped(tasks=False))
    if wish.due == "none":
        return cases.filter(due_at=None).exclude(_stopped(tasks=False))
    return cases.filter(due_condition(wish.due, now)) if wish.due else cases


def tasks_of(sight: Sight, wish: Wish, now: datetime) -> QuerySet[Task]:
    """Return the open tasks that wait for a person: of role and unit of one of the posts."""
    by_unit: dict[int, set[str]] = {}
    for role, unit in sight.doing:
        by_unit.setdefault(unit, set()).add(role)
    mine = Q(pk__in=[])
    for pk, roles in by_unit.items():
        mine |= Q(unit=pk, performer__in=sorted(roles))
    tasks = Task.objects.filter(mine, done_at=None).filter(_conditions(wish, sight, now, "case__"))
    if wish.due == "stopped":
        return tasks.filter(_stopped(tasks=True))
    if wish.due == "none":
        return tasks.filter(due_at=None).exclude(_stopped(tasks=True))
    return tasks.filter(due_condition(wish.due, now)) if wish.due else tasks


# Paging


def make_page(
    sight: Sight, wish: Wish, *, now: datetime, size: int, after: Key | None = None
) -> Page:
    """Return one page of a list; a key of another order begins from the start."""
    if wish.q:
        return _found(sight, wish, now=now, size=size, after=after)
    if wish.tab == "mine":
        tasks = tasks_of(sight, wish, now)
        return _cut([Line(row[2], row[1], Key(row[0], row[1])) for row in
                     by_due(tasks, size + 1, after, "case")], size)  # fmt: skip
    if wish.newest_first:
        rows = _newest(sight, wish, now=now, limit=size + 1, after=after)
    else:
        rows = by_due(cases_of(sight, wish, now), size + 1, after)
    return _cut([Line(row[1], None, Key(row[0], row[1])) for row in rows], size)


def _cut(lines: list[Line], size: int) -> Page:
    return Page(lines[:size], lines[size - 1].key if len(lines) > size else None)


def by_due(rows: Any, limit: int, after: Key | None, *more: str) -> list[Any]:  # noqa: ANN401
    """Return rows by due time; those without one come last, as a second question to the index.

    SQLite's index has them first, and would sort everything anew to put them last.
    """
    found: list[Any] = []
    if after is None or after.moment is not None:
        dated = rows.filter(due_at__isnull=False)
        if after is not None and after.moment is not None:
            dated = dated.filter(Beyond("due_at", "pk", (after.moment, after.pk)))
        found = list(dated.order_by("due_at", "pk").values_list("due_at", "pk", *more)[:limit])
    if len(found) < limit:
        bare = rows.filter(due_at=None)
        if after is not None and after.moment is None:
            bare = bare.filter(pk__gt=after.pk)
        found += bare.order_by("pk").values_list("due_at", "pk", *more)[: limit - len(found)]
    return found


def _newest(sight: Sight, wish: Wish, *, now: datetime, limit: int, after: Key | None) -> list[Any]:
    """Return rows newest first, read backwards; where a unit has few cases, from those alone."""
    few = ids_of_few(sight) if wish.tab != "open" else None
    if few is None:
        cases = cases_of(sight, wish, now)
    else:
        cases = _narrowed(Case.objects.filter(pk__in=few), sight, wish, now)
    if after is not None and after.moment is not None:
        cases = cases.filter(Before("opened_at", "pk", (after.moment, after.pk)))
    return list(cases.order_by("-opened_at", "-pk").values_list("opened_at", "pk")[:limit])


def _found(sight: Sight, wish: Wish, *, now: datetime, size: int, after: Key | None) -> Page:
    """Return the newest cases that hold the words; with words a list is always newest first."""
    if wish.tab == "mine":
        cases = Case.objects.filter(pk__in=tasks_of(sight, wish, now).values("case"))
    else:
        cases = cases_of(sight, wish, now, of_few=True)
    before = after.pk if after is not None else None
    found = find_newest(parse_query(wish.q), cases, limit=size, before=before)
    lines = [Line(pk, None, Key(None, pk)) for pk in found.ids]
    return Page(lines, Key(None, found.before) if found.before is not None else None)


def cases_on(lines: list[Line]) -> CaseQuerySet:
    """Return the cases of lines that a page was made of: those the person may see, no others."""
    return Case.objects.filter(pk__in=[line.case_id for line in lines])


# Counting


class Amount(NamedTuple):
    """A number of rows; `more` where counting stopped at it."""

    number: int
    more: bool = False


def count_lines(sight: Sight, wish: Wish, *, now: datetime, most: int) -> Amount | None:
    """Return how many lines a list has, up to `most`; None for words, which are never counted."""
    if wish.q:
        return None
    rows = tasks_of(sight, wish, now) if wish.tab == "mine" else cases_of(sight, wish, now)
    number = rows.order_by()[: most + 1].count()
    return Amount(min(number, most), more=number > most)


def count_running(sight: Sight, now: datetime) -> dict[str, int]:
    """Count the running cases a person sees: all, by stage, by clock, without owner. One query."""
    seen = seen_by(Case.objects.all(), sight, "open").running().order_by()
    groups = seen.values_list(
        "stage",
        Case_(
            When(due_condition("over", now), then=Value("over")),
            When(due_condition("soon", now), then=Value("soon")),
            default=Value(""),
        ),
        ExpressionWrapper(Q(unit=None), BooleanField()),
    ).annotate(n=Count("pk"))
    figures = dict.fromkeys(("open", "over", "soon", "nobody", *map(str, RUNNING)), 0)
    for stage, colour, ownerless, number in groups:
        for name in ("open", stage, colour, "nobody" if ownerless else ""):
            if name:
                figures[name] = figures.get(name, 0) + number
    return figures


RUNNING = tuple(stage for stage in Stage if stage not in ENDED)


def count_stages(sight: Sight, wish: Wish, *, now: datetime) -> dict[str, int]:
    """Count the running cases of a wish by stage, whatever stage it asks for itself."""
    others = Wish(**{name: getattr(wish, name) for name in NARROWING}, tab="open")
    rows = cases_of(sight, others, now).order_by().values_list("stage").annotate(n=Count("pk"))
    return dict(rows)


NARROWING = ("category", "area", "unit", "due", "channel", "opened", "ask")


def count_new(sight: Sight, now: datetime) -> int:
    """Count the cases of today that a person sees."""
    cases = Case.objects.filter(opened_at__gte=day_start(now))
    return seen_by(cases, sight, "all").count()


def count_mine(sight: Sight, now: datetime, *, most: int) -> Amount:
    """Count the tasks that wait for a person."""
    found = count_lines(sight, Wish(tab="mine"), now=now, most=most)
    return found or Amount(0)


_channels: tuple[float, list[str]] = (float("-inf"), [])
CHANNELS_KEPT = 60.0


def newest_channels(*, latest: int = 1000) -> list[str]:
    """Return the channels of the latest cases: all of them would mean reading every case.

    Where there are so many cases, they are remembered for a minute.
    """
    global _channels  # noqa: PLW0603 - a memory of the process
    at, known = _channels
    if time.monotonic() - at < CHANNELS_KEPT:
        return known
    rows = list(Case.objects.order_by("-opened_at").values_list("channel", flat=True)[:latest])
    found = sorted({*rows} - {""})
    if len(rows) == latest:
        _channels = (time.monotonic(), found)
    return found

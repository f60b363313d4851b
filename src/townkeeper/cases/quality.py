"""Data quality: what is missing on running cases, and what looks wrong in evidence and in times.

A figure is a question and its list the same question read further, so that they cannot differ.
Questions about the past look through the newest rows only and say so: what matters is what goes
wrong now, and a million cases must not be read for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import TruncMinute

from townkeeper.cases.models import Case, Evidence, Stage, Task
from townkeeper.cases.photo_checks import FAR, FUTURE, NO_POSITION, NO_TIME, TOO_EARLY
from townkeeper.cases.sight import Sight, seen_by
from townkeeper.cases.worklist import Amount
from townkeeper.journal.models import Entry

NEWEST: Final = 20_000
"""Photos, tasks: so many of the latest are looked through."""
NEWEST_ENTRIES: Final = 5_000
FAST: Final = timedelta(minutes=5)
"""Work reported done sooner than this after it was handed over."""
BULK: Final = 10
"""Tasks that one person ended within one minute."""
BACK: Final = timedelta(minutes=10)
"""A clock may go this much wrong."""
MOST: Final = 1000

Kind = Literal["case", "photo", "task", "bulk", "entry"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question: what rows its list has."""

    key: str
    kind: Kind


CHECKS: Final = (
    Check("no-owner", "case"),
    Check("no-area", "case"),
    Check("no-category", "case"),
    Check("no-point", "case"),
    Check("photo-place", "photo"),
    Check("photo-time", "photo"),
    Check("photo-twice", "photo"),
    Check("photo-bare", "photo"),
    Check("too-fast", "task"),
    Check("bulk", "bulk"),
    Check("back-dated", "entry"),
    Check("provisional", "task"),
    Check("given", "task"),
)
BY_KEY: Final = {check.key: check for check in CHECKS}
_MISSING: Final = {
    "no-owner": Q(unit=None),
    "no-area": Q(area=None),
    "no-category": Q(category=None),
    "no-point": Q(lat=None),
}
_FINDINGS: Final = {
    "photo-place": (FAR,),
    "photo-time": (TOO_EARLY, FUTURE),
    "photo-bare": (NO_POSITION, NO_TIME),
}


@dataclass(frozen=True, slots=True)
class Burst:
    """Many tasks that one person ended within one minute."""

    who: str
    minute: datetime
    number: int


@dataclass(frozen=True, slots=True)
class BackDated:
    """An entry of the record whose time lies before that of an earlier entry."""

    entry: Entry
    behind: timedelta


def count_check(sight: Sight, key: str) -> Amount:
    """Return how many rows a question has, counted up to a thousand."""
    check = BY_KEY[key]
    if check.kind in {"bulk", "entry"}:
        number = len(rows_of(sight, key, most=MOST + 1))
    else:
        number = _rows(sight, check).order_by().values("pk")[: MOST + 1].count()
    return Amount(min(number, MOST), more=number > MOST)


def rows_of(sight: Sight, key: str, *, before: int | None = None, most: int) -> Sequence[Any]:
    """Return the rows of a question, the newest first; `before` is the id of the last one."""
    check = BY_KEY[key]
    if check.kind == "bulk":
        return _bursts(sight)[:most]
    if check.kind == "entry":
        return _back_dated(sight)[:most]
    rows = _rows(sight, check)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(_loaded(rows, check).order_by("-pk")[:most])


def _rows(sight: Sight, check: Check) -> QuerySet[Any]:
    if check.kind == "case":
        return seen_by(Case.objects.all(), sight, "open").running().filter(_MISSING[check.key])
    if check.kind == "photo":
        return _photos(sight, check.key)
    tasks = _of_units(Task.objects.all(), sight)
    if check.key == "provisional":
        return tasks.filter(done_at=None, is_provisional=True)
    if check.key == "given":
        return tasks.filter(done_at=None, is_given=True)
    lasted = ExpressionWrapper(F("done_at") - F("opened_at"), output_field=DurationField())
    ended = tasks.filter(pk__gt=_floor(Task), stage=Stage.HANDLING, done_at__isnull=False)
    ended = ended.exclude(outcome="cancelled")
    quick: QuerySet[Any] = ended.annotate(lasted=lasted).filter(lasted__lt=FAST)
    return quick.filter(case__origin="live")


def _photos(sight: Sight, key: str) -> QuerySet[Any]:
    photos = Evidence.objects.all()
    if not sight.everything:
        photos = photos.filter(Q(case__unit__in=sight.units) | Q(case__area__in=sight.units))
    if key == "photo-twice":
        return photos.filter(repeats__isnull=False)
    wanted = set(_FINDINGS[key])
    newest = photos.filter(pk__gt=_floor(Evidence)).exclude(findings=[])
    ids = [pk for pk, found in newest.values_list("pk", "findings") if wanted & set(found)]
    return photos.filter(pk__in=ids[:NEWEST])


def _loaded(rows: QuerySet[Any], check: Check) -> QuerySet[Any]:
    parts = {
        "case": (("category", "area", "unit"), ("text", "area__outline", "unit__outline")),
        "photo": (("case", "repeats__case"), ("case__text", "repeats__case__text")),
        "task": (("case", "unit"), ("case__text", "unit__outline")),
    }
    beside, left = parts[check.kind]
    loaded: QuerySet[Any] = rows.select_related(*beside).defer(*left)
    return loaded


def _of_units(rows: QuerySet[Any], sight: Sight) -> QuerySet[Any]:
    return rows if sight.everything else rows.filter(unit__in=sight.units)


def _floor(model: type[Evidence | Task]) -> int:
    """Return the id behind which the newest rows begin."""
    top = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return top - NEWEST


def _bursts(sight: Sight) -> list[Burst]:
    ended = _of_units(Task.objects.filter(pk__gt=_floor(Task), done_at__isnull=False), sight)
    ended = ended.filter(case__origin="live").exclude(done_by="system")
    groups = (
        ended.annotate(minute=TruncMinute("done_at"))
        .order_by()
        .values_list("done_by", "minute")
        .annotate(number=Count("pk"))
        .filter(number__gte=BULK)
    )
    found = [Burst(who, minute, number) for who, minute, number in groups]
    return sorted(found, key=lambda each: each.minute, reverse=True)


def _back_dated(sight: Sight) -> list[BackDated]:
    """Return entries that were written after later ones: somebody's clock, or somebody's will."""
    if not sight.everything:
        return []
    newest = list(Entry.objects.order_by("-pk").defer("data", "hash")[:NEWEST_ENTRIES])
    live = [entry for entry in reversed(newest) if entry.origin == "live"]
    return sorted(_behind(live), key=lambda each: -each.entry.pk)


def _behind(entries: Iterable[Entry]) -> list[BackDated]:
    latest: datetime | None = None
    found = []
    for entry in entries:
        if latest is not None and latest - entry.time > BACK:
            found.append(BackDated(entry, latest - entry.time))
        latest = entry.time if latest is None else max(latest, entry.time)
    return found

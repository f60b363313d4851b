"""Calls back to those who have the same trouble: whoever said "I have it too" hears the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Prefetch, Q, QuerySet

from townkeeper.calls.backlog import DAYS, Key
from townkeeper.calls.models import CallBack
from townkeeper.calls.numbers import masked
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.judging import closings
from townkeeper.cases.models import Case, CaseQuerySet, Stage
from townkeeper.cases.records import Follow
from townkeeper.cases.standing import procedure_of
from townkeeper.cases.windows import ends_at

BATCH: Final = 100
MOST_READ: Final = 2_000
OVER: Final = (CallBack.Result.REACHED, CallBack.Result.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who has it too, left a number and has not heard the answer."""

    follow: Follow
    due_at: datetime
    """As long as the reporter can judge the answer; later it is no news."""
    tries: int
    retry_at: datetime | None

    @property
    def case(self) -> Case:
        """Return the case that was answered."""
        return self.follow.case

    @property
    def masked_phone(self) -> str:
        """Return the number with its middle hidden."""
        return masked(self.follow.phone)


@dataclass(frozen=True, slots=True)
class Listeners:
    """One page of them, the first closed first."""

    rows: list[Listener]
    following: Key | None


def waiting_supporters(
    cases: CaseQuerySet, *, now: datetime, size: int = 30, after: Key | None = None
) -> Listeners:
    """Return who of those that have it too waits for the answer of a closed case.

    `cases` are those that the person sees. Whoever was not reached stays in the list with the time
    of the next call.
    """
    picture, rows, last, read = desk(), [], after, 0
    while read < MOST_READ:
        batch = list(_closed(cases, now, last)[:BATCH])
        for follow in batch:
            last, read = (follow.case.closed_at or now, follow.pk), read + 1
            row = listener_of(follow, picture, now)
            if row is not None:
                rows.append(row)
            if len(rows) == size:
                return Listeners(rows, last)
        if len(batch) < BATCH:
            return Listeners(rows, None)
    return Listeners(rows, last)


def _closed(cases: CaseQuerySet, now: datetime, after: Key | None) -> QuerySet[Follow]:
    found = (
        Follow.objects.filter(part=Follow.Part.SUPPORTER)
        .filter(case__stage__in=[Stage.CLOSED, Stage.MERGED])
        .filter(case__closed_at__gte=now - timedelta(days=DAYS), case__closed_at__lte=now)
        .filter(case__in=cases)
        .exclude(phone="")
        .exclude(case__answer="")
        .select_related(
            "case", "case__category", "case__procedure", "case__main", "case__main__procedure"
        )
        .prefetch_related(
            Prefetch("callbacks", CallBack.objects.order_by("pk"), to_attr="attempts")
        )
        .order_by("case__closed_at", "pk")
    )
    if after is None:
        return found
    return found.filter(
        Q(case__closed_at__gt=after[0]) | Q(case__closed_at=after[0], pk__gt=after[1])
    )


def listener_of(follow: Follow, picture: Desk, now: datetime) -> Listener | None:
    """Return what is to be told to one of them; None where nobody waits to be called."""
    case = follow.case
    if follow.part != Follow.Part.SUPPORTER or not follow.phone or not case.answer:
        return None
    main = case.main or case
    step = procedure_of(main, picture).procedure.steps.get(main.step)
    if step is None or step.judge is None or main.closed_at is None:
        return None
    due = ends_at(step.judge, main.closed_at, picture.calendar)
    if due is None or due < now:
        return None
    attempts: list[CallBack] | None = getattr(follow, "attempts", None)
    if attempts is None:
        attempts = list(follow.callbacks.order_by("pk"))
    mine = [each for each in attempts if each.closing == closings(main)]
    last = mine[-1] if mine else None
    if last is not None and last.result in OVER:
        return None
    return Listener(follow, due, len(mine), last.retry_at if last else None)


def find_listener(follow: Follow, now: datetime) -> Listener | None:
    """Return one of them, if they still wait."""
    return listener_of(follow, desk(), now)

"""Calls back: whose answer waits to be told and judged, by when, and what the attempts brought."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calls.models import CallBack
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.judging import closings, judge_answer
from townkeeper.cases.models import Case, CaseQuerySet, Judgement, Stage
from townkeeper.cases.records import Follow
from townkeeper.cases.standing import procedure_of
from townkeeper.cases.windows import ends_at
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import permits, posts_of
from townkeeper.units.permissions import Permission

CHANNEL: Final = "telephone"
DAYS: Final = 60
"""Older closings are not looked at: no procedure lets an answer be judged so long after."""
BATCH: Final = 100
MOST_READ: Final = 2_000
"""Closed cases that are looked through for one page."""
NOTE_MAX: Final = 300
RETRY_MAX: Final = timedelta(days=15)

Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reporter who waits to hear the answer and say what they think of it."""

    case: Case
    due_at: datetime
    """Until when the answer can be judged."""
    tries: int
    retry_at: datetime | None
    last: CallBack | None

    @property
    def masked_phone(self) -> str:
        """Return the reporter's number with its middle hidden."""
        return self.case.reporter.masked_phone


@dataclass(frozen=True, slots=True)
class Page:
    """One page of calls back, the first due first."""

    rows: list[Waiting]
    following: Key | None


def waiting_calls(
    cases: CaseQuerySet, *, now: datetime, size: int = 30, after: Key | None = None,
    later: bool = False,
) -> Page:  # fmt: skip
    """Return who is to be called now, or (`later`) whose next attempt is still to come.

    `cases` are those that the person sees. In the list are reporters with a number who did not ask
    to stay unknown, of cases closed with an answer whose window for judging is open and who have
    not judged yet. Merged cases have reporters of their own.
    """
    picture, rows, last, read = desk(), [], after, 0
    for case in _closed(cases, now, after, picture):
        last, read = (case.closed_at or now, case.pk), read + 1
        row = waiting_of(case, picture, now)
        if row is None or later != (row.retry_at is not None and row.retry_at > now):
            continue
        rows.append(row)
        if len(rows) == size:
            return Page(rows, last)
    # so many were passed over that the rest is another page
    return Page(rows, last if read >= MOST_READ else None)


def _longest(picture: Desk, now: datetime) -> timedelta:
    """Return how long ago a case may have been closed whose answer can still be judged."""
    limits = {
        step.judge
        for known in picture.procedures.values()
        for step in known.procedure.steps.values()
        if step.judge
    }
    ends = [ends_at(limit, now, picture.calendar) for limit in limits]
    spans = [end - now for end in ends if end is not None]
    # holidays make a window in working days longer than the same window counted from today
    return min(timedelta(days=DAYS), max(spans, default=timedelta()) * 1.5 + timedelta(days=10))


def _closed(cases: CaseQuerySet, now: datetime, after: Key | None, picture: Desk) -> Iterator[Case]:
    judged = Judgement.objects.filter(case=OuterRef("pk"), at__gte=OuterRef("closed_at"))
    base = (
        cases.filter(closed_at__gte=now - _longest(picture, now), closed_at__lte=now)
        .filter(~Exists(judged))
        .filter(stage__in=[Stage.CLOSED, Stage.MERGED], reporter__is_anonymous=False)
        .exclude(reporter__phone="")
        .exclude(answer="")
        .select_related("reporter", "category", "procedure", "main", "main__procedure")
        .prefetch_related(
            "judgements",
            Prefetch(
                "callbacks",
                CallBack.objects.filter(follow=None).order_by("pk"),
                to_attr="attempts",
            ),
        )
        .order_by("closed_at", "pk")
    )
    read = 0
    while read < MOST_READ:
        page = base
        if after is not None:
            page = page.filter(Q(closed_at__gt=after[0]) | Q(closed_at=after[0], pk__gt=after[1]))
        batch = list(page[:BATCH])
        yield from batch
        read += len(batch)
        if len(batch) < BATCH or batch[-1].closed_at is None:
            return
        after = (batch[-1].closed_at, batch[-1].pk)


def waiting_of(case: Case, picture: Desk, now: datetime) -> Waiting | None:
    """Return what is to be told about a closed case; None where nobody waits to be called."""
    main = case.main or case
    number = closings(main)
    if any(each.closing == number for each in case.judgements.all()):
        return None
    step = procedure_of(main, picture).procedure.steps.get(main.step)
    if step is None or step.judge is None or main.closed_at is None:
        return None
    due = ends_at(step.judge, main.closed_at, picture.calendar)
    if due is None or due < now:
        return None
    attempts: list[CallBack] | None = getattr(case, "attempts", None)
    if attempts is None:
        attempts = list(case.callbacks.filter(follow=None).order_by("pk"))
    mine = [each for each in attempts if each.closing == number]
    last = mine[-1] if mine else None
    if last is not None and last.result == CallBack.Result.GIVEN_UP:
        return None
    return Waiting(case, due, len(mine), last.retry_at if last else None, last)


def find_waiting(case: Case, now: datetime) -> Waiting | None:
    """Return one case's call, if its reporter still waits."""
    reporter = getattr(case, "reporter", None)
    if reporter is None or not reporter.phone or reporter.is_anonymous or not case.answer:
        return None
    return waiting_of(case, desk(), now)


# --- attempts ---


def record_judgement(
    case: Case, *, verdict: str, comment: str, reopen: bool, actor: User
) -> Judgement:
    """Put down what a reporter who was reached says of the answer; dissatisfied may ask to reopen.

    Raises Problem: what `judge_answer` says, and `comment-missing` where reopening needs a reason.
    """
    _refuse_others(actor)
    if reopen and not comment.strip():
        raise Problem(
            "comment-missing", _("Write down why it should be taken up again."), where="comment"
        )
    with transaction.atomic():
        judged = judge_answer(
            case, verdict=verdict, comment=comment, actor=actor, channel=CHANNEL, reopen=reopen
        )
        _add(case, CallBack.Result.REACHED, actor)
    return judged


@transaction.atomic
def note_not_reached(
    case: Case, *, retry_at: datetime | None, note: str = "", actor: User,
    follow: Follow | None = None,
) -> CallBack:  # fmt: skip
    """Put down that nobody answered, and when to call again; without a time nobody calls again.

    With `follow` it is somebody who has it too, else the reporter.

    Raises Problem: `retry-past`, `retry-far`, `note-missing` (giving up needs a reason).
    """
    _refuse_others(actor)
    now = clock.now()
    if retry_at is None and not note.strip():
        raise Problem("note-missing", _("Say why nobody calls again."), where="note")
    if retry_at is not None and retry_at <= now:
        raise Problem("retry-past", _("That time has passed already."), where="retry")
    if retry_at is not None and retry_at > now + RETRY_MAX:
        raise Problem("retry-far", _("Call again within fifteen days."), where="retry")
    result = CallBack.Result.GIVEN_UP if retry_at is None else CallBack.Result.NOT_REACHED
    said = note.strip()[:NOTE_MAX]
    return _add(case, result, actor, retry_at=retry_at, note=said, follow=follow)


@transaction.atomic
def note_told(follow: Follow, *, note: str = "", actor: User) -> CallBack:
    """Put down that somebody who has it too has heard the answer; a judgement is the reporter's."""
    _refuse_others(actor)
    said = note.strip()[:NOTE_MAX]
    return _add(follow.case, CallBack.Result.REACHED, actor, note=said, follow=follow)


def _refuse_others(actor: User) -> None:
    if not permits(posts_of(actor, clock.today()), Permission.CASES_CASE_OPEN):
        raise Problem("not-permitted", _("Your posts do not allow this."))


def _add(
    case: Case, result: str, actor: User, *, retry_at: datetime | None = None, note: str = "",
    follow: Follow | None = None,
) -> CallBack:  # fmt: skip
    """Add an attempt to the list and to the case's history."""
    main = case.main or case
    row = CallBack.objects.create(
        case=case, closing=closings(main), result=result, retry_at=retry_at, note=note,
        actor=actor.username, at=clock.now(), follow=follow,
    )  # fmt: skip
    data = {"result": result, "retry": retry_at.isoformat() if retry_at else None, "note": note}
    if follow is not None:
        data["part"] = follow.part
    record(subject=case.subject, act="case.called_back", actor=actor.username, data=data)
    return row

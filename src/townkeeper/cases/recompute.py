"""Open due times follow a changed calendar or rule, with the reason in the journal of each case.

A due time that was given from outside (an import) never moves, and neither does a limit that was
promised to the public; a calendar moves when a promise ends, because it says which days are worked.
Where a due time moves later, alarms that rang too early ring again in time, as a turn of their own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from townkeeper.calendars.actions import DEFAULT, calendar_of, current_version
from townkeeper.calendars.changes import changed_spans
from townkeeper.calendars.models import CalendarVersion
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases._lanes import in_lanes
from townkeeper.cases._recount import CaseRow, ClockRow, Differences, LimitOf, recount
from townkeeper.cases._recount_rows import open_cases, read_cases
from townkeeper.cases._steady import steady
from townkeeper.cases._touched import Changes, touched_cases
from townkeeper.cases.chains import Chains, set_all, set_many, utc_writer
from townkeeper.cases.desk import BY_CATEGORY, Desk, desk
from townkeeper.cases.imports.bulk import few_checkpoints, is_postgresql
from townkeeper.cases.models import Ask, Case, Task
from townkeeper.cases.sweep import procedure_by
from townkeeper.kit import clock

ACT: Final = "case.due-moved"
ACTOR: Final = "system"
BATCH: Final = 4000
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """One clock that ends at another time."""

    number: str
    what: str
    """`task`, `ask` or `promise`."""
    name: str
    old: datetime | None
    new: datetime | None

    @property
    def by(self) -> timedelta | None:
        """How much later; negative for earlier, None where one of both is unknown."""
        return self.new - self.old if self.old is not None and self.new is not None else None


@dataclass(slots=True)
class Recount:
    """What a recount found, and what it changed."""

    calendar: str = ""
    version: int = 0
    cases: int = 0
    """Running cases."""
    touched: int = 0
    """Those with a clock that the change could touch, which were counted anew."""
    moved: int = 0
    """Cases with a clock that ends at another time."""
    clocks: int = 0
    earlier: int = 0
    later: int = 0
    most_earlier: timedelta = timedelta()
    most_later: timedelta = timedelta()
    busy: int = 0
    """Cases that somebody was just writing to; the next recount finds them."""
    first: list[Moved] = field(default_factory=list)
    """Up to twenty of the clocks that move."""

    def note(self, moved: Moved) -> None:
        """Take one clock into the sums."""
        self.clocks += 1
        by = moved.by
        if by is not None:
            self.earlier += by < timedelta()
            self.later += by > timedelta()
            self.most_earlier = min(self.most_earlier, by)
            self.most_later = max(self.most_later, by)
        if len(self.first) < SHOWN:
            self.first.append(moved)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a command's JSON; lengths in seconds."""
        return {
            "calendar": self.calendar,
            "version": self.version,
            "cases": self.cases,
            "touched": self.touched,
            "moved": self.moved,
            "clocks": self.clocks,
            "earlier": self.earlier,
            "later": self.later,
            "most_earlier_s": int(-self.most_earlier.total_seconds()),
            "most_later_s": int(self.most_later.total_seconds()),
            "busy": self.busy,
            "first": [
                {
                    "case": each.number,
                    "clock": each.what,
                    "name": each.name,
                    "old": each.old.isoformat() if each.old else None,
                    "new": each.new.isoformat() if each.new else None,
                }
                for each in self.first
            ],
        }


def preview(
    *,
    code: str = DEFAULT,
    limits: bool = False,
    everything: bool = False,
    version: CalendarVersion | None = None,
    calendar: WorkCalendar | None = None,
    picture: Desk | None = None,
    categories: frozenset[int] | None = None,
) -> Recount:
    """Say what `recompute` would move; nothing is written.

    `version` tries another version of the calendar than the one in force, `calendar` one that is
    not stored, `picture` other limits; `categories` looks at the cases of some kinds only.
    """
    run = _Run(
        version or current_version(code),
        limits=limits,
        everything=everything,
        actor="",
        trial=Trial(calendar, picture, categories),
    )
    return run.look()


def recompute(
    *,
    actor: str,
    code: str = DEFAULT,
    limits: bool = False,
    everything: bool = False,
    batch: int = BATCH,
    lanes: int = 1,
    categories: frozenset[int] | None = None,
) -> Recount:
    """Count every open due time anew under the calendar in force, and write what moved.

    Clocks that no changed day lies under are passed over: they come to what they are. With
    `everything` they are counted too, whatever was done to them.
    With `limits` also under the limits that categories and procedures have now: a case keeps the
    procedure it began with, but a step of the same name takes its present limit.
    `lanes` connections work side by side (PostgreSQL only). `categories` takes these kinds only.
    """
    trial = Trial(categories=categories)
    version = current_version(code)
    run = _Run(version, limits=limits, everything=everything, actor=actor, trial=trial)
    return run.apply(batch, lanes if is_postgresql() else 1)


_followed: list[int] = []


def follow_calendars(*, lanes: int = 1) -> Recount:
    """Recount where a calendar has changed since this process last did.

    Background work: each process looks once, and then when there is another version. What is
    counted from then on is counted under it: an act that read an older one writes nothing.
    Errors: `Problem` where nothing has been set up yet.
    """
    version = current_version()
    if _followed == [version.pk]:
        return Recount(version.calendar.code, version.number)
    found = recompute(actor=ACTOR, lanes=lanes)
    if not found.busy:
        _followed[:] = [version.pk]
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """What a recount looks at otherwise than at what is stored."""

    calendar: WorkCalendar | None = None
    """A calendar that is not a version yet."""
    picture: Desk | None = None
    """Limits that nobody has saved yet."""
    categories: frozenset[int] | None = None
    """Only cases of these kinds."""


class _Run:
    """One recount under one version of a calendar."""

    def __init__(
        self,
        version: CalendarVersion,
        *,
        limits: bool,
        everything: bool,
        actor: str,
        trial: Trial | None = None,
    ) -> None:
        self.version, self.limits, self.actor = version, limits, actor
        self.everything = everything or limits
        self.trial = trial or Trial()
        self.calendar: WorkCalendar = self.trial.calendar or calendar_of(version.pk)
        self.found = Recount(version.calendar.code, version.number)
        self.now = clock.now().astimezone(UTC)
        self.days = Differences(self.calendar)
        self.limit_for: LimitOf = _own_limit
        if limits:
            self.limit_for = _present_limits(self.trial.picture or desk())
        self._numbers: dict[int, int] = dict(
            CalendarVersion.objects.filter(calendar=version.calendar).values_list("pk", "number")
        )
        self._stored = utc_writer()
        self._adding = Lock()

    def look(self, batch: int = BATCH) -> Recount:
        with steady():
            for ids in _parts(self._chosen(), batch):
                self._count(read_cases(ids, lock=False))
        return self.found

    def apply(self, batch: int, lanes: int) -> Recount:
        with steady(), few_checkpoints():
            parts = _parts(self._chosen(), batch)
            in_lanes(lambda: self._drain(parts), lanes)
        return self.found

    def _chosen(self) -> list[int]:
        """Return the cases to count anew."""
        ids = open_cases()
        if self.trial.categories is not None:
            wanted = Case.objects.running().filter(category__in=self.trial.categories)
            ids = sorted(set(ids) & set(wanted.values_list("pk", flat=True)))
        self.found.cases = len(ids)
        return ids if self.everything else touched_cases(self._changes(), self._present)

    @property
    def _present(self) -> int:
        """Return the version that counts as the new one; none of those stored in a trial."""
        return 0 if self.trial.calendar is not None else self.version.pk

    def _changes(self) -> Changes:
        """Say where each other version of the calendar counts differently from this one."""
        return {
            pk: changed_spans(calendar_of(pk), self.calendar)
            for pk in self._numbers
            if pk != self.version.pk or self.trial.calendar is not None
        }

    def _drain(self, parts: Iterator[Sequence[int]]) -> None:
        """Count batch after batch, each in one transaction, until none is left."""
        while True:
            with self._adding:
                ids = next(parts, None)
            if ids is None:
                return
            with transaction.atomic():
                cases = read_cases(ids, lock=True)
                self._count(cases)
                self._write(cases)
            with self._adding:
                self.found.busy += len(ids) - len(cases)

    def _count(self, cases: Sequence[CaseRow]) -> None:
        recount(cases, self.calendar, self.limit_for, self.now)
        with self._adding:
            self._note(cases)

    def _note(self, cases: Sequence[CaseRow]) -> None:
        self.found.touched += len(cases)
        for case in cases:
            if not case.has_moved:
                continue
            self.found.moved += 1
            for each in case.clocks:
                if each.has_moved:
                    moved = Moved(case.number, each.what, each.name, each.due_at, each.new_due)
                    self.found.note(moved)
            if case.new_promise_due != case.promise_due_at:
                old, new = case.promise_due_at, case.new_promise_due
                self.found.note(Moved(case.number, "promise", "", old, new))

    def _write(self, cases: Sequence[CaseRow]) -> None:
        chains = Chains(actor=self.actor, time=self.now)
        for case in cases:
            if case.has_moved:
                subject = f"case:{case.number}"
                chains.hold(subject, case.length, case.head)
                chains.append(subject, ACT, self._told(case))
        chains.flush()
        self._write_clocks(cases)
        store, updated = self._stored, self._stored(timezone.now())
        rows = [
            (store(c.new_due), store(c.new_warn), store(c.new_promise_due), updated, c.id)
            for c in cases
            if (c.new_due, c.new_warn, c.new_promise_due) != (c.due_at, c.warn_at, c.promise_due_at)
        ]
        columns = ("due_at", "warn_at", "promise_due_at", "updated_at")
        set_many(Case, columns, ("timestamptz",) * 4, rows, key=("id", "bigint"))

    def _write_clocks(self, cases: Sequence[CaseRow]) -> None:
        store, pk = self._stored, self.version.pk
        tasks, asks = [], []
        same: dict[bool, list[int]] = {False: [], True: []}
        for case in cases:
            for each in case.clocks:
                if each.is_fixed:
                    continue
                if each.what == "ask":
                    if each.differs:
                        asks.append((store(each.new_due), store(each.new_next), each.id))
                elif each.differs:
                    times = (store(each.new_due), store(each.new_warn), store(each.new_next))
                    stands = (each.new_rung, each.new_moves, each.new_provisional, each.new_limit)
                    tasks.append((*times, *stands, pk, each.id))
                elif (each.calendar_id, each.is_provisional) != (pk, each.new_provisional):
                    same[each.new_provisional].append(each.id)
        key = ("id", "bigint")
        columns = ("due_at", "warn_at", "next_at", "rung", "moves", "is_provisional", "limit")
        types = (*("timestamptz",) * 3, "smallint", "smallint", "boolean", "varchar")
        set_many(Task, (*columns, "calendar_id"), (*types, "bigint"), tasks, key=key)
        for is_provisional, ids in same.items():
            set_all(Task, {"is_provisional": is_provisional, "calendar_id": pk}, ids)
        set_many(Ask, ("due_at", "next_at"), ("timestamptz",) * 2, asks, key=key)

    def _told(self, case: CaseRow) -> dict[str, object]:
        """Say in the journal what moved, from when to when, and why."""
        moved: list[dict[str, object]] = [_of_clock(each) for each in case.clocks if each.has_moved]
        if case.new_promise_due != case.promise_due_at:
            old, new = case.promise_due_at, case.new_promise_due
            moved.append({"clock": "promise", "old": _text(old), "new": _text(new)})
        return {"cause": self._cause(case), "moved": moved}

    def _cause(self, case: CaseRow) -> dict[str, object]:
        before = next((c.calendar_id for c in case.clocks if c.calendar_id), None)
        cause: dict[str, object] = {
            "calendar": self.found.calendar,
            "version": self.version.number,
            "digest": self.version.digest[:16],
            "note": self.version.note,
        }
        if before in self._numbers:
            cause["before"] = self._numbers[before]
        if any(each.new_limit != each.limit for each in case.clocks):
            cause["limits"] = True
        ends = [at for c in case.clocks for at in (c.due_at, c.new_due) if at is not None]
        ends += [at for at in (case.promise_due_at, case.new_promise_due) if at is not None]
        starts = [each.start for each in case.clocks if each.has_moved] or [case.opened_at]
        if ends and before != self.version.pk:
            days = self.days.between(before, min(starts), max(ends))
            if days:
                cause["days"] = days
        return cause


def _of_clock(each: ClockRow) -> dict[str, object]:
    told: dict[str, object] = {
        "clock": each.what,
        "step": each.step,
        "name": each.name,
        "old": _text(each.due_at),
        "new": _text(each.new_due),
    }
    if each.new_limit != each.limit:
        told["limit"] = [each.limit, each.new_limit]
    return told


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for begin in range(0, len(ids), size):
        yield ids[begin : begin + size]


def _own_limit(_case: CaseRow, each: ClockRow) -> str:
    return each.limit


def _present_limits(picture: Desk) -> Callable[[CaseRow, ClockRow], str]:
    """Return the limit that a clock would have if it began now; where none is said, its own."""
    now_by_key: Mapping[str, Any] = {
        key: known.procedure for key, known in picture.procedures.items()
    }

    def limit_for(case: CaseRow, each: ClockRow) -> str:
        began = procedure_by(case.procedure_id)
        procedure = now_by_key.get(began.key, began)
        step = procedure.steps.get(each.step)
        if step is None:
            return each.limit
        if each.what == "ask":
            action = step.actions.get(each.name)
            return (action.ask.limit if action and action.ask else None) or each.limit
        branch = next((b for b in step.branches if b.name == each.branch), None)
        text = (branch.limit if branch else None) or step.limit
        if text == BY_CATEGORY:
            register = picture.register
            category = register.categories.get(case.category_id) if case.category_id else None
            text = register.limit_of(category)
        return text or each.limit

    return limit_for

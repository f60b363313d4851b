"""A small world of cases for the metrics: rows by hand, and the slow, obvious way to count them."""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from townkeeper.analytics.engine import Tables, tables_of
from townkeeper.analytics.lake import ARROW
from townkeeper.analytics.tables import known_extracts
from townkeeper.cases.metrics_facts import FIXED, SELF_FOUND, Window, month_window

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = {1: "A", 2: "B", 3: "C"}


def t(text: str | None) -> datetime | None:
    """`09-05 10:00` of 2026 in Shanghai; seconds may follow."""
    if text is None:
        return None
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class Task:
    unit: int | None
    opened: datetime
    due: datetime | None = None
    done: datetime | None = None
    result: str = "handled"
    stage: str = "handling"
    part: str = "lead"
    sent_back: datetime | None = None
    stops: list = field(default_factory=list)
    id: int = 0


@dataclass
class Ask:
    """What was asked for; `task` is its place among the case's tasks."""

    effect: str
    unit: int | None
    asked: datetime
    decided: datetime | None = None
    result: str = "accepted"
    due: datetime | None = None
    task: int | None = None


@dataclass(repr=False)
class Case:
    unit: int | None
    tasks: list[Task]
    stage: str = "handling"
    closed: datetime | None = None
    outcome: str = ""
    channel: str = "web"
    events: list = field(default_factory=list)
    """(kind, unit, time)"""
    extensions: list = field(default_factory=list)
    asks: list = field(default_factory=list)
    judgements: list = field(default_factory=list)
    """(time, verdict)"""
    merges: list = field(default_factory=list)
    """(time, taken back)"""
    promise: datetime | None = None
    is_answered: bool = False
    number: str = ""

    def __repr__(self) -> str:
        return self.number

    @property
    def filed(self) -> datetime | None:
        beyond = [task.opened for task in self.tasks if task.stage not in {"intake", "filing"}]
        return min(beyond, default=None)


def number(cases: list[Case]) -> list[Case]:
    """Give numbers and ids in the order of the list."""
    serial = 0
    for place, case in enumerate(cases, 1):
        case.number = f"X-{place:03}"
        for task in case.tasks:
            serial += 1
            task.id = serial
    return cases


def window(until: str = "10-15 00:00", month: str = "2026-09") -> Window:
    return month_window(month, until=t(until), zone=SHANGHAI)


def tables(cases: list[Case]) -> Tables:
    """The extracts of these cases."""
    rows: dict[str, list[tuple]] = defaultdict(list)
    rows["units"] = [(pk, code, code, "department", f"{pk:04}.") for pk, code in UNITS.items()]
    opened = t("08-01 00:00")
    for pk, case in enumerate(cases, 1):
        rows["cases"].append((
            pk, case.number, case.unit, None, "k", case.stage, case.channel, "live", opened,
            case.filed, case.closed, case.outcome, case.promise, case.is_answered,
        ))  # fmt: skip
        for task in case.tasks:
            rows["tasks"].append((
                pk, opened, task.id, task.unit, task.stage, task.part, task.opened, task.due,
                task.done, task.result if task.done else None, task.sent_back,
            ))  # fmt: skip
            rows["stops"] += [(pk, opened, task.id, since, until) for since, until in task.stops]
        rows["events"] += [(pk, opened, kind, unit, at) for kind, unit, at in case.events]
        rows["extensions"] += [(pk, opened, unit, at) for unit, at in case.extensions]
        for ask in case.asks:
            rows["asks"].append((
                pk, opened, ask.effect, None if ask.task is None else case.tasks[ask.task].id,
                ask.unit, ask.asked, ask.due, ask.decided, ask.result if ask.decided else None,
            ))  # fmt: skip
        rows["judgements"] += [(pk, opened, pk, at, verdict) for at, verdict in case.judgements]
        rows["merges"] += [(pk, opened, at, undone) for at, undone in case.merges]
    return tables_of({name: _arrow(name, rows[name]) for name in known_extracts()}, as_of=opened)


def _arrow(name: str, rows: list[tuple]) -> pa.Table:
    columns = known_extracts()[name].columns
    return pa.table(
        {
            column: pa.array(
                [
                    v.replace(tzinfo=None) if isinstance(v := row[place], datetime) else v
                    for row in rows
                ],
                type=ARROW[kind],
            )
            for place, (column, kind) in enumerate(columns.items())
        }
    )


def slow_counts(cases: list[Case], w: Window, subject: str) -> dict[str, list[str]]:
    """Count name → numbers of the cases counted, for a unit's code or `*`; without any engine."""
    found: dict[str, list[str]] = defaultdict(list)

    def mine(unit: int | None) -> bool:
        return subject == "*" or UNITS.get(unit) == subject

    for case in cases:
        note = _Notes(case, w, mine, found)
        note.duty()
        note.assist()
        note.standing()
        note.filing()
        note.events()
        _Said(case, w, mine, found).count()
    return found


@dataclass
class _Notes:
    case: Case
    w: Window
    mine: object
    found: dict

    def add(self, name: str, *, when: bool = True) -> None:
        if when:
            self.found[name].append(self.case.number)

    def in_month(self, moment: datetime | None) -> bool:
        w = self.w
        return moment is not None and w.start <= moment < w.end and moment <= w.until

    def ended_by(self, moment: datetime, stage: str | None = None) -> bool:
        case = self.case
        done = case.closed is not None and case.closed <= moment
        return done and stage in {None, case.stage}

    def is_gone(self) -> bool:
        return self.ended_by(self.w.until, "voided") or self.case.stage == "merged"

    def known(self, part: str) -> list[Task]:
        return [
            task
            for task in self.case.tasks
            if task.stage == "handling"
            and (task.part == "lead") == (part == "lead")
            and task.opened <= self.w.until
        ]

    def cohort(self, part: str) -> list[Task]:
        w = self.w
        kept = []
        for task in self.known(part):
            if task.due is None or not w.start <= task.due < w.end or task.due >= w.until:
                continue
            done = task.done is not None and task.done <= w.until
            if self.is_gone() or (done and task.result == "voided"):
                continue
            left = done and task.result in {"passed-on", "cancelled"} and task.done <= task.due
            halted = [s for s, e in task.stops if s <= w.until and (e is None or e > w.until)]
            stopped = not done and halted and min(halted) <= task.due
            if not left and not stopped and self.mine(task.unit):
                kept.append(task)
        return kept

    def is_extended(self, task: Task) -> bool:
        return any(
            ask.effect == "extension" and ask.result == "accepted" and ask.decided
            and ask.decided <= self.w.until and ask.task is not None
            and self.case.tasks[ask.task] is task
            for ask in self.case.asks
        )  # fmt: skip

    def handled(self, task: Task) -> bool:
        done = task.done is not None and task.done <= self.w.until
        return done and task.result == "handled"

    def duty(self) -> None:
        tasks = self.cohort("lead")
        if not tasks:
            return
        last = max(tasks, key=lambda task: task.id)
        handled = self.handled(last)
        on_time = handled and all(self.handled(task) and task.done <= task.due for task in tasks)
        sent = [task for task in tasks if task.sent_back and task.sent_back <= self.w.until]
        is_last = last.id == max(task.id for task in self.known("lead"))
        closed = is_last and self.ended_by(self.w.until, "closed")
        self.add("due_count")
        self.add("handled_count", when=handled)
        self.add("on_time_count", when=on_time)
        self.add("late_count", when=handled and not on_time)
        self.add("overdue_count", when=not handled)
        self.add("reported_count", when=any(self.handled(task) for task in tasks))
        self.add("rework_count", when=bool(sent))
        self.add("extended_count", when=any(self.is_extended(task) for task in tasks))
        self.add("closing_due_count", when=is_last)
        self.add("closed_count", when=closed)
        self.add("closed_on_time_count", when=closed and on_time)

    def assist(self) -> None:
        tasks = self.cohort("assist")
        self.add("assist_due_count", when=bool(tasks))
        met = all(self.handled(task) and task.done <= task.due for task in tasks)
        self.add("assist_on_time_count", when=bool(tasks) and met)

    def standing(self) -> None:
        moment = self.w.snapshot
        seen = set()
        for task in self.case.tasks if not self.ended_by(moment) else ():
            running = task.opened <= moment and not (task.done and task.done <= moment)
            if task.stage != "handling" or task.part != "lead" or not running:
                continue
            if not self.mine(task.unit):
                continue
            if any(s <= moment and (e is None or e > moment) for s, e in task.stops):
                seen.add("suspended_count")
            else:
                seen.add("backlog_count")
                if task.due is not None and task.due < moment:
                    seen.add("overdue_backlog_count")
        for name in seen:
            self.add(name)

    def filing(self) -> None:
        case, w = self.case, self.w
        filed = self.in_month(case.filed) and case.stage != "merged"
        voided = self.ended_by(w.until, "voided")
        if self.mine(case.unit):
            self.add("filed_count", when=filed)
            self.add("valid_count", when=filed and not voided)
            self.add("self_found_count", when=filed and case.channel in SELF_FOUND)
            free = [task for task in self.known("lead") if task.due is None and not task.stops]
            self.add("no_limit_count", when=filed and not voided and bool(free))
            ended = self.in_month(case.closed) and case.filed is not None
            self.add("voided_count", when=ended and case.stage == "voided")
            unsolved = case.stage == "closed" and case.outcome not in FIXED
            self.add("unsolved_count", when=ended and unsolved)
        if case.unit is None and self.mine(None) and case.stage != "merged":
            there = case.filed is not None and case.filed <= w.snapshot
            self.add("ownerless_count", when=there and not self.ended_by(w.snapshot))

    def events(self) -> None:
        names = {"evasion": "evasion_count", "rework": "rework_times"}
        for kind, unit, moment in self.case.events:
            if kind in names and self.mine(unit):
                self.add(names[kind], when=self.in_month(moment))
        for unit, moment in self.case.extensions:
            self.add("extension_count", when=self.mine(unit) and self.in_month(moment))


class _Said(_Notes):
    """What is counted of asks, closings, promises and judgements."""

    def count(self) -> None:
        self.asks()
        self.closings()
        self.judgements()
        self.promise()
        self.standing_apart()

    def asks(self) -> None:
        for ask in self.case.asks:
            if not self.mine(ask.unit):
                continue
            asked, decided = self.in_month(ask.asked), self.in_month(ask.decided)
            yes, no = decided and ask.result == "accepted", decided and ask.result == "rejected"
            if ask.effect == "dispute":
                self.add("dispute_count", when=asked)
                self.add("dispute_upheld_count", when=yes)
                self.add("dispute_rejected_count", when=no)
                self.add("dispute_ruled_count", when=yes or no)
                over = ask.due and self.in_month(ask.due) and ask.due < self.w.until
                in_time = ask.decided is not None and over and ask.decided <= ask.due
                self.add("dispute_late_count", when=over and not in_time)
            elif ask.effect == "extension":
                self.add("extension_asked_count", when=asked)
                self.add("extension_refused_count", when=no)
            elif ask.effect == "stop":
                self.add("stop_asked_count", when=asked)
                self.add("stop_count", when=yes)

    def reopenings(self) -> list[datetime]:
        asks = self.case.asks
        return [
            a.decided for a in asks
            if a.effect == "reopening" and a.decided and a.result == "accepted"
        ]  # fmt: skip

    def all_closings(self) -> list[tuple[datetime, bool]]:
        """When the case was closed by the data time, and whether that was taken back by then."""
        case, until = self.case, self.w.until
        if case.stage in {"voided", "merged"}:
            return []
        found = []
        if case.stage == "closed" and case.closed is not None:
            found.append((case.closed, False))
        for moment in self.reopenings():
            ended = [task.done for task in case.tasks if task.done and task.done <= moment]
            if ended:
                found.append((max(ended), moment <= until))
        return [(at, taken_back) for at, taken_back in found if at <= until]

    def handler(self, moment: datetime) -> int | None:
        done = [
            task for task in self.case.tasks
            if task.stage == "handling" and task.part == "lead" and task.result != "cancelled"
            and task.unit is not None and task.done is not None and task.done <= moment
        ]  # fmt: skip
        return max(done, key=lambda task: task.id).unit if done else self.case.unit

    def closings(self) -> None:
        mine = [
            taken_back
            for at, taken_back in self.all_closings()
            if self.in_month(at) and self.mine(self.handler(at))
        ]
        self.add("ended_count", when=bool(mine))
        self.add("ended_reopened_count", when=any(mine))
        self.add("answered_count", when=bool(mine) and self.case.is_answered)
        for moment in self.reopenings():
            mine = self.mine(self.handler(moment))
            self.add("reopened_count", when=mine and self.in_month(moment))

    def judgements(self) -> None:
        for at, verdict in self.case.judgements:
            if self.in_month(at) and self.mine(self.handler(at)):
                self.add("judged_count")
                self.add("satisfied_count", when=verdict in {"satisfied", "partly"})

    def promise(self) -> None:
        due = self.case.promise
        if self.is_gone() or not self.in_month(due) or due >= self.w.until:
            return
        if self.mine(self.case.unit):
            ends = [at for at, taken_back in self.all_closings() if not taken_back]
            self.add("promise_due_count")
            self.add("promise_kept_count", when=any(at <= due for at in ends))

    def standing_apart(self) -> None:
        case, w = self.case, self.w
        if not self.mine(case.unit):
            return
        standing = [
            at for at, undone in case.merges
            if self.in_month(at) and not (undone and undone <= w.until)
        ]  # fmt: skip
        self.add("merged_count", when=bool(standing))
        kept = [
            task for task in case.tasks
            if task.stage == "shelved" and task.opened <= w.snapshot
            and not (task.done and task.done <= w.snapshot)
        ]  # fmt: skip
        gone = self.ended_by(w.snapshot, "voided") or case.stage == "merged"
        self.add("shelved_count", when=bool(kept) and not gone)


def slow_hours(cases: list[Case], w: Window, subject: str) -> float | None:
    """The median of the hours from dispatch to report."""
    hours = []
    for case in cases:

        def mine(unit: int | None) -> bool:
            return subject == "*" or UNITS.get(unit) == subject

        note = _Notes(case, w, mine, {})
        hours += [
            (task.done - task.opened).total_seconds() / 3600
            for task in note.cohort("lead")
            if note.handled(task)
        ]
    return statistics.median(hours) if hours else None

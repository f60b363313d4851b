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
            case.filed, case.closed, case.outcome,
        ))  # fmt: skip
        for task in case.tasks:
            rows["tasks"].append((
                pk, opened, task.id, task.unit, task.stage, task.part, task.opened, task.due,
                task.done, task.result if task.done else None, task.sent_back,
            ))  # fmt: skip
            rows["stops"] += [(pk, opened, task.id, since, until) for since, until in task.stops]
        rows["events"] += [(pk, opened, kind, unit, at) for kind, unit, at in case.events]
        rows["extensions"] += [(pk, opened, unit, at) for unit, at in case.extensions]
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
            if self.ended_by(w.until, "voided") or (done and task.result == "voided"):
                continue
            left = done and task.result in {"passed-on", "cancelled"} and task.done <= task.due
            halted = [s for s, e in task.stops if s <= w.until and (e is None or e > w.until)]
            stopped = not done and halted and min(halted) <= task.due
            if not left and not stopped and self.mine(task.unit):
                kept.append(task)
        return kept

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
        filed = self.in_month(case.filed)
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
        if case.unit is None and self.mine(None):
            there = case.filed is not None and case.filed <= w.snapshot
            self.add("ownerless_count", when=there and not self.ended_by(w.snapshot))

    def events(self) -> None:
        names = {"evasion": "evasion_count", "rework": "rework_times"}
        for kind, unit, moment in self.case.events:
            if kind in names and self.mine(unit):
                self.add(names[kind], when=self.in_month(moment))
        for unit, moment in self.case.extensions:
            self.add("extension_count", when=self.mine(unit) and self.in_month(moment))


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

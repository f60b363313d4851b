"""How far a campaign is: each row, each unit, who has not begun, who was late, how long it took."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from townkeeper.calendars.actions import current
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.campaigns.models import Campaign, CampaignItem
from townkeeper.cases.models import Case, Evidence, Stage, Task
from townkeeper.duties.register import register
from townkeeper.kit import clock

State = Literal["preparing", "not-begun", "running", "reported", "done", "voided"]
HOUR = 3600


@dataclass(frozen=True, slots=True)
class RowState:
    """How far one row is."""

    item: CampaignItem
    case: Case | None
    state: State
    is_late: bool
    """Handled after its deadline, or not handled and past it."""
    due_at: datetime | None
    handled_at: datetime | None
    hours: float | None
    """Working hours from the dispatch to the report, or until now."""
    unit: str
    """Code of the unit that has it now: a dispute or an abolition may have moved it."""


@dataclass
class UnitProgress:
    """How far one unit is."""

    code: str
    name: str
    rows: int = 0
    done_on_time: int = 0
    done_late: int = 0
    reported: int = 0
    running: int = 0
    not_begun: int = 0
    overdue: int = 0
    voided: int = 0
    reminders: int = 0
    hours: list[float] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Rows that are closed."""
        return self.done_on_time + self.done_late

    def add(self, row: RowState) -> None:
        """Count a row."""
        self.rows += 1
        self.reminders += row.item.reminders
        if row.state == "done":
            self.done_late += row.is_late
            self.done_on_time += not row.is_late
        elif row.state == "reported":
            self.reported += 1
        elif row.state == "running":
            self.running += 1
        elif row.state == "voided":
            self.voided += 1
        else:
            self.not_begun += 1
        self.overdue += row.is_late and row.state not in {"done", "voided"}
        if row.hours is not None and row.state in {"done", "reported"}:
            self.hours.append(row.hours)

    def as_dict(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "unit": self.code,
            "name": self.name,
            "rows": self.rows,
            "done_on_time": self.done_on_time,
            "done_late": self.done_late,
            "reported": self.reported,
            "running": self.running,
            "not_begun": self.not_begun,
            "overdue": self.overdue,
            "voided": self.voided,
            "reminders": self.reminders,
            "hours": round(sum(self.hours) / len(self.hours), 1) if self.hours else None,
        }


@dataclass(frozen=True)
class Progress:
    """How far a campaign is at one moment."""

    campaign: Campaign
    at: datetime
    rows: tuple[RowState, ...]
    units: tuple[UnitProgress, ...]
    total: UnitProgress

    def as_dict(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "campaign": self.campaign.key,
            "title": self.campaign.title,
            "status": self.campaign.status,
            "at": self.at.isoformat(),
            **{k: v for k, v in self.total.as_dict().items() if k not in {"unit", "name"}},
            "units": [unit.as_dict() for unit in self.units],
        }


def progress_of(campaign: Campaign) -> Progress:
    """Return how far a campaign is now; five queries, however many rows it has.

    A row was in time when the work was reported, after any rework, by the row's own deadline: a
    second round in handling does not get a second deadline here.
    """
    now, calendar = clock.now(), current()
    items = list(campaign.items.select_related("unit", "case", "case__main").order_by("number"))
    cases = {item.pk: _followed(item.case) for item in items}
    ids = {case.pk for case in cases.values() if case is not None}
    works = _works(ids)
    begun = _begun(ids)
    rows = tuple(
        _row(item, cases[item.pk], works, begun, calendar=calendar, now=now) for item in items
    )
    names = {unit.code: unit.name for unit in register().units.values()}
    total, units = UnitProgress("", ""), dict[str, UnitProgress]()
    for row in rows:
        total.add(row)
        known = units.setdefault(row.unit, UnitProgress(row.unit, names.get(row.unit, row.unit)))
        known.add(row)
    return Progress(campaign, now, rows, tuple(units.values()), total)


def _followed(case: Case | None) -> Case | None:
    """Return the case itself, or the main one that it was merged into."""
    return case.main if case is not None and case.stage == Stage.MERGED and case.main else case


def _works(ids: Iterable[int]) -> dict[int, list[Task]]:
    """Return the leading handling tasks of cases, in order."""
    found: dict[int, list[Task]] = {}
    tasks = Task.objects.filter(stage=Stage.HANDLING, part="lead", case_id__in=list(ids))
    for task in tasks.order_by("pk"):
        found.setdefault(task.case_id, []).append(task)
    return found


def _begun(ids: Iterable[int]) -> set[int]:
    """Return the cases for which something was shown: the least sign that work has begun."""
    return set(Evidence.objects.filter(case_id__in=list(ids)).values_list("case_id", flat=True))


def _row(
    item: CampaignItem,
    case: Case | None,
    works: dict[int, list[Task]],
    begun: set[int],
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> RowState:
    tasks = works.get(case.pk, []) if case else []
    done = [task for task in tasks if task.done_at and task.outcome != "cancelled"]
    is_open = any(task.done_at is None for task in tasks)
    handled_at = done[-1].done_at if done and not is_open else None
    state = _state(case, tasks, begun, is_open=is_open)
    due_at = item.due_at or (case.due_at if case else None)
    until = handled_at or (case.closed_at if case else None) or now
    start = tasks[0].opened_at if tasks else None
    return RowState(
        item=item,
        case=case,
        state=state,
        is_late=state != "voided" and due_at is not None and until > due_at,
        due_at=due_at,
        handled_at=handled_at,
        hours=round(calendar.elapsed(start, until) / HOUR, 1) if start else None,
        unit=_unit_code(item, case),
    )


def _state(case: Case | None, tasks: list[Task], begun: set[int], *, is_open: bool) -> State:
    if case is None:
        return "preparing"
    if case.stage == Stage.CLOSED:
        return "done"
    if case.stage in {Stage.VOIDED, Stage.MERGED}:
        return "voided"
    if case.stage in {Stage.VERIFYING, Stage.ANSWERING}:
        return "reported"
    if not tasks or (is_open and len(tasks) == 1 and case.pk not in begun):
        return "not-begun"
    return "running"


def _unit_code(item: CampaignItem, case: Case | None) -> str:
    known = register().units
    now_at = known.get(case.unit_id) if case is not None and case.unit_id else None
    return now_at.code if now_at else item.unit.code

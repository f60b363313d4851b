"""Who should have a case: the register's answer with its reason, alternatives with their record.

Nothing here decides. The duty register names the unit (篇2 L95: 誰的事誰負責); the dispatcher sees
why, who else could, how they have done with such matters lately, and by when it would be due. Acts
go through `advance_case`, each case in a transaction of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calendars.explain import Step as Line
from townkeeper.calendars.explain import explain
from townkeeper.calendars.limits import Limit
from townkeeper.cases.actions import Given, advance_case
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.models import Case, Stage, Task
from townkeeper.cases.standing import procedure_of
from townkeeper.duties.register import Answer, UnitRow
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import Action, Procedure, Step
from townkeeper.procedures.transition import CANCELLED
from townkeeper.units.models import Unit, posts_of
from townkeeper.units.permissions import Permission

RECORD_DAYS: Final = 90
"""How far back a unit's record with a kind of matter is counted."""
MOST_COUNTED: Final = 2_000
"""Newest cases of a kind that a record is read from."""
MOST_OTHERS: Final = 3
"""Units that are offered only because they handled such matters most."""
BATCH_MOST: Final = 100


# --- which act dispatches ---


def dispatch_action(procedure: Procedure, step: str) -> Action | None:
    """Return the action of a step that gives a case to units by the register; None for none.

    Going back for rework is none: there the units of the last handling answer.
    """
    here = procedure.steps[step]
    if here.final or here.stage in {Stage.VERIFYING, Stage.SHELVED}:
        return None
    for action in here.actions.values():
        target = procedure.steps.get(action.to or "")
        if target is not None and target.unit == "duty" and not action.names and not action.ask:
            return action
    return None


def _performers(procedure: Procedure, step: str, action: Action) -> set[str]:
    return set(action.performers or (procedure.steps[step].performer,))


def _roles(user: User) -> set[str]:
    posts = posts_of(user, clock.today())
    return {p.role.key for p in posts if Permission.CASES_CASE_ACT in p.role.permissions}


# --- who should have it ---


def suggested_for(case: Case, picture: Desk) -> Answer:
    """Return who answers for a case by the register today, with the line that says so."""
    register = picture.register
    category = register.categories.get(case.category_id) if case.category_id else None
    area = register.units.get(case.area_id) if case.area_id else None
    return register.resolve(category, area, clock.today())


@dataclass(slots=True)
class TrackRecord:
    """How a unit has done with one kind of matter lately."""

    handled: int = 0
    in_time: int = 0
    open: int = 0
    """What it has in hand now, of any kind."""

    @property
    def share(self) -> float | None:
        """The share handled in time, 0 to 1; None where it has handled none."""
        return self.in_time / self.handled if self.handled else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that could have a case, and why it is offered."""

    unit: UnitRow
    why: str
    """`register`, `conflict`, `assists`, `area`, `holds`, `past`."""
    record: TrackRecord


@dataclass(frozen=True, slots=True)
class Preview:
    """When a case would be due if it were dispatched now."""

    limit: str
    due_at: datetime | None
    warn_at: datetime | None
    is_provisional: bool
    story: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a dispatcher decides from."""

    answer: Answer
    candidates: list[Candidate]
    preview: Preview
    action: Action


def offer_for(case: Case) -> Offer:
    """Gather what dispatching a case needs; Problem `not-dispatchable` where its step has none."""
    picture = desk()
    procedure = procedure_of(case, picture).procedure
    action = dispatch_action(procedure, case.step)
    if action is None:
        raise not_dispatchable(case)
    answer = suggested_for(case, picture)
    target = procedure.steps[action.to or case.step]
    return Offer(answer, _candidates(case, answer, picture), preview_of(case, target), action)


def preview_of(case: Case, step: Step) -> Preview:
    """Return by when a case would be due in a step that it entered now, and how that comes about.

    The limit is the step's, or the category's own (`by-category`); working time as the calendar in
    force counts it.
    """
    picture, now = desk(), clock.now()
    category = picture.register.categories.get(case.category_id) if case.category_id else None
    found = picture.clock(step.limit, step.warn, category, now)
    story = explain(picture.calendar, now, Limit.parse(found.limit)) if found.limit else []
    return Preview(found.limit, found.due_at, found.warn_at, found.is_provisional, list(story))


def _candidates(case: Case, answer: Answer, picture: Desk) -> list[Candidate]:
    """Return the register's unit first, then whoever could be meant, then those with practice."""
    whys: dict[int, str] = {}
    for why, rows in (
        ("register", [answer.lead]),
        ("conflict", answer.conflict),
        ("assists", answer.assistants),
        ("area", [_town_of(case, picture)]),
        ("holds", [_holder(case, picture)]),
    ):
        for row in rows:
            if row is not None:
                whys.setdefault(row.id, why)
    records = track_records(case.category_id, also=whys)
    busiest = sorted(records, key=lambda pk: (-records[pk].handled, pk))
    today = clock.today()
    for pk in [pk for pk in busiest if pk not in whys and records[pk].handled][:MOST_OTHERS]:
        row = picture.register.units.get(pk)
        if row is not None and row.exists(today):
            whys[pk] = "past"
    units = picture.register.units
    return [Candidate(units[pk], why, records.get(pk, TrackRecord())) for pk, why in whys.items()]


def _town_of(case: Case, picture: Desk) -> UnitRow | None:
    """Return the town or street that a case lies in: the place itself may answer (屬地管理)."""
    area = picture.register.units.get(case.area_id or 0)
    while area is not None and area.kind == Unit.Kind.VILLAGE:
        area = picture.register.unit_by_path.get(_above(area.path))
    return area if area is not None and area.kind == Unit.Kind.TOWNSHIP else None


def _above(path: str) -> str:
    return path.rstrip(".").rpartition(".")[0] + "."


def _holder(case: Case, picture: Desk) -> UnitRow | None:
    return picture.register.units.get(case.unit_id or 0)


def track_records(category: int | None, *, also: Iterable[int] = ()) -> dict[int, TrackRecord]:
    """Return by unit how matters of a category were handled in the last `RECORD_DAYS` days.

    Read from the newest `MOST_COUNTED` cases; `also` are units whose open load is wanted even if
    they have handled none.
    """
    since = clock.now() - timedelta(days=RECORD_DAYS)
    found: dict[int, TrackRecord] = {pk: TrackRecord() for pk in also}
    if category is not None:
        newest = Case.objects.filter(category=category, opened_at__gte=since)
        ids = newest.order_by("-opened_at").values_list("pk", flat=True)[:MOST_COUNTED]
        rows = (
            Task.objects.filter(case__in=list(ids), stage=Stage.HANDLING, part="lead")
            .exclude(Q(done_at=None) | Q(unit=None) | Q(outcome=CANCELLED))
            .values_list("unit")
            .annotate(n=Count("pk"), good=Count("pk", filter=Q(done_at__lte=F("due_at"))))
        )
        for unit, number, good in rows.order_by("-n"):
            record = found.setdefault(unit, TrackRecord())
            record.handled, record.in_time = number, good
    load = Task.objects.filter(done_at=None, unit__in=list(found), stage=Stage.HANDLING)
    for unit, number in load.order_by().values_list("unit").annotate(n=Count("pk")):
        found[unit].open = number
    return found


# --- many at once ---


@dataclass(frozen=True, slots=True)
class Planned:
    """One case of a batch: whose it would be, or why nothing can be done with it."""

    case: Case
    answer: Answer
    why: str = ""
    """Empty, or `moved-on` (changed since it was chosen), `not-dispatchable`, `not-permitted`,
    `no-owner`."""


def plan_batch(
    cases: Sequence[Case], *, actor: User, seen_versions: Mapping[int, int] | None = None
) -> list[Planned]:
    """Say what dispatching several cases by the register would do; nothing is written."""
    picture, roles = desk(), _roles(actor)
    seen = seen_versions or {}
    return [_plan(case, roles, picture, seen.get(case.pk)) for case in cases]


def _plan(case: Case, roles: set[str], picture: Desk, seen: int | None) -> Planned:
    procedure = procedure_of(case, picture).procedure
    action = dispatch_action(procedure, case.step)
    answer = suggested_for(case, picture)
    if seen is not None and seen != case.version:
        return Planned(case, answer, "moved-on")
    if action is None or case.stage == Stage.MERGED:
        return Planned(case, answer, "not-dispatchable")
    if not roles & _performers(procedure, case.step, action):
        return Planned(case, answer, "not-permitted")
    return Planned(case, answer, "" if answer.lead else "no-owner")


@dataclass(frozen=True, slots=True)
class Pick:
    """One case to dispatch, as it was seen; `unit` is a code, empty for the register's."""

    case: Case
    version: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case of a batch."""

    number: str
    title: str
    unit: str = ""
    """Name of the unit that has it now."""
    problem: Problem | None = None
    """Why nothing happened."""


def dispatch_each(picks: Iterable[Pick], *, actor: User, reason: str = "") -> list[Result]:
    """Dispatch cases, each in a transaction of its own; return what became of each.

    One that is refused leaves the others as they are: a batch is never half done without saying so.
    """
    return [_dispatch(pick, actor, reason) for pick in picks]


def _dispatch(pick: Pick, actor: User, reason: str) -> Result:
    case = pick.case
    try:
        done = _advance(pick, actor, reason)
    except Problem as problem:
        return Result(case.number, case.title, problem=problem)
    row = desk().register.units.get(done.unit_id or 0)
    return Result(case.number, case.title, unit=row.name if row else "")


def _advance(pick: Pick, actor: User, reason: str) -> Case:
    case, picture = pick.case, desk()
    action = dispatch_action(procedure_of(case, picture).procedure, case.step)
    if action is None:
        raise not_dispatchable(case)
    if not pick.unit and suggested_for(case, picture).lead is None:
        raise Problem("no-owner", _("The duty register names nobody; name a unit."))
    given = Given(reason=reason, units=((pick.unit, "lead"),) if pick.unit else ())
    return advance_case(case, action.name, actor=actor, given=given, seen_version=pick.version)


def not_dispatchable(case: Case) -> Problem:
    """Return the refusal for a case whose step has no dispatch."""
    return Problem(
        "not-dispatchable",
        _("In its present step this case cannot be dispatched."),
        where=case.number,
    )

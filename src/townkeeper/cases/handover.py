"""Carries out changes of units: mergers, splits, abolitions, with everything that is under way.

One transaction: the units end and their heirs stand, duties and posts go over, and every running
case changes hands with an entry in its own history. What has ended keeps the unit that it had.
A preview runs through the same plan and writes nothing. A change for a day to come waits
(`UnitChange`), and the background work carries it out on the day, exactly once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases._handover_plan import CasePlan, plan_cases
from townkeeper.cases._handover_write import carry_cases
from townkeeper.cases.models import Case, Task
from townkeeper.duties.carry import DutyPlan, carry_duties, category_tree, plan_duties
from townkeeper.duties.models import Category
from townkeeper.duties.register import register
from townkeeper.journal.actions import record, touch_registers
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.carry import Piece, carry_units, plan_units
from townkeeper.units.changes import Plan, Stand, open_stand, plan_of
from townkeeper.units.heirs import Choice
from townkeeper.units.models import Unit, UnitChange

__all__ = [
    "Preview",
    "apply_change",
    "apply_due",
    "preview_change",
    "register_guard",
    "settle_closed",
    "withdraw_change",
]
SHOWN = 5
BACKGROUND = "system"
Guard = Callable[[Plan], None]
_guards: dict[str, Guard] = {}


def register_guard(name: str, guard: Guard) -> None:
    """Let an app above refuse a change: `guard(plan)` raises Problem. For AppConfig.ready."""
    _guards[name] = guard


@dataclass(frozen=True)
class Preview:
    """What a change does, counted: the same before and after it."""

    plan: Plan
    pieces: tuple[Piece, ...]
    left_over: float = 0.0
    """The share of a split area that no part's outline holds."""
    doubles: int = 0
    change: UnitChange | None = None
    """The stored change, once it is planned or carried out."""

    @property
    def uncovered(self) -> list[Piece]:
        """Return what no rule covers: with any of it the change is refused."""
        return [piece for piece in self.pieces if not piece.heir]

    def counts(self) -> Counter[tuple[str, str, str, str]]:
        """Return (what, from, to, by which rule) → how many."""
        return Counter((p.what, p.former, p.heir, p.rule) for p in self.pieces)

    def total(self, what: str) -> int:
        """Return how many of a sort change hands."""
        return sum(piece.what == what for piece in self.pieces)

    def as_dict(self) -> dict[str, object]:
        """Return the preview as plain data."""
        counted = [
            {"what": what, "from": former, "to": heir or None, "rule": rule, "count": count}
            for (what, former, heir, rule), count in sorted(self.counts().items())
        ]
        return {
            "kind": str(self.plan.kind),
            "on": self.plan.on.isoformat(),
            **self.plan.as_data(),
            "moves": counted,
            "doubles": self.doubles,
            "left_over": round(self.left_over, 4),
            "uncovered": [{"what": p.what, "key": p.key, "from": p.former} for p in self.uncovered],
            "change": self.change.pk if self.change else None,
            "state": str(self.change.state) if self.change else None,
        }


@dataclass
class _Whole:
    """The plans of all parts together."""

    stand: Stand
    units: list[Piece]
    duties: DutyPlan
    cases: CasePlan = field(default_factory=CasePlan)

    def preview(self, change: UnitChange | None = None) -> Preview:
        pieces = (*self.units, *self.duties.pieces, *self.cases.pieces)
        doubles = sum(len(move.doubles) for move in self.cases.moves)
        return Preview(self.stand.plan, pieces, self.stand.left_over, doubles, change)


def _plan(plan: Plan, *, lock: bool = False) -> _Whole:
    _check_categories(plan)
    for guard in _guards.values():
        guard(plan)
    stand = open_stand(plan, lock=lock)
    duties = plan_duties(stand)
    return _Whole(stand, plan_units(stand), duties, plan_cases(stand, duties, lock=lock))


def _check_categories(plan: Plan) -> None:
    """Refuse a rule for a category that there is not: it would never apply."""
    keys = set(plan.rules.maps.get("category", ()))
    missing = keys - set(Category.objects.filter(key__in=keys).values_list("key", flat=True))
    if missing:
        raise Problem(
            "category-unknown",
            _("There is no category “%(key)s” here.") % {"key": min(missing)},
            where="rule",
        )


def preview_change(plan: Plan) -> Preview:
    """Return what a change would do, and write nothing; raises Problem for what cannot be."""
    return _plan(plan).preview()


def apply_change(plan: Plan, *, actor: str) -> Preview:
    """Carry a change out, or keep it until its day; raises Problem and then nothing is done.

    For a day to come it is checked as things stand today, and again on the day.
    """
    with transaction.atomic():
        change = UnitChange(
            kind=plan.kind, on=plan.on, plan=plan.as_data(), reason=plan.reason, actor=actor,
            planned_at=clock.now(),
        )  # fmt: skip
        if plan.on > clock.today():
            _refuse_second(plan)
            preview = preview_change(plan)
            _refuse_uncovered(preview)
            change.save()
            _record_plan("unit.change-planned", plan, change, actor)
            return Preview(plan, preview.pieces, preview.left_over, preview.doubles, change)
        change.state, change.applied_at = UnitChange.State.APPLIED, clock.now()
        change.save()
        return _carry_out(plan, change, actor=actor)


def _carry_out(plan: Plan, change: UnitChange, *, actor: str) -> Preview:
    whole = _plan(plan, lock=True)
    preview = whole.preview(change)
    _refuse_uncovered(preview)
    stand = whole.stand
    carry_cases(stand, whole.cases.moves, change=change, actor=actor)
    carry_duties(stand, whole.duties, actor=actor)
    carry_units(stand, whole.units, actor=actor)
    change.result = preview.as_dict()["moves"]
    change.save(update_fields=["result"])
    touch_registers()
    return preview


def _refuse_uncovered(preview: Preview) -> None:
    left = preview.uncovered
    if not left:
        return
    shown = ", ".join(f"{piece.what} {piece.key}" for piece in left[:SHOWN])
    raise Problem(
        "change-uncovered",
        _("%(count)s things would belong to nobody: %(shown)s.")
        % {"count": len(left), "shown": shown + (" …" if len(left) > SHOWN else "")},
        where=", ".join(preview.plan.units),
        hint=_("Add rules for them, or name who takes the rest: default=CODE."),
    )


def _refuse_second(plan: Plan) -> None:
    """Refuse to plan the end of a unit whose end is planned already."""
    for row in UnitChange.objects.filter(state=UnitChange.State.WAITING).order_by("on"):
        other = plan_of(row)
        ends = set(other.units) - set(other.into)
        both = ends & {*plan.units, *plan.into}
        if both:
            raise Problem(
                "change-planned-already",
                _("A change of “%(code)s” is planned for %(day)s already.")
                % {"code": min(both), "day": f"{row.on:%F}"},
                where=min(both),
                hint=_("Withdraw it first: townkeeper unit withdraw %(number)s.")
                % {"number": row.pk},
            )


def _record_plan(act: str, plan: Plan, change: UnitChange, actor: str) -> None:
    data = {"change": change.pk, "kind": str(plan.kind), "on": plan.on.isoformat()}
    for code in plan.units:
        record(subject=f"unit:{code}", act=act, actor=actor, data={**data, **plan.as_data()})


@transaction.atomic
def withdraw_change(number: int, *, actor: str) -> UnitChange:
    """Give up a planned change; raises Problem where it is not waiting any more."""
    change = UnitChange.objects.filter(pk=number).first()
    states = (UnitChange.State.WAITING, UnitChange.State.BLOCKED)
    waiting = UnitChange.objects.filter(pk=number, state__in=states)
    if change is None or not waiting.update(state=UnitChange.State.WITHDRAWN):
        raise Problem(
            "change-not-waiting",
            _("There is no planned change with the number %(number)s.") % {"number": number},
        )
    change.refresh_from_db()
    _record_plan("unit.change-withdrawn", plan_of(change), change, actor)
    return change


def apply_due(*, actor: str = BACKGROUND) -> list[str]:
    """Carry out every planned change whose day has come, and what was left behind closed units.

    Two workers may call it at once: whoever takes the row carries the change out, the other
    finds it done. What cannot be carried out is marked as blocked, with the reason, and told.
    """
    told = []
    due = UnitChange.objects.filter(state=UnitChange.State.WAITING, on__lte=clock.today())
    for number in due.order_by("on", "pk").values_list("pk", flat=True):
        told += _apply_one(number, actor=actor)
    return told + settle_closed(actor=actor)


def _apply_one(number: int, *, actor: str) -> list[str]:
    waiting = UnitChange.objects.filter(pk=number, state=UnitChange.State.WAITING)
    try:
        with transaction.atomic():
            now = clock.now()
            if not waiting.update(state=UnitChange.State.APPLIED, applied_at=now):
                return []
            change = UnitChange.objects.get(pk=number)
            preview = _carry_out(plan_of(change), change, actor=change.actor)
    except Problem as problem:
        with transaction.atomic():
            if waiting.update(state=UnitChange.State.BLOCKED, result=problem.as_dict()):
                change = UnitChange.objects.get(pk=number)
                _record_plan("unit.change-blocked", plan_of(change), change, actor)
        return [f"#{number}: {problem}"]
    return [f"#{number}: {preview.plan.label}, {preview.total('case')} cases"]


def settle_closed(*, actor: str = BACKGROUND) -> list[str]:
    """Hand over running work that is left with units that have ended, to whoever took over.

    It comes there by an act in the very moment of the change, by a program that ends a unit, or by
    a case that is taken out of a merger again. Work of a unit without any heir is told, each time.
    """
    told = []
    for unit in Unit.objects.filter(pk__in=_holding()).select_related("successor"):
        change, plan = _ending_of(unit)
        if not plan.into:
            told.append(_left_with_nobody(unit))
            continue
        with transaction.atomic():
            stand = open_stand(plan, is_done=True)
            left = plan_cases(stand, _ByRegister([], category_tree()), lock=True)
            moves = [m for m in left.moves if m.unit or m.area or m.tasks or m.asks]
            carry_cases(stand, moves, change=change, actor=actor)
        if moves:
            told.append(f"{unit.code} → {', '.join(plan.into)}: {len(moves)}")
        if any(not piece.heir for piece in left.pieces):
            told.append(_left_with_nobody(unit))
    return told


class _ByRegister(DutyPlan):
    """After the change its lines are in the register; whoever leads there now takes the case."""

    @override
    def line_for(self, former: str, category: int | None, area_path: str) -> Choice | None:
        known = register()
        row, area = known.categories.get(category or 0), known.unit_by_path.get(area_path)
        lead = known.resolve(row, area, clock.today()).lead
        return Choice(lead.code, "register") if lead else None


def _holding() -> set[int]:
    """Return the units that have ended and still have work."""
    day = clock.today()
    running = Case.objects.running().order_by()
    found: set[int] = set()
    for pairs in (
        running.filter(unit__until__lte=day).values_list("unit_id"),
        running.filter(area__until__lte=day, area__successor__isnull=False).values_list("area_id"),
        Task.objects.filter(done_at=None, unit__until__lte=day).order_by().values_list("unit_id"),
    ):
        found |= {pk for (pk,) in pairs.distinct()}
    return found


def _ending_of(unit: Unit) -> tuple[UnitChange | None, Plan]:
    """Return the change by which a unit ended; without one, its successor takes all."""
    applied = UnitChange.objects.filter(state=UnitChange.State.APPLIED).order_by("-pk")
    for row in applied:
        plan = plan_of(row)
        if unit.code in plan.units and unit.code not in plan.into:
            return row, replace(plan, units=(unit.code,))
    heir = (unit.successor.code,) if unit.successor else ()
    on = unit.until or clock.today()
    return None, Plan(UnitChange.Kind.CLOSE, (unit.code,), heir, on)


def _left_with_nobody(unit: Unit) -> str:
    return str(
        _("The unit “%(name)s” has ended and still holds work; nobody takes over from it.")
        % {"name": unit.name}
    )

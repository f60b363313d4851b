"""A change of units before it happens: checked, with the units it concerns, ready to be counted.

A merger ends units for one; a split ends one for several; an abolition ends one, and its rules say
who takes over what. What lies above (duties, cases) carries over its own part (`cases.handover`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem
from townkeeper.units.heirs import Heirs, Rules, UnknownRuleError, geometry, hole, parse_rules
from townkeeper.units.models import Unit, UnitChange

Kind = UnitChange.Kind
Said = Mapping[str, str] | Iterable[str]
"""Rules as a person writes them: see `units.heirs.parse_rules`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to change, as a person says it."""

    kind: str
    units: tuple[str, ...]
    """The units concerned; all but the one that they are merged into end."""
    into: tuple[str, ...]
    on: date
    """The first day on which it holds."""
    rules: Rules = field(default_factory=Rules)
    reason: str = ""

    @property
    def label(self) -> str:
        """Return the change in a few characters: `merge 2026-12-01`."""
        return f"{self.kind} {self.on:%F}"

    def as_data(self) -> dict[str, Any]:
        """Return what `UnitChange.plan` keeps."""
        return {
            "units": list(self.units),
            "into": list(self.into),
            "rules": self.rules.as_data(),
        }


def plan_of(row: UnitChange) -> Plan:
    """Return the plan that a stored change keeps."""
    data = row.plan
    units, into = tuple(data["units"]), tuple(data["into"])
    return Plan(row.kind, units, into, row.on, parse_rules(data["rules"]), row.reason)


def merger(
    units: Iterable[str], *, into: str, on: date, rules: Said = (), reason: str = ""
) -> Plan:
    """Plan a merger: every unit but `into` ends; `into` takes all."""
    return _planned(Kind.MERGE, units, (into,), on=on, rules=rules, reason=reason)


def split(unit: str, *, into: Iterable[str], on: date, rules: Said = (), reason: str = "") -> Plan:
    """Plan a split: `unit` ends; its parts take over by place, category, duty line, default."""
    return _planned(Kind.SPLIT, (unit,), into, on=on, rules=rules, reason=reason)


def abolition(unit: str, *, on: date, rules: Said = (), reason: str = "") -> Plan:
    """Plan an abolition: `unit` ends; the units named by the rules take over."""
    plan = _planned(Kind.CLOSE, (unit,), (), on=on, rules=rules, reason=reason)
    return replace(plan, into=tuple(plan.rules.named()))


def _planned(
    kind: str,
    units: Iterable[str],
    into: Iterable[str],
    *,
    on: date,
    rules: Said,
    reason: str,
) -> Plan:
    try:
        read = parse_rules(rules)
    except UnknownRuleError as error:
        raise Problem(
            "rule-unknown",
            _("“%(rule)s” is no rule.") % {"rule": str(error)},
            where="rule",
            hint=_(
                "Write default=CODE, office=CODE, scores=apart, scores=successor, or area:, "
                "category:, duty:, post:, child: with a key, such as category:matter/06=CODE."
            ),
        ) from error
    return Plan(kind, tuple(dict.fromkeys(units)), tuple(dict.fromkeys(into)), on, read, reason)


@dataclass(frozen=True)
class Stand:
    """A plan with the units it names, as they are now."""

    plan: Plan
    leaving: Mapping[str, Unit]
    receiving: Mapping[str, Unit]
    children: Mapping[str, Unit]
    """The units directly below those that end."""
    heirs: Heirs
    left_over: float = 0.0
    """The share of the area that the outlines of the parts leave over."""
    nowhere: tuple[str, ...] = ()
    """Units directly below for which no rule says where they go."""

    @property
    def ids(self) -> dict[int, str]:
        """Return id → code of the units that end."""
        return {unit.pk: code for code, unit in self.leaving.items()}


def open_stand(plan: Plan, *, is_done: bool = False, lock: bool = False) -> Stand:
    """Look up the units of a plan and check that it can be carried out; raises Problem.

    `is_done`: the units have been closed by it already, and only what was left behind is sought.
    """
    wanted = {*plan.units, *plan.into}
    # Not `FOR UPDATE`: whoever files a case just now refers to these rows and must not wait.
    rows = Unit.objects.select_for_update(no_key=True) if lock else Unit.objects.all()
    found = {unit.code: unit for unit in rows.filter(code__in=wanted).order_by("pk")}
    for code in [*plan.units, *plan.into]:
        if code not in found:
            raise Problem(
                "unit-unknown",
                _("There is no unit with the code “%(code)s”.") % {"code": code},
                where=code,
            )
    leaving = {code: found[code] for code in plan.units if code not in plan.into}
    receiving = {code: found[code] for code in plan.into}
    if not is_done:
        _check_shape(plan, leaving)
        for unit in leaving.values():
            _check_leaving(unit, plan)
        for unit in receiving.values():
            _check_receiving(unit, plan)
        _check_rules(plan)
    return _stand(plan, leaving, receiving)


def _stand(plan: Plan, leaving: dict[str, Unit], receiving: dict[str, Unit]) -> Stand:
    outlines = {
        code: drawn for code, unit in receiving.items() if (drawn := geometry(unit.outline))
    }
    paths = {unit.path: code for code, unit in receiving.items()}
    heirs = Heirs(plan.rules, tuple(receiving), outlines if len(receiving) > 1 else {}, paths)
    living = Q(until=None) | Q(until__gt=plan.on)
    below = Unit.objects.filter(living, parent__in=leaving.values()).order_by("path")
    children = {unit.code: unit for unit in below if unit.code not in {*receiving, *leaving}}
    nowhere = []
    for code, child in children.items():
        heir = _heir_of_child(child, heirs)
        if heir:
            paths[child.path] = heir
        else:
            nowhere.append(code)
    whole = next(iter(leaving.values())) if plan.kind == Kind.SPLIT and leaving else None
    left = hole(geometry(whole.outline), outlines.values()) if whole else 0.0
    return Stand(plan, leaving, receiving, children, heirs, left, tuple(nowhere))


def _heir_of_child(child: Unit, heirs: Heirs) -> str:
    named = heirs.rules.of("child", child.code) or heirs.rules.of("area", child.code)
    drawn = None if heirs.only or named else geometry(child.outline)
    if drawn is not None:
        inside = drawn.representative_point()
        named = heirs.at(inside.x, inside.y)
    fallback = heirs.fallback()
    return named or (fallback.heir if fallback else "")


def _check_shape(plan: Plan, leaving: Mapping[str, Unit]) -> None:
    where = ", ".join(plan.units)
    if plan.kind == Kind.MERGE and (len(plan.into) != 1 or len({*plan.units, *plan.into}) <= 1):
        raise Problem("merger-of-one", _("A merger needs at least two units."), where=where)
    if plan.kind == Kind.SPLIT and len(plan.into) <= 1:
        raise Problem("split-in-one", _("A split needs at least two units."), where=where)
    if plan.kind == Kind.CLOSE and not plan.into:
        raise Problem(
            "no-heir",
            _("Nobody takes over from the unit."),
            where=where,
            hint=_("Name who does: default=CODE."),
        )
    if not leaving or (set(plan.units) - set(leaving) and plan.kind != Kind.MERGE):
        raise Problem("unit-own-successor", _("A unit cannot be its own successor."), where=where)


def _check_leaving(unit: Unit, plan: Plan) -> None:
    if unit.until is not None:
        raise Problem(
            "unit-closed-already",
            _("The unit “%(name)s” was closed already.") % {"name": unit.name},
            where=unit.code,
        )
    if unit.since is not None and plan.on < unit.since:
        raise Problem("unit-ends-first", _("A unit cannot end before it began."), where=unit.code)


def _check_receiving(unit: Unit, plan: Plan) -> None:
    begins = unit.since is None or unit.since <= plan.on
    if begins and unit.until is None:
        return
    heir = unit.successor
    raise Problem(
        "heir-not-there",
        _("The unit “%(name)s” cannot take over: it does not exist from that day on.")
        % {"name": unit.name},
        where=unit.code,
        hint=_("Its successor is “%(name)s”.") % {"name": heir.name} if heir else "",
    )


def _check_rules(plan: Plan) -> None:
    """Refuse rules that name somebody who takes no part, or who ends."""
    for code in plan.rules.named():
        if code not in plan.into:
            raise Problem(
                "rule-outsider",
                _("The rules name “%(code)s”, which does not take over.") % {"code": code},
                where=code,
            )

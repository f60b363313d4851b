"""The people, places and habits of a simulated district: everything drawn from one seed."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Task
from townkeeper.duties.register import CategoryRow, UnitRow
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.units.models import Place, Post, Role, Unit

CHANNELS = {"hotline": 40, "inspection": 17, "patrol": 15, "portal": 24, "media": 4}
CALLED = frozenset({"hotline", "portal"})
"""Channels on which somebody leaves a number, made up here."""
RELAPSING_SHARE = 0.3
"""Share of (place, category) pairs where a fixed problem comes back."""


ON = date(2026, 1, 1)
"""The day for which the register is asked who leads where."""
MOST_NAMED = 4
OWN_KINDS = 10
OTHER_KINDS = 4
"""Kinds of problems of a town that it leads itself, and that departments lead there."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a kind of problem turns up."""

    place: str | None
    name: str
    area: UnitRow
    category: CategoryRow
    lon: float | None
    lat: float | None
    weight: float
    relapse: float
    """Chance that a fixed problem comes back within weeks."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How a unit works."""

    diligence: float
    """Between 0 and 1: how much of its work is done well inside the limit."""
    care: float
    """Chance that the first fix passes the check."""
    evasion: float
    """Chance that it says a case is not its own."""


class Crowd:
    """The users who act; where the program brought none, simulated ones are made."""

    def __init__(self, actor: str) -> None:
        self._by_role: dict[tuple[str, int | None], User] = {}
        self._actor = actor
        for post in Post.objects.select_related("user", "role").order_by("pk"):
            self._by_role.setdefault((post.role.key, post.unit_id), post.user)
            self._by_role.setdefault((post.role.key, None), post.user)

    def doer(self, task: Task) -> User:
        """Return who does a task."""
        if task.performer != "handler":
            return self.anyone(task.performer)
        known = self._by_role.get((task.performer, task.unit_id))
        return known or self._made(task.performer, task.unit)

    def of(self, role: str, unit: int) -> User:
        """Return who holds a role in a unit."""
        known = self._by_role.get((role, unit))
        return known or self._made(role, Unit.objects.get(pk=unit))

    def anyone(self, role: str) -> User:
        """Return somebody with a role, whatever the unit."""
        return self._by_role.get((role, None)) or self._made(role, None)

    def _made(self, role: str, unit: Unit | None) -> User:
        root = Unit.objects.order_by("path").first()
        if root is None:
            raise Problem("nothing-loaded", _("No program has been loaded here."))
        home = unit or root
        keyed = Role.objects.filter(key=role).first()
        called = say(keyed.names, settings.LANGUAGE_CODE) if keyed else ""
        user, _new = User.objects.get_or_create(
            username=f"sim-{role}-{home.code}".lower()[:150],
            defaults={"name": f"{home.name}{called or role}", "is_demo": True, "is_active": True},
        )
        user.set_unusable_password()
        user.save(update_fields=["password"])
        if keyed is None:
            raise Problem(
                "role-missing",
                _("The program has no role “%(role)s”.") % {"role": role},
                where="roles.yaml",
            )
        Post.objects.get_or_create(user=user, unit=home, role=keyed)
        self._by_role[role, unit.pk if unit else None] = user
        return user


@dataclass(frozen=True, slots=True)
class World:
    """What a run draws from."""

    spots: list[Spot]
    weights: list[float]
    habits: dict[int, Habit]
    crowd: Crowd
    departments: list[UnitRow]
    """The units that others like to name instead of themselves."""


def build_world(desk: Desk, dice: random.Random, *, actor: str) -> World:
    """Draw the world: named places weigh most, every township has spots of its own."""
    spots = [*_named_spots(desk, dice), *_common_spots(desk, dice)]
    habits = {
        unit.id: Habit(
            diligence=min(0.97, max(0.35, dice.gauss(0.78, 0.14))),
            care=min(0.99, max(0.7, dice.gauss(0.9, 0.06))),
            evasion=max(0.0, dice.gauss(0.02, 0.025)),
        )
        for unit in sorted(desk.register.units.values(), key=lambda u: u.path)
    }
    units = sorted(desk.register.units.values(), key=lambda unit: unit.path)
    departments = [unit for unit in units if unit.kind == "department" and unit.until is None]
    return World(spots, [spot.weight for spot in spots], habits, Crowd(actor), departments)


def _named_spots(desk: Desk, dice: random.Random) -> list[Spot]:
    spots = []
    for place in Place.objects.order_by("code"):
        for key in place.problems:
            row = desk.register.category_by_key.get(key)
            if row is None:
                continue
            spots.append(
                Spot(
                    place=place.code,
                    name=place.name,
                    area=desk.register.units[place.area_id],
                    category=row,
                    lon=place.lon,
                    lat=place.lat,
                    weight=dice.uniform(0.8, 2.4),
                    relapse=dice.uniform(0.3, 0.8) if dice.random() < RELAPSING_SHARE else 0.05,
                )
            )
    return spots


def _common_spots(desk: Desk, dice: random.Random) -> list[Spot]:
    """Give each town kinds of problems: mostly ones that it leads itself, some that others lead."""
    rows = [
        row
        for row in desk.register.categories.values()
        if row.is_used and row.parent is not None and desk.register.limit_of(row)
    ]
    rows.sort(key=lambda row: row.key)
    towns = [u for u in desk.register.units.values() if u.kind == "township" and u.until is None]
    towns.sort(key=lambda unit: unit.path)
    named = Counter(Place.objects.values_list("area_id", flat=True))
    return [
        _common_spot(dice, town, row, busy=1 + min(named[town.id], MOST_NAMED) / 2)
        for town in towns
        for row in _kinds_of(desk, dice, town, rows)
    ]


def _kinds_of(
    desk: Desk, dice: random.Random, town: UnitRow, rows: list[CategoryRow]
) -> list[CategoryRow]:
    own: list[CategoryRow] = []
    others: list[CategoryRow] = []
    for row in rows:
        lead = desk.register.resolve(row, town, ON).lead
        (own if lead is not None and lead.id == town.id else others).append(row)
    return [
        *dice.sample(own, min(OWN_KINDS, len(own))),
        *dice.sample(others, min(OTHER_KINDS, len(others))),
    ]


def _common_spot(dice: random.Random, town: UnitRow, row: CategoryRow, *, busy: float) -> Spot:
    """Make a spot; where the policy names many places more people live, and more is reported."""
    return Spot(
        place=None,
        name=town.name,
        area=town,
        category=row,
        lon=None,
        lat=None,
        weight=dice.uniform(0.2, 1.2) * busy,
        relapse=0.04,
    )


def is_market_day(town: UnitRow, on: date) -> bool:
    """Whether a town holds its market: every third day, in three turns (逢一四七 and so on)."""
    return on.day % 10 != 0 and on.day % 3 == sum(map(ord, town.code)) % 3

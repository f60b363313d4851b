"""Carries what belongs to units themselves to their heirs: posts, places, units below, offices.

Each part is planned first, as a list of pieces, so that a preview and the change itself count the
same; a piece without an heir stops the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from townkeeper.journal.actions import record, touch_registers
from townkeeper.units.actions import close_unit, move_unit
from townkeeper.units.changes import Kind, Stand
from townkeeper.units.heirs import Choice
from townkeeper.units.models import Place, Post, Unit

OFFICE = ("office", "runs")
INHERITED = ("office", "runs", "number_prefix", "groups")
"""Attributes by which a unit works for others, or is compared with them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that goes from a unit to its heir."""

    what: str
    """`case`, `task`, `ask`, `area`, `duty`, `post`, `place`, `child`, `office`."""
    key: str
    former: str
    heir: str
    """Empty: no rule says who takes it over."""
    rule: str = ""
    row: Any = field(default=None, compare=False, repr=False)


def piece(what: str, key: str, former: str, choice: Choice | None, row: object = None) -> Piece:
    """Return a piece with the heir that was chosen for it."""
    heir, rule = choice or ("", "")
    return Piece(what, key, former, heir, rule, row)


def plan_units(stand: Stand) -> list[Piece]:
    """Return what belongs to the units that end, and where it goes."""
    return [
        *_plan_children(stand),
        *_plan_posts(stand),
        *_plan_places(stand),
        *_plan_offices(stand),
    ]


def _plan_children(stand: Stand) -> list[Piece]:
    parents = stand.ids
    return [
        piece(
            "child",
            code,
            parents[unit.parent_id or 0],
            None if code in stand.nowhere else Choice(stand.heirs.paths[unit.path], "child"),
            unit,
        )
        for code, unit in stand.children.items()
    ]


def _plan_posts(stand: Stand) -> list[Piece]:
    """Return the posts in the units that end, and those elsewhere that look over one of them."""
    ids = stand.ids
    living = Q(until=None) | Q(until__gt=stand.plan.on)
    posts = Post.objects.filter(living).select_related("user", "role", "unit", "scope")
    found = []
    for post in posts.filter(Q(unit__in=ids) | Q(scope__in=ids)).order_by("pk"):
        former = ids.get(post.unit_id) or ids[post.scope_id or 0]
        choice = stand.heirs.for_post(post.user.username)
        found.append(piece("post", f"{post.user.username} {post.role.key}", former, choice, post))
    return found


def _plan_places(stand: Stand) -> list[Piece]:
    ids = stand.ids
    living = Q(until=None) | Q(until__gt=stand.plan.on)
    return [
        piece(
            "place",
            place.code,
            ids[place.area_id],
            stand.heirs.choose(point=(place.lon, place.lat), area=ids[place.area_id]),
            place,
        )
        for place in Place.objects.filter(living, area__in=ids).order_by("code")
    ]


def is_office(unit: Unit) -> bool:
    """Whether a unit runs procedures for others."""
    return any(unit.attributes.get(name) for name in OFFICE)


def _plan_offices(stand: Stand) -> list[Piece]:
    return [
        piece("office", code, code, stand.heirs.for_office(), unit)
        for code, unit in stand.leaving.items()
        if is_office(unit)
    ]


def carry_units(stand: Stand, pieces: Iterable[Piece], *, actor: str) -> None:
    """Carry out what `plan_units` planned and close the units; inside the caller's transaction."""
    by_kind: dict[str, list[Piece]] = {}
    for each in pieces:
        by_kind.setdefault(each.what, []).append(each)
    _lift_heirs(stand, actor=actor)
    for each in by_kind.get("child", ()):
        parent = Unit.objects.get(code=each.heir)
        move_unit(each.row, parent=parent, actor=actor, reason=stand.plan.label)
    _carry_posts(stand, by_kind.get("post", []), actor=actor)
    for each in by_kind.get("place", ()):
        each.row.area = stand.receiving[each.heir]
        each.row.save(update_fields=["area"])
        data = {"from": each.former, "to": each.heir, "rule": each.rule}
        record(subject=f"place:{each.key}", act="place.carried", actor=actor, data=data)
    offices = {each.former: each.heir for each in by_kind.get("office", ())}
    _close(stand, offices, actor=actor)
    touch_registers()


def _lift_heirs(stand: Stand, *, actor: str) -> None:
    """Move an heir out from below the unit that it takes over from."""
    for code, heir in stand.receiving.items():
        over = [unit for unit in stand.leaving.values() if heir.is_under(unit)]
        if not over:
            continue
        top = Unit.objects.get(pk=min(over, key=lambda unit: len(unit.path)).pk)
        fresh = Unit.objects.get(code=code)
        move_unit(fresh, parent=top.parent, actor=actor, reason=stand.plan.label)


def _carry_posts(stand: Stand, pieces: Iterable[Piece], *, actor: str) -> None:
    """People keep their roles from the day on; a post that they hold there already is no double."""
    on = stand.plan.on
    for each in pieces:
        post: Post = each.row
        heir = stand.receiving[each.heir]
        is_member = post.unit.code in stand.leaving
        unit = heir if is_member else post.unit
        scope = post.scope
        if scope is not None and scope.code in stand.leaving:
            scope = heir
        living = Q(until=None) | Q(until__gt=on)
        held = Post.objects.filter(living, user=post.user, unit=unit, role=post.role, scope=scope)
        is_double = held.exclude(pk=post.pk).exists()
        begins = post.since if post.since and post.since > on else on
        if not is_double:
            Post.objects.create(
                user=post.user, unit=unit, role=post.role, scope=scope, title=post.title,
                since=begins, until=post.until,
            )  # fmt: skip
        post.until = begins
        post.save(update_fields=["until"])
        data = {
            "from": each.former, "to": each.heir, "role": post.role.key, "on": on.isoformat(),
            "rule": each.rule, "double": is_double,
        }  # fmt: skip
        record(subject=f"user:{post.user.username}", act="post.carried", actor=actor, data=data)


def _close(stand: Stand, offices: Mapping[str, str], *, actor: str) -> None:
    """End the units on the day, with who took over; their heirs inherit how they worked."""
    plan, heirs = stand.plan, stand.heirs
    first = heirs.fallback()
    codes = list(heirs.codes)
    for code in stand.leaving:
        unit = Unit.objects.get(code=code)
        successor = Unit.objects.get(code=first.heir if first else codes[0])
        close_unit(unit, on=plan.on, actor=actor, successor=successor, reason=plan.reason)
        _bequeath(unit, stand, offices.get(code, ""))
        unit.attributes = {
            **{key: value for key, value in unit.attributes.items() if key not in OFFICE},
            "successors": codes,
            "scores": plan.rules.scores,
        }
        unit.save(update_fields=["attributes"])
    data = {"of": list(plan.units), "into": codes, "on": plan.on.isoformat(), "reason": plan.reason}
    act = {Kind.MERGE: "unit.merged", Kind.SPLIT: "unit.split"}.get(plan.kind, "unit.abolished")  # type: ignore[call-overload]
    subject = codes[0] if plan.kind == Kind.MERGE else plan.units[0]
    record(subject=f"unit:{subject}", act=act, actor=actor, data=data)


def _bequeath(unit: Unit, stand: Stand, office: str) -> None:
    """Give the heirs the attributes by which the unit worked for others or was compared."""
    for code in stand.heirs.codes:
        heir = Unit.objects.get(code=code)
        given = {name: unit.attributes[name] for name in INHERITED if name in unit.attributes}
        if code != office:
            given = {name: value for name, value in given.items() if name not in OFFICE}
        if heir.kind != unit.kind or heir.attributes.get("groups"):
            given.pop("groups", None)  # a street does not come among the departments
        wanted = dict(heir.attributes)
        for name, value in given.items():
            wanted[name] = _joined(wanted.get(name), value)
        if wanted != heir.attributes:
            heir.attributes = wanted
            heir.save(update_fields=["attributes"])


def _joined(own: object, given: object) -> object:
    """Join two lists (of groups, of procedures); of two single values one's own stays."""
    if own is None or own is False:
        return given
    if isinstance(own, list) or isinstance(given, list):
        both = [*_as_list(own), *_as_list(given)]
        return list(dict.fromkeys(str(name) for name in both))
    return own


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]

"""Which rounds a person may see, and a scheme as the pages read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from townkeeper.accounts.models import User
from townkeeper.assessment.models import Round
from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.units.models import permits, posts_of
from townkeeper.units.permissions import Permission


def visible_rounds(user: User | AnonymousUser) -> QuerySet[Round]:
    """Return published rounds for those who may view them, drafts for those who work on them."""
    posts = posts_of(user, clock.today())
    rounds = Round.objects.select_related("scheme").defer("content")
    rounds = rounds.order_by("-period", "scheme__key", "-number")
    if permits(posts, Permission.ASSESSMENT_ROUND_WORK) or permits(
        posts, Permission.ASSESSMENT_ROUND_PUBLISH
    ):
        return rounds
    if permits(posts, Permission.ASSESSMENT_ROUND_VIEW):
        return rounds.filter(~Q(state=Round.State.DRAFT))
    return rounds.none()


@dataclass(frozen=True)
class Item:
    """One item of a scheme as pages show it."""

    key: str
    title: str
    metric: str
    rule: Mapping[str, Any]
    weight: str
    groups: tuple[str, ...]
    kind: str
    source: str = ""
    why: str = ""

    def applies_to(self, group: str) -> bool:
        """Whether the item counts for a group."""
        return not self.groups or group in self.groups


@dataclass(frozen=True)
class SchemeView:
    """A scheme's definition read for showing."""

    definition: Mapping[str, Any] = field(repr=False)

    @cached_property
    def groups(self) -> dict[str, str]:
        """Return group → title, in the scheme's order."""
        return {g["key"]: say(g.get("title") or {}) or g["key"] for g in self.definition["groups"]}

    @cached_property
    def items(self) -> dict[str, Item]:
        """Return every item with a metric by key: items first, then bonus and penalty."""
        found = list(_leaves(self.definition.get("items") or (), (), "item"))
        for kind in ("bonus", "penalty"):
            found += list(_leaves(self.definition.get(kind) or (), (), kind))
        return {item.key: item for item in found}

    def items_for(self, group: str) -> list[Item]:
        """Return the items that count for a group."""
        return [item for item in self.items.values() if item.applies_to(group)]


def _leaves(
    parts: list[Mapping[str, Any]] | tuple[()], groups: tuple[str, ...], kind: str
) -> Iterator[Item]:
    for part in parts:
        own = tuple(part.get("groups") or ()) or groups
        if part.get("items"):
            yield from _leaves(part["items"], own, kind)
            continue
        yield Item(
            key=part["key"],
            title=say(part.get("title") or {}) or part["key"],
            metric=part.get("metric") or "",
            rule=part.get("rule") or {},
            weight=str(part.get("weight") or part.get("points") or 0),
            groups=own,
            kind=kind,
            source=part.get("source") or "",
            why=say(part.get("default_because") or {}),
        )

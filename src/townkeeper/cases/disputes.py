"""Disputes about whose a case is: the other unit's statement, past rulings, who disputes how often.

A dispute is an ask (`procedures`): until an arbiter rules, the unit that has the case keeps it and
its clock runs on (首接負責). Every ruling is a precedent for the next dispute of its kind.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._read import AskRow
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.models import Ask, Case
from townkeeper.cases.turns import take_turn
from townkeeper.duties.models import Category
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit

DISPUTE: Final = "dispute"
"""The effect by which procedures mark disputes."""
MOST_COMPARED: Final = 200
"""Newest rulings of each category that are compared by how near they are."""
MOST_SEARCHED: Final = 1000
"""Newest rulings that are searched by their words."""


# --- what the other unit says ---


def state_on(ask: Ask, *, actor: User, text: str, seen_version: int | None = None) -> Ask:
    """Put down what the unit named in a dispute says to it, before the arbiter rules.

    `actor` must act for that unit, in the role that the task is for. A later statement takes the
    place of an earlier one; the journal keeps both. Raises Problem: `text-missing`, `not-dispute`,
    `ask-decided`, `not-unit`.
    """
    said = text.strip()
    if not said:
        raise Problem("text-missing", _("Please write a statement."), where=ask.case.number)

    def work_out(batch: Batch, picture: Desk) -> None:
        row = _waiting(batch, ask)
        _refuse_strangers(batch, row, picture)
        given = {"statement": said, "stated_by": actor.username, "stated_at": clock.now()}
        batch.change(Ask, row.id, **given)
        batch.set_case()  # whoever rules from an older page is told that there is a statement now
        units = picture.register.units
        data = {
            "action": row.action,
            "unit": units[row.other_id].code if row.other_id else None,
            "text": said,
        }
        batch.say("case.statement", actor=actor.username, data=data)

    take_turn(ask.case, work_out, actor=actor, seen_version=seen_version)
    ask.refresh_from_db()
    return ask


def _waiting(batch: Batch, ask: Ask) -> AskRow:
    where = batch.seen.case.number
    row = next((row for row in batch.seen.asks if row.id == ask.pk), None)
    if row is None:
        raise Problem("ask-decided", _("This has been decided already."), where=where)
    if row.other_id is None:
        raise Problem("not-dispute", _("No other unit was named in this."), where=where)
    return row


def _refuse_strangers(batch: Batch, row: AskRow, picture: Desk) -> None:
    """Let only those speak who would do the work: the task's role, in the unit named."""
    tasks = batch.seen.tasks
    role = next((task.performer for task in tasks if task.id == row.task_id), "")
    unit = picture.register.units[row.other_id or 0]
    posts = batch.seen.posts
    if not any(p.role == role and unit.path.startswith(p.path) for p in posts):
        raise Problem(
            "not-unit",
            _("Only “%(unit)s” may make this statement.") % {"unit": unit.name},
            where=batch.seen.case.number,
        )


# --- precedents ---


@dataclass(frozen=True, slots=True)
class Precedent:
    """One ruling of an arbiter, as dispatch shows it."""

    number: str
    """The case."""
    category: str
    category_name: str
    area: str
    unit: str
    """Name of the unit that disputed."""
    other: str
    """Name of the unit that it named."""
    ruled: str
    """Name of the unit that answered from the ruling on."""
    is_upheld: bool
    """Whether the disputing unit was right."""
    clause: str
    reason: str
    statement: str
    decision: str
    """The arbiter's reasons."""
    decided_at: datetime
    decided_by: str
    far: int
    """Steps up the tree of units to an area that both belong to; 0 is the same area."""
    kin: int
    """0 for the same category, 1 for its parent, and so on."""


def precedents_for(
    category: Category | None, area: Unit | None, *, limit: int = 5
) -> list[Precedent]:
    """Return earlier rulings: the same category before its ancestors, near areas before far ones.

    Within one distance the newest comes first. Only the newest `MOST_COMPARED` of each category
    are compared.
    """
    found: list[Precedent] = []
    place = desk().register.units.get(area.pk) if area is not None else None
    path = place.path if place else ""
    for kin, pk in enumerate(_lineage(category)):
        if len(found) >= limit:
            break
        rows = (
            Ask.objects.filter(effect=DISPUTE, is_accepted__isnull=False, case__category_id=pk)
            .select_related("case__category", "case__area", "unit", "other", "ruled")
            .order_by("-decided_at", "-pk")[:MOST_COMPARED]
        )
        near = sorted(
            (_precedent(ask, path, kin) for ask in rows),
            key=lambda p: (p.far, -p.decided_at.timestamp()),
        )
        found += near
    return found[:limit]


def precedents_of(case: Case, *, limit: int = 5) -> list[Precedent]:
    """Return the rulings that bear on a case, without those about itself."""
    found = precedents_for(case.category, case.area, limit=limit + 1)
    return [each for each in found if each.number != case.number][:limit]


def precedents_saying(words: str, *, limit: int = 20) -> list[Precedent]:
    """Return the newest rulings in whose reasons, rules, units or kind all the words stand.

    Only the newest `MOST_SEARCHED` rulings are read; without words the newest of all are given.
    """
    wanted = [word.casefold() for word in words.split()]
    rows = (
        Ask.objects.filter(effect=DISPUTE, is_accepted__isnull=False)
        .select_related("case__category", "case__area", "unit", "other", "ruled")
        .order_by("-decided_at", "-pk")[: MOST_SEARCHED if wanted else limit]
    )
    found = (_precedent(ask, "", 0) for ask in rows)
    return [each for each in found if all(word in _said(each) for word in wanted)][:limit]


def _said(ruling: Precedent) -> str:
    parts = (
        ruling.number, ruling.category_name, ruling.area, ruling.unit, ruling.other, ruling.ruled,
        ruling.clause, ruling.reason, ruling.statement, ruling.decision,
    )  # fmt: skip
    return " ".join(parts).casefold()


def _lineage(category: Category | None) -> list[int]:
    found: list[int] = []
    while category is not None and category.pk not in found:
        found.append(category.pk)
        category = category.parent
    return found


def _precedent(ask: Ask, path: str, kin: int) -> Precedent:
    case = ask.case
    return Precedent(
        number=case.number,
        category=case.category.key if case.category else "",
        category_name=case.category.name if case.category else "",
        area=case.area.name if case.area else "",
        unit=ask.unit.name if ask.unit else "",
        other=ask.other.name if ask.other else "",
        ruled=ask.ruled.name if ask.ruled else "",
        is_upheld=bool(ask.is_accepted),
        clause=ask.clause,
        reason=ask.reason,
        statement=ask.statement,
        decision=ask.decision,
        decided_at=ask.decided_at or ask.asked_at,
        decided_by=ask.decided_by,
        far=_far(path, case.area.path if case.area else ""),
        kin=kin,
    )


def _far(here: str, there: str) -> int:
    """Count the steps up from one area to the smallest that holds the other too."""
    mine, theirs = here.strip(".").split("."), there.strip(".").split(".")
    shared = 0
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            break
        shared += 1
    return max(len(mine), len(theirs)) - shared


# --- who disputes how often ---


@dataclass(slots=True)
class Record:
    """How often a unit disputed, and how often it was right."""

    raised: int = 0
    upheld: int = 0
    """The arbiter found that it was not its own: no evasion."""
    rejected: int = 0
    """The arbiter found that it was its own all along."""
    waiting: int = 0
    left: int = 0
    """The case moved on before anybody ruled."""


def dispute_records(
    since: datetime, until: datetime, *, units: Iterable[Unit] | None = None
) -> dict[str, Record]:
    """Return by unit code how its disputes raised in [since, until) were ruled so far."""
    asks = Ask.objects.filter(effect=DISPUTE, asked_at__gte=since, asked_at__lt=until)
    if units is not None:
        asks = asks.filter(unit__in=list(units))
    found: dict[str, Record] = defaultdict(Record)
    for code, decided_at, accepted in asks.values_list("unit__code", "decided_at", "is_accepted"):
        record = found[code or ""]
        record.raised += 1
        if accepted is not None:
            record.upheld += accepted
            record.rejected += not accepted
        elif decided_at is None:
            record.waiting += 1
        else:
            record.left += 1
    return dict(found)

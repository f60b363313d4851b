"""One turn at a case: read it, decide in memory, write it; again if somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._read import Seen, read_case
from townkeeper.cases._save import Batch, MovedError, save
from townkeeper.cases.desk import Desk, desk_at
from townkeeper.cases.locking import locked, moved_on
from townkeeper.cases.models import Case
from townkeeper.journal.models import Chain
from townkeeper.kit.errors import Problem

T = TypeVar("T")
ATTEMPTS = 4
"""How often a turn begins anew without holding anybody up; after that it locks the case."""

Decide = Callable[[Batch, Desk], T]
"""Puts into the batch what is to be written, or raises the Problem that says why not. It may be
called several times, each time with the case as it stands then."""


def take_turn(
    case: Case,
    decide: Decide[T],
    *,
    actor: User | None,
    seen_version: int | None = None,
) -> tuple[Batch, T]:
    """Let `decide` work out an act on a case and store it as a whole with its journal entries.

    `seen_version` is the version that the person was looking at: when another has acted since, the
    later one is told (`case-moved-on`) and nothing happens. Without it the turn is taken on the
    case as it stands. Raises Problem; `case-busy` when registers change faster than one can read.
    """
    for _attempt in range(ATTEMPTS):
        batch, picture = _look(case, actor, seen_version)
        result = decide(batch, picture)
        try:
            save(batch)
        except MovedError:
            continue
        return batch, result
    with transaction.atomic():
        _lock(case)
        batch, picture = _look(case, actor, seen_version)
        result = decide(batch, picture)
        try:
            save(batch)
        except MovedError as error:
            if error.__cause__ is not None:
                raise error.__cause__ from None
            raise Problem(
                "case-busy",
                _("The registers are being changed just now. Please do it again."),
                where=case.number,
            ) from None
    return batch, result


def _look(case: Case, actor: User | None, seen_version: int | None) -> tuple[Batch, Desk]:
    seen = read_case(case.pk, actor)
    if seen_version is not None and seen.version != seen_version:
        raise moved_on(seen.case)
    picture = desk_at(seen.stamp)
    return Batch(seen, picture.stamp), picture


def _lock(case: Case) -> None:
    """Hold the case and its chain, in this order, so that nobody comes in between."""
    locked(case, None)
    list(Chain.objects.select_for_update().filter(subject=case.subject))


def look_at(case: Case, actor: User | None) -> tuple[Seen, Desk]:
    """Return where a case stands and the picture that goes with it; nothing is locked."""
    seen = read_case(case.pk, actor)
    return seen, desk_at(seen.stamp)

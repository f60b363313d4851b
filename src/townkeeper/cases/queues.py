"""What waits for a decision, as lists: open disputes, and everything else that was asked for."""

from collections import Counter
from typing import Final

from django.db.models import Count, QuerySet

from townkeeper.cases.models import Ask
from townkeeper.cases.sight import Sight, asks_seen
from townkeeper.units.permissions import Permission

DISPUTE: Final = "dispute"
EFFECTS: Final = ("extension", "stop", "unsolvable", "reopening")
"""What is asked for besides disputes, as procedures mark it."""


def waiting_asks(sight: Sight) -> QuerySet[Ask]:
    """Return what waits for a decision on the cases that a person sees, what is due first first."""
    return asks_seen(Ask.objects.filter(decided_at=None), sight).order_by("due_at", "pk")


def deciding_roles(sight: Sight) -> set[str]:
    """Return the roles in which a person decides."""
    return {p.role.key for p in sight.posts if Permission.CASES_CASE_ACT in p.role.permissions}


def count_waiting(sight: Sight) -> dict[str, int]:
    """Count the waiting disputes, and what one of the person's own roles decides; one question."""
    rows = waiting_asks(sight).order_by().values_list("effect", "decider").annotate(n=Count("pk"))
    roles, found = deciding_roles(sight), Counter[str]()
    for effect, decider, number in rows:
        found["dispute"] += number if effect == DISPUTE else 0
        found["decide"] += number if decider in roles else 0
    return {"dispute": found["dispute"], "decide": found["decide"]}

"""Questions about campaigns: the newest ones, one by its key, the rows of a table page by page."""

from collections.abc import Sequence
from typing import Final

from django.db.models import Count, Q

from townkeeper.campaigns.models import Campaign, CampaignItem
from townkeeper.campaigns.progress import RowState

MISSING: Final = ("preparing", "not-begun", "running")
"""States of rows that somebody still has to report."""


def newest_campaigns(
    *, status: str = "", kind: str = "", words: str = "", before: int | None = None, most: int
) -> list[Campaign]:
    """Return campaigns, newest first, each with how many rows it has and how many have ended.

    The attributes are `rows`, `ended` and `waiting` (not handed over yet).
    """
    found = Campaign.objects.order_by("-pk")
    if status:
        found = found.filter(status=status)
    if kind:
        found = found.filter(kind=kind)
    if words:
        found = found.filter(Q(title__icontains=words) | Q(key__icontains=words))
    if before is not None:
        found = found.filter(pk__lt=before)
    campaigns = list(found[:most])
    ended = Q(case__stage__in=["closed", "voided", "merged"])
    counts = (
        CampaignItem.objects.filter(campaign__in=campaigns)
        .order_by()
        .values_list("campaign")
        .annotate(
            rows=Count("pk"),
            ended=Count("pk", filter=ended),
            waiting=Count("pk", filter=Q(is_handed_over=False)),
        )
    )
    by_pk = {pk: numbers for pk, *numbers in counts}
    for campaign in campaigns:
        rows, done, waiting = by_pk.get(campaign.pk, (0, 0, 0))
        campaign.rows, campaign.ended, campaign.waiting = rows, done, waiting  # type: ignore[attr-defined]
    return campaigns


def find_campaign(key: str) -> Campaign | None:
    """Return a campaign by its key."""
    return Campaign.objects.filter(key=key).first()


def handed_over(campaign: Campaign) -> tuple[int, int]:
    """Return how many rows are handed over, of how many."""
    found = campaign.items.aggregate(
        all=Count("pk"), done=Count("pk", filter=Q(is_handed_over=True))
    )
    return found["done"], found["all"]


def narrowed(rows: Sequence[RowState], *, state: str = "", unit: str = "") -> list[RowState]:
    """Return the rows of a state (`missing`, `late` or one of the states) and a unit."""
    found = [row for row in rows if not unit or row.unit == unit]
    if state == "missing":
        return [row for row in found if row.state in MISSING]
    if state == "late":
        return [row for row in found if row.is_late and row.state not in {"done", "voided"}]
    return [row for row in found if not state or row.state == state]

"""Campaigns: a list of exposed problems, or one order to many units; each row of it is a case."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.units.models import Unit


class Campaign(models.Model):
    """One task breakdown table (任務分解表), from its issue to its closing report."""

    class Kind(models.TextChoices):
        """Where it comes from."""

        EXPOSURE = "exposure", _("exposure list")
        ORDER = "order", _("order to units")

    class Status(models.TextChoices):
        """How far it is; the cases have states of their own."""

        PREPARING = "preparing", _("being handed over")
        RUNNING = "running", _("under way")
        CLOSED = "closed", _("closed")

    key = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    source = models.CharField(max_length=120, blank=True)
    """Who exposed or ordered it: the city, a newspaper, a leader's instruction."""
    leader = models.CharField(max_length=80, blank=True)
    procedure = models.CharField(max_length=40)
    due_text = models.CharField(max_length=60, blank=True)
    """The deadline of rows that say none, as it was written."""
    file_name = models.CharField(max_length=200, blank=True)
    file_digest = models.CharField(max_length=64, blank=True, db_index=True)
    """SHA-256 of the list: the same file is recognised when it comes again."""
    status = models.CharField(max_length=10, choices=Status, default=Status.PREPARING)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closing_note = models.TextField(blank=True)

    @override
    def __str__(self) -> str:
        return self.key

    @property
    def subject(self) -> str:
        """Return the name of this campaign's chain in the journal."""
        return f"campaign:{self.key}"


class CampaignItem(models.Model):
    """One row of the table: a problem, who answers for it, by when, and the case it became."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    source_row = models.PositiveIntegerField(null=True, blank=True)
    """Where it stood in the file, as a spreadsheet program counts."""
    problem = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    place = models.CharField(max_length=300, blank=True)
    area = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="campaign_area_items"
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, blank=True, related_name="campaign_items"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="campaign_items")
    assists = models.JSONField(default=list, blank=True)
    """Codes of the units that assist."""
    reason = models.JSONField(default=dict, blank=True)
    """Why this unit: `by` list, register or order, and the register's line."""
    leader = models.CharField(max_length=80, blank=True)
    due_text = models.CharField(max_length=60, blank=True)
    limit = models.CharField(max_length=20, blank=True)
    """A limit that is counted from the dispatch."""
    due_at = models.DateTimeField(null=True, blank=True)
    """The deadline; for a limit it is known from the dispatch on."""
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="campaign_items"
    )
    is_linked = models.BooleanField(default=False)
    """The case was running already."""
    is_handed_over = models.BooleanField(default=False)
    reminders = models.PositiveIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaigns_item_number"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.campaign_id} {self.number}"

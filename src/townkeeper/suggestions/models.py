"""What was suggested for a case and what a person chose: the measure of every suggestion."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases.models import Case


class Offer(models.Model):
    """One list of suggestions shown to a person, and the answer. Nothing is applied without it."""

    class Kind(models.TextChoices):
        """What is suggested."""

        CATEGORY = "category", _("category")
        OWNER = "owner", _("responsible unit")
        TWIN = "twin", _("duplicate")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="offers")
    kind = models.CharField(max_length=10, choices=Kind)
    offered = models.JSONField(default=list)
    """The suggestions in their order: `value`, `confidence`, `reason`."""
    chosen = models.CharField(max_length=80, blank=True)
    """What the person took: a category's key, a unit's code, a case's number; empty for none."""
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    """The place of the choice among the suggestions, from 1; empty where it was none of them."""
    is_accepted = models.BooleanField()
    """The person took one of the suggestions."""
    confidence = models.FloatField(null=True, blank=True)
    """Of the first suggestion, 0 to 1; empty where it was not measured (keywords)."""
    model = models.CharField(max_length=40, blank=True)
    """The version of the model, or `keywords`, or `register`."""
    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=150)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "at"], name="suggestions_kind_at")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} → {self.chosen or '–'}"

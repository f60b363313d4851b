"""Documents that were issued: which round, which files, which bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from typing_extensions import override

from townkeeper.assessment.models import Round


class Bulletin(models.Model):
    """A bulletin made from a frozen round."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="bulletins")
    number = models.CharField(max_length=60, blank=True)
    """文號, such as 東治辦通〔2026〕5號."""
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    files = models.JSONField(default=dict)
    """Format → path below the home folder."""
    digests = models.JSONField(default=dict)
    """Format → SHA-256 of the file."""

    @override
    def __str__(self) -> str:
        return self.number or f"{self.round_id}"


class BulletinTemplate(models.Model):
    """The text of a bulletin as a program brings it; a changed one is a new row beside the old."""

    key = models.CharField(max_length=40)
    scheme = models.CharField(max_length=40)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_current=True), name="publication_template_current"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.key

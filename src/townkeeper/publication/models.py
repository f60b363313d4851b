"""Documents that were issued: which round, which files, which bytes."""

from django.db import models

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

    def __str__(self) -> str:
        return self.number or f"{self.round_id}"

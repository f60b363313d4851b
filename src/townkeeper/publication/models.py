"""Documents that were issued: which round, which files, which bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from typing_extensions import override

from townkeeper.assessment.models import Round
from townkeeper.files.models import StoredFile
from townkeeper.supervision.models import Order
from townkeeper.units.models import Unit


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


class IssuedPaper(models.Model):
    """The printed letter of an order in one form and language: made once, always these bytes."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, db_index=False, related_name="papers"
    )
    form = models.CharField(max_length=4)
    """`pdf` or `docx`."""
    language = models.CharField(max_length=10)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="issued_papers")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "form", "language"], name="publication_paper_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.order_id}.{self.form}"


class BriefEdition(models.Model):
    """The brief of one morning for one area: its figures never change after it was made."""

    day = models.DateField()
    area = models.ForeignKey(
        Unit, on_delete=models.PROTECT, db_index=False, related_name="brief_editions"
    )
    """The unit whose subtree it tells about."""
    as_of = models.DateTimeField()
    """08:00 of the day, the time that the figures stand for."""
    made_at = models.DateTimeField()
    content = models.JSONField()
    behind = models.JSONField(default=dict)
    """Figure → ids of the cases behind it, as many as are kept."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the content as the journal's JSON line."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "day"], name="publication_brief_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.day} {self.area_id}"

    @property
    def subject(self) -> str:
        """Return the name of this edition's chain in the journal."""
        return f"brief:{self.day}:{self.area_id}"

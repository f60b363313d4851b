"""Stored uploads, one row per distinct content; what was found out about them, what was hidden."""

from typing import ClassVar

from django.db import models
from typing_extensions import override


class StoredFile(models.Model):
    """A file by its content; the same photo sent twice is one file."""

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    stored_at = models.DateTimeField(auto_now_add=True)
    has_public_copy = models.BooleanField(default=False)
    """A copy without position and device data, turned upright and scaled, lies beside it."""
    taken_at = models.DateTimeField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    fingerprint = models.BinaryField(max_length=32, null=True, blank=True)
    """By which the same picture is found again (files/resemblance.py); none for an empty one."""

    @override
    def __str__(self) -> str:
        return self.sha256[:12]


class Resemblance(models.Model):
    """Two files that look like one picture, found when the later one was stored."""

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="resembles")
    earlier = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="resembled_by")
    changed = models.FloatField()
    """Share of the picture that is different, 0 to 1 (`resemblance.compare`)."""
    is_mirrored = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "earlier"], name="files_resemblance_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.file_id} ~ {self.earlier_id} {self.changed:.2f}"


class Redaction(models.Model):
    """Parts of a photo that the public copy no longer shows; the original keeps them."""

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="redactions")
    boxes = models.JSONField()
    """Rectangles as shares of the upright picture: `[[left, top, right, bottom], …]`."""
    reason = models.TextField()
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
    undone_reason = models.TextField(blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.file_id} {self.at:%F %T}"

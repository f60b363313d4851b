"""Stored uploads, one row per distinct content."""

from django.db import models
from typing_extensions import override


class StoredFile(models.Model):
    """A file by its content; the same photo sent twice is one file."""

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=60)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    stored_at = models.DateTimeField(auto_now_add=True)
    has_public_copy = models.BooleanField(default=False)
    """A copy without position and device data, turned upright and scaled, lies beside it."""
    taken_at = models.DateTimeField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return self.sha256[:12]

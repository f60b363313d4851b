"""Which programs run this office, and what they said when they were loaded."""

from django.db import models
from typing_extensions import override


class LoadedProgram(models.Model):
    """One loading of a program; the files are kept, so that it can be shown and compared."""

    key = models.CharField(max_length=40)
    titles = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=150)
    is_current = models.BooleanField(default=True)
    files = models.JSONField(default=dict)
    """Path in the folder → text."""
    settings = models.JSONField(default=dict)
    """Settings by key with the value in force, its default and the reason for the default."""

    @override
    def __str__(self) -> str:
        return f"{self.key} {self.digest[:8]}"

"""The tables of the record: entries, the head of each chain, seals, and the settings' stamp."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from typing_extensions import override


class Chain(models.Model):
    """The present head of one subject's chain; without it a removed last entry would not show."""

    subject = models.CharField(max_length=80, primary_key=True)
    length = models.PositiveIntegerField()
    head = models.BinaryField(max_length=32)

    @override
    def __str__(self) -> str:
        return self.subject


class Entry(models.Model):
    """One act: who did what to which subject when; written once, never changed."""

    subject = models.CharField(max_length=80)
    seq = models.PositiveIntegerField()
    time = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    act = models.CharField(max_length=60)
    origin = models.CharField(max_length=10, default="live")
    data = models.TextField()
    """One line of JSON, kept as the bytes that were hashed."""
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "seq"], name="journal_entry_place"),
        ]
        indexes: ClassVar = [
            models.Index(
                # who looked at personal data: a few among millions (looks.py)
                fields=["id"],
                condition=Q(act__in=["case.reporter_shown", "case.original_seen"]),
                name="journal_entry_looks",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.subject}#{self.seq} {self.act}"


class Seal(models.Model):
    """A signed Merkle root over all entries up to one, chained to the seal before it."""

    number = models.PositiveIntegerField(unique=True)
    made_at = models.DateTimeField()
    first_entry = models.BigIntegerField()
    last_entry = models.BigIntegerField()
    missing = models.JSONField(default=list)
    """Stretches of numbers in between that no entry had when it was made."""
    late = models.JSONField(default=list)
    """Entries that earlier seals had missed because their writers were not done."""
    count = models.PositiveIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=64)
    key_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64, default="")
    signature = models.BinaryField(max_length=64)

    @override
    def __str__(self) -> str:
        return f"seal {self.number}"


class Stamp(models.Model):
    """A number that every change of units, duties, calendars or procedures draws anew.

    Processes keep those registers in memory; the hot path compares this number inside its own
    statement, so that it never files a case under a register that has changed.
    """

    key = models.CharField(max_length=20, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)

    @override
    def __str__(self) -> str:
        return f"{self.key}={self.value}"

"""Calendars as versioned tables that an office edits."""

from typing import ClassVar

from django.db import models
from typing_extensions import override


class Calendar(models.Model):
    """A working-time calendar by name; its content lies in versions."""

    code = models.CharField(max_length=30, unique=True)
    title = models.JSONField(default=dict)
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")

    @override
    def __str__(self) -> str:
        return self.code


class CalendarVersion(models.Model):
    """A calendar as it was at one time; due times remember the version they were computed with."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    hours = models.JSONField()
    """Weekday (`mon` … `sun`) → list of spans such as `08:30-12:00`; see `hours.weekly_hours`."""
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    """The zone of this version; `Calendar.time_zone` is that of the newest."""
    makeup_weekday = models.PositiveSmallIntegerField(default=0)
    """Whose hours a make-up working day has."""
    known_until = models.DateField(null=True, blank=True)
    """The last day whose holidays are announced; none where no notice can change the days."""
    note = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "number"], name="calendars_version_number"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.calendar_id}@{self.number}"


class Day(models.Model):
    """A day that differs from its weekday: a holiday, a make-up working day, a local exception."""

    version = models.ForeignKey(CalendarVersion, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    is_working = models.BooleanField()
    name = models.CharField(max_length=60, blank=True)
    hours = models.JSONField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)
    is_local = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "date"], name="calendars_day_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.date} {self.name}"

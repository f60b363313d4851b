"""Categories of matters, and the register of who answers for them where."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.kit.names import say
from townkeeper.units.models import Unit


class Category(models.Model):
    """A kind of matter, from the national list or a flagged local addition."""

    class Kind(models.TextChoices):
        """Component, matter (GB/T 47678.5-2026), or a kind of the place's own."""

        COMPONENT = "component", _("component")
        MATTER = "matter", _("matter")
        LOCAL = "local", _("local addition")

    key = models.CharField(max_length=60, unique=True)
    """`matter/06010`: component and matter codes overlap, so the kind belongs to the key."""
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=160)
    names = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    standard = models.CharField(max_length=40, blank=True)
    aliases = models.JSONField(default=list, blank=True)
    """Codes in older standards, and the words by which people call it."""
    limit = models.CharField(max_length=20, blank=True)
    """The time limit for handling, such as `4wh`; empty takes the parent's."""
    promise = models.CharField(max_length=20, blank=True)
    """The limit of the whole case that the public is promised; empty takes the parent's."""
    relapse_days = models.PositiveSmallIntegerField(null=True, blank=True)
    """Within how many days after closing the same matter at the same place counts as a relapse."""
    relapse_metres = models.PositiveSmallIntegerField(null=True, blank=True)
    """How near is the same place, where there is no common address or key place."""
    relapse_as_one = models.BooleanField(default=False)
    """Whether all kinds of matter below this one count as the same kind when one comes back."""
    keywords = models.JSONField(default=list, blank=True)
    is_used = models.BooleanField(default=True)
    """Offered when a case is opened; the national list is longer than what one office uses."""
    sort_key = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=80, blank=True)
    is_recount_due = models.BooleanField(default=False)
    """Its limit was changed for running cases too, and their clocks are still to be counted."""

    class Meta:
        verbose_name_plural = "categories"

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.name


class Duty(models.Model):
    """Unit U leads, or assists with, matters of category C in area A, from day to day."""

    class Part(models.TextChoices):
        """Whether the unit leads or assists."""

        LEAD = "lead", _("lead")
        ASSIST = "assist", _("assist")

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="duties")
    area = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="area_duties")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="duties")
    part = models.CharField(max_length=6, choices=Part, default=Part.LEAD)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=80, blank=True)
    said = models.JSONField(null=True, blank=True)
    """What the program said of the line when it was last loaded; null where a person entered it.
    What differs from it on the row is the office's own doing, and a loading leaves it alone."""

    class Meta:
        verbose_name_plural = "duties"
        indexes: ClassVar = [models.Index(fields=["category", "area"], name="duties_lookup")]

    @override
    def __str__(self) -> str:
        return f"{self.unit} {self.part} {self.category} @ {self.area}"

    @staticmethod
    def valid_on(on: date) -> Q:
        """Return the condition for duties in force on a day."""
        return (Q(since=None) | Q(since__lte=on)) & (Q(until=None) | Q(until__gt=on))

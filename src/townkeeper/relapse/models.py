"""What came back and from which case, the draws of closed cases, and the visits they led to."""

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.units.models import Unit


class RecurrenceQuerySet(models.QuerySet["Recurrence"]):
    """Questions about many relapses."""

    def standing(self) -> "RecurrenceQuerySet":
        """Return the relapses that nobody has overruled."""
        return self.filter(is_overruled=False)

    def visible_to(self, user: User | AnonymousUser) -> "RecurrenceQuerySet":
        """Return the relapses that are cases which the person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))


class Recurrence(models.Model):
    """One case that brings back another: the same kind at the same place, soon after closing."""

    class How(models.TextChoices):
        """What makes it the same place."""

        PLACE = "place", _("the same key place")
        ADDRESS = "address", _("the same address")
        POINT = "point", _("close by")
        REVISIT = "revisit", _("found at a revisit")
        HAND = "hand", _("linked by hand")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="recurrences")
    former = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="came_back")
    first = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="chain")
    """The first case of the chain."""
    ordinal = models.PositiveIntegerField()
    """Which time it is: 2 for the first relapse."""
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="recurrences"
    )
    """The unit that closed the former case: the relapse counts for it."""
    former_closed_at = models.DateTimeField()
    """The closing that did not last; the former case may have been reopened since."""
    days = models.PositiveIntegerField()
    """Whole days between that closing and the new case."""
    distance_m = models.PositiveIntegerField(null=True, blank=True)
    how = models.CharField(max_length=10, choices=How)
    reason = models.JSONField(default=dict, blank=True)
    """The rule as it was applied: kind, window in days, radius in metres."""
    found_at = models.DateTimeField()
    found_by = models.CharField(max_length=150)
    is_overruled = models.BooleanField(default=False)
    overruled_by = models.CharField(max_length=150, blank=True)
    overruled_at = models.DateTimeField(null=True, blank=True)
    overruled_reason = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    """When the row was last written, by the machine's clock: extracts read from here."""

    objects = RecurrenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(is_overruled=False), name="relapse_one_former"
            ),
            models.UniqueConstraint(fields=["case", "former"], name="relapse_pair_once"),
            models.CheckConstraint(condition=~Q(case=F("former")), name="relapse_not_of_itself"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} ← {self.former_id}"


class Cursor(models.Model):
    """How far the search for relapses has come."""

    key = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField(null=True, blank=True)
    """Everything written before this instant has been looked at (machine's clock)."""
    vague_points = models.JSONField(default=list, blank=True)
    """Points that stand for “somewhere in town”: many different addresses lie on them."""
    vague_at = models.DateTimeField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.key} {self.at}"


class Draw(models.Model):
    """One day's drawing of closed cases, kept so that anybody can draw again and compare."""

    on = models.DateField(unique=True)
    """The day on which the windows of its candidates opened."""
    seed = models.CharField(max_length=120)
    is_seed_given = models.BooleanField(default=False)
    """Whether a person chose the seed instead of chance; shown, because it could be tried out."""
    candidates = models.JSONField(default=list)
    """[number of the case, instant of its closing, chance], by number."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the candidates; the journal holds it too."""
    drawn_at = models.DateTimeField()
    drawn_by = models.CharField(max_length=150)

    @override
    def __str__(self) -> str:
        return f"{self.on:%F}"

    @property
    def subject(self) -> str:
        """Return the name of this draw's chain in the journal."""
        return f"draw:{self.on:%F}"


class RevisitQuerySet(models.QuerySet["Revisit"]):
    """Questions about many revisits."""

    def waiting(self) -> "RevisitQuerySet":
        """Return the visits that are still to be made."""
        return self.filter(visited_at=None, dropped_at=None)

    def visible_to(self, user: User | AnonymousUser) -> "RevisitQuerySet":
        """Return the visits to cases that the person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))


class Revisit(models.Model):
    """A later look at a closed case (回頭看), to see whether the fix still stands."""

    class Result(models.TextChoices):
        """What the visitor found."""

        STANDS = "stands", _("the fix stands")
        RELAPSED = "relapsed", _("it has come back")
        UNCLEAR = "unclear", _("cannot be told")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="revisits")
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="revisits")
    closed_at = models.DateTimeField()
    """The closing that is looked at again."""
    fixer = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="revisits_of"
    )
    """The unit whose work it was; nobody of it visits, and the result counts for it."""
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="revisits"
    )
    """The unit that visits."""
    performer = models.CharField(max_length=30)
    """The role that visits."""
    due_at = models.DateTimeField(db_index=True)
    visited_at = models.DateTimeField(null=True, blank=True)
    visited_by = models.CharField(max_length=150, blank=True)
    result = models.CharField(max_length=10, choices=Result, blank=True)
    note = models.TextField(blank=True)
    evidence = models.JSONField(default=list, blank=True)
    """Ids of evidence of the case that the visitor took."""
    new_case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="opened_by_revisit"
    )
    is_reopened = models.BooleanField(default=False)
    """The case itself was asked to run again instead of opening a new one."""
    dropped_at = models.DateTimeField(null=True, blank=True)
    """The case was reopened before anybody came: this closing is no longer looked at."""
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = RevisitQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "case"], name="relapse_drawn_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["unit", "due_at", "id"],
                condition=Q(visited_at=None, dropped_at=None),
                name="relapse_waiting",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.due_at:%F}"

"""How staff registered a case, calls that wait, attempts to call back, and the shift's note."""

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.cases.records import Follow


class Urgency(models.TextChoices):
    """How urgent the caller's matter is, as the operator judges it; it changes no limit."""

    NORMAL = "normal", _("normal")
    URGENT = "urgent", _("urgent")
    VERY = "very-urgent", _("very urgent")


class Registration(models.Model):
    """How a case was registered by a person of the office: urgency, and what came of it at once."""

    class Result(models.TextChoices):
        """What was done while the caller was still there."""

        REGISTERED = "registered", _("registered")
        FILED = "filed", _("filed")
        DISPATCHED = "dispatched", _("dispatched")
        ANSWERED = "answered", _("answered at once")
        MERGED = "merged", _("added to another case")

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="registration")
    actor = models.CharField(max_length=150)
    urgency = models.CharField(max_length=12, choices=Urgency, default=Urgency.NORMAL)
    result = models.CharField(max_length=12, choices=Result, default=Result.REGISTERED)
    is_call = models.BooleanField(default=False)
    """It came by telephone."""
    seconds = models.PositiveIntegerField(null=True, blank=True)
    """From the opened form to the registered case, as the browser counted: a measure, no proof."""
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["actor", "at"], name="calls_registration_shift")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.result}"


class HeldCallQuerySet(models.QuerySet["HeldCall"]):
    """Questions about held calls."""

    def visible_to(self, user: User | AnonymousUser) -> "HeldCallQuerySet":
        """Everybody sees the calls that they hold themselves; nobody another's."""
        return self.filter(actor=user.get_username()) if user.is_active else self.none()


class HeldCall(models.Model):
    """A form half filled, put aside for another call; gone as soon as its case is registered."""

    actor = models.CharField(max_length=150, db_index=True)
    key = models.CharField(max_length=80)
    """The form's key: held twice it is still one."""
    label = models.CharField(max_length=80)
    """A few words by which it is known again; no name and no number."""
    data = models.JSONField(default=dict)
    """What was typed. Personal data: it is deleted with the row."""
    at = models.DateTimeField()

    objects = HeldCallQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor", "key"], name="calls_held_once"),
        ]

    @override
    def __str__(self) -> str:
        return self.label


class CallBack(models.Model):
    """One attempt to call a reporter back about the answer; attempts are only ever added."""

    class Result(models.TextChoices):
        """How it went."""

        REACHED = "reached", _("reached")
        NOT_REACHED = "not-reached", _("not reached")
        GIVEN_UP = "given-up", _("not called again")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="callbacks")
    follow = models.ForeignKey(
        Follow, on_delete=models.CASCADE, related_name="callbacks", null=True, blank=True
    )
    """Whoever has it too and was called; none where it was the reporter."""
    closing = models.PositiveSmallIntegerField(default=1)
    """Which closing it was about: a reopened case is called about anew."""
    result = models.CharField(max_length=12, choices=Result)
    retry_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["actor", "at"], name="calls_callback_shift")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.result}"


class ShiftNoteQuerySet(models.QuerySet["ShiftNote"]):
    """Questions about the notes of shifts."""

    def visible_to(self, user: User | AnonymousUser) -> "ShiftNoteQuerySet":
        """Return the notes: everybody at the desk reads them, and pages ask for that permission."""
        return self if user.is_active else self.none()


class ShiftNote(models.Model):
    """What one shift leaves to the next; taken over by a person, with the time."""

    text = models.TextField(_("note"))
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(db_index=True)
    taken_by = models.CharField(max_length=150, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    objects = ShiftNoteQuerySet.as_manager()

    @override
    def __str__(self) -> str:
        return f"{self.actor} {self.at:%F}"

"""Schemes, rounds, score sheets: how units are assessed, and one frozen result after another."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.units.models import Unit


class Scheme(models.Model):
    """How units are assessed: items, weights, rules and groups, as data, versioned."""

    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    names = models.JSONField(default=dict)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "number"], name="assessment_scheme_number"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_current=True), name="assessment_scheme_current"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.key}@{self.number}"

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.key


def refuse_change() -> Problem:
    """Return the refusal to touch what is published."""
    return Problem(
        "round-published",
        _("This round is published; it cannot be changed."),
        hint=_("Assess the month again: the correction is a new round beside it."),
    )


class RoundQuerySet(models.QuerySet["Round"]):
    """Refuses to change or delete published rounds in one statement."""

    @override
    def update(self, **values: Any) -> int:
        if self.exclude(state="draft").exists():
            raise refuse_change()
        return super().update(**values)

    @override
    def delete(self) -> tuple[int, dict[str, int]]:
        if self.exclude(state="draft").exists():
            raise refuse_change()
        return super().delete()


class UnitScoreQuerySet(models.QuerySet["UnitScore"]):
    """Refuses to change or delete the scores of published rounds in one statement."""

    @override
    def update(self, **values: Any) -> int:
        if self.exclude(round__state="draft").exists():
            raise refuse_change()
        return super().update(**values)

    @override
    def delete(self) -> tuple[int, dict[str, int]]:
        if self.exclude(round__state="draft").exists():
            raise refuse_change()
        return super().delete()


class Round(models.Model):
    """One period of a scheme: a draft may be scored again, a published round never changes."""

    class State(models.TextChoices):
        """Where the round stands."""

        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        REPLACED = "replaced", _("corrected by a later version")

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="rounds")
    period = models.CharField(max_length=10)
    """The month, `2011-09`."""
    number = models.PositiveIntegerField(default=1)
    """Corrections of a published period are a new number beside the old one."""
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    data_until = models.DateTimeField()
    """Records after this instant do not count."""
    computed_at = models.DateTimeField()
    computed_by = models.CharField(max_length=150)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=150, blank=True)
    origin = models.CharField(max_length=10, default="live")
    """`simulated` or `imported` if any case behind it is; shown with every figure."""
    content = models.TextField(blank=True)
    """The frozen round as canonical JSON: rules, inputs, case numbers, results."""
    digest = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=128, blank=True)
    key_id = models.CharField(max_length=16, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scheme", "period", "number"], name="assessment_round_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.scheme_id} {self.period}#{self.number}"

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a draft, publish it once, or mark a published round as corrected; nothing else."""
        before = Round.objects.filter(pk=self.pk).values().first() if self.pk else None
        if before is not None and before["state"] != self.State.DRAFT:
            changed = {name for name, value in before.items() if getattr(self, name) != value}
            corrected = self.state == self.State.REPLACED and changed == {"state"}
            if changed and not corrected:
                raise refuse_change()
        super().save(*args, **kwargs)

    @override
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.state != self.State.DRAFT:
            raise refuse_change()
        return super().delete(*args, **kwargs)

    @property
    def is_draft(self) -> bool:
        """Whether the round may still be scored again."""
        return self.state == self.State.DRAFT

    @property
    def subject(self) -> str:
        """Return the name of this round's chain in the journal."""
        return f"round:{self.period}/{self.scheme.key}#{self.number}"


class UnitScore(models.Model):
    """One unit's result in a round, with every item behind it."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="scores")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="scores")
    unit_name = models.CharField(max_length=120)
    """The name on the day of the round."""
    group = models.CharField(max_length=40)
    score = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    """Null when too little happened to score the unit: shown apart, never as zero."""
    rank = models.PositiveIntegerField(null=True)
    of = models.PositiveIntegerField(default=0)
    """How many units of the group have a score."""
    is_last = models.BooleanField(default=False)
    """No unit of the group ranks lower; several may share the last place."""
    low = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    """95 % interval of the score, from the sampling error of its rates."""
    rank_low = models.PositiveIntegerField(null=True)
    rank_high = models.PositiveIntegerField(null=True)
    items = models.JSONField(default=list)
    """Per item: key, value, numerator, denominator, points, full points, rule, note."""
    note = models.CharField(max_length=200, blank=True)

    objects = UnitScoreQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "unit"], name="assessment_score_once"),
        ]
        ordering: ClassVar = ["group", "rank", "unit_name"]

    @override
    def __str__(self) -> str:
        return f"{self.unit_name} {self.score}"

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.round.state != Round.State.DRAFT:
            raise refuse_change()
        super().save(*args, **kwargs)

    @override
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.round.state != Round.State.DRAFT:
            raise refuse_change()
        return super().delete(*args, **kwargs)

"""What is put down about a case beside its steps: alarms, judgements, merges, handovers."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.units.models import Unit, UnitChange


class Alarm(models.Model):
    """One rung of the escalation ladder that a clock reached: who was told, what followed. Once."""

    case = models.ForeignKey(
        "cases.Case", on_delete=models.CASCADE, related_name="alarms", db_constraint=False
    )
    """No reference here is checked by the database: the sweep holds case and clock while it writes
    100,000 of these rows, each of which the database would look up three times more."""
    task = models.ForeignKey(
        "cases.Task",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="alarms",
        db_index=False,
        db_constraint=False,
    )
    ask = models.ForeignKey(
        "cases.Ask",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="alarms",
        db_index=False,
        db_constraint=False,
    )
    """Task and ask are found by the constraints below."""
    rung = models.PositiveSmallIntegerField()
    turn = models.PositiveSmallIntegerField(default=0)
    """How often the clock had been extended or moved by then: a later due time warns anew."""
    rule = models.CharField(max_length=30)
    """The rung as the procedure writes it, such as `80%` or `due+1wd`."""
    card = models.CharField(max_length=10, blank=True)
    """`yellow` or `red`, where the rung shows a card."""
    tell = models.JSONField(default=list, blank=True)
    """The roles that are told."""
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="alarms",
        db_index=False,
        db_constraint=False,
    )
    """The unit whose clock it is."""
    due_at = models.DateTimeField()
    """When the clock reached the rung."""
    at = models.DateTimeField(db_index=True)
    """When that was found: later where nobody looked for a while."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "turn", "rung"],
                condition=Q(task__isnull=False),
                name="cases_alarm_task",
            ),
            models.UniqueConstraint(
                fields=["ask", "turn", "rung"],
                condition=Q(ask__isnull=False),
                name="cases_alarm_ask",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "at"], name="cases_alarm_unit")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.rule}"


class NoticeMark(models.Model):
    """Which alarms a person has read: all up to one, and a few after it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_mark"
    )
    until = models.BigIntegerField(default=0)
    """The alarm up to which everything counts as read."""
    read = models.JSONField(default=list)
    """Ids of single alarms after that one."""

    @override
    def __str__(self) -> str:
        return f"{self.user_id} {self.until}"


class Judgement(models.Model):
    """What the reporter says of the answer; once for every time the case was closed."""

    class Verdict(models.TextChoices):
        """The three degrees that offices ask for."""

        SATISFIED = "satisfied", _("satisfied")
        PARTLY = "partly", _("partly satisfied")
        DISSATISFIED = "dissatisfied", _("dissatisfied")

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="judgements")
    closing = models.PositiveSmallIntegerField(default=1)
    """Which closing it judges: a reopened case is judged anew."""
    verdict = models.CharField(max_length=12, choices=Verdict)
    comment = models.TextField(blank=True)
    channel = models.CharField(max_length=40, blank=True)
    stars = models.PositiveSmallIntegerField(null=True, blank=True)
    """One to five, where the reporter was asked for them."""
    is_solved = models.BooleanField(null=True, blank=True)
    """Whether the reporter finds the matter solved, where they were asked."""
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "closing"], name="cases_judgement_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.verdict}"


class Follow(models.Model):
    """Somebody of the public who follows a case with a key; of the key only its digest is kept."""

    class Part(models.TextChoices):
        """Who reported it, and who has the same trouble."""

        REPORTER = "reporter", _("reporter")
        SUPPORTER = "supporter", _("has it too")

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="follows")
    part = models.CharField(max_length=10, choices=Part)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the key, which has 80 random bits: nothing to guess, nothing to read here."""
    name = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    """Of supporters only; the reporter's own are in `Reporter`. Personal data both."""
    made_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.part}"


class Merge(models.Model):
    """One case put to another as its duplicate, with what is needed to take it back."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="merges")
    main = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="merges_in")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    found = models.JSONField(default=dict, blank=True)
    """Why it looked like a twin: distance, time apart, kind, words."""
    before = models.JSONField(default=dict, blank=True)
    """Step, stage and open tasks of the case when it was merged."""
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
    undone_reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(undone_at=None), name="cases_merge_one"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} → {self.main_id}"


class Handover(models.Model):
    """Work that a change of units carried from one unit to another: who had it until when."""

    class What(models.TextChoices):
        """What changed hands."""

        CASE = "case", _("answering for the case")
        TASK = "task", _("task")
        AREA = "area", _("area")

    change = models.ForeignKey(
        UnitChange, on_delete=models.PROTECT, null=True, blank=True, related_name="handovers"
    )
    """The change by which; empty for work that was found behind a closed unit later."""
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="handovers")
    what = models.CharField(max_length=4, choices=What)
    task = models.ForeignKey(
        "cases.Task", on_delete=models.CASCADE, null=True, blank=True, related_name="handovers"
    )
    former = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    heir = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=100)
    """Which rule chose the heir: `place`, `category:matter/06`, `default` …"""
    at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.former_id} → {self.heir_id}"

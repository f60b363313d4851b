"""Cases, their tasks, evidence and reporters; the present state is on the row, never computed."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.calendars.models import CalendarVersion
from townkeeper.cases.records import Alarm, Handover, Judgement, Merge, NoticeMark
from townkeeper.cases.running import IsRunning
from townkeeper.duties.models import Category
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.units.models import Place, Post, Unit, posts_of
from townkeeper.units.permissions import Permission

__all__ = [
    "ENDED",
    "LISTED",
    "STILL_RUNNING",
    "Alarm",
    "Ask",
    "Case",
    "CaseQuerySet",
    "Counter",
    "Evidence",
    "Handover",
    "Judgement",
    "Merge",
    "NoticeMark",
    "Origin",
    "Pause",
    "ProcedureVersion",
    "Reporter",
    "Stage",
    "Task",
    "task_holders",
]


class Origin(models.TextChoices):
    """Where a record comes from; shown wherever the record is."""

    LIVE = "live", _("live")
    IMPORTED = "imported", _("imported")
    SIMULATED = "simulated", _("simulated")


class Stage(models.TextChoices):
    """The stages of national practice (GB/T 30428.8 family); procedures map their steps to them."""

    INTAKE = "intake", _("to accept")
    FILING = "filing", _("to file")
    DISPATCH = "dispatch", _("to dispatch")
    HANDLING = "handling", _("in handling")
    DISPUTE = "dispute", _("in dispute")
    VERIFYING = "verifying", _("to verify")
    ANSWERING = "answering", _("to answer")
    SHELVED = "shelved", _("cannot be solved now")
    CLOSED = "closed", _("closed")
    VOIDED = "voided", _("voided")
    MERGED = "merged", _("merged into another")
    OTHER = "other", _("other")


ENDED = (Stage.CLOSED, Stage.VOIDED, Stage.MERGED)
"""Stages in which nobody has anything to do. A merged case follows its main case to the end."""
STILL_RUNNING = ~Q(stage__in=["closed", "voided", "merged"])
LISTED = ("stage", "unit", "area", "category", "channel", "warn_at", "opened_at")
"""The columns by which lists of running cases are narrowed and counted."""


class ProcedureVersion(models.Model):
    """A procedure as it was at one time; a case ends under the version it began with."""

    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    titles = models.JSONField(default=dict)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "number"], name="cases_procedure_number"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_current=True), name="cases_procedure_current"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.key}@{self.number}"


class Counter(models.Model):
    """The last number given out for a prefix and a day."""

    key = models.CharField(max_length=40, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)

    @override
    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class CaseQuerySet(models.QuerySet["Case"]):
    """Questions about many cases."""

    def visible_to(self, user: User | AnonymousUser) -> "CaseQuerySet":
        """Cases under the areas of the person's posts, and those their units have a task in."""
        posts = [
            post
            for post in posts_of(user, clock.today())
            if Permission.CASES_CASE_VIEW in post.role.permissions
        ]
        return self.visible_from([post.area for post in posts]) if posts else self.none()

    def visible_from(self, areas: list[Unit]) -> "CaseQuerySet":
        """Cases of one of the subtrees, with a task there, or whose dispute names one of them."""
        tops = [area.pk for area in areas if area.parent_id is None]
        if tops and not Unit.objects.filter(parent=None).exclude(pk__in=tops).exists():
            return self
        # Where a home keeps several trees, what belongs to none is for whoever stands at a top.
        placed = Task.objects.filter(case=OuterRef("pk")).exclude(unit=None)
        nowhere = Q(unit=None, area=None) & ~Exists(placed)
        condition = nowhere if tops else Q(pk__in=[])
        for area in areas:
            span = (area.path, area.path_end)
            tasks = Task.objects.filter(
                case=OuterRef("pk"), unit__path__gte=span[0], unit__path__lt=span[1]
            )
            named = Ask.objects.filter(
                case=OuterRef("pk"), other__path__gte=span[0], other__path__lt=span[1]
            )
            condition |= (
                Q(unit__path__gte=span[0], unit__path__lt=span[1])
                | Q(area__path__gte=span[0], area__path__lt=span[1])
                | Exists(tasks)
                | Exists(named)
            )
        return self.filter(condition)

    def running(self) -> "CaseQuerySet":
        """Cases that have not ended."""
        return self.filter(IsRunning("stage"))

    def ownerless(self) -> "CaseQuerySet":
        """Return running cases for which the duty register names nobody."""
        return self.running().filter(unit=None)


class Case(models.Model):
    """One thing handled by a procedure."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    procedure = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=30, blank=True)
    step = models.CharField(max_length=40)
    stage = models.CharField(_("state"), max_length=12, choices=Stage)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, db_index=False, related_name="cases"
    )
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("what was reported"), blank=True)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    area = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, db_index=False, related_name="area_cases"
    )
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, db_index=False, related_name="cases"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, db_index=False, related_name="cases"
    )
    """The unit that answers for it; none is a loud, counted state."""
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    """When the open task is due; for an ended case, when handling was due."""
    warn_at = models.DateTimeField(null=True, blank=True)
    promise = models.CharField(max_length=20, blank=True)
    """The limit of the whole case that the public was promised; beside the tasks' own limits."""
    promise_due_at = models.DateTimeField(_("promised by"), null=True, blank=True)
    main = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, db_index=False, related_name="merged"
    )
    """The case that this one was merged into; it is answered when that one is."""
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    outcome = models.CharField(max_length=30, blank=True)
    answer = models.TextField(blank=True)
    counts = models.JSONField(default=dict, blank=True)
    """How often what happened: rework, evasion, extension …"""
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    external_system = models.CharField(max_length=40, blank=True)
    external_number = models.CharField(max_length=80, blank=True)
    external_digest = models.CharField(max_length=32, blank=True)
    """Digest of the imported row, so that importing it again changes nothing."""
    request_key = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 - unique
    """The sender's idempotency key; null, not empty, because it is unique."""
    extra = models.JSONField(default=dict, blank=True)
    """Columns of an import that have no field of their own."""
    version = models.PositiveIntegerField(default=1)
    """Raised by every act; two people acting at once are told apart by it."""
    updated_at = models.DateTimeField()
    """When the row was last written, by the machine's clock: extracts read from here."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["external_system", "external_number"],
                condition=~Q(external_number=""),
                name="cases_external_number",
            ),
            models.UniqueConstraint(
                fields=["request_key"],
                condition=Q(request_key__isnull=False),
                name="cases_request_key",
            ),
        ]
        # PostgreSQL writes every one of these anew with each act, but for those with a condition
        # that the case does not meet: so what is mostly empty stands only where it is not
        indexes: ClassVar = [
            models.Index(
                # what lists are filtered by stands in the index: the cases are read afterwards
                fields=["due_at", "id", *LISTED],
                condition=STILL_RUNNING,
                name="cases_open_list",
            ),
            models.Index(fields=["opened_at"], name="cases_opened"),
            models.Index(
                # who waits to be called back: what was closed lately, the oldest first
                fields=["closed_at"],
                condition=Q(closed_at__isnull=False),
                name="cases_closed_at",
            ),
            models.Index(fields=["unit", "opened_at"], name="cases_unit_opened"),
            models.Index(fields=["area", "opened_at"], name="cases_area_opened"),
            models.Index(fields=["category", "opened_at"], name="cases_category_opened"),
            # a few bytes for each stretch of the table; on SQLite an index like the others
            BrinIndex(fields=["updated_at"], name="cases_updated"),
            models.Index(fields=["main"], condition=Q(main__isnull=False), name="cases_main"),
            models.Index(fields=["place"], condition=Q(place__isnull=False), name="cases_place"),
            models.Index(
                fields=["category", "closed_at"],
                condition=Q(stage="closed"),
                name="cases_closed_category",
            ),
            models.Index(fields=["lat", "lon"], name="cases_point"),
            models.Index(fields=["lat", "lon"], condition=STILL_RUNNING, name="cases_open_point"),
            models.Index(fields=["address"], condition=~Q(address=""), name="cases_address"),
        ]

    @override
    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """Return the name of this case's chain in the journal."""
        return f"case:{self.number}"

    @property
    def is_ended(self) -> bool:
        """Whether the case has come to its end."""
        return self.stage in ENDED


class Reporter(models.Model):
    """Who reported a case; personal data, seen by the roles that need it, every look journaled."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="reporter")
    name = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    is_anonymous = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            # the hotline desk asks for a caller's earlier cases while the caller speaks
            models.Index(fields=["phone"], name="cases_reporter_phone"),
        ]

    @override
    def __str__(self) -> str:
        return self.masked_phone or self.name[:1] + "**"

    @property
    def masked_phone(self) -> str:
        """Return the telephone number with its middle hidden."""
        digits = self.phone
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 7 else "*" * len(digits)  # noqa: PLR2004


class Task(models.Model):
    """One unit's piece of work in one step of a case, with its own clock."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks")
    step = models.CharField(max_length=40)
    stage = models.CharField(max_length=12, choices=Stage)
    branch = models.CharField(max_length=40, blank=True)
    part = models.CharField(max_length=6, default="lead")
    performer = models.CharField(max_length=30)
    """The role that does it."""
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, db_index=False, related_name="tasks"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="tasks",
    )
    """Who does it in person (`assigning`); nobody needs to sign before acting."""
    signed_at = models.DateTimeField(null=True, blank=True)
    """When the assignee signed for it; empty while it was only handed over."""
    opened_at = models.DateTimeField()
    limit = models.CharField(max_length=20, blank=True)
    extensions = models.JSONField(default=list, blank=True)
    """Limits that granted extensions added, each counted from the due time before it."""
    calendar = models.ForeignKey(
        CalendarVersion, models.PROTECT, null=True, blank=True, db_index=False, related_name="tasks"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    is_provisional = models.BooleanField(default=False)
    """The limit reaches a year whose holidays are not announced yet."""
    is_given = models.BooleanField(default=False)
    """The due time was given from outside (an import), not computed here."""
    warn_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=40, blank=True)
    """The action that ended it, or `cancelled`."""
    next_at = models.DateTimeField(null=True, blank=True)
    """When the next rung of the ladder is reached; empty while the clock stands still."""
    rung = models.PositiveSmallIntegerField(default=0)
    """How many rungs have been reached for the present due time."""
    moves = models.PositiveSmallIntegerField(default=0)
    """How often a calendar or a rule moved the due time after a rung: the ladder begins anew."""

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["unit", "due_at", "id", "case", "performer"],
                condition=Q(done_at=None),
                name="cases_task_list",
            ),
            models.Index(fields=["unit", "case"], name="cases_task_unit"),
            models.Index(
                fields=["assignee"], condition=Q(assignee__isnull=False), name="cases_task_assignee"
            ),
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="cases_task_due"),
            # a done task leaves it: a calendar's clocks are counted anew while they run
            models.Index(
                fields=["calendar"], condition=Q(done_at=None), name="cases_task_calendar"
            ),
            models.Index(
                fields=["next_at"],
                condition=Q(done_at=None, next_at__isnull=False),
                name="cases_task_next",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.step} {self.part}"

    @property
    def is_done(self) -> bool:
        """Whether the task has ended."""
        return self.done_at is not None


class Pause(models.Model):
    """A lawful stop of a task's clock; an open one has no end yet."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="pauses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    ground = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["task"], condition=Q(until=None), name="cases_pause_open"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.task_id} {self.since:%F %T}"


class Ask(models.Model):
    """Something asked for that another person decides: an extension, a stop, a dispute, reopening.

    Until it is decided everything stays as it was: the unit that has the case keeps it, and its
    clock runs on (首接負責). A decided dispute is the precedent for the next one of its kind.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="asks")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, related_name="asks")
    action = models.CharField(max_length=40)
    effect = models.CharField(max_length=20, blank=True)
    """What sort of ask it is, as the procedure says: `dispute`, `extension`, `reopening`…"""
    actor = models.CharField(max_length=150)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="asks"
    )
    """The unit on whose behalf it is asked."""
    decider = models.CharField(max_length=30)
    reason = models.TextField(blank=True)
    ground = models.CharField(max_length=60, blank=True)
    clause = models.CharField(max_length=300, blank=True)
    """The rule that the asking unit relies on."""
    other = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="asks_about"
    )
    """In a dispute: the unit that the asking one names as responsible."""
    statement = models.TextField(blank=True)
    """What the other unit says to it."""
    stated_by = models.CharField(max_length=150, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField()
    limit = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    """By when it must be decided."""
    next_at = models.DateTimeField(null=True, blank=True)
    rung = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    is_accepted = models.BooleanField(null=True)
    decision = models.TextField(blank=True)
    """The reasons of the decision."""
    ruled = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="rulings"
    )
    """In a dispute: the unit that answers from the ruling on."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "action"],
                condition=Q(decided_at=None),
                name="cases_ask_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                condition=Q(decided_at=None, next_at__isnull=False),
                name="cases_ask_next",
            ),
            models.Index(fields=["effect", "decided_at"], name="cases_ask_effect"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.action}"


class Evidence(models.Model):
    """A photo or paper that shows something about a case: before, after, a document."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="evidence")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, related_name="evidence")
    kind = models.CharField(max_length=30)
    """Such as `before-photo`, `after-photo`, `document`; procedures ask for kinds."""
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, db_index=False, related_name="evidence"
    )
    link = models.URLField(max_length=500, blank=True)
    """Where an imported record keeps its photo; never fetched by us."""
    note = models.CharField(max_length=300, blank=True)
    is_public = models.BooleanField(default=False)
    distance_m = models.PositiveIntegerField(null=True, blank=True)
    """Metres between the photo's own position and the place of the case."""
    findings = models.JSONField(default=list, blank=True)
    """What speaks against it: `far`, `too-early`, `used-before`, `no-position`…"""
    repeats = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, db_index=False, related_name="repeated_by"
    )
    """An earlier piece of evidence that shows the same picture."""
    before = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, db_index=False, related_name="afters"
    )
    """The picture of the same spot before the work."""
    added_at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        verbose_name_plural = "evidence"
        indexes: ClassVar = [
            models.Index(
                fields=["file"], condition=Q(file__isnull=False), name="cases_evidence_file"
            ),
            models.Index(
                fields=["repeats"],
                condition=Q(repeats__isnull=False),
                name="cases_evidence_repeats",
            ),
            models.Index(
                fields=["before"], condition=Q(before__isnull=False), name="cases_evidence_before"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


def task_holders(task: Task, on: date) -> models.QuerySet[Post]:
    """Return the posts that may do a task: its role, in its unit or over it, on a day."""
    posts = Post.objects.filter(
        Q(since=None) | Q(since__lte=on), Q(until=None) | Q(until__gt=on), role__key=task.performer
    )
    return posts.filter(unit=task.unit) if task.unit_id else posts

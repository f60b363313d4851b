"""Orders that an office gives to units (督辦函, 整改通知書, 批示…), and what the units answered."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Origin
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.units.models import Unit, posts_of
from townkeeper.units.permissions import Permission


def _taken_over(area: Unit) -> Q:
    """Return the condition on units whose successors, two steps on at most, lie in a subtree."""
    found = Q()
    for way in ("successor", "successor__successor"):
        found |= Q(**{f"{way}__path__gte": area.path, f"{way}__path__lt": area.path_end})
    return found


class OrderQuerySet(models.QuerySet["Order"]):
    """Questions about many orders."""

    def visible_to(self, user: User | AnonymousUser) -> "OrderQuerySet":
        """Orders that units under the person's posts have issued or were given."""
        posts = posts_of(user, clock.today())
        areas = [p.area for p in posts if Permission.SUPERVISION_ORDER_VIEW in p.role.permissions]
        return self.visible_from(areas) if areas else self.none()

    def visible_from(self, areas: list[Unit]) -> "OrderQuerySet":
        """Orders with an issuing or an addressed unit in one of the subtrees."""
        tops = [area.pk for area in areas if area.parent_id is None]
        if tops and not Unit.objects.filter(parent=None).exclude(pk__in=tops).exists():
            return self
        condition = Q(pk__in=[])
        for area in areas:
            span = {"unit__path__gte": area.path, "unit__path__lt": area.path_end}
            condition |= Q(issuer__path__gte=area.path, issuer__path__lt=area.path_end)
            told = Addressee.objects.filter(order=OuterRef("pk"))
            condition |= Q(Exists(told.filter(**span)))
            # what a unit that is no more was given is its successor's
            heirs = Unit.objects.filter(until__isnull=False).filter(_taken_over(area))
            condition |= Q(Exists(told.filter(unit__in=heirs.values("pk"))))
            condition |= Q(issuer__in=heirs.values("pk"))
        return self.filter(condition)

    def open(self) -> "OrderQuerySet":
        """Orders that still bind somebody."""
        return self.filter(status=Order.Status.OPEN)


class Order(models.Model):
    """One order with its number, from its issue to its closing."""

    class Kind(models.TextChoices):
        """What sort of order it is; each has its own form of letter and its own numbering."""

        SUPERVISION = "supervision", _("supervision order")
        RECTIFICATION = "rectification", _("rectification notice")
        INSTRUCTION = "instruction", _("instruction")
        TALK = "talk", _("summons to a talk")
        CRITICISM = "criticism", _("circular of criticism")

    class Status(models.TextChoices):
        """Whether it still binds anybody; each addressed unit has a state of its own."""

        OPEN = "open", _("under way")
        CLOSED = "closed", _("settled")
        WITHDRAWN = "withdrawn", _("withdrawn")

    number = models.CharField(max_length=80, unique=True)
    """文號 as the issuing office writes it: `東治督〔2026〕5號`."""
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    kind = models.CharField(max_length=14, choices=Kind)
    title = models.CharField(max_length=200)
    text = models.TextField()
    basis = models.CharField(max_length=500, blank=True)
    """The law, rule or decision that it rests on."""
    about = models.CharField(max_length=80, blank=True, db_index=True)
    """What it is about beside cases: `campaign:KEY`, `round:5`, `unit:CODE`, `brief:2026-11-22`."""
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="issued_orders")
    signer = models.CharField(max_length=80, blank=True)
    """The leader in whose name it goes out, if not the office's own."""
    contact = models.CharField(max_length=120, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=150)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closing_note = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    version = models.PositiveIntegerField(default=1)
    """Raised by every act; whoever acts from an older page is told."""

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["status", "id"], name="supervision_order_status")]

    @override
    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """Return the name of this order's chain in the journal."""
        return f"order:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it still binds somebody."""
        return self.status == self.Status.OPEN


class OrderCase(models.Model):
    """A case that an order is about."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, db_index=False, related_name="case_links"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="order_links")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "case"], name="supervision_case_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.order_id} {self.case_id}"


class Addressee(models.Model):
    """One unit that must answer an order, by its own deadline."""

    class State(models.TextChoices):
        """How far the unit is; overdue is a matter of the clock and stands beside it."""

        ISSUED = "issued", _("not yet received")
        RECEIVED = "received", _("received")
        REPLIED = "replied", _("reply to be accepted")
        RETURNED = "returned", _("sent back")
        ACCEPTED = "accepted", _("accepted")

    WAITING = (State.ISSUED, State.RECEIVED, State.RETURNED)
    """States in which it is the unit's turn, and its clock counts."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, db_index=False, related_name="addressees"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, db_index=False, related_name="orders")
    state = models.CharField(max_length=10, choices=State, default=State.ISSUED)
    due_text = models.CharField(max_length=60)
    """The deadline as it was typed."""
    limit = models.CharField(max_length=20, blank=True)
    """Where the deadline is a limit, counted from `counted_from`; empty for a date."""
    counted_from = models.DateTimeField()
    due_at = models.DateTimeField()
    is_provisional = models.BooleanField(default=False)
    """The limit reaches a year whose holidays are not announced yet."""
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.CharField(max_length=150, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    returns = models.PositiveSmallIntegerField(default=0)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    """The deadline that was found to have passed, noted once by the sweep; kept as a fact."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "unit"], name="supervision_unit_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "state"], name="supervision_addressee_unit"),
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["issued", "received", "returned"], overdue_at=None),
                name="supervision_addressee_due",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.order_id} {self.unit_id}"

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is the unit's turn and its time has run out."""
        return self.order.is_open and self.state in self.WAITING and self.due_at < now

    @property
    def was_late(self) -> bool:
        """Whether the last reply came after the deadline."""
        return self.replied_at is not None and self.replied_at > self.due_at


class Reply(models.Model):
    """What a unit reports to an order, and what the issuer says to it."""

    class Verdict(models.TextChoices):
        """What became of the reply."""

        WAITING = "waiting", _("waiting for acceptance")
        ACCEPTED = "accepted", _("accepted")
        RETURNED = "returned", _("sent back")

    addressee = models.ForeignKey(Addressee, on_delete=models.CASCADE, related_name="replies")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decision = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "replies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["addressee"],
                condition=Q(verdict="waiting"),
                name="supervision_reply_one_waiting",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.addressee_id} {self.at:%F %T}"


class ReplyFile(models.Model):
    """A photo or paper that a reply brings as evidence."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="reply_files")
    name = models.CharField(max_length=120)

    @override
    def __str__(self) -> str:
        return self.name

"""What is done with orders, each act with its journal: issue, receive, reply, accept, close.

The office that issued an order follows it up; the units that it names answer, each for itself and
by its own deadline. Nobody accepts a reply that they wrote.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calendars.actions import current
from townkeeper.files.models import StoredFile
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.drafting import Checked, Draft, check_draft, set_deadline
from townkeeper.supervision.models import Addressee, Order, OrderCase, Reply, ReplyFile
from townkeeper.supervision.numbering import take_number
from townkeeper.supervision.rights import need_issuer, need_unit

QUIET: Final = timedelta(hours=1)
"""Nobody is reminded of the same order twice within this time."""
REPEATED: Final = timedelta(minutes=10)
"""The very same order within this time is a button struck twice."""
MOST_FILES: Final = 20
MOST_TEXT: Final = 10_000
State = Addressee.State


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that comes with a reply, kept already, under the name that it was sent with."""

    file: StoredFile
    name: str


class _RepeatedError(Exception):
    """The same order was issued just now: its number is given back."""

    def __init__(self, order: Order) -> None:
        self.order = order


def issue_order(draft: Draft, *, actor: User, once: bool = False) -> Order:
    """Issue an order: number, addressed units with their deadlines, an entry on each of its cases.

    All or nothing; two orders issued at the same moment get two numbers, without a gap. With
    `once` the very same order of the same person within ten minutes is the one issued then: a
    button struck twice, a page sent again. Errors: `OrderRefused` with every fault of the draft.
    """
    checked = check_draft(draft, actor=actor)
    try:
        return _issue(checked, actor, once=once)
    except _RepeatedError as repeated:
        return repeated.order


def _issue(checked: Checked, actor: User, *, once: bool) -> Order:
    order = checked.order
    with transaction.atomic():
        order.year = timezone.localdate(order.issued_at).year
        order.number, order.serial = take_number(order.issuer, order.kind, order.year)
        # asked after the number was taken, which only one at a time can do
        same = _same_of_late(checked) if once else None
        if same is not None:
            raise _RepeatedError(same)
        order.save(force_insert=True)
        for addressee in checked.addressees:
            addressee.order = order
        Addressee.objects.bulk_create(checked.addressees)
        OrderCase.objects.bulk_create(OrderCase(order=order, case=case) for case in checked.cases)
        units = {each.unit.code: each.due_at.isoformat() for each in checked.addressees}
        data: dict[str, object] = {
            "number": order.number, "kind": order.kind, "title": order.title,
            "issuer": order.issuer.code, "units": units, "basis": order.basis,
            "about": order.about, "cases": [case.number for case in checked.cases],
        }  # fmt: skip
        record(subject=order.subject, act="order.issued", actor=actor.username, data=data)
        for case in sorted(checked.cases, key=lambda each: each.number):
            _tell_case(case.subject, order, "case.order", actor.username, units=sorted(units))
    return order


def _same_of_late(checked: Checked) -> Order | None:
    """Return the open order that says the same to the same units, issued within ten minutes."""
    new = checked.order
    said = ("issuer", "kind", "title", "text", "basis", "about", "signer", "contact", "issued_by")
    rows = Order.objects.filter(
        **{name: getattr(new, name) for name in said},
        status=Order.Status.OPEN, issued_at__gt=new.issued_at - REPEATED,
    )  # fmt: skip
    units = sorted((each.unit_id, each.due_text) for each in checked.addressees)
    cases = sorted(case.pk for case in checked.cases)
    for order in rows.order_by("-pk"):
        if sorted(order.addressees.values_list("unit", "due_text")) != units:
            continue
        if sorted(order.case_links.values_list("case", flat=True)) == cases:
            return order
    return None


def acknowledge_order(addressee: Addressee, *, actor: User) -> Addressee:
    """Note that the unit has received the order. Errors: Problem."""
    with transaction.atomic():
        addressee = _locked(addressee)
        need_unit(addressee, actor)
        if addressee.state != State.ISSUED:
            raise Problem(
                "order-received", _("The order is received already."), where=addressee.order.number
            )
        addressee.state = State.RECEIVED
        addressee.received_at, addressee.received_by = clock.now(), actor.username
        addressee.save(update_fields=["state", "received_at", "received_by"])
        _write(addressee, "order.received", actor)
    return addressee


def reply_to_order(
    addressee: Addressee, *, actor: User, text: str, files: Sequence[Attached] = ()
) -> Reply:
    """Report what the unit has done, with evidence; a reply also receives the order. Problem."""
    said = text.strip()
    if not said:
        raise Problem("reply-empty", _("Say what was done."), where="text")
    if len(said) > MOST_TEXT or len(files) > MOST_FILES:
        raise Problem(
            "reply-too-long",
            _("At most %(letters)d characters and %(files)d files.")
            % {"letters": MOST_TEXT, "files": MOST_FILES},
            where="text",
        )
    with transaction.atomic():
        addressee = _locked(addressee)
        need_unit(addressee, actor)
        if addressee.state not in Addressee.WAITING:
            raise Problem(
                "reply-not-due",
                _("The unit has replied already; the reply waits for acceptance or is accepted."),
                where=addressee.order.number,
            )
        now = clock.now()
        if addressee.received_at is None:
            addressee.received_at, addressee.received_by = now, actor.username
        addressee.state, addressee.replied_at = State.REPLIED, now
        addressee.save(update_fields=["state", "received_at", "received_by", "replied_at"])
        reply = Reply.objects.create(addressee=addressee, text=said, at=now, by=actor.username)
        ReplyFile.objects.bulk_create(
            ReplyFile(reply=reply, file=each.file, name=each.name[:120]) for each in files
        )
        digests = [each.file.sha256 for each in files]
        _write(addressee, "order.replied", actor, text=said, files=digests, late=addressee.was_late)
    return reply


def accept_reply(reply: Reply, *, actor: User, note: str = "") -> Reply:
    """Accept a reply; somebody of the issuer's side, and never the one who wrote it. Problem."""
    with transaction.atomic():
        addressee = _decide(reply, actor, Reply.Verdict.ACCEPTED, note.strip())
        addressee.state, addressee.accepted_at = State.ACCEPTED, clock.now()
        addressee.save(update_fields=["state", "accepted_at"])
        _write(addressee, "order.accepted", actor, note=note.strip())
    return reply


def return_reply(reply: Reply, *, actor: User, reason: str, deadline: str = "") -> Reply:
    """Send a reply back with what is missing; a new deadline is counted from now. Problem."""
    said = reason.strip()
    if not said:
        raise Problem("reason-missing", _("Say what is missing."), where="reason")
    with transaction.atomic():
        addressee = _decide(reply, actor, Reply.Verdict.RETURNED, said)
        addressee.state, addressee.returns = State.RETURNED, addressee.returns + 1
        if deadline.strip():
            set_deadline(addressee, deadline.strip(), calendar=current(), now=clock.now())
        addressee.save()
        due = addressee.due_at.isoformat()
        _write(addressee, "order.returned", actor, reason=said, due=due, times=addressee.returns)
    return reply


def remind(
    order: Order, *, actor: User, note: str = "", units: Collection[str] = ()
) -> list[Addressee]:
    """Remind the units whose turn it is (of `units`, codes, if given); return who was reminded.

    A unit is not reminded twice within an hour, so that a double click does no harm.
    """
    with transaction.atomic():
        order = _locked_order(order)
        need_issuer(order, actor)
        _refuse_ended(order)
        now, told = clock.now(), []
        rows = order.addressees.filter(state__in=Addressee.WAITING).select_related("unit")
        for each in rows.order_by("pk"):
            if units and each.unit.code not in units:
                continue
            if each.reminded_at is not None and now - each.reminded_at < QUIET:
                continue
            each.reminders, each.reminded_at = each.reminders + 1, now
            each.save(update_fields=["reminders", "reminded_at"])
            told.append(each)
        if told:
            codes = [each.unit.code for each in told]
            record(
                subject=order.subject, act="order.reminded", actor=actor.username,
                data={"units": codes, "note": note.strip()[:500]},
            )  # fmt: skip
    return told


def close_order(order: Order, *, actor: User, note: str = "") -> Order:
    """Close an order; where a unit's reply is not accepted, the note must say why. Problem."""
    with transaction.atomic():
        order = _locked_order(order)
        need_issuer(order, actor)
        _refuse_ended(order)
        left = order.addressees.exclude(state=State.ACCEPTED).select_related("unit")
        codes = [each.unit.code for each in left.order_by("pk")]
        if codes and not note.strip():
            raise Problem(
                "order-unfinished",
                _("%(n)d units have no accepted reply.") % {"n": len(codes)},
                where="note",
                hint=_("Say in the note why the order is closed all the same."),
            )
        _end(order, Order.Status.CLOSED, actor, note.strip(), unfinished=codes)
    return order


def withdraw_order(order: Order, *, actor: User, reason: str) -> Order:
    """Take an order back; it binds nobody any more, its number is not used again. Problem."""
    if not reason.strip():
        raise Problem("reason-missing", _("Say why it is withdrawn."), where="reason")
    with transaction.atomic():
        order = _locked_order(order)
        need_issuer(order, actor)
        _refuse_ended(order)
        _end(order, Order.Status.WITHDRAWN, actor, reason.strip())
    return order


def _end(order: Order, status: Order.Status, actor: User, note: str, **data: object) -> None:
    order.status, order.closed_at = status, clock.now()
    order.closed_by, order.closing_note = actor.username, note
    order.version += 1
    order.save(update_fields=["status", "closed_at", "closed_by", "closing_note", "version"])
    act = "order.closed" if status == Order.Status.CLOSED else "order.withdrawn"
    record(
        subject=order.subject, act=act, actor=actor.username, data={"note": note, **data}
    )  # fmt: skip
    told = "case.order-closed" if status == Order.Status.CLOSED else "case.order-withdrawn"
    for link in order.case_links.select_related("case").order_by("case__number"):
        _tell_case(link.case.subject, order, told, actor.username, note=note)


def _decide(reply: Reply, actor: User, verdict: Reply.Verdict, note: str) -> Addressee:
    """Write the verdict on a waiting reply and return its addressee, locked."""
    addressee = _locked(reply.addressee)
    need_issuer(addressee.order, actor)
    reply.refresh_from_db()
    if reply.verdict != Reply.Verdict.WAITING:
        raise Problem(
            "reply-decided", _("This reply is decided already."), where=addressee.order.number
        )
    if reply.by == actor.username:
        raise Problem(
            "own-reply",
            _("Nobody accepts or returns a reply that they wrote themselves."),
            where=addressee.order.number,
            hint=_("Another person of the office has to look at it."),
        )
    reply.verdict, reply.decided_at = verdict, clock.now()
    reply.decided_by, reply.decision = actor.username, note
    reply.save(update_fields=["verdict", "decided_at", "decided_by", "decision"])
    return addressee


def _locked_order(order: Order) -> Order:
    """Return the order as it is now, held until the transaction ends."""
    rows = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("issuer")
    return rows.get(pk=order.pk)


def _locked(addressee: Addressee) -> Addressee:
    """Return the addressee as it is now, its order held; an ended order binds nobody."""
    order = _locked_order(addressee.order)
    _refuse_ended(order)
    fresh = Addressee.objects.select_related("unit").get(pk=addressee.pk)
    fresh.order = order
    return fresh


def _refuse_ended(order: Order) -> None:
    if not order.is_open:
        raise Problem(
            "order-ended",
            _("The order is %(state)s already.") % {"state": order.get_status_display()},
            where=order.number,
        )


def _write(addressee: Addressee, act: str, actor: User, **data: object) -> None:
    """Write an act of one unit into the order's chain and raise the order's version."""
    order = addressee.order
    order.version += 1
    order.save(update_fields=["version"])
    record(
        subject=order.subject, act=act, actor=actor.username,
        data={"unit": addressee.unit.code, **data},
    )  # fmt: skip


def _tell_case(subject: str, order: Order, act: str, actor: str, **data: object) -> None:
    said = {"order": order.pk, "number": order.number, "kind": order.kind, "title": order.title}
    record(subject=subject, act=act, actor=actor, data={**said, **data})

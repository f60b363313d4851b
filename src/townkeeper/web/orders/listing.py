"""What the address of a list of orders asks for, its counters and its rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.supervision.listing import SIDES, STATES, OrderWish, count_up_to, orders_of
from townkeeper.supervision.models import Addressee, Order, OrderQuerySet
from townkeeper.units.models import Post
from townkeeper.web.order_words import KIND_ICONS, look_of_state, look_of_status
from townkeeper.web.stages import Look
from townkeeper.web.wording import Clock, full_time

PAGE = 50
LONGEST = 100
LARGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class OrderListing:
    """The parts of the list's address; empty means no condition."""

    side: str = ""
    state: str = "open"
    kind: str = ""
    unit: str = ""
    about: str = ""
    case: str = ""
    month: str = ""
    q: str = ""
    before: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "OrderListing":
        """Read an address; what is unknown in it is left out rather than refused."""
        given = {
            field.name: "".join(query.get(field.name, "").split("\x00")).strip()[:LONGEST]
            for field in fields(cls)
        }
        if given["side"] not in SIDES:
            given["side"] = ""
        if given["state"] not in {*STATES, "all"}:
            given["state"] = "open"
        if given["kind"] not in Order.Kind.values:
            given["kind"] = ""
        if given["month"] != "1":
            given["month"] = ""
        if not given["before"].isdecimal() or not 0 < int(given["before"]) < LARGEST_ID:
            given["before"] = ""
        return cls(**given)

    def url(self, name: str = "orders:list", *args: str, **changes: str) -> str:
        """Return the address of this list with some parts changed, from its first page."""
        other = replace(self, **{"before": "", **changes})
        parts = {field.name: getattr(other, field.name) for field in fields(other)}
        if parts["state"] == "open":
            parts["state"] = ""
        query = urlencode({key: value for key, value in parts.items() if value})
        path = reverse(name, args=args)
        return f"{path}?{query}" if query else path

    @property
    def is_filtered(self) -> bool:
        """Whether anything beyond the tab narrows the list."""
        return any((self.kind, self.unit, self.about, self.case, self.month, self.q, self.side))

    @property
    def wish(self) -> OrderWish:
        """Return what the list asks for."""
        return OrderWish(
            side=self.side,
            state="" if self.state == "all" else self.state,
            kind=self.kind,
            unit=self.unit,
            about=self.about,
            case=self.case,
            month=bool(self.month),
            q=self.q,
        )


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as the list shows it."""

    order: Order
    icon: str
    look: Look
    units: str
    accepted: int
    total: int
    late: list[str]
    clock: Clock
    """The clock of the unit whose turn is next over."""


def with_units(orders: OrderQuerySet) -> OrderQuerySet:
    """Load addressed units with orders, in one more query."""
    rows = Addressee.objects.select_related("unit").defer("unit__outline").order_by("due_at", "pk")
    return orders.prefetch_related(Prefetch("addressees", rows))


def row_of(order: Order, now: datetime) -> OrderRow:
    """Return an order's row; its units are loaded."""
    addressees = list(order.addressees.all())
    for each in addressees:
        each.order = order
    waiting = [each for each in addressees if each.state in Addressee.WAITING]
    first = waiting[0] if waiting else None
    accepted = sum(each.state == Addressee.State.ACCEPTED for each in addressees)
    look = look_of_status(order)
    if order.is_open and not waiting and addressees:
        done = accepted == len(addressees)
        look = (
            Look("ok", "circle-check", _("all accepted"))
            if done
            else look_of_state(next(e for e in addressees if e.state == Addressee.State.REPLIED))
        )
    shown = Clock(first.due_at, first.counted_from) if first and order.is_open else Clock(None)
    return OrderRow(
        order=order,
        icon=KIND_ICONS[order.kind],
        look=look,
        units=", ".join(each.unit.title for each in addressees[:4])
        + (f" +{len(addressees) - 4}" if len(addressees) > 4 else ""),  # noqa: PLR2004
        accepted=accepted,
        total=len(addressees),
        late=[each.unit.title for each in addressees if each.is_overdue(now)],
        clock=shown,
    )


def make_kpis(
    seen: OrderQuerySet, listing: OrderListing, posts: list[Post], now: datetime
) -> list[dict[str, Any]]:
    """Return the counters, each a filter; counted up to a thousand."""
    wanted: list[tuple[str, str, str, dict[str, str]]] = [
        (_("Open"), "construction", "", {}),
        (_("Waiting for my units"), "inbox", "y", {"side": "to", "state": "turn"}),
        (_("Replies to accept"), "hourglass", "y", {"state": "replied"}),
        (_("Overdue"), "triangle-alert", "r", {"state": "overdue"}),
        (_("Issued this month"), "calendar-days", "", {"state": "all", "month": "1"}),
    ]
    kpis = []
    for label, icon, kind, parts in wanted:
        target = OrderListing(**parts)
        current = target == replace(listing, before="")
        kpis.append(
            {
                "label": label, "icon": icon, "kind": kind, "current": current,
                "count": count_up_to(orders_of(seen, target.wish, posts=posts, now=now)),
                "href": OrderListing().url() if current else target.url(),
            }
        )  # fmt: skip
    return kpis


def make_tabs(listing: OrderListing) -> list[dict[str, Any]]:
    """Return the saved views: all of them, those to me, those from me."""
    labels = [("", _("All")), ("to", _("To my units")), ("from", _("From my units"))]
    return [
        {
            "label": label, "count": None, "href": listing.url(side=key),
            "current": listing.side == key,
        }
        for key, label in labels
    ]  # fmt: skip


def state_choices() -> list[tuple[str, str]]:
    """Return the choices of the state filter."""
    return [
        ("open", _("under way")), ("turn", _("waiting for a unit")), ("overdue", _("overdue")),
        ("replied", _("reply to be accepted")), ("ended", _("ended")), ("all", _("all")),
    ]  # fmt: skip


def columns() -> list[Column]:
    """Return the heads of the exported table: one row for each addressed unit."""
    titles = (
        _("Number"), _("Kind"), _("Title"), _("Issued by"), _("Issued"), _("Unit"), _("Deadline"),
        _("State"), _("Overdue"), _("Replied"), _("Accepted at"), _("Sent back"), _("Reminders"),
        _("State of the order"), _("Cases"),
    )  # fmt: skip
    return [Column(title) for title in titles]


def table_rows(orders: Iterable[Order], now: datetime) -> Iterable[list[Cell]]:
    """Yield the exported rows."""
    for order in orders:
        cases = ", ".join(link.case.number for link in order.case_links.all())
        for each in order.addressees.all():
            each.order = order
            yield [
                order.number, order.get_kind_display(), order.title, order.issuer.title,
                full_time(order.issued_at), each.unit.title, full_time(each.due_at),
                each.get_state_display(), _("yes") if each.is_overdue(now) else "",
                full_time(each.replied_at) if each.replied_at else "",
                full_time(each.accepted_at) if each.accepted_at else "",
                str(each.returns or ""), str(each.reminders or ""), order.get_status_display(),
                cases,
            ]  # fmt: skip

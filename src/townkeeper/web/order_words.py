"""Orders in words: their kinds and states, their history, and what a case's page says of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.supervision.models import Addressee, Order, OrderCase
from townkeeper.units.models import Unit, posts_of
from townkeeper.units.permissions import Permission
from townkeeper.web.casepanels import CasePanel, PanelRow, case_panel
from townkeeper.web.journal_words import Names, Told, telling
from townkeeper.web.stages import Look
from townkeeper.web.wording import full_time

SHOWN = 10
KIND_ICONS = {
    "supervision": "shield-alert", "rectification": "file-warning", "instruction": "pencil",
    "talk": "message-square", "criticism": "megaphone",
}  # fmt: skip
STATE_KINDS = {
    "issued": ("grey", "inbox"), "received": ("info", "check"), "replied": ("warn", "hourglass"),
    "returned": ("bad", "undo-2"), "accepted": ("ok", "circle-check"),
}  # fmt: skip
STATUS_KINDS = {
    "open": ("info", "construction"), "closed": ("ok", "circle-check"),
    "withdrawn": ("grey", "circle-x"),
}  # fmt: skip


def look_of_state(addressee: Addressee) -> Look:
    """Return colour, icon and word of how far a unit is."""
    kind, icon = STATE_KINDS[addressee.state]
    return Look(kind, icon, addressee.get_state_display())


def look_of_status(order: Order) -> Look:
    """Return colour, icon and word of an order's state."""
    kind, icon = STATUS_KINDS[order.status]
    return Look(kind, icon, order.get_status_display())


def about_words(order: Order) -> tuple[str, str]:
    """Return in words what an order is about beside its cases, and where that is to be seen."""
    sort, _colon, name = order.about.partition(":")
    if sort == "brief":
        return _("Brief of %(day)s") % {"day": name}, address_of("leader:edition", name)
    if sort == "campaign":
        return _("Campaign %(key)s") % {"key": name}, address_of("board:campaign", name)
    if sort == "unit":
        unit = Unit.objects.filter(code=name).defer("outline").first()
        return (unit.title if unit else name), ""
    return order.about, ""


def address_of(name: str, *args: str) -> str:
    """Return the address of a page of another face; empty where there is none of this name."""
    try:
        return reverse(name, args=args)
    except (NoReverseMatch, ValueError):
        return ""


def kind_words(kind: object) -> str:
    """Return the name of a kind of order."""
    return str(dict(Order.Kind.choices).get(str(kind), kind))


def _units(data: Mapping[str, Any], names: Names) -> str:
    joined = ", ".join(names.unit(code) for code in data.get("units") or ())
    return _("To %(units)s.") % {"units": joined} if joined else ""


def _named(data: Mapping[str, Any]) -> dict[str, str]:
    return {"kind": kind_words(data.get("kind")), "number": str(data.get("number", ""))}


@telling("case.order")
def _case_order(data: Mapping[str, Any], names: Names) -> Told:
    title = _("%(kind)s %(number)s issued") % _named(data)
    lines = [str(data.get("title") or ""), _units(data, names)]
    return Told(title, lines, "shield-alert", "r", public=False)


@telling("case.order-closed")
def _case_order_closed(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("%(kind)s %(number)s closed") % _named(data)
    return Told(title, [str(data.get("note") or "")], "circle-check", "o", public=False)


@telling("case.order-withdrawn")
def _case_order_withdrawn(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("%(kind)s %(number)s withdrawn") % _named(data)
    return Told(title, [str(data.get("note") or "")], "circle-x", "g", public=False)


@telling("case.sheet-printed")
def _sheet_printed(data: Mapping[str, Any], _names: Names) -> Told:
    line = _("SHA-256 of the file: %(digest)s") % {"digest": str(data.get("sha256", ""))[:16]}
    return Told(_("Case sheet printed"), [line], "printer", "g", public=False)


@telling("order.issued")
def _issued(data: Mapping[str, Any], names: Names) -> Told:
    title = _("%(kind)s %(number)s issued") % _named(data)
    return Told(title, [_units(data, names)], "send", "b", public=False)


def _of_unit(act: str, words: str | Promise, icon: str, css: str) -> None:
    """Register an act of one unit; `words` holds the unit's name."""

    @telling(act)
    def _told(data: Mapping[str, Any], names: Names) -> Told:
        due = data.get("due")
        lines = [
            str(data.get("text") or data.get("reason") or data.get("note") or ""),
            _("After the deadline.") if data.get("late") else "",
            _("Deadline: %(when)s.") % {"when": full_time(datetime.fromisoformat(due))}
            if due
            else "",
        ]
        title = str(words) % {"unit": names.unit(data.get("unit"))}
        return Told(title, lines, icon, css, public=False)


_of_unit("order.received", lazy("%(unit)s has received it"), "check", "b")
_of_unit("order.replied", lazy("%(unit)s has replied"), "message-square", "b")
_of_unit("order.accepted", lazy("Reply of %(unit)s accepted"), "circle-check", "o")
_of_unit("order.returned", lazy("Reply of %(unit)s sent back"), "undo-2", "y")
_of_unit("order.overdue", lazy("%(unit)s has let the deadline pass"), "alarm-clock", "r")


@telling("order.reminded")
def _reminded(data: Mapping[str, Any], names: Names) -> Told:
    lines = [_units(data, names), str(data.get("note") or "")]
    return Told(_("Reminded"), lines, "bell", "y", public=False)


@telling("order.closed")
def _closed(data: Mapping[str, Any], names: Names) -> Told:
    left = ", ".join(names.unit(code) for code in data.get("unfinished") or ())
    lines = [
        str(data.get("note") or ""),
        _("Without an accepted reply: %(units)s.") % {"units": left} if left else "",
    ]
    return Told(_("Order closed"), lines, "circle-check", "o", public=False)


@telling("order.withdrawn")
def _withdrawn(data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("Order withdrawn"), [str(data.get("note") or "")], "circle-x", "g", public=False)


@telling("order.printed")
def _printed(data: Mapping[str, Any], _names: Names) -> Told:
    line = _("SHA-256 of the file: %(digest)s") % {"digest": str(data.get("sha256", ""))[:16]}
    title = _("Letter made as %(form)s") % {"form": str(data.get("form", "")).upper()}
    return Told(title, [line], "printer", "g", public=False)


@case_panel("orders")
def _orders_about(case: Case, user: User) -> CasePanel | None:
    """Show the orders about a case as far as the person sees them, and the way to a new one."""
    posts = posts_of(user, clock.today())
    may_see = [p for p in posts if Permission.SUPERVISION_ORDER_VIEW in p.role.permissions]
    may_issue = any(Permission.SUPERVISION_ORDER_ISSUE in p.role.permissions for p in posts)
    found: list[Order] = []
    if may_see and OrderCase.objects.filter(case=case).exists():
        seen = Order.objects.visible_to(user).filter(case_links__case=case)
        found = list(seen.prefetch_related("addressees").order_by("-pk")[:SHOWN])
    now, rows = clock.now(), []
    for order in found:
        look, late = look_of_status(order), False
        for each in order.addressees.all():
            each.order = order
            late = late or each.is_overdue(now)
        rows.append(
            PanelRow(
                title=f"{order.get_kind_display()} {order.number}",
                href=reverse("orders:order", args=[order.pk]),
                note=order.title,
                tag=_("overdue") if late else str(look.word),
                tag_kind="bad" if late else look.kind,
            )
        )
    links = []
    if not case.is_ended and may_issue:
        query = urlencode({"case": case.number})
        links.append((f"{reverse('orders:new')}?{query}", "shield-alert", _("Issue an order")))
    links.append((reverse("orders:sheet", args=[case.number]), "printer", _("Case sheet (PDF)")))
    return CasePanel("orders", _("Orders"), rows, links)

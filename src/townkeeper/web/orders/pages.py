"""The list of orders and the page of one order."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.accounts.models import User
from townkeeper.calendars.actions import current
from townkeeper.calendars.explain import explain, in_words
from townkeeper.calendars.limits import Limit
from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.supervision.listing import count_up_to, orders_of, page_of
from townkeeper.supervision.models import Addressee, Order, OrderCase, OrderQuerySet, Reply
from townkeeper.supervision.rights import acts_for_issuer, answers_for, heir_of, issuing_units
from townkeeper.units.models import Post, Unit
from townkeeper.units.permissions import Permission
from townkeeper.web import exports
from townkeeper.web.access import may, needs, posts_for
from townkeeper.web.clockwords import language
from townkeeper.web.journal_words import Names, tell
from townkeeper.web.order_words import (
    KIND_ICONS,
    about_words,
    look_of_state,
    look_of_status,
)
from townkeeper.web.orders.forms import DecisionForm, NoteForm, ReplyForm
from townkeeper.web.orders.listing import (
    PAGE,
    OrderListing,
    columns,
    make_kpis,
    make_tabs,
    row_of,
    state_choices,
    table_rows,
    with_units,
)
from townkeeper.web.wording import Clock

COUNT_UP_TO = 1000
EXPORT_MOST = 20_000


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """Show the orders that a person may see, newest first."""
    now, posts = clock.now(), posts_for(request)
    listing = OrderListing.from_query(request.GET.dict())
    seen = Order.objects.visible_to(request.user)
    wanted = orders_of(seen, listing.wish, posts=posts, now=now)
    before = int(listing.before) if listing.before else None
    found, following = page_of(with_units(wanted), size=PAGE, before=before)
    total = count_up_to(wanted, COUNT_UP_TO)
    actions = exports.links(
        listing.url("orders:export", "xlsx"), listing.url("orders:export", "csv")
    )
    context = {
        "listing": listing,
        "kpis": make_kpis(seen, listing, posts, now),
        "tabs": make_tabs(listing),
        "rows": [row_of(order, now) for order in found],
        "total_text": _total(total, len(found)),
        "next_url": listing.url() + _joined(listing, following) if following else "",
        "first_url": listing.url() if before else "",
        "clear_url": OrderListing().url(),
        "kinds": Order.Kind.choices,
        "states": state_choices(),
        "unit_title": _title_of(listing.unit),
        "may_issue": bool(issuing_units(request.user)),
        "page_actions": actions,
    }
    return render(request, "orders/list.html", context)


def _joined(listing: OrderListing, following: int) -> str:
    return f"{'&' if '?' in listing.url() else '?'}before={following}"


def _total(total: int, shown: int) -> str:
    parts = {"shown": shown, "total": f"{total:,}"}
    if total >= COUNT_UP_TO:
        return _("%(shown)s shown of more than %(total)s orders") % parts
    return _("%(shown)s shown of %(total)s orders") % parts


def _title_of(code: str) -> str:
    unit = Unit.objects.filter(code=code).defer("outline").first() if code else None
    return unit.title if unit else code


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_safe
def export(request: HttpRequest, form: str) -> exports.Answer:
    """Send the list as a file, a row for each addressed unit."""
    now = clock.now()
    listing = OrderListing.from_query(request.GET.dict())
    seen = Order.objects.visible_to(request.user)
    wanted = orders_of(seen, listing.wish, posts=posts_for(request), now=now)
    links = OrderCase.objects.select_related("case").only("order", "case__number")
    found = with_units(wanted).prefetch_related(Prefetch("case_links", links))
    found = found.select_related("issuer").order_by("-pk")[:EXPORT_MOST]
    sheet = exports.Sheet(
        "orders", _("Orders"), columns(), table_rows(found.iterator(chunk_size=500), now)
    )
    return exports.send_sheet(
        request, sheet, form, back=listing.url(), csv_url=listing.url("orders:export", "csv")
    )


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_safe
def order_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one order; one that may not be seen answers like one that does not exist."""
    return show_order(request, pk)


def find_order(request: HttpRequest, pk: int) -> tuple[Order, User]:
    """Return the order that the person may see. Errors: Http404."""
    seen: OrderQuerySet = Order.objects.visible_to(request.user)
    order = seen.select_related("issuer").defer("issuer__outline").filter(pk=pk).first()
    if order is None or not isinstance(request.user, User):
        raise Http404
    return order, request.user


def show_order(
    request: HttpRequest, pk: int, *, refused: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Answer with the page of an order; `refused` holds a form as it was filled, by its name."""
    order, user = find_order(request, pk)
    posts, now = posts_for(request), clock.now()
    follows = acts_for_issuer(posts, order) and order.is_open
    replies = Reply.objects.prefetch_related("files__file").order_by("pk")
    addressees = list(
        order.addressees.select_related("unit").defer("unit__outline")
        .prefetch_related(Prefetch("replies", replies)).order_by("pk")
    )  # fmt: skip
    forms = refused or {}
    reader = Reader(user.username, posts, follows, forms)
    names = names_for(order, addressees)
    parts = [_part(each, order, reader, names) for each in addressees]
    entries = list(Entry.objects.filter(subject=order.subject).order_by("-seq"))
    accepted = sum(each.state == Addressee.State.ACCEPTED for each in addressees)
    context = {
        "order": order,
        "look": look_of_status(order),
        "kind_icon": KIND_ICONS[order.kind],
        "parts": parts,
        "accepted": accepted,
        "late": sum(each.is_overdue(now) for each in addressees),
        "waiting": sum(each.state in Addressee.WAITING for each in addressees),
        "follows": follows,
        "note_form": forms.get("note") or NoteForm(prefix="note"),
        "cases": _cases(order, user),
        "about": _about(request, order),
        "issued_by": names.people.get(order.issued_by, order.issued_by),
        "timeline": [tell(entry, names) for entry in entries],
        "head_hash": bytes(entries[0].hash).hex()[:16] if entries else "",
    }
    return render(request, "orders/order.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at an order, and what they may do with it."""

    username: str
    posts: list[Post]
    follows: bool
    """Whether on the issuer's side, of an order that is open."""
    forms: dict[str, Any]
    """A form that was just refused, as it was filled, by its name."""


def _part(each: Addressee, order: Order, reader: Reader, names: Names) -> dict[str, Any]:
    """Return one addressed unit with its clock, its replies and the forms that are the reader's."""
    each.order = order
    now = clock.now()
    mine = order.is_open and answers_for(reader.posts, each.unit)
    replies = []
    for reply in each.replies.all():
        waits = reply.verdict == Reply.Verdict.WAITING
        form = reader.forms.get(f"decide-{reply.pk}") or DecisionForm(prefix=f"decide-{reply.pk}")
        replies.append(
            {
                "reply": reply,
                "form": form if reader.follows and waits and reply.by != reader.username else None,
                "is_own": reader.follows and waits and reply.by == reader.username,
                "by": names.people.get(reply.by, reply.by),
                "decided_by": names.people.get(reply.decided_by, reply.decided_by),
            }
        )
    form = reader.forms.get(f"reply-{each.pk}") or ReplyForm(prefix=f"reply-{each.pk}")
    done = each.replied_at if each.state in {"replied", "accepted"} else None
    return {
        "addressee": each,
        "look": look_of_state(each),
        "is_late": each.is_overdue(now),
        "heir": _heir(each.unit),
        "clock": Clock(each.due_at, each.counted_from, done_at=done),
        "story": _story(each),
        "replies": replies,
        "may_receive": mine and each.state == Addressee.State.ISSUED,
        "reply_form": form if mine and each.state in Addressee.WAITING else None,
    }


def _heir(unit: Unit) -> str:
    """Say who answers for a unit that is no more; nothing for one that is."""
    if unit.until is None or unit.until > clock.today():
        return ""
    heir, on = heir_of(unit), unit.until.isoformat()
    if heir is None:
        return _("The unit is no more since %(day)s and nobody took over.") % {"day": on}
    parts = {"day": on, "unit": heir.title}
    return _("The unit is no more since %(day)s; %(unit)s answers for it.") % parts


def _story(each: Addressee) -> list[str]:
    """Say how the deadline was counted; a dated one says itself."""
    if not each.limit:
        return []
    limit = Limit.parse(each.limit)
    return in_words(explain(current(), each.counted_from, limit), language())


def _about(request: HttpRequest, order: Order) -> tuple[str, str]:
    """Say what an order is about; a link only for whoever may open that page."""
    words, href = about_words(order)
    needed = {
        "brief": Permission.SUPERVISION_BRIEF_VIEW,
        "campaign": Permission.CAMPAIGNS_CAMPAIGN_RUN,
    }.get(order.about.partition(":")[0])
    return words, href if needed is not None and may(request, needed) else ""


def _cases(order: Order, user: User) -> list[Case]:
    seen = Case.objects.visible_to(user).filter(order_links__order=order)
    rows = seen.select_related("category", "unit", "area")
    return list(rows.defer("text", "unit__outline", "area__outline").order_by("due_at", "pk"))


def names_for(order: Order, addressees: list[Addressee]) -> Names:
    """Look up the people and units that the page mentions."""
    units = {each.unit.code: each.unit.title for each in addressees}
    units[order.issuer.code] = order.issuer.title
    actors = set(Entry.objects.filter(subject=order.subject).values_list("actor", flat=True))
    people = {user.username: str(user) for user in User.objects.filter(username__in=actors)}
    return Names(procedure=None, units=units, people=people | {"system": _("the system")})

"""Lists of orders: what a wish asks for among those that a person sees, newest first, by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from townkeeper.cases.worklist import day_start
from townkeeper.supervision.models import Addressee, Order, OrderQuerySet
from townkeeper.units.models import Post

SIDES: Final = ("to", "from")
STATES: Final = ("open", "turn", "overdue", "replied", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWish:
    """What a list of orders is narrowed to; empty means no condition."""

    side: str = ""
    """`to`: my units are addressed; `from`: my units have issued it."""
    state: str = ""
    """`open`, `turn` (of a unit), `overdue`, `replied` (waits for acceptance) or `ended`."""
    kind: str = ""
    unit: str = ""
    """Code of an addressed unit."""
    about: str = ""
    case: str = ""
    month: bool = False
    """Issued in the present month."""
    q: str = ""


def waiting_in(now: datetime) -> dict[str, Q]:
    """Return the conditions on an addressee by the state of a list."""
    turn = Q(state__in=Addressee.WAITING)
    return {
        "overdue": turn & Q(due_at__lt=now),
        "replied": Q(state=Addressee.State.REPLIED),
        "turn": turn,
    }


def orders_of(orders: OrderQuerySet, wish: OrderWish, *, posts: list[Post], now: datetime
              ) -> OrderQuerySet:  # fmt: skip
    """Narrow orders that a person sees; `posts` are the person's, for `to` and `from`."""
    mine = {post.unit_id for post in posts}
    rows: QuerySet[Addressee] = Addressee.objects.filter(order=OuterRef("pk"))
    if wish.side == "to":
        heir = Q(unit__until__isnull=False, unit__successor__in=mine)
        rows = rows.filter(Q(unit__in=mine) | heir)
    if wish.unit:
        rows = rows.filter(unit__code=wish.unit)
    conditions = waiting_in(now)
    if wish.state in conditions:
        orders = orders.open()
        rows = rows.filter(conditions[wish.state])
    if wish.side == "to" or wish.unit or wish.state in conditions:
        orders = orders.filter(Exists(rows))
    if wish.side == "from":
        orders = orders.filter(issuer__in=mine)
    if wish.state == "open":
        orders = orders.open()
    if wish.state == "ended":
        orders = orders.exclude(status=Order.Status.OPEN)
    if wish.kind:
        orders = orders.filter(kind=wish.kind)
    return _narrowed(orders, wish, now)


def _narrowed(orders: OrderQuerySet, wish: OrderWish, now: datetime) -> OrderQuerySet:
    if wish.about:
        orders = orders.filter(about=wish.about)
    if wish.case:
        orders = orders.filter(case_links__case__number=wish.case)
    if wish.month:
        orders = orders.filter(issued_at__gte=day_start(now).replace(day=1))
    if wish.q:
        orders = orders.filter(Q(number__icontains=wish.q) | Q(title__icontains=wish.q))
    return orders


def page_of(orders: OrderQuerySet, *, size: int, before: int | None = None
            ) -> tuple[list[Order], int | None]:  # fmt: skip
    """Return a page, newest first, and the key behind which the next one begins."""
    if before is not None:
        orders = orders.filter(pk__lt=before)
    rows = orders.select_related("issuer").defer("issuer__outline", "text").order_by("-pk")
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None


def count_up_to(orders: OrderQuerySet, most: int = 1000) -> int:
    """Count orders, at most so many: counting all would read all."""
    return orders.order_by()[:most].count()

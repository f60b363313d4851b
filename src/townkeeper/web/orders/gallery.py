"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable

from townkeeper.cases.models import Case
from townkeeper.supervision.models import Order
from townkeeper.web.gallery import Shot, Someone


def order_in(**conditions: object) -> Callable[[Someone], str | None]:
    """Return who finds the address of the newest order that a person sees and that fits."""

    def find(user: Someone) -> str | None:
        found = Order.objects.visible_to(user).filter(**conditions).order_by("-pk").first()
        return f"/office/orders/{found.pk}/" if found else None

    return find


def new_for_a_case(user: Someone) -> str | None:
    """Return the form for an order about a running case."""
    found = Case.objects.visible_to(user).filter(stage="handling").order_by("-opened_at").first()
    return f"/office/orders/new/?case={found.number}" if found else None


SHOTS: tuple[Shot, ...] = (
    Shot("list", "/office/orders/", "supervisor"),
    Shot("list-unit", "/office/orders/?side=to", "cgj"),
    Shot("list-empty", "/office/orders/?q=zzzz", "supervisor"),
    Shot("new", "/office/orders/new/", "supervisor"),
    Shot("new-case", new_for_a_case, "supervisor"),
    Shot("order", order_in(status="open"), "supervisor"),
    Shot("order-replied", order_in(addressees__state="replied"), "supervisor"),
    Shot("order-unit", order_in(addressees__state="issued"), "cgj"),
)

"""The people and orders that the tests of supervision act with."""

from datetime import timedelta

from tests import make
from tests.make import MONDAY
from townkeeper.kit import clock
from townkeeper.supervision.actions import issue_order
from townkeeper.supervision.drafting import Draft
from townkeeper.units.models import Role

HOUR = timedelta(hours=1)
VIEW = "supervision:order:view"


def district():
    """The town with handlers who see orders, and a leader who issues them."""
    units = make.town()
    for key, more in (("handler", [VIEW]), ("leader", [VIEW, "supervision:order:issue",
                                                      "supervision:brief:view"])):  # fmt: skip
        role = Role.objects.get(key=key)
        role.permissions = [*role.permissions, *more]
        role.save()
    return units, make.staff(units)


def draft(**fields):
    """A supervision order to two units."""
    return Draft(
        **{
            "kind": "supervision",
            "title": "關於市場門口垃圾的督辦",
            "text": "請立即清理，並報送整改情況。",
            "units": [("CGJ", "3wd"), ("S1", "8wh")],
            "basis": "篇2 L107",
            "contact": "區治理辦 李四 2260000",
            **fields,
        }
    )


def issued(who, at=MONDAY, **fields):
    """An order issued at a time."""
    with clock.at(at, "live"):
        return issue_order(draft(**fields), actor=who)


def part(order, code):
    """The addressee of a unit, fresh."""
    return order.addressees.select_related("unit", "order").get(unit__code=code)

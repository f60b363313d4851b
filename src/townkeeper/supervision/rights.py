"""Who may do what with an order: the issuer's side, the addressed unit's side, and nobody both."""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.models import Addressee, Order
from townkeeper.units.models import Post, Unit, posts_of
from townkeeper.units.permissions import Permission

Someone = User | AnonymousUser
LONGEST: Final = 20
"""So many successors one after the other are followed."""


def heir_of(unit: Unit) -> Unit | None:
    """Return who stands for a unit today: itself, else the one that took over; None for nobody."""
    today, heir = clock.today(), unit
    for _step in range(LONGEST):
        if heir.until is None or heir.until > today:
            return heir
        if heir.successor is None:
            return None
        heir = heir.successor
    return None


def issuing_units(user: Someone) -> list[Unit]:
    """Return the units in whose name a person may issue orders, each once."""
    posts = posts_of(user, clock.today())
    units = [p.unit for p in posts if Permission.SUPERVISION_ORDER_ISSUE in p.role.permissions]
    return list(dict.fromkeys(units))


def acts_for_issuer(posts: list[Post], order: Order) -> bool:
    """Whether one of the posts may follow up the order: its office's, or one that oversees it.

    Whoever took over an office that is no more has its orders too.
    """
    heir = heir_of(order.issuer)
    sides = [order.issuer] if heir in {None, order.issuer} else [order.issuer, heir]
    return any(
        Permission.SUPERVISION_ORDER_ISSUE in post.role.permissions
        and any(post.unit_id == each.pk or each.is_under(post.area) for each in sides)
        for post in posts
    )


def answers_for(posts: list[Post], unit: Unit) -> bool:
    """Whether one of the posts answers for a unit: it is in that unit, or in one above it.

    The area that a post oversees does not count: an office that looks over all units does not
    answer in their name. Nor does a post at the top of the tree. For a unit that is no more its
    successor answers.
    """
    heir = heir_of(unit) or unit
    return any(
        Permission.SUPERVISION_ORDER_VIEW in post.role.permissions and _speaks_for(post, heir)
        for post in posts
    )


def _speaks_for(post: Post, unit: Unit) -> bool:
    is_top = post.unit.parent_id is None
    return post.unit_id == unit.pk or (not is_top and unit.is_under(post.unit))


def need_issuer(order: Order, actor: User) -> None:
    """Refuse whoever is not on the issuer's side. Errors: Problem."""
    if not acts_for_issuer(posts_of(actor, clock.today()), order):
        raise Problem(
            "not-the-issuer",
            _("Only the office that issued the order may do this."),
            where=order.number,
        )


def need_unit(addressee: Addressee, actor: User) -> None:
    """Refuse whoever does not answer for the addressed unit. Errors: Problem."""
    if not answers_for(posts_of(actor, clock.today()), addressee.unit):
        raise Problem(
            "not-addressed",
            _("Only %(unit)s may do this.") % {"unit": addressee.unit.title},
            where=addressee.order.number,
        )


def unattended(units: Iterable[Unit]) -> list[Unit]:
    """Return the units for which nobody could answer today: an order to them would lie unread."""
    today = clock.today()
    posts = list(
        Post.objects.filter(
            Q(since=None) | Q(since__lte=today), Q(until=None) | Q(until__gt=today),
            user__is_active=True,
        )
        .select_related("role", "unit")
        .defer("unit__outline")
    )  # fmt: skip
    return [unit for unit in units if not answers_for(posts, unit)]

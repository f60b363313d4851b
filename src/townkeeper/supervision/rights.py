"""Who may do what with an order: the issuer's side, the addressed unit's side, and nobody both."""

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.models import Addressee, Order
from townkeeper.units.models import Post, Unit, posts_of
from townkeeper.units.permissions import Permission

Someone = User | AnonymousUser


def issuing_units(user: Someone) -> list[Unit]:
    """Return the units in whose name a person may issue orders, each once."""
    posts = posts_of(user, clock.today())
    units = [p.unit for p in posts if Permission.SUPERVISION_ORDER_ISSUE in p.role.permissions]
    return list(dict.fromkeys(units))


def acts_for_issuer(posts: list[Post], order: Order) -> bool:
    """Whether one of the posts may follow up the order: its office's, or one that oversees it."""
    return any(
        Permission.SUPERVISION_ORDER_ISSUE in post.role.permissions
        and (post.unit_id == order.issuer_id or order.issuer.is_under(post.area))
        for post in posts
    )


def answers_for(posts: list[Post], unit: Unit) -> bool:
    """Whether one of the posts answers for a unit: it is in that unit, or in one above it.

    The area that a post oversees does not count: an office that looks over all units does not
    answer in their name. Nor does a post at the top of the tree.
    """
    return any(
        Permission.SUPERVISION_ORDER_VIEW in post.role.permissions and _speaks_for(post, unit)
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

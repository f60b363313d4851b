"""Who is too near to a matter to judge it: the people of the unit whose work it was."""

from collections.abc import Iterable

from townkeeper.accounts.models import User
from townkeeper.kit import clock
from townkeeper.units.models import Post, Unit, posts_of
from townkeeper.units.permissions import Permission


def acting_posts(actor: User) -> list[Post]:
    """Return the posts in which a person may act on cases today."""
    return [
        post
        for post in posts_of(actor, clock.today())
        if Permission.CASES_CASE_ACT in post.role.permissions
    ]


def is_of(unit: Unit, other: Unit) -> bool:
    """Whether a unit is the other one, or one of its teams; the whole town is nobody's team."""
    return unit.pk == other.pk or (other.parent_id is not None and unit.is_under(other))


def is_party(posts: Iterable[Post], unit: Unit | None) -> bool:
    """Whether one of the posts lies in the unit whose work it was."""
    return unit is not None and any(is_of(post.unit, unit) for post in posts)

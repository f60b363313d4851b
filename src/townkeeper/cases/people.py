"""Who may act on a case: posts, the roles that count there, the units a person acts for."""

from collections.abc import Iterable

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Task
from townkeeper.kit import clock
from townkeeper.units.models import Post, posts_of
from townkeeper.units.permissions import Permission


def acting_posts(actor: User) -> list[Post]:
    """Return the posts in which a person may act on cases today."""
    return [
        post
        for post in posts_of(actor, clock.today())
        if Permission.CASES_CASE_ACT in post.role.permissions
    ]


def roles_here(posts: list[Post], tasks: list[Task], places: list[str]) -> frozenset[str]:
    """Return the roles that count here: the open tasks' own, others where the post sees the case.

    Of the tasks' own roles the procedure asks for the unit as well; a supervisor of one street has
    no say in another's.
    """
    own = {task.performer for task in tasks}
    return frozenset(
        post.role.key
        for post in posts
        if post.role.key in own
        or post.area.parent_id is None
        or any(place.startswith(post.area.path) for place in places)
    )


def own_units(posts: Iterable[Post], tasks: Iterable[Task]) -> frozenset[str]:
    """Return the units of open tasks that the person may act for: in the task's own role only."""
    return frozenset(
        task.unit.code
        for task in tasks
        if task.unit is not None
        and any(p.role.key == task.performer and task.unit.is_under(p.area) for p in posts)
    )


def own_task(case: Case, actor: User) -> Task | None:
    """Return the open task that the person works on."""
    posts = acting_posts(actor)
    tasks = (
        case.tasks.filter(done_at=None).select_related("unit").defer("unit__outline").order_by("pk")
    )
    return next((task for task in tasks if own_units(posts, [task])), None)

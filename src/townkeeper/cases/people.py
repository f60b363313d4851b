"""Who may act on a case: posts, the roles that count there, the units a person acts for."""

from collections.abc import Iterable, Mapping

from townkeeper.cases._read import PostRow, Seen, TaskRow
from townkeeper.duties.register import UnitRow


def roles_here(
    posts: Iterable[PostRow], tasks: Iterable[TaskRow], places: Iterable[str]
) -> frozenset[str]:
    """Return the roles that count here: the open tasks' own, others where the post sees the case.

    Of the tasks' own roles the procedure asks for the unit as well; a supervisor of one street has
    no say in another's.
    """
    own = {task.performer for task in tasks}
    return frozenset(
        post.role
        for post in posts
        if post.role in own or post.is_top or any(place.startswith(post.path) for place in places)
    )


def own_units(
    posts: Iterable[PostRow], tasks: Iterable[TaskRow], units: Mapping[int, UnitRow]
) -> frozenset[str]:
    """Return the units of open tasks that the person may act for: in the task's own role only."""
    return frozenset(
        unit.code
        for task in tasks
        if task.unit_id is not None
        for unit in (units[task.unit_id],)
        if any(p.role == task.performer and unit.path.startswith(p.path) for p in posts)
    )


def own_task(seen: Seen, units: Mapping[int, UnitRow]) -> TaskRow | None:
    """Return the open task that the person works on."""
    tasks = (task for task in seen.tasks if not task.is_done)
    return next((task for task in tasks if own_units(seen.posts, [task], units)), None)

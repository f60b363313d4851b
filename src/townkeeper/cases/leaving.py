"""Hands over what somebody has in person when they leave: to a colleague, or back to the unit."""

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Task
from townkeeper.cases.turns import take_turn
from townkeeper.kit.errors import Problem


def tasks_held(user: User) -> list[Task]:
    """Return the open tasks that somebody has in person, the most urgent first."""
    rows = Task.objects.filter(assignee=user, done_at=None).select_related("case", "unit")
    return list(rows.defer("unit__outline").order_by("due_at", "pk"))


def fitting_heirs(user: User) -> list[User]:
    """Return whoever could take over: the people with a post in one of the tasks' units."""
    units = {task.unit_id for task in tasks_held(user)}
    found = User.objects.filter(is_active=True, posts__unit__in=units).exclude(pk=user.pk)
    return list(found.distinct().order_by("name", "username"))


def hand_over_tasks(user: User, *, to: User | None, actor: User, reason: str = "") -> int:
    """Give all open tasks of a person to another, or (`to` is None) back to their units.

    Each case is a turn of its own with its entry; what ended meanwhile is passed over. Clocks run
    on. Returns how many tasks changed hands.
    """
    if to is not None and not to.is_active:
        raise Problem("user-closed", _("This account is closed."), where="to")
    if to is not None and to.pk == user.pk:
        raise Problem("same-assignee", _("%(who)s has it already.") % {"who": to}, where="to")
    return sum(_hand(task, user, to, actor, reason.strip()) for task in tasks_held(user))


class _GoneError(Exception):
    """The task ended or changed hands since it was listed."""


def _hand(task: Task, user: User, to: User | None, actor: User, reason: str) -> bool:
    def work_out(batch: Batch, picture: Desk) -> None:
        row = next((each for each in batch.seen.tasks if each.id == task.pk), None)
        if row is None or row.is_done or row.assignee_id != user.pk:
            raise _GoneError
        batch.change(Task, row.id, assignee_id=to.pk if to else None, signed_at=None)
        batch.set_case()  # whoever acts from an older page is told
        data: dict[str, object] = {
            "from": user.username,
            "to": to.username if to else None,
            "unit": picture.register.units[row.unit_id].code if row.unit_id else None,
            "step": row.step,
            "reason": reason,
        }
        batch.say("case.taken-over", actor=actor.username, data=data)

    try:
        take_turn(task.case, work_out, actor=actor)
    except _GoneError:
        return False
    return True

"""Who does a task in person: signing for it, handing it to a colleague (簽收、轉交).

A task belongs to a unit and a role; nobody needs to sign for it before acting, because a clock does
not wait for that. Signing says to the others who has it and since when.
"""

from collections.abc import Iterable

import msgspec
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._read import TaskRow
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.models import Case, Task, task_holders
from townkeeper.cases.people import own_units
from townkeeper.cases.refusals import refusal
from townkeeper.cases.turns import take_turn
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import RefusedError
from townkeeper.units.models import Post
from townkeeper.units.permissions import Permission

NOTE_MAX = 300


def own_open_tasks(tasks: Iterable[Task], posts: Iterable[Post]) -> list[Task]:
    """Return the open tasks that the holder of some posts may do: their role, in their unit."""
    acting = [post for post in posts if Permission.CASES_CASE_ACT in post.role.permissions]
    return [
        task
        for task in tasks
        if not task.is_done
        and task.unit is not None
        and any(p.role.key == task.performer and task.unit.is_under(p.area) for p in acting)
    ]


def colleagues_for(task: Task, *, besides: User | None = None) -> list[User]:
    """Return the people to whom a task may be handed, by name: its role in its unit."""
    holders = task_holders(task, clock.today()).filter(user__is_active=True)
    found = User.objects.filter(pk__in=holders.values("user"))
    if besides is not None:
        found = found.exclude(pk=besides.pk)
    return list(found.order_by("name", "username"))


def loads_of(people: Iterable[User]) -> dict[int, int]:
    """Return how many open tasks each person has in person, by id; nobody without one is in it."""
    rows = Task.objects.filter(assignee__in=list(people), done_at=None).order_by()
    return dict(rows.values_list("assignee").annotate(n=Count("pk")))


def sign_for_task(task: Task, *, actor: User, seen_version: int | None = None) -> Task:
    """Take a task in person; the unit's colleagues see who has it and since when.

    Raises Problem: `not-unit`, `task-done`, `signed-already` (with the name of who was faster),
    `case-moved-on`. Signing again for what one has already changes nothing.
    """

    def work_out(batch: Batch, picture: Desk) -> None:
        row = _open_row(batch, picture, task)
        signed = Task.objects.filter(pk=row.id).values_list("signed_at", flat=True).first()
        if signed is not None and row.assignee_id not in {None, actor.pk}:
            raise Problem(
                "signed-already",
                _("%(who)s has signed for it already.") % {"who": _name(row.assignee_id)},
                where=batch.seen.case.number,
                hint=_("Whoever has it can hand it over to you."),
            )
        _give(batch, row, actor, signed=True)
        batch.say("case.signed", actor=actor.username, data=_said(row, picture))

    if Task.objects.filter(pk=task.pk, assignee=actor, signed_at__isnull=False).exists():
        task.refresh_from_db()
        return task
    take_turn(task.case, work_out, actor=actor, seen_version=seen_version)
    task.refresh_from_db()
    return task


def assign_task(
    task: Task, to_user: User, *, actor: User, note: str = "", seen_version: int | None = None
) -> Task:
    """Hand a task to a colleague of the same role and unit, who then signs for it.

    `note` is what the colleague should know. Raises Problem: `not-unit`, `task-done`,
    `not-colleague`, `same-assignee`, `too-long`, `case-moved-on`.
    """
    said = note.strip()
    if len(said) > NOTE_MAX:
        raise Problem(
            "too-long",
            _("At most %(max)d characters fit here.") % {"max": NOTE_MAX},
            where="note",
        )

    def work_out(batch: Batch, picture: Desk) -> None:
        row = _open_row(batch, picture, task)
        _refuse_strange_hands(row, to_user, task)
        _give(batch, row, to_user, signed=to_user.pk == actor.pk)
        data = _said(row, picture) | {"assignee": to_user.username, "note": said}
        batch.say("case.assigned", actor=actor.username, data=data)

    take_turn(task.case, work_out, actor=actor, seen_version=seen_version)
    task.refresh_from_db()
    return task


def draft_answer(case: Case, text: str, *, actor: User) -> bool:
    """Put down what the reporter could be told, for whoever closes the case; True if it is new.

    Only a task's own people may; nothing of it is public before the closing, because an answer is
    what the case is closed with.
    """
    said = text.strip()
    if not said or said == latest_draft(case):
        return False

    def work_out(batch: Batch, picture: Desk) -> None:
        units = picture.register.units
        opened = [row for row in batch.seen.tasks if not row.is_done]
        if not own_units(batch.seen.posts, opened, units):
            raise refusal(RefusedError("not-unit", unit="–"), batch.seen.case.number)
        batch.say("case.draft", actor=actor.username, data={"text": said})

    take_turn(case, work_out, actor=actor)
    return True


def latest_draft(case: Case) -> str:
    """Return the newest draft of an answer, or nothing."""
    entry = Entry.objects.filter(subject=case.subject, act="case.draft").order_by("-seq").first()
    return str(msgspec.json.decode(entry.data).get("text", "")) if entry else ""


def _open_row(batch: Batch, picture: Desk, task: Task) -> TaskRow:
    """Return the task as it stands, if the person may do it."""
    where = batch.seen.case.number
    row = next((row for row in batch.seen.tasks if row.id == task.pk), None)
    if row is None or row.is_done:
        raise Problem("task-done", _("This task has ended already."), where=where)
    units = picture.register.units
    if not own_units(batch.seen.posts, [row], units):
        unit = units[row.unit_id].name if row.unit_id else "–"
        raise refusal(RefusedError("not-unit", unit=unit), where)
    return row


def _refuse_strange_hands(row: TaskRow, to_user: User, task: Task) -> None:
    holders = task_holders(task, clock.today())
    if not holders.filter(user=to_user, user__is_active=True).exists():
        raise Problem(
            "not-colleague",
            _("%(who)s does not do this kind of task in your unit.") % {"who": to_user},
            where="to",
        )
    if row.assignee_id == to_user.pk:
        raise Problem("same-assignee", _("%(who)s has it already.") % {"who": to_user}, where="to")


def _give(batch: Batch, row: TaskRow, user: User, *, signed: bool) -> None:
    batch.change(Task, row.id, assignee_id=user.pk, signed_at=clock.now() if signed else None)
    batch.set_case()  # whoever acts from an older page is told that it is somebody's now


def _said(row: TaskRow, picture: Desk) -> dict[str, object]:
    unit = picture.register.units[row.unit_id].code if row.unit_id else None
    return {"unit": unit, "part": row.part, "step": row.step}


def _name(pk: int | None) -> str:
    return str(User.objects.filter(pk=pk or 0).first() or "?")

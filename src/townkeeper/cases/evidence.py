"""Evidence on cases: photos and papers, what they show and what speaks against them."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.locking import locked
from townkeeper.cases.models import Case, Evidence, Task
from townkeeper.cases.people import own_task
from townkeeper.files.models import StoredFile
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem


@transaction.atomic
def add_evidence(
    case: Case,
    *,
    kind: str,
    actor: User,
    file: StoredFile | None = None,
    note: str = "",
    task: Task | None = None,
    is_public: bool = False,
) -> Evidence:
    """Attach a photo or paper to a case; without a `task` to the person's own open one, if any."""
    case = locked(case, None)
    if case.is_ended:
        raise Problem("case-ended", _("The case has ended; nothing can be added."))
    if task is not None and task.case_id != case.pk:
        raise Problem("task-missing", _("This task belongs to another case."), where=case.number)
    task = task or own_task(case, actor)
    evidence = Evidence.objects.create(
        case=case,
        task=task,
        kind=kind,
        file=file,
        note=note,
        is_public=is_public,
        added_at=clock.now(),
        actor=actor.username,
    )
    record(
        subject=case.subject,
        act="case.evidence",
        actor=actor.username,
        data={"kind": kind, "sha256": file.sha256 if file else None, "note": note},
    )
    return evidence

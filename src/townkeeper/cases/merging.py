"""Puts a case to another as its duplicate, takes that back, and lets merged cases follow the main.

A merged case keeps its step, its history and its reporter; its tasks stop. What happens to the main
case happens to it: it is answered when the main case is. `Case.main` is always the case at the top,
`Merge.main` the one it was put to: where that one is merged further, both go along, and come back
together. Nothing here is done by the program itself; a person decides, with the reasons shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._apply import Work, reckon
from townkeeper.cases._read import PauseRow, TaskRow, read_case
from townkeeper.cases._save import Batch, MovedError, save
from townkeeper.cases.desk import desk_at
from townkeeper.cases.locking import moved_on
from townkeeper.cases.models import Ask, Case, Merge, Pause, Reporter, Stage, Task
from townkeeper.cases.standing import procedure_of
from townkeeper.journal.models import Chain
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import Changes
from townkeeper.units.models import posts_of
from townkeeper.units.permissions import Permission

MERGED: Final = "merged"
"""The counter of the main case, and the outcome of a merged case's tasks."""
GROUND: Final = "merged"
"""The ground of the stop that takes the time as a merged case out of a task's clock."""
JUST_CLOSED: Final = timedelta(hours=24)
"""So long after its closing a case still takes duplicates; later the matter has come back."""
ATTEMPTS: Final = 5
CASE_MOVED: Final = (
    "step",
    "stage",
    "unit_id",
    "main_id",
    "due_at",
    "warn_at",
    "closed_at",
    "outcome",
    "answer",
    "counts",
)

Found = Mapping[str, object]
"""Why a case looked like a twin (`Twin.found`)."""


def merge_cases(
    main: Case,
    cases: Sequence[Case],
    *,
    actor: User,
    reason: str,
    found: Mapping[int, Found] | None = None,
    seen_versions: Mapping[int, int] | None = None,
) -> Case:
    """Put cases to a main case as its duplicates, all of them or none; return the main case.

    A main case that is itself merged stands for its own main. `found` says by case id why it looked
    like a twin; `seen_versions` by case id what the person was looking at. Raises Problem:
    `reason-missing`, `merge-nothing`, `merge-itself`, `merged-already`, `case-ended`,
    `other-procedure`, `main-ended`, `not-permitted`, `case-moved-on`, `case-busy`.
    """
    if not reason.strip():
        raise Problem("reason-missing", _("Say why."), where="reason")
    if not cases:
        raise Problem("merge-nothing", _("Choose at least one case to merge."), where="cases")
    chosen = list(dict.fromkeys(case.pk for case in cases))

    def work() -> int:
        held = _hold([main.pk, *chosen], actor, seen_versions)
        top = held[main.pk]
        rows = [held[pk] for pk in chosen]
        _refuse_merge(top, rows)
        _write_merges(top, rows, actor=actor.username, reason=reason.strip(), found=found or {})
        return top.pk

    return Case.objects.get(pk=_again(work))


def unmerge_case(case: Case, *, actor: User, reason: str) -> Case:
    """Take a merge back: the case stands where it stood, its tasks run again.

    Its clocks count from their own beginning; the time as a merged case is taken out, because
    nobody could work on it, as a stop with the ground `merged`. What was overdue by then stays so,
    and what the public was promised does not move. Cases that came along with it go with it.
    Raises Problem: `reason-missing`, `not-merged`, `not-permitted`, `case-busy`.
    """
    if not reason.strip():
        raise Problem("reason-missing", _("Say why."), where="reason")

    def work() -> int:
        held = _hold([case.pk], actor, None, own=True)
        row = held[case.pk]
        merge = Merge.objects.filter(case=row, undone_at=None).first()
        if row.stage != Stage.MERGED or row.main_id is None or merge is None:
            raise Problem(
                "not-merged", _("This case is not merged into another."), where=row.number
            )
        _write_undoing(row, merge, actor=actor.username, reason=reason.strip())
        return row.pk

    return Case.objects.get(pk=_again(work))


def follow_main(case: Case, *, changes: Changes, actor: User | str) -> int:
    """Let merged cases end, or wait again, with their main case; return how many did.

    To be called in the transaction in which a main case ends or is reopened; every reporter then
    has the same answer at the same time. It may be called again: what has followed is left alone.
    """
    if not (changes.final or changes.reopens) or not case.counts.get(MERGED):
        return 0
    name = actor if isinstance(actor, str) else actor.username
    return _follow(Case.objects.get(pk=case.pk), name)


def follow_behind(*, actor: str = "system") -> int:
    """Let every merged case follow that has not yet, after a crash in between; for the sweep."""
    behind = Case.objects.filter(merged__stage=Stage.MERGED, merged__closed_at=None)
    ended = behind.filter(stage__in=[Stage.CLOSED, Stage.VOIDED]).distinct()
    return sum(_follow(main, actor) for main in ended)


def reporters_of(main: Case) -> list[Reporter]:
    """Return everybody who waits for the answer of a main case: its own reporter and the merged."""
    rows = Reporter.objects.filter(case__main=main, case__stage=Stage.MERGED)
    own = Reporter.objects.filter(case=main)
    return [*own.select_related("case"), *rows.select_related("case").order_by("case_id")]


def merged_into(main: Case) -> list[Merge]:
    """Return the standing merges of a main case with their cases, oldest first."""
    rows = Merge.objects.filter(case__main=main, undone_at=None)
    return list(rows.select_related("case", "main").order_by("at", "pk"))


def together(case: Case) -> AbstractContextManager[object]:
    """Return what an act on a case is done in: a transaction where merged cases may follow it."""
    return transaction.atomic() if case.counts.get(MERGED) else nullcontext()


# --- holding cases ---


def _again(work: Callable[[], int]) -> int:
    """Do it in one transaction, anew when the registers changed under our hands."""
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except MovedError:
            continue
    raise Problem("case-busy", _("The registers are being changed just now. Please do it again."))


def _hold(
    pks: Sequence[int],
    actor: User,
    seen_versions: Mapping[int, int] | None,
    *,
    own: bool = False,
) -> dict[int, Case]:
    """Lock cases, their main cases and what was merged into them; return them by the id asked for.

    All in one order, cases before chains, so that two who merge at once wait for each other and
    never in a circle. An id that belongs to a merged main case (the first) gives its main case,
    unless it is `own`.
    """
    family = _family(pks)
    locked = Case.objects.select_for_update(no_key=True).filter(pk__in=family).order_by("pk")
    held = {case.pk: case for case in locked}
    if _family(pks) != family:
        raise MovedError  # somebody merged one of them while we waited
    subjects = [case.subject for case in held.values()]
    list(Chain.objects.select_for_update().filter(subject__in=subjects).order_by("subject"))
    for pk, version in (seen_versions or {}).items():
        if pk in held and held[pk].version != version:
            raise moved_on(held[pk])
    _refuse_stranger(pks, actor)
    named = {pk: held[pk] for pk in pks}
    first = held[pks[0]]
    if not own and first.stage == Stage.MERGED and first.main_id is not None:
        named[pks[0]] = held[first.main_id]
    return named


def _family(pks: Sequence[int]) -> list[int]:
    """Return the ids with their main cases and what is merged into them, in order."""
    family = set(pks)
    mains = Case.objects.filter(pk__in=pks).exclude(main=None).values_list("main_id", flat=True)
    family |= set(mains)
    family |= set(Case.objects.filter(main_id__in=pks).values_list("pk", flat=True))
    return sorted(family)


def _refuse_stranger(pks: Sequence[int], actor: User) -> None:
    may = any(
        Permission.CASES_CASE_ACT in post.role.permissions
        for post in posts_of(actor, clock.today())
    )
    visible = Case.objects.visible_to(actor).filter(pk__in=set(pks)).count()
    if not may or visible < len(set(pks)):
        raise Problem("not-permitted", _("Your posts do not allow this."))


def _refuse_merge(main: Case, cases: Iterable[Case]) -> None:
    """Refuse what cannot be a duplicate, in words that say what would be right."""
    if main.stage == Stage.VOIDED:
        raise Problem(
            "main-ended",
            _("%(main)s was voided; nothing can be merged into it.") % {"main": main.number},
            where=main.number,
        )
    if main.closed_at is not None and clock.now() - main.closed_at > JUST_CLOSED:
        raise Problem(
            "main-ended",
            _("%(main)s has been closed for more than a day.") % {"main": main.number},
            where=main.number,
            hint=_("What is reported again after that has come back: that is a recurrence."),
        )
    for case in cases:
        _refuse_case(main, case)


def _refuse_case(main: Case, case: Case) -> None:
    if case.pk == main.pk:
        raise Problem(
            "merge-itself",
            _("%(case)s is the main case already.") % {"case": case.number},
            where=case.number,
        )
    if case.stage == Stage.MERGED:
        raise Problem(
            "merged-already",
            _("%(case)s is merged into another case already.") % {"case": case.number},
            where=case.number,
            hint=_("Take that back first."),
        )
    if case.is_ended:
        raise Problem(
            "case-ended",
            _("%(case)s has ended; there is nothing to merge.") % {"case": case.number},
            where=case.number,
        )
    if case.procedure_id != main.procedure_id and case.procedure.key != main.procedure.key:
        raise Problem(
            "other-procedure",
            _("%(case)s runs under another procedure than %(main)s.")
            % {"case": case.number, "main": main.number},
            where=case.number,
        )


# --- writing ---


def _batch(pk: int) -> Batch:
    seen = read_case(pk)
    return Batch(seen, desk_at(seen.stamp).stamp)


def _write_merges(
    main: Case, cases: Sequence[Case], *, actor: str, reason: str, found: Mapping[int, Found]
) -> None:
    number = 0
    for case in cases:
        number += 1 + _raise_to(main, case, actor=actor)
        why = dict(found.get(case.pk, {}))
        _write_merge(main, case.pk, actor=actor, reason=reason, why=why)
    batch = _batch(main.pk)
    row = batch.seen.case
    row.counts = {**row.counts, MERGED: row.counts.get(MERGED, 0) + number}
    batch.set_case("counts")
    for case in cases:
        batch.say("case.merged_in", actor=actor, data={"case": case.number, "reason": reason})
    save(batch)
    if main.is_ended:
        _follow(Case.objects.get(pk=main.pk), actor)


def _write_merge(main: Case, pk: int, *, actor: str, reason: str, why: dict[str, object]) -> None:
    """End one case's tasks and asks and put it to its main case."""
    batch, now = _batch(pk), clock.now()
    case = batch.seen.case
    open_tasks = [task for task in batch.seen.tasks if not task.is_done]
    stops = [pause for task in open_tasks for pause in task.pauses if pause.until is None]
    before = {
        "step": case.step,
        "stage": case.stage,
        "tasks": [task.id for task in open_tasks],
        "stops": [pause.id for pause in stops],
    }
    for task in open_tasks:
        batch.change(Task, task.id, done_at=now, outcome=MERGED, done_by="", next_at=None)
    for pause in stops:
        batch.change(Pause, pause.id, until=now)
    for ask in batch.seen.asks:
        # left behind: neither granted nor refused
        batch.change(Ask, ask.id, decided_at=now, decided_by=actor, next_at=None)
    case.stage, case.main_id, case.warn_at = Stage.MERGED, main.pk, None
    batch.set_case(*CASE_MOVED)
    batch.add(Merge, main_id=main.pk, at=now, actor=actor, reason=reason, found=why, before=before)
    data: dict[str, object] = {"main": main.number, "reason": reason}
    if why:
        data["found"] = why
    batch.say("case.merged", actor=actor, data=data)
    save(batch)


def _raise_to(main: Case, case: Case, *, actor: str) -> int:
    """Let what was merged into a case that is merged itself belong to the case at the top."""
    below = list(Case.objects.filter(main=case, stage=Stage.MERGED).order_by("pk"))
    for row in below:
        _hang(row.pk, main, actor=actor, act="case.main_changed")
    return len(below)


def _hang(pk: int, main: Case, *, actor: str, act: str) -> None:
    batch = _batch(pk)
    case = batch.seen.case
    case.main_id = main.pk
    case.closed_at, case.outcome, case.answer = None, "", ""
    batch.set_case(*CASE_MOVED)
    batch.say(act, actor=actor, data={"main": main.number})
    save(batch)


def _write_undoing(case: Case, merge: Merge, *, actor: str, reason: str) -> None:
    top = Case.objects.get(merged=case)
    along = _came_along(case, top)
    _write_return(case.pk, merge, top, actor=actor, reason=reason)
    Merge.objects.filter(pk=merge.pk).update(
        undone_at=clock.now(), undone_by=actor, undone_reason=reason
    )
    back = Case.objects.get(pk=case.pk)
    for pk in along:
        _hang(pk, back, actor=actor, act="case.main_changed")
    batch = _batch(top.pk)
    row = batch.seen.case
    left = max(0, row.counts.get(MERGED, 0) - 1 - len(along))
    row.counts = {**row.counts, MERGED: left}
    batch.set_case("counts")
    batch.say("case.merge_undone", actor=actor, data={"case": case.number, "reason": reason})
    save(batch)


def _came_along(case: Case, top: Case) -> list[int]:
    """Return the cases that belong to the top only because they were merged into this one."""
    put = dict(
        Merge.objects.filter(case__main=top, undone_at=None).values_list("case_id", "main_id")
    )
    along: set[int] = set()
    while more := {pk for pk, to in put.items() if to in along | {case.pk}} - along:
        along |= more
    return sorted(along)


def _write_return(pk: int, merge: Merge, top: Case, *, actor: str, reason: str) -> None:
    """Let a case stand where it stood: its tasks run again, by the units that exist now."""
    seen = read_case(pk)
    picture = desk_at(seen.stamp)
    batch, now = Batch(seen, picture.stamp), clock.now()
    case, before = seen.case, merge.before
    work = Work(batch, procedure_of(case, picture), picture, {})
    register, today = picture.register, clock.today()
    tasks = [task for task in seen.tasks if task.id in before.get("tasks", [])]
    for task in tasks:
        task.done_at, task.outcome, task.done_by = None, "", ""
        _resume(work, task, merge.at, now, set(before.get("stops", [])))
        unit = register.units.get(task.unit_id) if task.unit_id else None
        heir = register.standing(unit, today) if unit else None
        task.unit_id = heir.id if heir else None
        names = ("done_at", "outcome", "done_by", "unit_id", "due_at", "warn_at", "next_at")
        more = ("is_provisional", "calendar_id")
        batch.change(Task, task.id, **{name: getattr(task, name) for name in (*names, *more)})
    case.step, case.stage, case.main_id = before["step"], before["stage"], None
    ended = before.get("closed_at")  # an import links what its file had ended
    case.closed_at = datetime.fromisoformat(ended) if ended else None
    case.outcome, case.answer = before.get("outcome", ""), ""
    owner = register.units.get(case.unit_id) if case.unit_id else None
    heir = register.standing(owner, today) if owner else None
    case.unit_id = heir.id if heir else None
    leading = [task for task in tasks if task.part == "lead"] or tasks
    case.due_at = min((task.due_at for task in leading if task.due_at), default=None)
    case.warn_at = min((task.warn_at for task in leading if task.warn_at), default=None)
    batch.set_case(*CASE_MOVED)
    data = {"main": top.number, "reason": reason, "to": case.step}
    batch.say("case.unmerged", actor=actor, data=data)
    save(batch)


def _resume(work: Work, task: TaskRow, since: datetime, now: datetime, stops: set[int]) -> None:
    """Let a task's clock run again without the time since the merge, or stand as it stood."""
    for pause in task.pauses:
        if pause.id in stops:
            pause.until = None
            work.batch.change(Pause, pause.id, until=None)
            task.next_at = None
            return
    if task.is_given or not task.limit:
        return
    work.batch.add(Pause, task_id=task.id, since=since, until=now, ground=GROUND, reason="")
    task.pauses.append(PauseRow(0, task.id, since, now))
    reckon(work, task)


def _follow(main: Case, actor: str) -> int:
    """Let every merged case be answered, or wait again, as the main case does."""
    has_ended = main.is_ended
    waiting = Case.objects.filter(main=main, stage=Stage.MERGED, closed_at__isnull=has_ended)
    number = 0
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        batch = _batch(pk)
        case = batch.seen.case
        if has_ended:
            merged_at = Merge.objects.filter(case=case, undone_at=None).values_list("at", flat=True)
            ended = main.closed_at or clock.now()
            case.closed_at = max(ended, merged_at.first() or ended)
            case.outcome, case.answer = main.outcome, main.answer
            data = {"main": main.number, "outcome": main.outcome, "answer": main.answer}
            batch.say("case.followed", actor=actor, data=data)
        else:
            case.closed_at, case.outcome, case.answer = None, "", ""
            batch.say("case.main_reopened", actor=actor, data={"main": main.number})
        batch.set_case(*CASE_MOVED)
        save(batch)
        number += 1
    return number

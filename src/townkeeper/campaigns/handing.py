"""Hands rows over: each becomes a case, goes to its unit, and gets its deadline. Resumable."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from townkeeper.accounts.models import User
from townkeeper.campaigns.models import Campaign, CampaignItem
from townkeeper.cases.actions import Given, advance_case
from townkeeper.cases.desk import Desk, KnownProcedure, desk
from townkeeper.cases.intake import Report, open_case
from townkeeper.cases.ladder import Ticking, first_alarm, rungs_of
from townkeeper.cases.locking import locked
from townkeeper.cases.models import Case, Stage, Task
from townkeeper.journal.actions import record
from townkeeper.kit.errors import Problem

CHANNEL = {Campaign.Kind.EXPOSURE: "exposure", Campaign.Kind.ORDER: "order"}


def hand_over(item: CampaignItem, *, actor: User) -> None:
    """Open the row's case, dispatch it and set its deadline; done already means nothing to do.

    Each of the steps can be repeated: the case is found again by its request key, and one that
    has left its first step is not dispatched a second time.
    """
    campaign = item.campaign
    if item.case_id is None:
        opened = open_case(
            Report(
                title=item.problem,
                text="\n".join(filter(None, [item.text, campaign.text])),
                category=item.category.key if item.category else None,
                area=item.area.code if item.area else None,
                address=item.place,
                channel=CHANNEL[Campaign.Kind(campaign.kind)],
                procedure=campaign.procedure,
            ),
            actor=actor.username,
            request_key=f"campaign:{campaign.key}:{item.number}",
        )
        item.case_id = opened.id
    with transaction.atomic():
        case = locked(Case.objects.get(pk=item.case_id), None)
        if not item.is_linked:
            case = _dispatch(case, item, actor)
            _set_deadline(case, item)
        item.is_handed_over = True
        item.save(update_fields=["case", "due_at", "is_handed_over"])
        data = {
            "campaign": campaign.key,
            "title": campaign.title,
            "row": item.number,
            "leader": item.leader,
            "linked": item.is_linked,
            "due": item.due_at.isoformat() if item.due_at else None,
        }
        record(subject=case.subject, act="case.campaign", actor=actor.username, data=data)


def _dispatch(case: Case, item: CampaignItem, actor: User) -> Case:
    """Send the case to its units, unless it has gone already."""
    known = _known(case, desk())
    step = known.procedure.steps[case.step]
    ways = [
        action.name
        for action in step.actions.values()
        if action.to and action.ask is None and known.procedure.steps[action.to].stage == "handling"
    ]
    if step.stage == Stage.HANDLING or not ways:
        return case
    # the register's own answer needs no naming: the journal then says that it was the register's
    is_named = item.reason.get("by") != "register"
    assists = [(str(code), "assist") for code in item.assists]
    units = ((item.unit.code, "lead"), *assists) if is_named else ()
    return advance_case(case, ways[0], actor=actor, given=Given(units=units))


def _known(case: Case, picture: Desk) -> KnownProcedure:
    for known in picture.procedures.values():
        if known.id == case.procedure_id:
            return known
    raise Problem("procedure-unknown", "", where=case.number)


def _set_deadline(case: Case, item: CampaignItem) -> None:
    """Give the handling tasks the row's deadline in place of the procedure's own limit."""
    tasks = list(case.tasks.filter(stage=Stage.HANDLING, done_at=None))
    if item.limit or item.due_at:
        picture = desk()
        known = _known(case, picture)
        for task in tasks:
            _tick(task, item, picture, known)
        case.due_at = min((t.due_at for t in tasks if t.due_at), default=case.due_at)
        case.warn_at = min((t.warn_at for t in tasks if t.warn_at), default=None)
        case.version += 1
        case.updated_at = timezone.now()
        case.save(update_fields=["due_at", "warn_at", "version", "updated_at"])
    item.due_at = case.due_at


def _tick(task: Task, item: CampaignItem, picture: Desk, known: KnownProcedure) -> None:
    """Start a task's clock anew under the row's deadline."""
    share = known.procedure.steps[task.step].warn
    if item.limit:
        ticking = picture.clock(item.limit, share, None, task.opened_at)
        task.limit, task.due_at, task.warn_at = item.limit, ticking.due_at, ticking.warn_at
        task.is_provisional, task.is_given = ticking.is_provisional, False
        limits: tuple[str, ...] = (item.limit,)
    else:
        task.limit, task.due_at, task.is_given = "", item.due_at, True
        task.is_provisional = False
        task.warn_at = _share(task.opened_at, item.due_at, share)
        limits = ()
    clock = Ticking(
        start=task.opened_at, limits=limits, due_at=task.due_at, warn_at=task.warn_at, warn=share
    )
    task.next_at = first_alarm(rungs_of(known.procedure, task.step), clock, picture.calendar)
    task.rung = 0
    task.save(update_fields=[
        "limit", "due_at", "warn_at", "is_provisional", "is_given", "next_at", "rung",
    ])  # fmt: skip


def _share(start: datetime, due: datetime | None, share: float | None) -> datetime | None:
    if due is None or not share:
        return None
    return start + timedelta(seconds=round((due - start).total_seconds() * share))

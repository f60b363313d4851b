"""What is done with campaigns: take in a list, order units, remind, close; all with journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calendars.deadlines import Deadline
from townkeeper.campaigns.alike import alike_cases, linked
from townkeeper.campaigns.checking import Checked, CheckedList, Checker, RowError, RowWrongError
from townkeeper.campaigns.handing import hand_over
from townkeeper.campaigns.listing import ExposureList, ListRow, digest_of, read_list
from townkeeper.campaigns.models import Campaign, CampaignItem
from townkeeper.campaigns.progress import RowState, progress_of
from townkeeper.cases.desk import desk
from townkeeper.cases.models import ENDED, Case, task_holders
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

PREFIXES: Final = {Campaign.Kind.EXPOSURE: "BG", Campaign.Kind.ORDER: "DB"}
"""曝光 and 督辦."""
QUIET: Final = timedelta(hours=1)
"""Nobody is reminded of the same row twice within this time."""
ATTEMPTS: Final = 20
REPEATED: Final = timedelta(minutes=10)

Progressing = Callable[[int], object]


class ListRefused(Problem):
    """A list with rows that cannot be taken; carries every one of them."""

    def __init__(self, name: str, errors: Sequence[RowError]) -> None:
        self.errors = tuple(errors)
        first = errors[0]
        super().__init__(
            "list-wrong",
            _("%(n)d rows of the list cannot be taken; nothing was imported.") % {"n": len(errors)},
            where=name,
            hint=_("Row %(row)d: %(message)s %(hint)s")
            % {"row": first.row, "message": first.message, "hint": first.hint},
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A list that was read and checked, ready to be taken in."""

    listed: ExposureList
    checked: CheckedList
    before: Campaign | None
    """The campaign that the same file made earlier."""
    alike: tuple[tuple[int, str, float], ...]
    """(row, number of a running case that looks the same, how alike from 0 to 1)."""


def check_list(path: Path, *, due: str = "", columns: Sequence[str] = ()) -> Plan:
    """Read and check a list without writing anything. Errors: Problem for the file as a whole."""
    listed = read_list(path, columns=columns)
    checked = _checker().check(listed.rows, due_text=due)
    alike = tuple(alike_cases(checked.rows))
    return Plan(listed, checked, made_before(listed.digest), alike)


def made_before(digest: str) -> Campaign | None:
    """Return the latest campaign that a file of this digest made."""
    return Campaign.objects.filter(file_digest=digest).order_by("-pk").first()


def import_list(
    path: Path,
    *,
    title: str,
    actor: User,
    source: str = "",
    leader: str = "",
    due: str = "",
    columns: Sequence[str] = (),
    again: bool = False,
    link: bool = False,
    procedure: str = "exposed",
    progress: Progressing = lambda _n: None,
    most: int | None = None,
) -> Campaign:
    """Turn a list into a campaign: every row a case, dispatched with its deadline.

    With one wrong row nothing is written. With `link` a row that looks like a running case joins it
    and keeps its deadline. The same file again goes on where a broken-off import stopped; a
    finished one is refused unless `again`. `most` leaves rows to `resume_campaign`. Errors:
    ListRefused, Problem.
    """
    before = None if again else made_before(digest_of(path))
    if before is not None:
        return _go_on(before, path, actor=actor, progress=progress, most=most)
    plan = check_list(path, due=due, columns=columns)
    if plan.checked.errors:
        raise ListRefused(path.name, plan.checked.errors)
    rows = linked(plan.checked.rows, plan.alike) if link else plan.checked.rows
    made = Campaign(
        kind=Campaign.Kind.EXPOSURE, title=title, source=source, leader=leader,
        procedure=procedure, due_text=due, file_name=plan.listed.name[:200],
        file_digest=plan.listed.digest,
    )  # fmt: skip
    campaign = _create(made, rows, actor=actor)
    return resume_campaign(campaign, actor=actor, progress=progress, most=most)


def _go_on(
    before: Campaign, path: Path, *, actor: User, progress: Progressing, most: int | None
) -> Campaign:
    """Finish what the same file began, or refuse to take it twice."""
    if before.status == Campaign.Status.PREPARING:
        return resume_campaign(before, actor=actor, progress=progress, most=most)
    raise Problem(
        "list-known",
        _("This file was taken in before, as %(key)s.") % {"key": before.key},
        where=path.name,
        hint=_("If its rows are to become new cases all the same, say --again."),
    )


def list_rows(
    rows: Sequence[dict[str, object]],
    *,
    title: str,
    actor: User,
    source: str = "",
    leader: str = "",
    due: str = "",
    procedure: str = "exposed",
) -> Campaign:
    """Turn typed rows (field → value, as the columns of a list) into a campaign.

    Errors: ListRefused.
    """
    typed = [ListRow(number, row) for number, row in enumerate(rows, 1)]  # type: ignore[arg-type]
    checked = _checker().check(typed, due_text=due)
    if checked.errors or not checked.rows:
        nothing = [RowError(0, "problem", "", _("The list has no rows."))]
        raise ListRefused("", checked.errors or nothing)
    campaign = Campaign(
        kind=Campaign.Kind.EXPOSURE,
        title=title,
        source=source,
        leader=leader,
        procedure=procedure,
        due_text=due,
    )
    return resume_campaign(_create(campaign, checked.rows, actor=actor), actor=actor)


def issue_order(
    title: str,
    *,
    text: str,
    units: Sequence[str],
    deadline: str,
    actor: User,
    source: str = "",
    leader: str = "",
    procedure: str = "",
    once: bool = False,
    progress: Progressing = lambda _n: None,
) -> Campaign:
    """Order many units to do one thing: a case for each, all with one deadline.

    With `once` the very same order of the same person within ten minutes is the one given then: a
    button struck twice must not give every unit two cases.

    `units` are codes or names; `deadline` as in a list (`20:30`, `11月25日`, `3wd`). The procedure
    is `order` where the program has one, else `exposed`. Errors: ListRefused names every unit
    that is unknown or closed; Problem for the deadline.
    """
    rows = _ordered(title, units, deadline, leader)
    procedure = procedure or ("order" if "order" in desk().procedures else "exposed")
    campaign = Campaign(
        kind=Campaign.Kind.ORDER,
        title=title,
        text=text,
        source=source,
        leader=leader,
        procedure=procedure,
        due_text=deadline,
    )
    made = _create(campaign, rows, actor=actor, once=once)
    return resume_campaign(made, actor=actor, progress=progress)


def _same_of_late(new: Campaign, rows: Sequence[Checked]) -> Campaign | None:
    """Return the open campaign that gives the same units the same, made within ten minutes."""
    said = ("kind", "title", "text", "source", "leader", "procedure", "due_text", "created_by")
    found = Campaign.objects.filter(
        **{name: getattr(new, name) for name in said}, created_at__gt=new.created_at - REPEATED
    ).exclude(status=Campaign.Status.CLOSED)
    units = sorted(row.unit.id for row in rows)
    for campaign in found.order_by("-pk"):
        if sorted(campaign.items.values_list("unit", flat=True)) == units:
            return campaign
    return None


def _ordered(title: str, units: Sequence[str], deadline: str, leader: str) -> list[Checked]:
    """Return a row for each unit, each unit once."""
    checker = _checker()
    errors: list[RowError] = []
    rows: dict[str, Checked] = {}
    due = _order_deadline(deadline, checker)
    for number, word in enumerate(units, 1):
        try:
            unit = checker.unit(word.strip(), "unit")
        except RowWrongError as error:
            errors.append(RowError(number, "unit", word, error.message, error.hint))
            continue
        rows[unit.code] = Checked(
            row=number, problem=title, text="", place="", area=None, category=None, unit=unit,
            assists=(), reason={"by": "order"}, leader=leader, due_text=deadline, deadline=due,
            due_at=checker.due_at(due),
        )  # fmt: skip
    if errors or not rows:
        nobody = [RowError(0, "unit", "", _("The order names no unit."))]
        raise ListRefused(title, errors or nobody)
    return list(rows.values())


def _checker() -> Checker:
    picture = desk()
    return Checker(picture.register, picture.calendar, now=clock.now())


def _order_deadline(text: str, checker: Checker) -> Deadline:
    try:
        return checker.deadline(text)
    except RowWrongError as error:
        raise Problem("deadline-wrong", error.message, where=text, hint=error.hint) from error


def _create(
    campaign: Campaign, rows: Sequence[Checked], *, actor: User, once: bool = False
) -> Campaign:
    """Store the table whole: all rows or none; their cases come afterwards."""
    campaign.title = " ".join(campaign.title.split())
    if not campaign.title:
        raise Problem("title-missing", _("Say in a few words what it is about."), where="title")
    if len(campaign.title) > 200:  # noqa: PLR2004 - the column
        raise Problem("title-too-long", _("The title is too long."), where="title")
    desk().procedure(campaign.procedure)
    campaign.created_at, campaign.created_by = clock.now(), actor.username
    prefix = f"{PREFIXES[Campaign.Kind(campaign.kind)]}{clock.today():%Y%m%d}-"
    for _attempt in range(ATTEMPTS):
        # asked before each attempt: whoever comes second meets the key of the first
        same = _same_of_late(campaign, rows) if once else None
        if same is not None:
            return same
        campaign.key = f"{prefix}{Campaign.objects.filter(key__startswith=prefix).count() + 1:02d}"
        try:
            with transaction.atomic():
                _store(campaign, rows, actor=actor)
        except IntegrityError:
            if not Campaign.objects.filter(key=campaign.key).exists():
                raise
            campaign.pk = None
            continue
        return campaign
    raise Problem("campaign-busy", _("Too many are being made just now. Please try again."))


def _store(campaign: Campaign, rows: Sequence[Checked], *, actor: User) -> None:
    campaign.save(force_insert=True)
    items = [_item(campaign, number, row) for number, row in enumerate(rows, 1)]
    CampaignItem.objects.bulk_create(items, batch_size=500)
    record(
        subject=campaign.subject,
        act="campaign.made",
        actor=actor.username,
        data={
            "kind": campaign.kind,
            "title": campaign.title,
            "source": campaign.source,
            "file": campaign.file_name,
            "digest": campaign.file_digest,
            "rows": len(rows),
            "units": sorted({row.unit.code for row in rows}),
            "due": campaign.due_text,
        },
    )


def _item(campaign: Campaign, number: int, row: Checked) -> CampaignItem:
    return CampaignItem(
        campaign=campaign,
        number=number,
        source_row=row.row,
        problem=row.problem,
        text=row.text,
        place=row.place,
        area_id=row.area.id if row.area else None,
        category_id=row.category.id if row.category else None,
        unit_id=row.unit.id,
        assists=[unit.code for unit in row.assists],
        reason=row.reason,
        leader=row.leader or campaign.leader,
        due_text=row.due_text,
        limit=row.deadline.limit,
        due_at=row.due_at,
        case_id=row.case,
        is_linked=row.case is not None,
    )


def resume_campaign(
    campaign: Campaign,
    *,
    actor: User,
    progress: Progressing = lambda _n: None,
    most: int | None = None,
) -> Campaign:
    """Hand over every row that is not handed over yet; a run that was killed goes on here.

    With `most` so many rows at a time, so that a page can show how far it is.
    """
    items = campaign.items.filter(is_handed_over=False).select_related(
        "campaign", "area", "category", "unit"
    )
    for item in items.order_by("number")[:most]:
        hand_over(item, actor=actor)
        progress(1)
    if most is not None and campaign.items.filter(is_handed_over=False).exists():
        return campaign
    with transaction.atomic():
        moved = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.PREPARING)
        if moved.update(status=Campaign.Status.RUNNING):
            record(
                subject=campaign.subject,
                act="campaign.handed_over",
                actor=actor.username,
                data={"rows": campaign.items.count()},
            )
    campaign.refresh_from_db()
    return campaign


@dataclass(frozen=True, slots=True)
class Reminded:
    """One row of which people were reminded."""

    item: CampaignItem
    unit: str
    people: tuple[str, ...]


def remind(campaign: Campaign, *, actor: str, note: str = "") -> list[Reminded]:
    """Remind of every row that is not reported yet; who was told stands in the journal.

    A row is not reminded of twice within an hour, so that a command given twice does no harm. The
    procedure's own ladder warns and escalates beside this, by itself.
    """
    if campaign.status == Campaign.Status.CLOSED:
        raise Problem("campaign-closed", _("This is closed already."), where=campaign.key)
    now = clock.now()
    told = []
    with transaction.atomic():
        for row in progress_of(campaign).rows:
            if row.state not in {"not-begun", "running"} or row.case is None:
                continue
            if row.item.reminded_at is not None and now - row.item.reminded_at < QUIET:
                continue
            told.append(_remind(row, actor=actor, note=note))
        if told:
            data = {"note": note, "rows": [r.item.number for r in told]}
            data["units"] = sorted({r.unit for r in told})
            record(subject=campaign.subject, act="campaign.reminded", actor=actor, data=data)
    return told


def _remind(row: RowState, *, actor: str, note: str) -> Reminded:
    case, item = row.case, row.item
    assert case is not None  # noqa: S101 - the caller has looked
    today = clock.today()
    people = {
        post.user.username
        for task in case.tasks.filter(done_at=None)
        for post in task_holders(task, today).select_related("user")
    }
    item.reminders += 1
    item.reminded_at = clock.now()
    item.save(update_fields=["reminders", "reminded_at"])
    told = Reminded(item, row.unit, tuple(sorted(people)))
    data = {
        "campaign": item.campaign.key,
        "people": list(told.people),
        "unit": row.unit,
        "note": note,
        "late": row.is_late,
    }
    record(subject=case.subject, act="case.reminded", actor=actor, data=data)
    return told


@transaction.atomic
def close_campaign(campaign: Campaign, *, actor: str, note: str = "") -> Campaign:
    """Close a campaign; where rows are unfinished a note must say why. Their cases run on."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.status == Campaign.Status.CLOSED:
        raise Problem("campaign-closed", _("This is closed already."), where=campaign.key)
    left = campaign.items.exclude(case__stage__in=ENDED).count()
    if left and not note.strip():
        raise Problem(
            "campaign-unfinished",
            _("%(n)d rows are not finished.") % {"n": left},
            where=campaign.key,
            hint=_("Say in a note why it is closed all the same; the cases run on."),
        )
    found = progress_of(campaign)
    campaign.status, campaign.closed_at = Campaign.Status.CLOSED, clock.now()
    campaign.closed_by, campaign.closing_note = actor, note.strip()
    campaign.save(update_fields=["status", "closed_at", "closed_by", "closing_note"])
    record(
        subject=campaign.subject,
        act="campaign.closed",
        actor=actor,
        data={"note": note.strip(), "unfinished": left, "result": found.as_dict()},
    )
    return campaign


def campaign_by(key: str) -> Campaign:
    """Return a campaign by its key, `latest` for the newest. Errors: Problem."""
    rows = Campaign.objects.order_by("-pk")
    found = rows.first() if key == "latest" else rows.filter(key=key).first()
    if found is None:
        raise Problem(
            "campaign-unknown",
            _("There is no campaign %(key)s.") % {"key": key},
            hint=_("Known: %(known)s.")
            % {"known": ", ".join(rows.values_list("key", flat=True)[:5]) or "–"},
        )
    return found


def cases_of(campaign: Campaign) -> list[Case]:
    """Return the cases of a campaign in the order of its rows."""
    items = campaign.items.select_related("case").order_by("number")
    return [item.case for item in items if item.case is not None]

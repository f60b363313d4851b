"""Opening a case: from a report to the committed rows, in one short transaction.

`prepare()` works out every value in memory; `_write.write()` and its
twin `write_case_with_models()` store them. On PostgreSQL the first is one statement; a test holds
that both store equal rows.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.cases._write import Prepared, StampMovedError, searched, write
from townkeeper.cases.desk import Desk, KnownProcedure, desk, kept_desk
from townkeeper.cases.ladder import Ticking, first_alarm, rungs_of
from townkeeper.cases.models import Case, Reporter, Task
from townkeeper.cases.numbers import forget_numbers, next_number
from townkeeper.cases.promise import promise_of, promised
from townkeeper.cases.search.index import add_words
from townkeeper.duties.register import CategoryRow, UnitRow
from townkeeper.journal.actions import json_line
from townkeeper.journal.chain import ZERO, entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import Context, NewTask
from townkeeper.procedures.transition import begin
from townkeeper.units.models import Place

TITLE_MAX = 200
LENGTHS = {
    "address": 300,
    "channel": 40,
    "kind": 30,
    "reporter_name": 80,
    "reporter_phone": 40,
}
"""Characters that the columns hold; the description holds any number up to `TEXT_MAX`."""
TEXT_MAX = 20_000
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""What no printed page, no XML document and no database can hold."""
ZONE = ZoneInfo(settings.TIME_ZONE)
ATTEMPTS = 5
"""How often an opening begins anew because the registers changed under its hands."""


class Report(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What comes in: a problem somebody saw. Lengths are checked with clear words in `prepare`."""

    title: str
    text: str = ""
    category: str | None = None
    area: str | None = None
    place: str | None = None
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    channel: str = "api"
    procedure: str = "problem"
    kind: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""
    anonymous: bool = False


def prepare(
    report: Report,
    *,
    actor: str,
    desk: Desk,
    now: datetime,
    request_key: str | None = None,
    number: str | None = None,
) -> Prepared:
    """Work out number, category, area, owner, first task and journal entry of a new case."""
    title = _checked(report)
    known = desk.procedure(report.procedure)
    category = _category(report, desk)
    place = _place(report, desk)
    today = now.astimezone(ZONE).date()
    area = _area(report, desk, place, today)
    answer = desk.register.resolve(category, area, today)
    task = _task_row(report, known, desk, answer.lead, category=category, now=now)
    number = number or next_number(desk.prefix, today)
    case = _case_row(report, known, number=number, title=title, now=now, request_key=request_key)
    whole = promised(promise_of(known.procedure, category, desk.register), now, desk.calendar)
    case.update(
        step=task["step"],
        stage=task["stage"],
        category_id=category.id if category else None,
        area_id=area.id if area else None,
        place_id=place.pk if place else None,
        unit_id=answer.lead.id if answer.lead else None,
        due_at=task["due_at"],
        warn_at=task["warn_at"],
        promise=whole.limit,
        promise_due_at=whole.due_at,
    )
    data = _first_data(report, known, desk, task=task, category=category, area=area)
    data |= {"title": title, "owner": answer.reason()}
    if whole.due_at:
        data["promise"] = {"limit": whole.limit, "due": whole.due_at.isoformat()}
    entry, chain = _first_entry(number, now, actor, data)
    reporter = _reporter_row(report)
    return Prepared(desk.stamp, case, task, entry, chain, reporter, answer.lead, answer.reason())


def _task_row(
    report: Report,
    known: KnownProcedure,
    desk: Desk,
    lead: UnitRow | None,
    *,
    category: CategoryRow | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the first task's values, its clock running from now."""
    task = _first_task(known, desk, lead, report.kind)
    ticking = desk.clock(task.limit, task.warn, category, now)
    performer = desk.register.unit_by_code.get(task.unit)
    limits = (ticking.limit,) if ticking.limit else ()
    running = Ticking(now, limits, ticking.due_at, ticking.warn_at, task.warn)
    rungs = rungs_of(known.procedure, task.step)
    return {
        "step": task.step,
        "stage": _stage(known, task.step),
        "branch": task.branch,
        "part": task.role,
        "performer": task.performer,
        "unit_id": performer.id if performer else None,
        "assignee_id": None,
        "signed_at": None,
        "opened_at": now,
        "limit": ticking.limit,
        "extensions": [],
        "calendar_id": desk.calendar_id if ticking.limit else None,
        "due_at": ticking.due_at,
        "is_provisional": ticking.is_provisional,
        "is_given": False,
        "warn_at": ticking.warn_at,
        "done_at": None,
        "done_by": "",
        "outcome": "",
        "next_at": first_alarm(rungs, running, desk.calendar),
        "rung": 0,
        "moves": 0,
    }


def _first_data(
    report: Report,
    known: KnownProcedure,
    desk: Desk,
    *,
    task: dict[str, Any],
    category: CategoryRow | None,
    area: UnitRow | None,
) -> dict[str, object]:
    """Return what the journal says of an opening."""
    performer = desk.register.units.get(task["unit_id"])
    due = task["due_at"]
    return {
        "procedure": known.name,
        "step": task["step"],
        "channel": report.channel,
        "category": category.key if category else None,
        "area": area.code if area else None,
        "unit": performer.code if performer else None,
        "limit": task["limit"],
        "due": due.isoformat() if due else None,
    }


EMPTY = {
    "step": "",
    "stage": "",
    "category_id": None,
    "area_id": None,
    "place_id": None,
    "unit_id": None,
    "due_at": None,
    "warn_at": None,
    "promise": "",
    "promise_due_at": None,
    "main_id": None,
    "closed_at": None,
    "outcome": "",
    "answer": "",
    "external_system": "",
    "external_number": "",
    "external_digest": "",
    "version": 1,
}
"""The columns that nothing is known of when a case begins, or not yet."""


def _case_row(
    report: Report,
    known: KnownProcedure,
    *,
    number: str,
    title: str,
    now: datetime,
    request_key: str | None,
) -> dict[str, Any]:
    return EMPTY | {
        "number": number,
        "procedure_id": known.id,
        "kind": report.kind,
        "title": title,
        "text": report.text,
        "channel": report.channel,
        "address": report.address,
        "lon": report.lon,
        "lat": report.lat,
        "opened_at": now,
        "counts": {},
        "origin": clock.origin(),
        "request_key": request_key,
        "extra": {},
        "updated_at": timezone.now(),
    }


def _reporter_row(report: Report) -> dict[str, Any] | None:
    if not (report.reporter_name or report.reporter_phone):
        return None
    return {
        "name": report.reporter_name,
        "phone": report.reporter_phone,
        "is_anonymous": report.anonymous,
    }


def _first_entry(
    number: str, now: datetime, actor: str, data: dict[str, object]
) -> tuple[dict[str, Any], dict[str, Any]]:
    fields = {
        "subject": f"case:{number}",
        "seq": 1,
        "time": now,
        "actor": actor,
        "act": "case.opened",
        "origin": clock.origin(),
        "data": json_line(data),
    }
    digest = entry_hash(ZERO, **fields)  # type: ignore[arg-type]
    return {**fields, "hash": digest}, {"subject": fields["subject"], "length": 1, "head": digest}


def _checked(report: Report) -> str:
    """Refuse what no field can hold; return the title in one line."""
    title = " ".join(report.title.split())
    for name in ("title", "text", *LENGTHS):
        if NOT_TEXT.search(getattr(report, name)):
            raise Problem("not-text", _("The text holds a character that is not text."), where=name)
    if not title:
        raise Problem("title-missing", _("Say in a few words what is wrong."), where="title")
    if len(title) > TITLE_MAX:
        raise Problem(
            "title-too-long",
            _("The title has %(n)d characters; %(max)d fit.") % {"n": len(title), "max": TITLE_MAX},
            where="title",
            hint=_("Put the rest into the description."),
        )
    for name, limit in LENGTHS.items():
        if len(getattr(report, name)) > limit:
            raise Problem(
                "too-long",
                _("At most %(max)d characters fit here.") % {"max": limit},
                where=name,
            )
    if len(report.text) > TEXT_MAX:
        raise Problem(
            "text-too-long",
            _("The description has %(n)d characters; %(max)d fit.")
            % {"n": len(report.text), "max": TEXT_MAX},
            where="text",
        )
    _check_point(report)
    return title


def _check_point(report: Report) -> None:
    if (report.lon is None) != (report.lat is None):
        raise Problem(
            "half-a-point", _("A position needs both longitude and latitude."), where="lon"
        )
    if report.lon is None or report.lat is None:
        return
    if not (-180 <= report.lon <= 180 and -90 <= report.lat <= 90):  # noqa: PLR2004
        raise Problem(
            "point-off-earth",
            _("There is no such position: longitude %(lon)s, latitude %(lat)s.")
            % {"lon": report.lon, "lat": report.lat},
            where="lon",
            hint=_("Longitude lies between -180 and 180, latitude between -90 and 90."),
        )


def _category(report: Report, desk: Desk) -> CategoryRow | None:
    if report.category is None:
        return None
    row = desk.register.category_by_key.get(report.category)
    if row is None:
        raise Problem(
            "category-unknown",
            _("There is no category “%(key)s”.") % {"key": report.category},
            where="category",
        )
    return row


def _place(report: Report, desk: Desk) -> Place | None:
    if report.place is None:
        return None
    place = desk.places.get(report.place)
    if place is None:
        raise Problem(
            "place-unknown",
            _("There is no place “%(key)s”.") % {"key": report.place},
            where="place",
        )
    return place


def _area(report: Report, desk: Desk, place: Place | None, today: date) -> UnitRow | None:
    """Take the area that is said, else the one of the place, else the one around the point.

    A sender who does not know yet that an area was merged is not turned away: its successor counts.
    """
    row = _said_area(report, desk, place)
    if row is None and report.lon is not None and report.lat is not None:
        return desk.register.area_at(report.lon, report.lat, today)
    return (desk.register.standing(row, today) or row) if row else None


def _said_area(report: Report, desk: Desk, place: Place | None) -> UnitRow | None:
    if report.area is not None:
        row = desk.register.unit_by_code.get(report.area)
        if row is None:
            raise Problem(
                "area-unknown",
                _("There is no unit with the code “%(code)s”.") % {"code": report.area},
                where="area",
            )
        return row
    return desk.register.units[place.area_id] if place is not None else None


def _first_task(known: KnownProcedure, desk: Desk, lead: UnitRow | None, kind: str) -> NewTask:
    office = desk.office_for(known.procedure.key)
    changes = begin(
        known.procedure,
        Context(
            actor="",
            roles=frozenset(),
            duty=((lead.code, "lead"),) if lead else (),
            office=office.code if office else "",
            kind=kind,
        ),
    )
    return changes.opens[0]


def _stage(known: KnownProcedure, step: str) -> str:
    return known.procedure.steps[step].stage or "other"


@transaction.atomic
def write_case_with_models(prepared: Prepared) -> int:
    """Store the same rows with models: the slow twin that a test compares `write` with."""
    case = Case.objects.create(**prepared.case)
    Task.objects.create(case=case, **prepared.task)
    Entry.objects.create(**prepared.entry)
    Chain.objects.create(**prepared.chain)
    add_words(case.pk, searched(prepared))
    if prepared.reporter is not None:
        Reporter.objects.create(case=case, **prepared.reporter)
    return case.pk


@dataclass(frozen=True, slots=True)
class Opened:
    """What the sender of a report is told."""

    id: int
    number: str
    step: str
    stage: str
    due_at: datetime | None
    owner: str | None
    owner_name: str | None
    reason: dict[str, object]
    is_repeat: bool = False
    """The same request was answered before; this is that case."""


def open_case(report: Report, *, actor: str, request_key: str | None = None) -> Opened:
    """Open a case and return it; the same `request_key` again returns the same case."""
    picture = kept_desk()
    now, number = clock.now(), None
    for _attempt in range(ATTEMPTS):
        try:
            prepared = prepare(
                report, actor=actor, desk=picture, now=now, request_key=request_key, number=number
            )
        except Problem:
            # what an old picture does not know may be there by now
            if picture.stamp == (present := desk()).stamp:
                raise
            picture = present
            continue
        number = prepared.case["number"]
        try:
            pk = write(prepared)
        except StampMovedError:
            picture = desk()
        except IntegrityError:
            repeat = _repeat_of(request_key)
            if repeat is not None:
                return repeat
            if not Case.objects.filter(number=number).exists():
                raise
            # the database was put back to an earlier state while this process held numbers
            forget_numbers()
            number = None
        else:
            return _opened(pk, prepared)
    raise Problem(
        "registers-busy", _("The registers are being changed just now. Please send it again.")
    )


def _opened(pk: int, prepared: Prepared) -> Opened:
    owner = prepared.owner
    return Opened(
        id=pk,
        number=prepared.case["number"],
        step=prepared.case["step"],
        stage=prepared.case["stage"],
        due_at=prepared.case["due_at"],
        owner=owner.code if owner else None,
        owner_name=owner.name if owner else None,
        reason=prepared.reason,
    )


def _repeat_of(request_key: str | None) -> Opened | None:
    if request_key is None:
        return None
    case = Case.objects.filter(request_key=request_key).select_related("unit").first()
    if case is None:
        return None
    return Opened(
        id=case.pk,
        number=case.number,
        step=case.step,
        stage=case.stage,
        due_at=case.due_at,
        owner=case.unit.code if case.unit else None,
        owner_name=case.unit.name if case.unit else None,
        reason={},
        is_repeat=True,
    )

"""Changes single lines of the duty register: who answers for what in an area, and from when.

A line is never overwritten: it ends on a day and another begins, so that what was true on a day of
the past can always be told. All lines of one kind in one area share a history, `duty:KIND@AREA`.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit

SOURCE_MAX = 80
NOTE_MAX = 300


def cell_subject(category: Category, area: Unit) -> str:
    """Return the subject of the history that all lines of a kind in an area share."""
    return f"duty:{category.key}@{area.code}"


def lines_of(category: Category, area: Unit) -> list[Duty]:
    """Return every line there is or was of a kind in an area, the newest first."""
    rows = Duty.objects.filter(category=category, area=area).select_related("unit")
    return sorted(
        rows.defer("unit__outline"),
        key=lambda duty: (duty.until or date.max, duty.since or date.min, duty.pk),
        reverse=True,
    )


@transaction.atomic
def open_line(
    category: Category,
    area: Unit,
    unit: Unit,
    *,
    part: str,
    since: date,
    actor: str,
    until: date | None = None,
    source: str = "",
    note: str = "",
    seen: int | None = None,
) -> Duty:
    """Let a unit lead, or assist with, a kind of matter in an area from a day on.

    Raises Problem: dates reversed, a unit that does not exist then, the same line again, and a
    second lead beside the one there is (`two-leads`).
    """
    subject = cell_subject(category, area)
    refuse_old(subject, seen)
    _check_dates(since, until)
    _check_there(area, "area", since)
    _check_there(unit, "unit", since)
    if part not in Duty.Part.values:
        raise Problem("part-unknown", _("A unit leads or assists."), where="part")
    for duty in _overlapping(category, area, since, until):
        _refuse_beside(duty, unit, part)
    duty = Duty.objects.create(
        category=category, area=area, unit=unit, part=part, since=since, until=until,
        source=source.strip()[:SOURCE_MAX], note=note.strip()[:NOTE_MAX],
    )  # fmt: skip
    record(subject=subject, act="duty.opened", actor=actor, data=_said(duty))
    touch_registers()
    return duty


def _check_dates(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise Problem("dates-reversed", _("The last day lies before the first."), where="until")


def _check_there(unit: Unit, where: str, on: date) -> None:
    if (unit.until and unit.until <= on) or (unit.since and unit.since > on):
        raise Problem(
            "unit-not-there",
            _("The unit “%(name)s” does not exist on that day.") % {"name": unit.name},
            where=where,
        )


def _overlapping(category: Category, area: Unit, since: date, until: date | None) -> Iterable[Duty]:
    begins = Q() if until is None else Q(since=None) | Q(since__lt=until)
    rows = Duty.objects.filter(
        begins, Q(until=None) | Q(until__gt=since), category=category, area=area
    )
    # a line that was taken back before it began holds on no day
    return [
        duty
        for duty in rows.select_related("unit").defer("unit__outline")
        if not (duty.since and duty.until and duty.until <= duty.since)
    ]


def _refuse_beside(duty: Duty, unit: Unit, part: str) -> None:
    if duty.unit_id == unit.pk:
        raise Problem(
            "line-twice",
            _("“%(unit)s” has this kind of matter here already (%(part)s).")
            % {"unit": duty.unit.name, "part": duty.get_part_display()},
            where="unit",
        )
    if part == Duty.Part.LEAD == duty.part:
        raise Problem(
            "two-leads",
            _("“%(unit)s” leads here in that time: two leads are no lead.")
            % {"unit": duty.unit.name},
            where="unit",
            hint=_("Hand its line over from a day on instead, or end it first."),
        )


@transaction.atomic
def end_line(
    duty: Duty, *, on: date, actor: str, reason: str = "", seen: int | None = None
) -> None:
    """End a line: `on` is the first day without it. One that has not begun is taken back."""
    duty = _held(duty)
    refuse_old(cell_subject(duty.category, duty.area), seen)
    _end(duty, on)
    data = {**_said(duty), "reason": reason.strip()}
    subject = cell_subject(duty.category, duty.area)
    record(subject=subject, act="duty.ended", actor=actor, data=data)
    touch_registers()


def _held(duty: Duty) -> Duty:
    rows = Duty.objects.select_for_update(of=("self",)).select_related("category", "area", "unit")
    return rows.get(pk=duty.pk)


def _end(duty: Duty, on: date) -> None:
    if duty.until is not None and duty.until <= on:
        raise Problem("line-ended", _("This line has ended by then already."), where="on")
    if duty.since is not None and on < duty.since:
        raise Problem(
            "dates-reversed",
            _("The line begins on %(day)s; it cannot end before.") % {"day": f"{duty.since:%F}"},
            where="on",
        )
    duty.until = on
    duty.save(update_fields=["until"])


@transaction.atomic
def hand_line(
    duty: Duty,
    to: Unit,
    *,
    on: date,
    actor: str,
    source: str = "",
    note: str = "",
    seen: int | None = None,
) -> Duty:
    """Give a line to another unit from a day on: the old one ends, a new one begins."""
    duty = _held(duty)
    subject = cell_subject(duty.category, duty.area)
    refuse_old(subject, seen)
    if to.pk == duty.unit_id:
        raise Problem("same-unit", _("This unit has the line already."), where="unit")
    _check_there(to, "unit", on)
    planned = duty.until
    _end(duty, on)
    rest = [row for row in _overlapping(duty.category, duty.area, on, planned) if row.pk != duty.pk]
    for row in rest:
        if row.unit_id == to.pk and duty.part == Duty.Part.LEAD and row.part == Duty.Part.ASSIST:
            # an assistant that now leads does not assist itself
            _end(row, on)
            continue
        _refuse_beside(row, to, duty.part)
    fresh = Duty.objects.create(
        category=duty.category, area=duty.area, unit=to, part=duty.part, since=on, until=planned,
        source=source.strip()[:SOURCE_MAX] or duty.source, note=note.strip()[:NOTE_MAX],
    )  # fmt: skip
    data = {**_said(fresh), "from": duty.unit.code}
    record(subject=subject, act="duty.handed", actor=actor, data=data)
    touch_registers()
    return fresh


def _said(duty: Duty) -> dict[str, Any]:
    return {
        "line": duty.pk,
        "unit": duty.unit.code,
        "part": str(duty.part),
        "since": duty.since.isoformat() if duty.since else None,
        "until": duty.until.isoformat() if duty.until else None,
        "source": duty.source,
        "note": duty.note,
    }

"""What an order says before it is issued, checked as a whole: every fault is named at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.calendars.actions import current
from townkeeper.calendars.deadlines import (
    PastError,
    UnreadableError,
    end_of_work,
    read_deadline,
)
from townkeeper.calendars.limits import Limit
from townkeeper.calendars.worktime import OutOfRangeError, WorkCalendar
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.models import Addressee, Order
from townkeeper.supervision.rights import heir_of, issuing_units
from townkeeper.units.models import Unit

MOST_UNITS: Final = 300
MOST_CASES: Final = 200
LONGEST: Final = {"title": 200, "basis": 500, "signer": 80, "contact": 120, "about": 80}
MOST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order as somebody wrote it."""

    kind: str
    title: str
    text: str
    units: Sequence[tuple[str, str]]
    """(code, deadline in words) of every addressed unit; an empty deadline takes `deadline`."""
    deadline: str = ""
    basis: str = ""
    cases: Sequence[str] = ()
    """Numbers of the cases it is about."""
    about: str = ""
    issuer: str = ""
    """Code of the issuing unit; empty for the writer's own."""
    signer: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that can be issued."""

    order: Order
    addressees: list[Addressee]
    cases: list[Case]


@dataclass(slots=True)
class Faults:
    """What is wrong, by field."""

    found: list[tuple[str, Problem]] = field(default_factory=list)

    def add(self, where: str, code: str, message: object, hint: object = "") -> None:
        """Note a fault."""
        self.found.append((where, Problem(code, message, where=where, hint=hint)))


class OrderRefused(Problem):
    """An order that cannot be issued; carries every fault with its field."""

    def __init__(self, faults: Sequence[tuple[str, Problem]]) -> None:
        self.faults = tuple(faults)
        first = faults[0][1]
        super().__init__(first.code, first.message, where=first.where, hint=first.hint)


def check_draft(draft: Draft, *, actor: User) -> Checked:
    """Turn a draft into rows that are not stored yet. Errors: OrderRefused."""
    faults, now = Faults(), clock.now()
    issuer = _issuer(draft, actor, faults)
    _check_words(draft, faults)
    cases = _cases(draft, actor, faults)
    addressees = _addressees(draft, faults, now)
    if faults.found or issuer is None:
        raise OrderRefused(faults.found)
    order = Order(
        kind=draft.kind,
        title=" ".join(draft.title.split()),
        text=draft.text.strip(),
        basis=draft.basis.strip(),
        about=draft.about.strip(),
        issuer=issuer,
        signer=draft.signer.strip(),
        contact=draft.contact.strip(),
        issued_at=now,
        issued_by=actor.username,
        origin=clock.origin(),
    )
    return Checked(order, addressees, cases)


def _issuer(draft: Draft, actor: User, faults: Faults) -> Unit | None:
    units = issuing_units(actor)
    if not units:
        faults.add("issuer", "may-not-issue", _("None of your posts may issue orders."))
        return None
    found = next((unit for unit in units if unit.code == (draft.issuer or units[0].code)), None)
    if found is None:
        faults.add(
            "issuer",
            "issuer-not-yours",
            _("You may not issue orders in the name of this unit."),
            _("Yours: %(units)s.") % {"units": ", ".join(unit.title for unit in units)},
        )
    return found


def _check_words(draft: Draft, faults: Faults) -> None:
    if draft.kind not in Order.Kind.values:
        faults.add("kind", "kind-unknown", _("There is no such kind of order."))
    if not draft.title.strip():
        faults.add("title", "title-missing", _("Say in a few words what it is about."))
    if not draft.text.strip():
        faults.add("text", "text-missing", _("Say what the units are to do."))
    if len(draft.text) > MOST_TEXT:
        faults.add("text", "too-long", _("The text is too long."))
    for name, most in LONGEST.items():
        if len(getattr(draft, name)) > most:
            faults.add(name, "too-long", _("At most %(n)d characters.") % {"n": most})


def _cases(draft: Draft, actor: User, faults: Faults) -> list[Case]:
    numbers = list(dict.fromkeys(number.strip() for number in draft.cases if number.strip()))
    if len(numbers) > MOST_CASES:
        faults.add("cases", "too-many", _("At most %(n)d cases.") % {"n": MOST_CASES})
        return []
    rows = Case.objects.visible_to(actor).filter(number__in=numbers)
    found = {case.number: case for case in rows.only("number", "version")}
    missing = [number for number in numbers if number not in found]
    if missing:
        shown = ", ".join(missing[:5])
        faults.add("cases", "case-unknown", _("Not found: %(cases)s.") % {"cases": shown})
    return [found[number] for number in numbers if number in found]


def _addressees(draft: Draft, faults: Faults, now: datetime) -> list[Addressee]:
    wanted: dict[str, str] = {}
    for code, deadline in draft.units:
        if code.strip():
            wanted.setdefault(code.strip(), deadline.strip() or draft.deadline.strip())
    if not wanted:
        faults.add("units", "unit-missing", _("Name at least one unit that is to answer."))
        return []
    if len(wanted) > MOST_UNITS:
        faults.add("units", "too-many", _("At most %(n)d units.") % {"n": MOST_UNITS})
        return []
    units = _known_units(wanted)
    calendar, made = current(), []
    for code, deadline in wanted.items():
        unit = units.get(code)
        if unit is None:
            _name_missing(code, faults)
            continue
        try:
            made.append(set_deadline(Addressee(unit=unit), deadline, calendar=calendar, now=now))
        except Problem as problem:
            own = deadline != draft.deadline.strip()
            name = f"deadline-{code}" if own else "deadline"
            message: object = problem.message
            if own:
                message = f"{unit.title}: {problem.message}"
            if name not in {where for where, _problem in faults.found}:
                faults.add(name, problem.code, message, problem.hint)
    return made


def _name_missing(code: str, faults: Faults) -> None:
    """Say that a unit is not there, and who took over from one that is no more."""
    gone = Unit.objects.filter(code=code).select_related("successor").defer("outline").first()
    if gone is None:
        faults.add("units", "unit-unknown", _("There is no unit “%(code)s”.") % {"code": code})
        return
    heir = heir_of(gone)
    hint = _("%(unit)s took over; choose it.") % {"unit": heir.title} if heir else ""
    faults.add("units", "unit-ended", _("%(unit)s is no more.") % {"unit": gone.title}, hint)


def _known_units(codes: Iterable[str]) -> dict[str, Unit]:
    rows = Unit.objects.existing(clock.today()).filter(code__in=list(codes))
    return {unit.code: unit for unit in rows.defer("outline")}


def set_deadline(
    addressee: Addressee, text: str, *, calendar: WorkCalendar, now: datetime
) -> Addressee:
    """Give a unit its deadline, counted from `now`; a limit counts by the office's calendar.

    Written as people do: `3wd`, `3個工作日`, `當日`, `20:30`, `11月25日`, `2026-11-25 12:00`.
    Errors: Problem.
    """
    try:
        read = read_deadline(text, now=now, zone=calendar.zone)
        limit = Limit.parse(read.limit) if read.limit else None
        due = calendar.due(now, limit) if limit is not None else None
        at = due.at if due is not None else read.at
        if read.day is not None:
            at = end_of_work(read.day, calendar)
    except PastError:
        raise _refused("deadline-past", _("This deadline has passed already."), text) from None
    except (UnreadableError, OutOfRangeError):
        raise _refused("deadline-unreadable", _("This deadline cannot be read."), text) from None
    if at is None:
        raise _refused("deadline-missing", _("Say until when the unit is to reply."), text)
    if at <= now:
        raise _refused("deadline-past", _("This deadline has passed already."), text)
    addressee.due_text = text[:60]
    addressee.limit = str(limit) if limit is not None else ""
    addressee.counted_from, addressee.due_at = now, at
    addressee.is_provisional = due is not None and due.provisional
    addressee.overdue_at = None
    return addressee


def _refused(code: str, message: object, text: str) -> Problem:
    hint = _("Write it as %(forms)s.") % {
        "forms": _("3 working days, 8 working hours, same day, 17:30, 2026-11-25")
    }
    return Problem(code, message, where=text, hint=hint)

"""What a process keeps in memory to open a case without asking the database first."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.actions import current
from townkeeper.calendars.limits import Limit
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.models import ProcedureVersion
from townkeeper.duties.register import CategoryRow, Register, UnitRow, register
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.units.models import Place, Unit

BY_CATEGORY = "by-category"
DEFAULT_PREFIX = "TK"


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit counted from a start: what a task stores of it."""

    limit: str
    due_at: datetime | None
    warn_at: datetime | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class KnownProcedure:
    """A procedure in the version that new cases begin with."""

    id: int
    name: str
    """`problem@3`."""
    procedure: Procedure


@dataclass(frozen=True)
class Desk:
    """One consistent picture of everything that opening a case needs."""

    stamp: int
    register: Register
    calendar: WorkCalendar
    calendar_id: int
    procedures: dict[str, KnownProcedure]
    places: dict[str, Place]
    offices: dict[str, UnitRow]
    """Procedure key → the unit that runs it; `""` for all others."""
    prefix: str
    former: dict[int, KnownProcedure] = field(default_factory=dict)
    """Versions that new cases no longer begin with, read when a case still runs under one."""

    def procedure(self, key: str) -> KnownProcedure:
        """Return a procedure by key."""
        try:
            return self.procedures[key]
        except KeyError:
            raise Problem(
                "procedure-unknown",
                _("There is no procedure “%(key)s” here.") % {"key": key},
                where="procedure",
                hint=_("Known: %(known)s.") % {"known": ", ".join(self.procedures) or "–"},
            ) from None

    def office_for(self, key: str) -> UnitRow | None:
        """Return the unit that runs a procedure: intake, filing, dispatch."""
        return self.offices.get(key) or self.offices.get("") or self.register.root

    def limit_for(self, limit: str | None, category: CategoryRow | None) -> str:
        """Return a step's limit with `by-category` looked up; empty for none."""
        if limit == BY_CATEGORY:
            return self.register.limit_of(category)
        return limit or ""

    def clock(
        self, limit: str | None, warn: float | None, category: CategoryRow | None, start: datetime
    ) -> Clock:
        """Start a clock."""
        text = self.limit_for(limit, category)
        if not text:
            return Clock("", None, None, is_provisional=False)
        parsed = Limit.parse(text)
        due = self.calendar.due(start, parsed)
        warn_at = self.calendar.warn_at(start, parsed, warn) if warn else None
        return Clock(text, due.at, warn_at, due.provisional)


def _offices(known: Register) -> tuple[dict[str, UnitRow], str]:
    """Find the units that say they run procedures, and the prefix of case numbers (the topmost)."""
    offices: dict[str, UnitRow] = {}
    prefix = ""
    today = clock.today()
    for unit in Unit.objects.exclude(attributes={}).order_by("path"):
        row = known.units[unit.pk]
        runs = unit.attributes.get("runs") or ([""] if unit.attributes.get("office") else [])
        standing = known.standing(row, today)
        for key in [runs] if isinstance(runs, str) else runs:
            if standing is not None:
                offices.setdefault("" if key in {"*", True} else key, standing)
        prefix = prefix or unit.attributes.get("number_prefix", "")
    return offices, prefix or DEFAULT_PREFIX


def load_desk() -> Desk:
    """Read everything from the database; the stamp is read first, so that it is never too new."""
    stamp = registers_stamp()
    calendar = current()
    known = register(at_least=stamp)
    offices, prefix = _offices(known)
    return Desk(
        stamp=stamp,
        register=known,
        calendar=calendar,
        calendar_id=int(calendar.version),
        procedures={
            row.key: KnownProcedure(row.pk, str(row), parse(row.definition))
            for row in ProcedureVersion.objects.filter(is_current=True)
        },
        places={place.code: place for place in Place.objects.all()},
        offices=offices,
        prefix=prefix,
    )


_lock = threading.Lock()
_kept: list[Desk] = []


def kept_desk() -> Desk:
    """Return the picture this process has, however old; the writer compares the stamp."""
    return _kept[0] if _kept else desk()


def desk_at(stamp: int) -> Desk:
    """Return the picture that goes with a stamp just read: the kept one, or one read anew."""
    return _kept[0] if _kept and _kept[0].stamp == stamp else desk()


def desk(*, anew: bool = False) -> Desk:
    """Return a picture that is not older than this call."""
    stamp = registers_stamp()
    with _lock:
        if _kept and _kept[0].stamp == stamp and not anew:
            return _kept[0]
        fresh = load_desk()
        _kept[:] = [fresh]
        return fresh

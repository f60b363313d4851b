"""The sweep: clocks that reach a rung of their ladder are found, told and counted, once each.

Any number of sweeps may run at the same time, and any of them may be killed: a batch of clocks is
one transaction with its alarms, counters and journal entries, and a clock that rang stands on its
next rung afterwards. Nothing depends on when, or how often, somebody looks: what was missed is made
up for in order, and each alarm says when its rung was reached and when that was found.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.utils import timezone

from townkeeper.calendars.actions import calendar_of, current
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases._claims import Claimed, What, alarms_before, claim, pauses_of
from townkeeper.cases._climb import Climber, climb
from townkeeper.cases._lanes import in_lanes
from townkeeper.cases._steady import steady
from townkeeper.cases.chains import Chains, set_many, utc_writer
from townkeeper.cases.imports.bulk import BulkTable, few_checkpoints, is_postgresql, json_value
from townkeeper.cases.ladder import Ticking, rungs_of, rungs_of_asks, told
from townkeeper.cases.models import Alarm, Ask, Case, ProcedureVersion, Task
from townkeeper.kit import clock
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure, Rung

log = logging.getLogger(__name__)

ACTOR: Final = "system"
ACT: Final = "case.alarm"
BATCH: Final = 5000
SHOWN: Final = 20
ASIDE: Final = timedelta(hours=1)
"""So long a clock with unreadable data is left alone."""
ALARM: Final = ("case_id", "rung", "turn", "rule", "card", "tell", "unit_id", "due_at", "at")


@dataclass(frozen=True, slots=True)
class Fired:
    """One alarm as the sweep tells it."""

    number: str
    what: What
    rule: str
    card: str
    tell: tuple[str, ...]
    reached_at: datetime
    found_at: datetime


@dataclass(slots=True)
class Swept:
    """What a sweep did."""

    tasks: int = 0
    """Clocks of tasks that had reached their next rung."""
    asks: int = 0
    alarms: int = 0
    missed: int = 0
    """Alarms of clocks that had climbed more than one rung since somebody last looked."""
    first: list[Fired] = field(default_factory=list)
    """Up to twenty of the alarms."""

    def add(self, other: "Swept") -> None:
        """Take in what another lane did."""
        self.tasks += other.tasks
        self.asks += other.asks
        self.alarms += other.alarms
        self.missed += other.missed
        self.first += other.first[: SHOWN - len(self.first)]


def sweep(*, now: datetime | None = None, batch: int = BATCH, lanes: int = 1) -> Swept:
    """Ring every alarm that is due; return what was done.

    Clocks that somebody is just writing to are left for the next round. Where much has piled up,
    `lanes` connections work side by side (PostgreSQL only).
    """
    swept = Swept()
    now = (now or clock.now()).astimezone(UTC)
    with steady(), few_checkpoints():
        for what in ("task", "ask"):
            if _sweep_batch(what, now, batch, swept) == batch:
                _drain(what, now, batch, swept, lanes if is_postgresql() else 1)
    return swept


def _drain(what: What, now: datetime, batch: int, swept: Swept, lanes: int) -> None:
    """Ring batch after batch until one is not full, in several threads where there are lanes."""
    done: list[Swept] = []

    def drain() -> None:
        into = Swept()
        while _sweep_batch(what, now, batch, into) == batch:
            pass
        done.append(into)

    in_lanes(drain, lanes)
    for each in done:
        swept.add(each)


@transaction.atomic
def _sweep_batch(what: What, now: datetime, batch: int, swept: Swept) -> int:
    if is_postgresql():
        with connection.cursor() as cursor:
            # a batch that a power cut takes away is found again; nobody was told of it
            cursor.execute("SET LOCAL synchronous_commit TO off")
    claimed = claim(what, now, batch)
    if not claimed:
        return 0
    climbers = _climbed(what, claimed, now)
    known = alarms_before(what, [row.id for row in claimed])
    batch_of = _Batch(what, now)
    for each in climbers:
        batch_of.take(each, known)
    batch_of.write(swept)
    if len(climbers) < len(claimed):
        fine = {each.key.id for each in climbers}
        _set_aside(what, [row for row in claimed if row.id not in fine], now)
    if what == "task":
        swept.tasks += len(claimed)
    else:
        swept.asks += len(claimed)
    return len(claimed)


def _climbed(what: What, claimed: Sequence[Claimed], now: datetime) -> list[Climber]:
    """Return the clocks where they are now, without those that cannot be reckoned."""
    try:
        climbers = _climbers(what, claimed)
        by_calendar: dict[int | None, list[Climber]] = defaultdict(list)
        for each in climbers:
            by_calendar[each.key.calendar_id].append(each)
        for calendar_id, group in by_calendar.items():
            climb(group, _calendar(calendar_id), now)
    except (ValueError, LookupError, TypeError, ArithmeticError, ObjectDoesNotExist):
        if len(claimed) == 1:
            log.exception(
                "the %s %d of %s cannot be reckoned", what, claimed[0].id, claimed[0].number
            )
            return []
        half = len(claimed) // 2
        return _climbed(what, claimed[:half], now) + _climbed(what, claimed[half:], now)
    return climbers


def _set_aside(what: What, broken: Sequence[Claimed], now: datetime) -> None:
    """Look at clocks with unreadable data again later, so that they do not hold up the others."""
    later = utc_writer()(now + ASIDE)
    rows = [(later, row.id) for row in broken]
    set_many(
        Task if what == "task" else Ask, ("next_at",), ("timestamptz",), rows, key=("id", "bigint")
    )


def _climbers(what: What, claimed: Sequence[Claimed]) -> list[Climber]:
    """Return the clocks with their ladders."""
    pauses = pauses_of([row.id for row in claimed if row.has_pauses])
    ladders: dict[tuple[int, str], tuple[tuple[Rung, ...], float | None]] = {}
    climbers = []
    for row in claimed:
        key = (row.procedure_id, row.step)
        if key not in ladders:
            ladders[key] = _ladder(what, *key)
        rungs, warn = ladders[key]
        limits = (row.limit, *row.extensions) if row.limit else ()
        stops = pauses.get(row.id, ())
        ticking = Ticking(row.opened_at, limits, row.due_at, row.warn_at, warn, stops)
        climbers.append(Climber(row, ticking, rungs, row.rung, row.next_at))
    return climbers


def _ladder(what: What, procedure_id: int, step: str) -> tuple[tuple[Rung, ...], float | None]:
    procedure = procedure_by(procedure_id)
    found = procedure.steps.get(step)
    rungs = rungs_of(procedure, step) if what == "task" else rungs_of_asks(procedure, step)
    return rungs, found.warn if found else None


def _calendar(version_id: int | None) -> WorkCalendar:
    return current() if version_id is None else calendar_of(version_id)


_parsed: dict[tuple[int, str], Procedure] = {}


def procedure_by(pk: int) -> Procedure:
    """Return a procedure in one version, parsed once by each process."""
    digest = ProcedureVersion.objects.values_list("digest", flat=True).get(pk=pk)
    if (pk, digest) not in _parsed:
        _parsed[pk, digest] = parse(ProcedureVersion.objects.get(pk=pk).definition)
    return _parsed[pk, digest]


class _Batch:
    """The rows that one batch of clocks writes."""

    def __init__(self, what: What, now: datetime) -> None:
        self.what, self.now, self.stored = what, now, utc_writer()
        self.stored_now = self.stored(now)
        self.chains = Chains(actor=ACTOR, time=now)
        self.alarms: list[tuple[Any, ...]] = []
        self.moved: list[tuple[Any, ...]] = []
        self.counts: dict[int, dict[str, Any]] = {}
        self.fired: list[Fired] = []
        self.missed = 0
        self._tells: dict[tuple[int, str], tuple[list[str], str]] = {}

    def take(self, climber: Climber, known: set[tuple[int, int, int]]) -> None:
        """Note what follows from one clock; what rang in this turn already does not ring again."""
        row: Claimed = climber.key
        self.moved.append((self.stored(climber.next_at), climber.rung, row.id))
        self.chains.hold(f"case:{row.number}", row.length, row.head)
        new = [
            (number, at)
            for number, at in climber.reached
            if (row.id, row.turn, number) not in known
        ]
        for number, at in new:
            self._ring(row, number, climber.rungs[number], at)
        if len(new) > 1:
            self.missed += len(new)

    def _ring(self, row: Claimed, number: int, rung: Rung, at: datetime) -> None:
        tell, tell_line = self._told(rung, row.performer)
        what_rang = (row.case_id, number, row.turn, rung.at, rung.card, tell_line, row.unit_id)
        self.alarms.append((*what_rang, self.stored(at), self.stored_now, row.id))
        data = {
            "on": self.what,
            "step": row.step,
            "rule": rung.at,
            "turn": row.turn,
            "tell": tell,
            "due": row.due_at.isoformat() if row.due_at else None,
            "reached": at.isoformat(),
        }
        if rung.card:
            data["card"] = rung.card
        if rung.counts:
            data["counts"] = [rung.counts]
            counts = self.counts.setdefault(row.case_id, msgspec.json.decode(row.counts))
            counts[rung.counts] = counts.get(rung.counts, 0) + 1
        self.chains.append(f"case:{row.number}", ACT, data)
        if len(self.fired) < SHOWN:
            self.fired.append(
                Fired(row.number, self.what, rung.at, rung.card, tuple(tell), at, self.now)
            )

    def _told(self, rung: Rung, performer: str) -> tuple[list[str], str]:
        key = (id(rung), performer)
        if key not in self._tells:
            roles = told(rung, performer)
            self._tells[key] = (roles, json_value(roles))
        return self._tells[key]

    def write(self, swept: Swept) -> None:
        """Store everything; the transaction is the caller's."""
        BulkTable(Alarm, (*ALARM, f"{self.what}_id")).insert(self.alarms)
        self.chains.flush()
        set_many(
            Task if self.what == "task" else Ask,
            ("next_at", "rung"),
            ("timestamptz", "smallint"),
            self.moved,
            key=("id", "bigint"),
        )
        # extracts read what changed by this column, which is of the machine's clock
        updated = self.stored(timezone.now())
        changed = [(json_value(value), updated, pk) for pk, value in self.counts.items()]
        kinds = ("jsonb", "timestamptz")
        set_many(Case, ("counts", "updated_at"), kinds, changed, key=("id", "bigint"))
        swept.alarms += len(self.alarms)
        swept.missed += self.missed
        swept.first += self.fired[: SHOWN - len(swept.first)]


def as_data(fired: Fired) -> Mapping[str, object]:
    """Return an alarm as plain values, for a command's JSON."""
    return {
        "case": fired.number,
        "on": fired.what,
        "rule": fired.rule,
        "card": fired.card,
        "tell": list(fired.tell),
        "reached_at": fired.reached_at.isoformat(),
        "found_at": fired.found_at.isoformat(),
    }

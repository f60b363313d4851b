"""Writes what a handover decided: thousands of cases with few statements, each with its entry."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F
from django.utils import timezone

from townkeeper.cases._handover_plan import CHUNK, Move
from townkeeper.cases.imports.bulk import BulkTable, moment_writer, update_rows
from townkeeper.cases.models import Ask, Case, Handover, Pause, Task
from townkeeper.journal.actions import json_line
from townkeeper.journal.chain import ZERO, entry_hash
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock
from townkeeper.procedures.transition import CANCELLED
from townkeeper.units.changes import Stand
from townkeeper.units.models import UnitChange

Thing = TypeVar("Thing")
HANDED_OVER = "case.handed-over"
ENTRY = ("subject", "seq", "time", "actor", "act", "origin", "data", "hash")
LEDGER = ("change_id", "case_id", "what", "task_id", "former_id", "heir_id", "rule", "at")


def carry_cases(
    stand: Stand, moves: Sequence[Move], *, change: UnitChange | None, actor: str
) -> None:
    """Write the moves, inside the caller's transaction; the cases' rows are held by it."""
    now = clock.now()
    units = {code: unit.pk for code, unit in {**stand.receiving, **stand.leaving}.items()}
    for chunk in _chunked(moves):
        _move_cases(chunk, units)
        _move_tasks(chunk, units, now)
        _move_asks(chunk, units, actor, now)
        _keep(chunk, units, change, now)
        _journal(stand, chunk, actor=actor, now=now)


def _chunked(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def _grouped(pairs: Iterable[tuple[Any, int]]) -> dict[Any, list[int]]:
    """Return value → ids: one statement for all that become the same."""
    found: dict[Any, list[int]] = {}
    for value, pk in pairs:
        found.setdefault(value, []).append(pk)
    return found


def _move_cases(moves: Sequence[Move], units: Mapping[str, int]) -> None:
    """Set unit and area; every case's version rises, so that whoever acts on it now notices."""
    written = timezone.now()
    groups = _grouped(
        ((move.unit.heir if move.unit else "", move.area.heir if move.area else ""), move.case.id)
        for move in moves
    )
    for (unit, area), ids in groups.items():
        values: dict[str, Any] = {"version": F("version") + 1, "updated_at": written}
        if unit:
            values["unit_id"] = units[unit]
        if area:
            values["area_id"] = units[area]
        Case.objects.filter(pk__in=ids).update(**values)


def _move_tasks(moves: Sequence[Move], units: Mapping[str, int], now: datetime) -> None:
    """Give open tasks to the heirs; their clocks run on, whoever had them in person is cleared."""
    pairs = ((choice.heir, task.id) for move in moves for task, choice in move.tasks.items())
    for heir, ids in _grouped(pairs).items():
        Task.objects.filter(pk__in=ids).update(unit_id=units[heir], assignee=None, signed_at=None)
    doubles = [task.id for move in moves for task in move.doubles]
    if doubles:
        Pause.objects.filter(task__in=doubles, until=None).update(until=now)
        Task.objects.filter(pk__in=doubles).update(done_at=now, outcome=CANCELLED, next_at=None)


def _move_asks(moves: Sequence[Move], units: Mapping[str, int], actor: str, now: datetime) -> None:
    for column in ("unit_id", "other_id"):
        pairs = (
            (after[column], pk)
            for move in moves
            for pk, after in move.asks.items()
            if column in after
        )
        for heir, ids in _grouped(pairs).items():
            Ask.objects.filter(pk__in=ids).update(**{column: units[heir]})
    # Two units that argued are one: nobody decides, the case stays where it is.
    moot = [pk for move in moves for pk in move.moot]
    if moot:
        Ask.objects.filter(pk__in=moot).update(decided_at=now, decided_by=actor, next_at=None)


def _keep(
    moves: Sequence[Move], units: Mapping[str, int], change: UnitChange | None, now: datetime
) -> None:
    """Keep who had what until now: figures of the past ask for it."""
    stored, pk = moment_writer()(now), change.pk if change else None
    what = Handover.What
    rows: list[tuple[Any, ...]] = []
    for move in moves:
        case = move.case
        if move.unit:
            heir, rule = units[move.unit.heir], move.unit.rule
            rows.append((pk, case.id, what.CASE, None, case.unit_id, heir, rule, stored))
        if move.area:
            heir, rule = units[move.area.heir], move.area.rule
            rows.append((pk, case.id, what.AREA, None, case.area_id, heir, rule, stored))
        rows += [
            (pk, case.id, what.TASK, task.id, task.unit_id, units[heir], rule, stored)
            for task, (heir, rule) in move.tasks.items()
        ]
    BulkTable(Handover, LEDGER).insert([(*row[:2], str(row[2]), *row[3:]) for row in rows])


def _said(stand: Stand, move: Move) -> dict[str, Any]:
    """Return what the journal says of one case."""
    codes = stand.ids
    said: dict[str, Any] = {"change": stand.plan.kind, "on": stand.plan.on.isoformat()}
    if move.unit:
        said |= {"from": codes[move.case.unit_id or 0], "to": move.unit.heir}
        said["rule"] = move.unit.rule
    if move.area:
        said |= {"area": move.area.heir, "area_before": codes[move.case.area_id or 0]}
    if move.tasks:
        said["tasks"] = [
            {"step": task.step, "from": codes[task.unit_id or 0], "unit": heir, "rule": rule}
            for task, (heir, rule) in move.tasks.items()
        ]
    if move.doubles:
        said["doubles"] = len(move.doubles)
    if move.asks:
        said["asks"] = len(move.asks)
    if move.moot:
        said["moot"] = len(move.moot)
    if stand.plan.reason:
        said["reason"] = stand.plan.reason
    return said


def _journal(stand: Stand, moves: Sequence[Move], *, actor: str, now: datetime) -> None:
    """Append an entry to each case's chain, as `record()` would, in three statements."""
    subjects = [f"case:{move.case.number}" for move in moves]
    heads = _heads(subjects)
    stored, origin = moment_writer()(now), clock.origin()
    rows: list[tuple[Any, ...]] = []
    chains: list[tuple[Any, ...]] = []
    fresh: list[tuple[Any, ...]] = []
    for subject, move in zip(subjects, moves, strict=True):
        length, head = heads.get(subject, (0, ZERO))
        data = json_line(_said(stand, move))
        fields = {"subject": subject, "seq": length + 1, "actor": actor, "act": HANDED_OVER}
        digest = entry_hash(head, **fields, time=now, origin=origin, data=data)  # type: ignore[arg-type]
        rows.append((subject, length + 1, stored, actor, HANDED_OVER, origin, data, digest))
        if subject in heads:
            chains.append((length + 1, digest, subject))
        else:
            fresh.append((subject, 1, digest))
    BulkTable(Entry, ENTRY).insert(rows)
    update_rows(Chain, ("length", "head"), chains, key="subject")
    BulkTable(Chain, ("subject", "length", "head")).insert(fresh)


def _heads(subjects: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Return the heads of the chains, held until the end of the transaction."""
    chains = Chain.objects.filter(subject__in=subjects).order_by("subject")
    if connection.features.has_select_for_update:
        chains = chains.select_for_update()
    rows = chains.values_list("subject", "length", "head")
    return {subject: (length, bytes(head)) for subject, length, head in rows}

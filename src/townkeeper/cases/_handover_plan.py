"""Finds the running work of units that end, and decides case by case who takes it over."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q

from townkeeper.cases.models import Ask, Case, Stage, Task
from townkeeper.duties.carry import DutyPlan
from townkeeper.units.carry import Piece, is_office
from townkeeper.units.changes import Stand
from townkeeper.units.heirs import Choice
from townkeeper.units.models import Unit

CHUNK = 5_000


class CaseRow(NamedTuple):
    """What is needed of a case to choose an heir."""

    id: int
    number: str
    unit_id: int | None
    area_id: int | None
    category_id: int | None
    lon: float | None
    lat: float | None


class TaskRow(NamedTuple):
    """An open task."""

    id: int
    case_id: int
    unit_id: int | None
    step: str
    stage: str
    part: str
    branch: str


class AskRow(NamedTuple):
    """Something asked for and not decided."""

    id: int
    case_id: int
    unit_id: int | None
    other_id: int | None


@dataclass
class Move:
    """All that changes on one case."""

    case: CaseRow
    unit: Choice | None = None
    area: Choice | None = None
    tasks: dict[TaskRow, Choice] = field(default_factory=dict)
    doubles: list[TaskRow] = field(default_factory=list)
    """Assisting tasks of a unit that leads the same case after the change."""
    asks: dict[int, dict[str, str]] = field(default_factory=dict)
    """Ask → column → heir."""
    moot: list[int] = field(default_factory=list)
    """Disputes between two units that are one now."""


@dataclass
class CasePlan:
    """The moves, and the same as pieces to be counted."""

    moves: list[Move] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


def plan_cases(stand: Stand, duties: DutyPlan, *, lock: bool = False) -> CasePlan:
    """Return what becomes of every running case that has to do with the units that end.

    With `lock` the cases' rows are taken for this transaction, in the order of their ids; only
    then is looked again what they hold: an act that was faster has won, one that comes later finds
    a newer version.
    """
    chooser = _Chooser(stand, duties)
    found = CasePlan()
    for ids in _chunks(_concerned(list(stand.ids))):
        rows = Case.objects.running().filter(pk__in=ids).order_by("pk")
        if lock:
            rows = rows.select_for_update(of=("self",))
        cases = [CaseRow(*row) for row in rows.values_list(*CaseRow.__annotations__)]
        tasks, asks = _tasks(cases), _asks(cases)
        for case in cases:
            move = chooser.move(case, tasks.get(case.id, []), asks.get(case.id, []), found.pieces)
            if move is not None:
                found.moves.append(move)
    return found


def _concerned(ids: list[int]) -> list[int]:
    """Return the running cases of some units: answered for, in their area, with a task, an ask."""
    running = Case.objects.running().order_by()
    found: set[int] = set()
    for condition in (Q(unit__in=ids), Q(area__in=ids)):
        found |= set(running.filter(condition).values_list("pk", flat=True))
    open_tasks = Task.objects.filter(done_at=None, unit__in=ids).order_by()
    found |= set(open_tasks.values_list("case_id", flat=True))
    asks = Ask.objects.filter(Q(unit__in=ids) | Q(other__in=ids), decided_at=None).order_by()
    found |= set(asks.values_list("case_id", flat=True))
    return sorted(found)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _tasks(cases: Iterable[CaseRow]) -> dict[int, list[TaskRow]]:
    found: dict[int, list[TaskRow]] = {}
    rows = Task.objects.filter(done_at=None, case__in=[case.id for case in cases]).order_by("pk")
    for row in rows.values_list(*TaskRow.__annotations__):
        found.setdefault(row[1], []).append(TaskRow(*row))
    return found


def _asks(cases: Iterable[CaseRow]) -> dict[int, list[AskRow]]:
    found: dict[int, list[AskRow]] = {}
    rows = Ask.objects.filter(decided_at=None, case__in=[case.id for case in cases])
    for row in rows.order_by("pk").values_list(*AskRow.__annotations__):
        found.setdefault(row[1], []).append(AskRow(*row))
    return found


class _Chooser:
    """Chooses for one change; what does not depend on the case is looked up once."""

    def __init__(self, stand: Stand, duties: DutyPlan) -> None:
        self.stand = stand
        self.duties = duties
        self.ids = stand.ids
        self.heir_ids = {unit.pk: code for code, unit in stand.receiving.items()}
        units = Unit.objects.values_list("pk", "code", "path")
        self.areas = {pk: (code, path) for pk, code, path in units}
        self.offices = {code for code, unit in stand.leaving.items() if is_office(unit)}

    def move(
        self, case: CaseRow, tasks: list[TaskRow], asks: list[AskRow], pieces: list[Piece]
    ) -> Move | None:
        """Return what changes on a case, and add it to the pieces; None for nothing at all."""
        move = Move(case)
        former = self.ids.get(case.unit_id or 0)
        if former:
            move.unit = self._heir(case, former)
            pieces.append(_piece("case", case.number, former, move.unit))
        placed = self.ids.get(case.area_id or 0)
        if placed:
            move.area = self.stand.heirs.choose(point=(case.lon, case.lat), area=placed)
            pieces.append(_piece("area", case.number, placed, move.area))
        for task in tasks:
            owner = self.ids.get(task.unit_id or 0)
            if owner:
                choice = self._heir_of_task(case, task, owner)
                pieces.append(_piece("task", case.number, owner, choice))
                if choice is not None:
                    move.tasks[task] = choice
        self._find_doubles(move, tasks)
        for ask in asks:
            self._ask(move, ask, pieces)
        return move if former or placed or move.tasks or move.asks else None

    def _heir(self, case: CaseRow, former: str) -> Choice | None:
        heirs = self.stand.heirs
        if heirs.only:
            return Choice(heirs.only, "all")
        code, path = self.areas.get(case.area_id or 0, ("", ""))
        return heirs.choose(
            point=(case.lon, case.lat),
            area=code,
            area_path=path,
            categories=self.duties.tree.line(case.category_id),
            line=self.duties.line_for(former, case.category_id, path),
        )

    def _heir_of_task(self, case: CaseRow, task: TaskRow, owner: str) -> Choice | None:
        if owner in self.offices and task.stage != Stage.HANDLING:
            return self.stand.heirs.for_office()
        return self._heir(case, owner)

    def _find_doubles(self, move: Move, tasks: list[TaskRow]) -> None:
        """Drop assistance that a unit would give to itself; branches are work of their own."""
        held: set[tuple[str, str, str]] = set()
        for task in sorted(tasks, key=lambda task: task.part == "assist"):
            choice = move.tasks.get(task)
            code = choice.heir if choice else self.heir_ids.get(task.unit_id or 0, "")
            key = (task.step, task.branch, code)
            if code and key in held and task.part == "assist":
                move.doubles.append(task)
            held.add(key)

    def _ask(self, move: Move, ask: AskRow, pieces: list[Piece]) -> None:
        after = {}
        for column, pk in (("unit_id", ask.unit_id), ("other_id", ask.other_id)):
            former = self.ids.get(pk or 0)
            if not former:
                continue
            choice = self._heir(move.case, former)
            pieces.append(_piece("ask", move.case.number, former, choice))
            if choice is not None:
                after[column] = choice.heir
        if not after:
            return
        move.asks[ask.id] = after
        sides = [
            after.get(column) or self.heir_ids.get(pk or 0) or str(pk)
            for column, pk in (("unit_id", ask.unit_id), ("other_id", ask.other_id))
        ]
        if ask.unit_id and ask.other_id and sides[0] == sides[1]:
            move.moot.append(ask.id)


def _piece(what: str, key: str, former: str, choice: Choice | None) -> Piece:
    heir, rule = choice or ("", "")
    return Piece(what, key, former, heir, rule)

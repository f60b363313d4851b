"""The steps of a case as a line: done, present, and what comes if all goes well."""

from dataclasses import dataclass

from townkeeper.cases.models import Case, Task
from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure, Step
from townkeeper.web.wording import clock_time


@dataclass(frozen=True, slots=True)
class Mark:
    """One step of the line; `css` is done, now or empty."""

    title: str
    note: str
    css: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The line with the place reached."""

    steps: list[Mark]
    now_no: int
    now_title: str
    next_title: str


def plain_path(procedure: Procedure) -> list[str]:
    """Return the steps of a case in which nothing goes wrong: the first action of each leads on."""
    path = [procedure.start]
    while True:
        step = procedure.steps[path[-1]]
        ways = [action.to for action in step.actions.values() if action.to not in {None, *path}]
        if not ways or ways[0] is None:
            return path
        path.append(ways[0])


def make_progress(procedure: Procedure, case: Case, tasks: list[Task]) -> Progress:
    """Return the line for a case; a step off the plain path is put in where the case left it."""
    path = plain_path(procedure)
    done = {task.step: task for task in tasks if task.is_done}
    if case.step not in path:
        reached = max((path.index(s) for s in done if s in path), default=0)
        rest = [] if case.is_ended else path[reached + 1 :]
        path = [*path[: reached + 1], case.step, *rest]
    here = path.index(case.step)
    marks = [
        Mark(_title(procedure.steps[name]), _note(name, case, done, tasks), _css(n, here, case))
        for n, name in enumerate(path)
    ]
    following = marks[here + 1].title if here + 1 < len(marks) else ""
    return Progress(marks, here + 1, marks[here].title, following)


def _title(step: Step) -> str:
    return say(step.title) if step.title else step.name


def _css(place: int, here: int, case: Case) -> str:
    if place < here or (place == here and case.is_ended):
        return "done"
    return "now" if place == here else ""


def _note(name: str, case: Case, done: dict[str, Task], tasks: list[Task]) -> str:
    now = clock.now()
    if name == case.step:
        if case.is_ended:
            return clock_time(case.closed_at, now) if case.closed_at else ""
        opened = [t for t in tasks if t.step == name and not t.is_done and t.unit]
        return opened[0].unit.title if opened and opened[0].unit else ""
    task = done.get(name)
    return clock_time(task.done_at, now) if task and task.done_at else ""

"""Draws a procedure: its steps as boxes from top to bottom, its actions as arrows between them.

The picture is an SVG made on the server: it prints, needs no script, and the table beside it says
the same in words. Steps stand in the order in which a case can first reach them.
"""

from collections import deque
from dataclasses import dataclass

from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure, Step

BOX_WIDTH = 220
BOX_HEIGHT = 58
GAP_X = 90
GAP_Y = 74
MARGIN = 24
LANE = 15
"""Pixels between two arrows that run beside each other."""
ROOM = 170
"""Pixels for the words beside them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step in the picture; pixels from the upper left corner."""

    name: str
    title: str
    sub: str
    x: float
    y: float
    css: str

    @property
    def middle(self) -> float:
        """Return the x of its middle."""
        return self.x + BOX_WIDTH / 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """An action that leads from one step to another, with its words and where they stand."""

    path: str
    title: str
    x: float
    y: float
    css: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """The whole picture; actions that stay in their step are in the table only."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw_procedure(procedure: Procedure) -> Diagram:
    """Lay the steps out in rows by their distance from the start and draw the actions."""
    rows = _rows(procedure)
    widest = max(len(row) for row in rows)
    boxes = _boxes(procedure, rows, widest)
    arrows, right = _arrows(procedure, boxes, rows)
    width = MARGIN * 2 + widest * BOX_WIDTH + (widest - 1) * GAP_X + right
    height = MARGIN * 2 + len(rows) * BOX_HEIGHT + (len(rows) - 1) * GAP_Y
    return Diagram(width, height, tuple(boxes.values()), tuple(arrows))


def _rows(procedure: Procedure) -> list[list[str]]:
    """Return the steps by distance from the start; those that nothing reaches come last."""
    depth = {procedure.start: 0}
    queue = deque([procedure.start])
    while queue:
        name = queue.popleft()
        for action in procedure.steps[name].actions.values():
            target = action.to
            if target and target in procedure.steps and target not in depth:
                depth[target] = depth[name] + 1
                queue.append(target)
    last = max(depth.values()) + 1
    found: dict[int, list[str]] = {}
    for name in procedure.steps:
        found.setdefault(depth.get(name, last), []).append(name)
    return [found[key] for key in sorted(found)]


def _boxes(procedure: Procedure, rows: list[list[str]], widest: int) -> dict[str, Box]:
    whole = widest * BOX_WIDTH + (widest - 1) * GAP_X
    boxes = {}
    for depth, row in enumerate(rows):
        used = len(row) * BOX_WIDTH + (len(row) - 1) * GAP_X
        left = MARGIN + (whole - used) / 2
        for place, name in enumerate(row):
            step = procedure.steps[name]
            boxes[name] = Box(
                name,
                say(step.title) or name,
                _sub(step),
                left + place * (BOX_WIDTH + GAP_X),
                MARGIN + depth * (BOX_HEIGHT + GAP_Y),
                "box end" if step.final else "box start" if name == procedure.start else "box",
            )
    return boxes


def _sub(step: Step) -> str:
    return " · ".join(part for part in (step.performer, step.limit or "") if part)


def _arrows(
    procedure: Procedure, boxes: dict[str, Box], rows: list[list[str]]
) -> tuple[list[Arrow], float]:
    """Draw arrows to the next row straight, all others around the right side."""
    depth = {name: number for number, row in enumerate(rows) for name in row}
    edge = max(box.x for box in boxes.values()) + BOX_WIDTH
    arrows: list[Arrow] = []
    lane = 0
    for (start, end), (words, asked) in _ways(procedure).items():
        css = "arrow ask" if asked else "arrow"
        here, there = boxes[start], boxes[end]
        if depth[end] == depth[start] + 1:
            arrows.append(_straight(here, there, words, css))
        else:
            lane += 1
            arrows.append(_around(here, there, words, css, edge + lane * LANE))
    return arrows, lane * LANE + ROOM if lane else 0


def _ways(procedure: Procedure) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return (from, to) → the actions' words, and whether all of them must be granted first."""
    found: dict[tuple[str, str], tuple[list[str], list[bool]]] = {}
    for name, step in procedure.steps.items():
        for action in step.actions.values():
            if action.to and action.to != name and action.to in procedure.steps:
                words, asked = found.setdefault((name, action.to), ([], []))
                words.append(say(action.title) or action.name)
                asked.append(action.ask is not None)
    return {way: (" / ".join(words), all(asked)) for way, (words, asked) in found.items()}


def _straight(here: Box, there: Box, words: str, css: str) -> Arrow:
    top, bottom = here.y + BOX_HEIGHT, there.y - 7
    path = f"M{here.middle:.0f},{top:.0f} L{there.middle:.0f},{bottom:.0f}"
    x = (here.middle + there.middle) / 2 + 6
    return Arrow(path, words, x, (top + bottom) / 2 + 4, css)


def _around(here: Box, there: Box, words: str, css: str, x: float) -> Arrow:
    start, end = here.y + BOX_HEIGHT * 0.65, there.y + BOX_HEIGHT * 0.35
    path = (
        f"M{here.x + BOX_WIDTH:.0f},{start:.0f} H{x:.0f} V{end:.0f} H{there.x + BOX_WIDTH + 7:.0f}"
    )
    return Arrow(path, words, x + 5, (start + end) / 2 + 4, css)

"""Draws a procedure as lines of a bus plan: no line hides a word, however many actions there are.

Each step is a box; on its right stand its actions, each with its line. All lines that lead to the
same step run together in one lane and enter that step's box at its head. The picture is an SVG made
on the server: it prints, needs no script, and the table beside it says the same in words.
"""

from collections import deque
from dataclasses import dataclass

from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure, Step

BOX_WIDTH = 190
SLOT = 26
"""Pixels from one action's line to the next."""
HEAD = 40
"""Pixels of a box for its two lines of words."""
GAP = 22
MARGIN = 20
WORDS = 250
"""Pixels for the words of an action."""
LANE = 16


@dataclass(frozen=True, slots=True)
class Box:
    """A step in the picture; pixels from the upper left corner."""

    name: str
    title: str
    sub: str
    y: int
    height: int
    css: str

    @property
    def entry(self) -> int:
        """Return the y at which lines come in."""
        return self.y + 13

    def slot(self, place: int) -> int:
        """Return the y of an action's line."""
        return self.y + HEAD + place * SLOT


@dataclass(frozen=True, slots=True)
class Exit:
    """An action: its words, where its line begins, and the path to the lane."""

    title: str
    y: int
    path: str
    css: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """The whole picture; `x` is where boxes begin, `edge` where they end."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    exits: tuple[Exit, ...]
    entries: tuple[str, ...]
    """Paths from the lanes into the boxes, with arrow heads."""
    x: int = MARGIN
    edge: int = MARGIN + BOX_WIDTH
    box_width: int = BOX_WIDTH


def draw_procedure(procedure: Procedure, subs: dict[str, str]) -> Diagram:
    """Lay the steps out one below the other; `subs` says who acts in which step, and how long."""
    order = reading_order(procedure)
    boxes = _boxes(procedure, order, subs)
    targets = [name for name in order if _comes_from_elsewhere(procedure, name)]
    lanes = {
        name: MARGIN + BOX_WIDTH + WORDS + place * LANE for place, name in enumerate(targets, 1)
    }
    exits, reach = _exits(procedure, boxes, lanes)
    entries = tuple(_entry(boxes[name], lanes[name], reach[name]) for name in targets)
    last = boxes[order[-1]]
    width = max(lanes.values(), default=MARGIN + BOX_WIDTH) + MARGIN
    height = last.y + last.height + MARGIN
    return Diagram(width, height, tuple(boxes.values()), tuple(exits), entries)


def reading_order(procedure: Procedure) -> list[str]:
    """Return the steps as a case can first reach them, ends last."""
    found = [procedure.start]
    queue = deque(found)
    while queue:
        for action in procedure.steps[queue.popleft()].actions.values():
            target = action.to
            if target and target in procedure.steps and target not in found:
                found.append(target)
                queue.append(target)
    found += [name for name in procedure.steps if name not in found]
    return sorted(found, key=lambda name: procedure.steps[name].final)


def _leaving(name: str, step: Step) -> list[str]:
    return [key for key, action in step.actions.items() if action.to and action.to != name]


def _comes_from_elsewhere(procedure: Procedure, name: str) -> bool:
    return any(
        procedure.steps[other].actions[key].to == name
        for other in procedure.steps
        for key in _leaving(other, procedure.steps[other])
    )


def _boxes(procedure: Procedure, order: list[str], subs: dict[str, str]) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    y = MARGIN
    for name in order:
        step = procedure.steps[name]
        height = HEAD + 12 + len(_leaving(name, step)) * SLOT - (SLOT // 2)
        css = "box end" if step.final else "box start" if name == procedure.start else "box"
        title = say(step.title) or name
        boxes[name] = Box(name, title, subs.get(name, ""), y, max(height, HEAD + 14), css)
        y += max(height, HEAD + 14) + GAP
    return boxes


def _exits(
    procedure: Procedure, boxes: dict[str, Box], lanes: dict[str, int]
) -> tuple[list[Exit], dict[str, list[int]]]:
    """Return the lines of the actions, and for each lane the heights at which lines join it."""
    exits: list[Exit] = []
    reach: dict[str, list[int]] = {name: [] for name in lanes}
    for name, box in boxes.items():
        step = procedure.steps[name]
        for place, key in enumerate(_leaving(name, step)):
            action = step.actions[key]
            if action.to not in lanes:
                continue
            y = box.slot(place) + 6
            reach[action.to].append(y)
            path = f"M{MARGIN + BOX_WIDTH},{y} H{lanes[action.to]}"
            css = "arrow ask" if action.ask else "arrow"
            exits.append(Exit(say(action.title) or action.name, y, path, css))
    return exits, reach


def _entry(box: Box, lane: int, reach: list[int]) -> str:
    """Return the lane from its highest to its lowest line, and from it into the box."""
    top, bottom = min([*reach, box.entry]), max([*reach, box.entry])
    return f"M{lane},{top} V{bottom} M{lane},{box.entry} H{MARGIN + BOX_WIDTH + 7}"

"""Places a procedure on paper: one column of steps, ways on down the right, ways back on the left.

Every way out has a height of its own and every label a reserved strip beside its box, so that
labels cannot lie on each other whatever the procedure looks like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from townkeeper.procedures import graph
from townkeeper.procedures.model import Action, Branch, Procedure, Step
from townkeeper.procedures.phrases import WORDS
from townkeeper.procedures.wording import COLUMNS, limit_text, title

SIZE = 13
SMALL = 11
LINE = 17
PAD = 12
BOX = 210
BRANCH_GAP = 12
BRANCH = 96
LANE = 16
GAP = 30
WIDE = 0x2E80
"""Characters from here on (CJK) are as wide as they are high."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a box."""

    text: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """All actions that lead from one step to another, drawn as one arrow."""

    source: str
    target: str
    labels: tuple[str, ...]


@dataclass(slots=True)
class Box:
    """A step with its place; `branches` holds the boxes inside it."""

    name: str
    lines: list[Line]
    is_final: bool
    join: str = ""
    branches: list["Box"] = field(default_factory=list)
    x: float = 0
    y: float = 0
    width: float = BOX
    height: float = 0
    right: list[Way] = field(default_factory=list)
    left: list[Way] = field(default_factory=list)
    down: Way | None = None
    takes_right: bool = False
    takes_left: bool = False

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Lane:
    """A vertical line that gathers the ways to one target on one side."""

    target: str
    x: float
    ports: tuple[tuple[Way, float], ...]
    entry: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything with its coordinates, in pixels from the upper left corner."""

    boxes: Mapping[str, Box]
    right: tuple[Lane, ...]
    left: tuple[Lane, ...]
    width: float
    height: float


def word(key: str, lang: str) -> str:
    """Return a word of the diagrams in `lang`."""
    return WORDS[key][COLUMNS.get(lang, 0)]


def text_width(text: str, size: float = SMALL) -> float:
    """Return about how wide a text is; letters count as 0.6 of a Chinese character."""
    return sum(size if ord(sign) >= WIDE else size * 0.6 for sign in text)


def place(procedure: Procedure, lang: str, names: Mapping[str, str]) -> Layout:
    """Lay the procedure out; `names` gives the words for roles and units, by code."""
    order = graph.order(procedure)
    boxes = {name: _box(procedure.steps[name], lang, names) for name in order}
    _ways(procedure, boxes, order, lang, names)
    widest = max(box.width for box in boxes.values())
    lanes_left, lanes_right = _lane_count(boxes, "left"), _lane_count(boxes, "right")
    strip_left, strip_right = _strip(boxes, "left"), _strip(boxes, "right")
    middle = PAD + lanes_left * LANE + strip_left + widest / 2
    y = float(PAD)
    for box in boxes.values():
        box.x, box.y = middle - box.width / 2, y
        for number, branch in enumerate(box.branches):
            branch.x = box.x + PAD + number * (branch.width + BRANCH_GAP)
            branch.y = box.bottom - branch.height - PAD - LINE
        y = box.bottom + GAP + (LINE * len(box.down.labels) if box.down else 0)
    edge = middle + widest / 2 + strip_right
    return Layout(
        boxes=boxes,
        right=_lanes(boxes, "right", edge),
        left=_lanes(boxes, "left", middle - widest / 2 - strip_left),
        width=edge + lanes_right * LANE + PAD,
        height=y - GAP + PAD,
    )


# --- boxes ---


def _box(step: Step, lang: str, names: Mapping[str, str]) -> Box:
    role = names.get(step.performer, step.performer)
    unit = word("duty", lang) if step.unit == "duty" else ""
    limit = limit_text(step.limit, lang) if step.limit else ""
    box = Box(name=step.name, lines=[], is_final=step.final)
    box.lines = _lines(title(step.title, lang, step.name), [_dotted(role, unit), limit])
    box.branches = [_branch(step, branch, lang, names) for branch in step.branches]
    inside = _stretch(box.branches)
    box.width = max(BOX, inside + 2 * PAD, *(_line_width(line) + 2 * PAD for line in box.lines))
    stays = [title(a.title, lang, a.name) for a in step.actions.values() if a.to is None]
    if stays:
        comma = word("comma", lang)
        pieces = [f"{said}{comma}" for said in stays[:-1]] + stays[-1:]
        pieces[0] = word("also", lang) + pieces[0]
        box.lines += [Line(text) for text in _wrap(pieces, box.width - 2 * PAD)]
    box.height = len(box.lines) * LINE + PAD
    if box.branches:
        box.join = word(step.join, lang)
        box.height += box.branches[0].height + LINE * 2
    return box


def _branch(step: Step, branch: Branch, lang: str, names: Mapping[str, str]) -> Box:
    who = branch.performer or step.performer
    limit = limit_text(branch.limit, lang) if branch.limit else ""
    said = title(branch.title, lang, branch.name)
    texts = [names.get(who, who), word(f"{branch.role}-unit", lang), limit]
    return Box(branch.name, _lines(said, texts), is_final=False)


def _lines(strong: str, texts: list[str]) -> list[Line]:
    return [Line(strong, is_strong=True), *(Line(text) for text in texts if text)]


def _dotted(*texts: str) -> str:
    return " · ".join(filter(None, texts))


def _line_width(line: Line) -> float:
    return text_width(line.text, SIZE if line.is_strong else SMALL)


def _stretch(branches: list[Box]) -> float:
    """Make the branches equally large and return how much room they take side by side."""
    lines = [line for branch in branches for line in branch.lines]
    width = max([BRANCH, *(_line_width(line) + PAD for line in lines)])
    tallest = max((len(branch.lines) for branch in branches), default=0)
    for branch in branches:
        branch.width, branch.height = width, tallest * LINE + PAD
    return len(branches) * (width + BRANCH_GAP) - BRANCH_GAP


def _wrap(pieces: list[str], width: float) -> list[str]:
    """Put pieces on lines no wider than `width`; a piece is never broken."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if text_width(lines[-1] + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += piece
    return [line.strip() for line in lines]


# --- ways ---


def _ways(
    procedure: Procedure,
    boxes: Mapping[str, Box],
    order: list[str],
    lang: str,
    names: Mapping[str, str],
) -> None:
    for index, name in enumerate(order):
        labels: dict[str, list[str]] = {}
        for action in procedure.steps[name].actions.values():
            if action.to in boxes:
                labels.setdefault(str(action.to), []).append(_label(action, lang, names))
        for target, said in labels.items():
            way = Way(name, target, tuple(said))
            there = order.index(target)
            if there == index + 1:
                boxes[name].down = way
            elif there >= index:
                boxes[name].right.append(way)
                boxes[target].takes_right = True
            else:
                boxes[name].left.append(way)
                boxes[target].takes_left = True
    for box in boxes.values():
        for ways, takes in ((box.right, box.takes_right), (box.left, box.takes_left)):
            needed = sum(LINE * len(way.labels) for way in ways) + PAD + (LINE if takes else 0)
            box.height = max(box.height, needed)


def _label(action: Action, lang: str, names: Mapping[str, str]) -> str:
    said = title(action.title, lang, action.name)
    if action.within is not None:
        said += word("window", lang).format(limit=limit_text(action.within, lang))
    if action.ask is None:
        return said
    decider = names.get(action.ask.decider, action.ask.decider)
    return said + word("ask", lang).format(role=decider)


def _strip(boxes: Mapping[str, Box], side: str) -> float:
    """Return the width of the strip that holds the labels of one side."""
    widths = [
        text_width(label)
        for box in boxes.values()
        for way in _side(box, side)
        for label in way.labels
    ]
    return max(widths, default=0.0) + 2 * PAD


def _side(box: Box, side: str) -> list[Way]:
    return box.right if side == "right" else box.left


def _lane_count(boxes: Mapping[str, Box], side: str) -> int:
    return len({way.target for box in boxes.values() for way in _side(box, side)})


def _lanes(boxes: Mapping[str, Box], side: str, edge: float) -> tuple[Lane, ...]:
    """Give each target a lane, the shortest nearest to the boxes."""
    ports: dict[str, list[tuple[Way, float]]] = {}
    for box in boxes.values():
        takes = box.takes_right if side == "right" else box.takes_left
        y = box.y + PAD / 2 + (LINE if takes else 0)
        for way in _side(box, side):
            y += LINE * len(way.labels)
            ports.setdefault(way.target, []).append((way, y))

    def reach(target: str) -> float:
        heights = [boxes[target].y, *(y for _, y in ports[target])]
        return max(heights) - min(heights)

    step = LANE if side == "right" else -LANE
    return tuple(
        Lane(target, edge + step * number, tuple(ports[target]), boxes[target].y + LINE * 0.75)
        for number, target in enumerate(sorted(ports, key=reach), 0)
    )

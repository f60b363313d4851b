"""Draws a procedure as SVG for pages, print and bulletins: no script, no style, readable aloud."""

from collections.abc import Mapping
from html import escape

from townkeeper.procedures import graph
from townkeeper.procedures.layout import (
    LINE,
    PAD,
    SIZE,
    SMALL,
    Box,
    Lane,
    Layout,
    Line,
    Way,
    place,
    word,
)
from townkeeper.procedures.model import Procedure
from townkeeper.procedures.wording import limit_text, title

BRAND = "#0f6e6a"
FRAME = "#0c373a"
RULE = "#75868b"
"""Field grey: at least 3 to 1 on the light and on the dark surface."""
FONT = (
    "PingFang SC, PingFang TC, HarmonyOS Sans SC, Microsoft YaHei, Microsoft JhengHei, "
    "Noto Sans CJK SC, Noto Sans CJK TC, system-ui, sans-serif"
)
ROUND = 8
ARROW = 7


def svg(
    procedure: Procedure,
    lang: str = "zh-Hant",
    *,
    current: str | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return the diagram as one SVG element.

    `current` marks the step where a case stands; `names` gives the words for roles and units.
    Texts take the colour of their surroundings; classes `proc-…` let a style sheet do more.
    """
    known = names or {}
    layout = place(procedure, lang, known)
    width, height = round(layout.width), round(layout.height)
    key = escape(procedure.key)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="proc" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" lang="{escape(lang)}" '
        f'aria-labelledby="proc-{key}-title proc-{key}-desc" font-family="{FONT}" '
        f'font-size="{SIZE}" fill="currentColor">'
    )
    parts = [
        head,
        f'<title id="proc-{key}-title">{escape(_heading(procedure, lang))}</title>',
        f'<desc id="proc-{key}-desc">{escape(_spoken(procedure, lang, known))}</desc>',
        *(_lane(lane, layout, side=1) for lane in layout.right),
        *(_lane(lane, layout, side=-1) for lane in layout.left),
        *(_down(box, box.down, layout) for box in layout.boxes.values() if box.down),
        *(_box(box, is_current=box.name == current) for box in layout.boxes.values()),
        "</svg>",
    ]
    return "\n".join(parts)


def _heading(procedure: Procedure, lang: str) -> str:
    return word("diagram", lang) + title(procedure.title, lang, procedure.key)


def _spoken(procedure: Procedure, lang: str, names: Mapping[str, str]) -> str:
    """Say the diagram in words for people who do not see it."""
    said = []
    for name in graph.order(procedure):
        step = procedure.steps[name]
        text = title(step.title, lang, name)
        if step.performer:
            text += word("by", lang) + names.get(step.performer, step.performer)
        if step.limit:
            text += word("within", lang) + limit_text(step.limit, lang)
        ways = [
            title(action.title, lang, action.name)
            + word("leads", lang)
            + title(procedure.steps[action.to].title, lang, action.to)
            for action in step.actions.values()
            if action.to in procedure.steps and action.to is not None
        ]
        said.append(f"{text}: {'; '.join(ways)}." if ways else f"{text}.")
    return " ".join(said)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(line: Line, x: float, y: float, anchor: str = "middle") -> str:
    weight = ' font-weight="650"' if line.is_strong else f' font-size="{SMALL}"'
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"{weight}>'
        f"{escape(line.text)}</text>"
    )


def _path(points: str, css: str = "proc-edge") -> str:
    return f'<path class="{css}" d="{points}" fill="none" stroke="{RULE}" stroke-width="1.3"/>'


def _arrow(x: float, y: float, dx: int, dy: int) -> str:
    """Return an arrow head with its point at (x, y), looking towards (dx, dy)."""
    back_x, back_y = x - dx * ARROW, y - dy * ARROW
    wing_x, wing_y = dy * ARROW / 2, dx * ARROW / 2
    points = [(x, y), (back_x + wing_x, back_y + wing_y), (back_x - wing_x, back_y - wing_y)]
    said = " ".join(f"{_number(px)},{_number(py)}" for px, py in points)
    return f'<polygon class="proc-arrow" points="{said}" fill="{RULE}"/>'


def _box(box: Box, *, is_current: bool) -> str:
    css = "proc-step" + (" proc-final" if box.is_final else "")
    css += " proc-current" if is_current else ""
    radius = min(box.height / 2, 22) if box.is_final else 6
    opacity = "0.16" if is_current else "0.03"
    frame = (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="{_number(radius)}" fill="{BRAND}" '
        f'fill-opacity="{opacity}" stroke="{FRAME if box.is_final else BRAND}" '
        f'stroke-width="{3 if is_current else 1.5}"/>'
    )
    mark = ' aria-current="step"' if is_current else ""
    parts = [f'<g class="{css}"{mark}>', frame]
    top = box.y + PAD / 2
    if not box.branches:
        top = box.y + (box.height - len(box.lines) * LINE) / 2
    parts += [
        _text(line, box.middle, top + LINE * (number + 0.75))
        for number, line in enumerate(box.lines)
    ]
    if box.branches:
        parts += _branches(box)
    return "\n".join([*parts, "</g>"])


def _branches(box: Box) -> list[str]:
    first, last = box.branches[0], box.branches[-1]
    parts = []
    for branch in box.branches:
        parts.append(
            f'<rect class="proc-branch" x="{_number(branch.x)}" y="{_number(branch.y)}" '
            f'width="{_number(branch.width)}" height="{_number(branch.height)}" rx="4" '
            f'fill="{BRAND}" fill-opacity="0.06" stroke="{BRAND}"/>'
        )
        top = branch.y + (branch.height - len(branch.lines) * LINE) / 2
        parts += [
            _text(line, branch.middle, top + LINE * (number + 0.75))
            for number, line in enumerate(branch.lines)
        ]
    for y in (first.y - 5, first.bottom + 5):
        parts.append(
            f'<path class="proc-bar" d="M{_number(first.x)} {_number(y)}'
            f'H{_number(last.x + last.width)}" stroke="{FRAME}" stroke-width="3"/>'
        )
    parts.append(_text(Line(box.join), box.middle, first.bottom + PAD + LINE * 0.6))
    return parts


def _down(box: Box, way: Way, layout: Layout) -> str:
    end = layout.boxes[way.target].y
    parts = [
        _path(f"M{_number(box.middle)} {_number(box.bottom)}V{_number(end - ARROW)}"),
        _arrow(box.middle, end, 0, 1),
    ]
    parts += [
        _text(Line(label), box.middle + 8, box.bottom + 6 + LINE * (number + 0.75), "start")
        for number, label in enumerate(way.labels)
    ]
    return "\n".join(parts)


def _lane(lane: Lane, layout: Layout, *, side: int) -> str:
    """Draw the ways to one target on one side: stubs with labels, curves, one arrow head."""
    target = layout.boxes[lane.target]
    edge = target.x + (target.width if side > 0 else 0)
    parts = []
    for way, y in lane.ports:
        box = layout.boxes[way.source]
        start = box.x + (box.width if side > 0 else 0)
        turn = ROUND if lane.entry > y else -ROUND
        bend = lane.x - side * ROUND
        parts.append(
            _path(
                f"M{_number(start)} {_number(y)}H{_number(bend)}"
                f"Q{_number(lane.x)} {_number(y)} {_number(lane.x)} {_number(y + turn)}"
                f"V{_number(lane.entry - turn)}"
                f"Q{_number(lane.x)} {_number(lane.entry)} {_number(bend)} {_number(lane.entry)}"
                f"H{_number(edge + side * ARROW)}",
                "proc-edge" if side > 0 else "proc-edge proc-back",
            )
        )
        anchor = "start" if side > 0 else "end"
        for number, label in enumerate(reversed(way.labels)):
            at = y - 4 - LINE * number
            parts.append(_text(Line(label), start + side * 8, at, anchor))
    return "\n".join([*parts, _arrow(edge, lane.entry, -side, 0)])

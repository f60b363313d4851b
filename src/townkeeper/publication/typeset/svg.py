"""Draws small charts as SVG text: bars, sparklines, lines with direct labels, stacked parts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from townkeeper.publication.typeset.document import clean
from townkeeper.publication.typeset.layout import ems

Palette = Literal["css", "plain"]
"""`css` names the page's tokens (light and dark follow); `plain` names colours, for Typst."""
Point = tuple[float, float]

TOKENS = {
    "ink": ("--ink", "#16262a"),
    "soft": ("--ink-3", "#5d7075"),
    "line": ("--line", "#d9e1e2"),
    "main": ("--brand-600", "#0f6e6a"),
    "second": ("--info", "#1a5fa6"),
    "third": ("--violet", "#6a3d9e"),
    "fourth": ("--warn", "#835200"),
    "part-1": ("--brand-600", "#0f6e6a"),
    "part-2": ("--score-2", "#7dbbb5"),
    "part-3": ("--score-3", "#b7dad6"),
    "alert": ("--score-alert", "#e2b04a"),
}
SERIES = ("main", "second", "third", "fourth")
DASHES = ("", "6 3", "2 3", "8 3 2 3")
PARTS = ("part-1", "part-2", "part-3", "alert")
ON_PART = ("#ffffff", "#16262a", "#16262a", "#16262a")
FAMILIES = "Noto Sans CJK SC, Noto Sans CJK HK, Liberation Sans, Libertinus Serif"
SIZE = 12.0
"""Type size in the drawing's own units (one unit is a CSS pixel)."""


@dataclass(frozen=True)
class Bar:
    """One bar: what it is, how long, how the figure is written, whether it wants attention."""

    label: str
    value: float
    text: str
    alert: bool = False


@dataclass(frozen=True)
class Line:
    """One series; None is a period without a figure and breaks the line."""

    label: str
    values: tuple[float | None, ...]
    text: str = ""
    """The last figure as written."""


@dataclass(frozen=True)
class Part:
    """One part of a whole, with its figure as written."""

    label: str
    value: float
    text: str


def bars(
    items: Sequence[Bar], *, title: str, palette: Palette, most: float | None = None,
    width: float = 590.0,
) -> str:  # fmt: skip
    """Draw horizontal bars from zero; `most` is the value of a full bar (a score's 100)."""
    pen = _Pen(palette)
    top = max([most or 0.0, *(item.value for item in items)], default=0.0) or 1.0
    left = min(max((ems(item.label) for item in items), default=0.0) * SIZE, width * 0.4) + 10
    right = max((ems(item.text) for item in items), default=0.0) * SIZE + 12
    room = width - left - right
    for number, item in enumerate(items):
        y = number * 24.0
        length = max(item.value, 0.0) / top * room
        pen.text(left - 8, y + 16, _short(item.label, left - 10), anchor="end")
        pen.rect(left, y + 4, length, 16, "alert" if item.alert else "main")
        pen.text(left + length + 6, y + 16, item.text)
    pen.rule(left, 0, left, max(len(items) * 24.0, 24.0))
    return pen.svg(width, max(len(items) * 24.0, 24.0), title)


def sparkline(
    values: Sequence[float | None], *, title: str, palette: Palette,
    width: float = 96.0, height: float = 24.0,
) -> str:  # fmt: skip
    """Draw a line without axes, its last point marked."""
    pen = _Pen(palette)
    low, high = _span([values])
    points = _points(values, low, high, (3.0, 3.0, width - 6, height - 6))
    pen.path(points, "main", "")
    known = [point for point in points if point is not None]
    if known:
        pen.dot(known[-1], "main")
    return pen.svg(width, height, title)


def lines(
    series: Sequence[Line], ticks: Sequence[str], *, title: str, palette: Palette,
    width: float = 590.0, height: float = 220.0,
) -> str:  # fmt: skip
    """Draw up to four series over named periods, each labelled at its end and dashed apart."""
    pen = _Pen(palette)
    drawn = series[: len(SERIES)]
    scale = _scale(*_span([line.values for line in drawn]))
    low, high = scale[0], scale[-1]
    names = [f"{line.label} {line.text}".strip() for line in drawn]
    right = min(max((ems(name) for name in names), default=0.0) * SIZE + 12, width * 0.4)
    box = (44.0, 10.0, width - 44 - right, height - 38)
    for value in scale:
        y = box[1] + box[3] * (1 - (value - low) / (high - low))
        pen.rule(box[0], y, box[0] + box[2], y)
        pen.text(box[0] - 6, y + 4, f"{value:,.6g}", anchor="end", ink="soft")
    _ticks(pen, ticks, box)
    ends: list[tuple[float, int]] = []
    for number, line in enumerate(drawn):
        points = _points(line.values, low, high, box)
        pen.path(points, SERIES[number], DASHES[number])
        known = [point for point in points if point is not None]
        if known:
            pen.dot(known[-1], SERIES[number])
            ends.append((known[-1][1], number))
    floor = -SIZE
    for y, number in sorted(ends):
        floor = max(y + 4, floor + SIZE + 2)  # labels step aside, never on top of each other
        name = _short(names[number], right - 10)
        pen.text(box[0] + box[2] + 8, floor, name, ink=SERIES[number])
    return pen.svg(width, max(height, floor + 4), title)


def parts(items: Sequence[Part], *, title: str, palette: Palette, width: float = 590.0) -> str:
    """Draw the parts of a whole as one bar, each named under it with its figure."""
    pen = _Pen(palette)
    whole = sum(max(item.value, 0.0) for item in items)
    x = 0.0
    if not whole:
        pen.rect(0, 0, width, 24, "line")
    for number, item in enumerate(items if whole else ()):
        length = max(item.value, 0.0) / whole * width
        pen.rect(x, 0, length, 24, PARTS[number % len(PARTS)])
        if ems(item.text) * SIZE + 8 < length:
            colour = ON_PART[number % len(PARTS)]
            pen.text(x + length / 2, 16, item.text, anchor="middle", colour=colour)
        x += length
    x, y = 0.0, 34.0
    for number, item in enumerate(items):
        name = f"{item.label} {item.text}"
        wide = min(ems(name) * SIZE + 32, width)
        if x and x + wide > width:
            x, y = 0.0, y + 20
        pen.rect(x, y, 12, 12, PARTS[number % len(PARTS)])
        pen.text(x + 16, y + 11, _short(name, width - 20))
        x += wide
    return pen.svg(width, y + 18, title)


class _Pen:
    """Collects escaped SVG elements; no style attribute, no script, colours by palette."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.drawn: list[str] = []

    def colour(self, name: str) -> str:
        token, plain = TOKENS[name]
        return f"var({token},{plain})" if self.palette == "css" else plain

    def rect(self, x: float, y: float, width: float, height: float, ink: str) -> None:
        self.drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{self.colour(ink)}"/>'
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float) -> None:
        self.drawn.append(
            f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{self.colour("line")}" '
            'stroke-width="1" fill="none"/>'
        )

    def path(self, points: Sequence[Point | None], ink: str, dash: str) -> None:
        steps = []
        move = "M"
        for point in points:
            if point is None:
                move = "M"
                continue
            steps.append(f"{move}{point[0]:.1f} {point[1]:.1f}")
            move = "L"
        if steps:
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            self.drawn.append(
                f'<path d="{"".join(steps)}" stroke="{self.colour(ink)}" stroke-width="2" '
                f'stroke-linejoin="round" stroke-linecap="round" fill="none"{dashes}/>'
            )

    def dot(self, point: Point, ink: str) -> None:
        self.drawn.append(
            f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" fill="{self.colour(ink)}"/>'
        )

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", ink: str = "ink",
        colour: str = "",
    ) -> None:  # fmt: skip
        self.drawn.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'fill="{colour or self.colour(ink)}">{_safe(words)}</text>'
        )

    def svg(self, width: float, height: float, title: str) -> str:
        family = "inherit" if self.palette == "css" else FAMILIES
        label = _safe(title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{label}" '
            f'font-family="{family}" font-size="{SIZE:.0f}"><title>{label}</title>'
            f"{''.join(self.drawn)}</svg>"
        )


def _safe(words: str) -> str:
    return escape(clean(words).replace("\n", " "), {'"': "&quot;", "'": "&#39;"})


def _short(words: str, room: float) -> str:
    text = clean(words).replace("\n", " ")
    if ems(text) * SIZE <= room:
        return text
    used = 1.0  # the dots
    for place, letter in enumerate(text):
        used += ems(letter)
        if used * SIZE > room:
            return f"{text[:place]}…"
    return text


def _span(series: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    known = [value for values in series for value in values if value is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    return (low, high) if high > low else (low - 1, high + 1)


def _scale(low: float, high: float) -> list[float]:
    """Return round values (steps of 1, 2 or 5 times a power of ten) that enclose the span."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 5, 10) if power * size >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, last + 1)]


def _points(
    values: Sequence[float | None], low: float, high: float, box: tuple[float, float, float, float]
) -> list[Point | None]:
    x, y, width, height = box
    step = width / max(len(values) - 1, 1)
    return [
        None
        if value is None
        else (x + step * number, y + height * (1 - (value - low) / (high - low)))
        for number, value in enumerate(values)
    ]


def _ticks(pen: _Pen, ticks: Sequence[str], box: tuple[float, float, float, float]) -> None:
    if not ticks:
        return
    step = box[2] / max(len(ticks) - 1, 1)
    wide = max(ems(tick) for tick in ticks) * SIZE + 8
    every = max(1, int(wide / step) + (1 if wide % step else 0)) if step < wide else 1
    for number, tick in enumerate(ticks):
        if (len(ticks) - 1 - number) % every == 0:
            x = box[0] + step * number
            pen.text(x, box[1] + box[3] + 18, tick, anchor="middle", ink="soft")

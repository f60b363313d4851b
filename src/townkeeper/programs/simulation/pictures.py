"""Draws photos for simulated cases, so that nobody takes them for real ones."""

import io
import random

from PIL import Image, ImageDraw

SIZE = (960, 720)
SKY, WALL, ROAD, KERB = "#bcd3d8", "#d9cdb8", "#80878a", "#b9bcbb"
BAGS = ("#2f4a3f", "#3a3f58", "#5a4632", "#6d3b35")


def draw_scene(kind: str, *, after: bool, variant: int) -> bytes:
    """Return a JPEG of a street with, or after the fix without, what was reported."""
    dice = random.Random(f"{kind}{variant}")  # noqa: S311 - a drawing, not a secret
    image = Image.new("RGB", SIZE, SKY)
    pen = ImageDraw.Draw(image)
    _street(pen, dice)
    if not after:
        {"stall": _stalls, "car": _cars, "hole": _hole}.get(kind, _refuse)(pen, dice)
    pen.rectangle((730, 660, 960, 720), fill="#0c373a")
    pen.text((752, 674), "SIMULATED", fill="white", font_size=30)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _street(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    pen.rectangle((0, 260, 960, 470), fill=WALL)
    for x in range(0, 960, 120):
        pen.rectangle((x + 20, 300, x + 90, 400), fill=dice.choice(("#7f98a3", "#9fb2b8")))
    pen.rectangle((0, 470, 960, 520), fill=KERB)
    pen.rectangle((0, 520, 960, 720), fill=ROAD)
    for x in range(30, 960, 160):
        pen.rectangle((x, 610, x + 90, 620), fill="#e8e8e4")
    tree = dice.randint(60, 800)
    pen.rectangle((tree, 300, tree + 18, 480), fill="#6b5138")
    pen.ellipse((tree - 70, 150, tree + 90, 330), fill="#4f7d4c")


def _refuse(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    left = dice.randint(250, 550)
    pen.rectangle((left, 390, left + 80, 510), fill="#2c6e8f")
    for _bag in range(9):
        x, y = left + dice.randint(-120, 220), dice.randint(455, 540)
        size = dice.randint(40, 80)
        pen.ellipse((x, y, x + size, y + size * 0.7), fill=dice.choice(BAGS))


def _stalls(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    for left in range(180, 780, 210):
        pen.rectangle((left, 420, left + 150, 500), fill="#a9713d")
        pen.polygon(
            [(left - 15, 380), (left + 165, 380), (left + 140, 330), (left + 10, 330)],
            fill=dice.choice(("#c9483b", "#d7933a", "#3f7fa6")),
        )
        for x in range(left + 10, left + 140, 26):
            pen.ellipse((x, 402, x + 22, 424), fill=dice.choice(("#7aa33d", "#d8502f", "#e0b13d")))


def _cars(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    for left in range(150, 700, 260):
        colour = dice.choice(("#f0f0ee", "#7b2f2f", "#2f4a6d", "#333333"))
        pen.rounded_rectangle((left, 440, left + 210, 520), 18, fill=colour)
        pen.rounded_rectangle((left + 40, 395, left + 170, 450), 14, fill=colour)
        for x in (left + 30, left + 140):
            pen.ellipse((x, 495, x + 46, 541), fill="#1e1e1e")


def _hole(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    left = dice.randint(300, 500)
    pen.ellipse((left, 560, left + 260, 660), fill="#3b3f41")
    pen.ellipse((left + 30, 580, left + 220, 645), fill="#22282b")
    for _crack in range(6):
        x, y = left + dice.randint(-60, 300), dice.randint(560, 680)
        pen.line((left + 130, 610, x, y), fill="#3b3f41", width=4)

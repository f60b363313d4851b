"""Draws street scenes that look like photos to a computer, and does to them what cheats do.

Sky, houses, road, trees, litter, uneven light and sensor noise. The same seed is the same street;
another `litter` or `shift` is the same street on another day, or from half a step aside.
"""

import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

WIDE, HIGH, EDGE = 400, 300, 24


def scene(seed, *, litter=0, shift=(0, 0), light=1.0):
    """A street; `litter` None is the street swept."""
    dice = _dice(seed)
    image = Image.new("RGB", (WIDE + 2 * EDGE, HIGH + 2 * EDGE))
    pen = ImageDraw.Draw(image)
    horizon = int(HIGH * dice.uniform(0.4, 0.6)) + EDGE
    sky = [dice.randint(150, 230) for _ in range(3)]
    for y in range(horizon):
        shade = tuple(min(255, int(part * (1 + 0.2 * y / HIGH))) for part in sky)
        pen.line([(0, y), (image.width, y)], fill=shade)
    pen.rectangle((0, horizon, image.width, image.height), fill=(dice.randint(80, 150),) * 3)
    _houses(pen, dice, horizon, image.width)
    _road(pen, dice, horizon, image.height)
    if litter is not None:
        _litter(pen, _dice(seed, litter), horizon)
    return _photographed(image, seed, litter, shift, light)


def _dice(*seeds):
    return random.Random(str(seeds))  # noqa: S311 - a drawing, not a secret


def _houses(pen, dice, horizon, width):
    x = -20
    while x < width:
        wide, high = dice.randint(30, 110), dice.randint(30, max(40, horizon - EDGE))
        colour = tuple(dice.randint(60, 210) for _ in range(3))
        pen.rectangle((x, horizon - high, x + wide, horizon + 8), fill=colour)
        dark = tuple(max(0, part - 50) for part in colour)
        for left in range(x + 5, x + wide - 8, dice.randint(11, 20)):
            for top in range(horizon - high + 5, horizon - 8, dice.randint(13, 22)):
                pen.rectangle((left, top, left + 6, top + 7), fill=dark)
        x += wide + dice.randint(-5, 15)


def _road(pen, dice, horizon, height):
    middle = dice.randint(100, 300)
    near = [(dice.randint(250, 500), height), (dice.randint(-100, 150), height)]
    pen.polygon([(middle - 10, horizon), (middle + 10, horizon), *near], fill=(70, 70, 75))
    for _tree in range(dice.randint(1, 4)):
        x = dice.randint(0, WIDE)
        pen.rectangle((x, horizon - 40, x + 5, horizon + 30), fill=(90, 60, 40))
        green = (40, dice.randint(80, 130), 40)
        pen.ellipse((x - 30, horizon - 90, x + 35, horizon - 25), fill=green)


def _litter(pen, dice, horizon):
    for _piece in range(dice.randint(8, 40)):
        x, y = dice.gauss(dice.choice((125, 200, 300)), 30), dice.uniform(horizon + 25, HIGH + 10)
        size = dice.uniform(4, 30)
        corners = [
            (x + dice.uniform(-size, size), y + dice.uniform(-size, size) * 0.6)
            for _ in range(dice.randint(3, 7))
        ]
        pen.polygon(corners, fill=tuple(dice.randint(20, 240) for _ in range(3)))


def _photographed(image, seed, litter, shift, light):
    """Cut out what the camera sees, with clouds' shadows and the noise of its sensor."""
    dice, noise = (
        np.random.default_rng(seed),
        np.random.default_rng(_dice(seed, litter).getrandbits(32)),
    )
    left, top = EDGE + shift[0], EDGE + shift[1]
    seen = np.asarray(image, dtype=np.float32)[top : top + HIGH, left : left + WIDE]
    shadow = np.zeros((HIGH, WIDE), dtype=np.float32)
    for octave in range(4):
        side = 2 ** (octave + 2)
        rough = Image.fromarray(dice.normal(size=(side, side)).astype(np.float32))
        shadow += np.asarray(rough.resize((WIDE, HIGH), Image.Resampling.BICUBIC)) * 0.6**octave
    seen = seen + shadow[..., None] * 14 + noise.normal(size=(HIGH, WIDE, 1)) * 6
    flat = np.clip(seen * light, 0, 255).astype(np.uint8)
    return Image.fromarray(flat).filter(ImageFilter.GaussianBlur(0.7))


def jpeg(image, quality=85, exif=None):
    """The picture as a file."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality, exif=exif or Image.Exif())
    return out.getvalue()


def tags(taken=None, lon=None, lat=None):
    """What a telephone writes into its photos; `taken` as EXIF spells it."""
    exif = Image.Exif()
    exif[0x010F] = "A telephone"
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
        exif.get_ifd(0x8769)[0x9011] = "+08:00"
    if lon is not None:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2] = "N" if lat >= 0 else "S", _parts(abs(lat))
        gps[3], gps[4] = "E" if lon >= 0 else "W", _parts(abs(lon))
    return exif


def _parts(degrees):
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return (float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4))


def cut(image, left, top, right, bottom):
    """The picture with shares of its sides cut off."""
    wide, high = image.size
    box = (left * wide, top * high, wide - right * wide, high - bottom * high)
    return image.crop(tuple(round(side) for side in box))


def stamped(image):
    """The picture with a white label, as some apps put into a corner."""
    copy = image.copy()
    box = (10, copy.height - 30, 180, copy.height - 10)
    ImageDraw.Draw(copy).rectangle(box, fill="white")
    return copy


def brighter(image, factor):
    return ImageEnhance.Brightness(image).enhance(factor)


CHEATS = {
    "half the size": lambda image: jpeg(image.resize((WIDE // 2, HIGH // 2))),
    "a fifth of the size": lambda image: jpeg(image.resize((WIDE // 5, HIGH // 5))),
    "compressed to 30": lambda image: jpeg(image, 30),
    "brighter by 30 %": lambda image: jpeg(brighter(image, 1.3)),
    "darker by 30 %": lambda image: jpeg(brighter(image, 0.7)),
    "more contrast": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(1.4)),
    "grey": lambda image: jpeg(image.convert("L")),
    "cut by 3 % all round": lambda image: jpeg(cut(image, *[0.03] * 4)),
    "cut by 5 % all round": lambda image: jpeg(cut(image, *[0.05] * 4)),
    "cut by 5 % at one corner": lambda image: jpeg(cut(image, 0.05, 0.05, 0, 0)),
    "a label in the corner": lambda image: jpeg(stamped(image)),
    "mirrored": lambda image: jpeg(ImageOps.mirror(image)),
    "cut, smaller, brighter, compressed": lambda image: jpeg(
        brighter(cut(image, *[0.03] * 4).resize((320, 240)), 1.2), 50
    ),
}
"""What is done to a photo so that it passes for another one."""

BEYOND = {
    "cut by 10 % all round": lambda image: jpeg(cut(image, *[0.1] * 4)),
    "cut by 10 % at one corner": lambda image: jpeg(cut(image, 0.1, 0.1, 0, 0)),
    "turned by 5 degrees": lambda image: jpeg(
        cut(image.rotate(5, Image.Resampling.BICUBIC), *[0.06] * 4)
    ),
}
"""More than the fingerprint is made for; measured all the same."""

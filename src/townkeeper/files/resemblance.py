"""Tells whether two pictures are the same one: a fingerprint to find it, a comparison to be sure.

The fingerprint is a difference hash (N. Krawetz, "Kind of Like That", 2013) of 16 × 16 bits: each
bit says whether a patch is brighter than its left neighbour, so brightness, size and compression
hardly move it. Photos of one spot taken before and after the work resemble each other as well; so
what the fingerprint finds is laid over one another, cut and scaled to fit, and compared in patches.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BITS: Final = 256
BYTES: Final = BITS // 8
RADIUS: Final = 80
"""Bits by which the fingerprints of one picture may differ. Measured (docs/evidence.md): cut by 5 %
at one corner they differ in up to 80 bits, two different street scenes in at least 83."""
FLAT: Final = 4.0
"""A picture whose grey values vary less than this shows nothing: it has no fingerprint."""

Grey = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Shares cut off left, top, right and bottom."""

_COARSE: Final = (32, 24)
_FINE: Final = (96, 72)
_PATCH: Final = 8
_CUTS: Final = (0.0, 0.025, 0.05, 0.075, 0.1)
_CHANGED: Final = 0.35
"""A patch has changed when it differs by more than this share of the picture's own contrast."""
_ROUNDS: Final = 3
_UNLIKE: Final = 0.6
"""Below this correlation of the coarse pictures nothing is the same; measured: same above 0.9."""


def fingerprint(image: Image.Image) -> bytes | None:
    """Return the 32 bytes by which a picture is found again, or None for an empty picture."""
    grey = np.asarray(image.convert("L").resize((17, 16), Image.Resampling.LANCZOS), dtype=np.int16)
    if float(grey.std()) < FLAT:
        return None
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def mirrored(mark: bytes) -> bytes:
    """Return the fingerprint of the same picture seen in a mirror."""
    bits = np.unpackbits(np.frombuffer(mark, dtype=np.uint8)).reshape(16, 16)
    return np.packbits(1 - bits[:, ::-1]).tobytes()


def bits_apart(one: bytes, other: bytes) -> int:
    """Return in how many bits two fingerprints differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of one picture is different in another, laid over one another."""

    changed: float
    """Share of patches that differ, 0 to 1: near 0 for one picture, over 0.5 for different ones."""
    cut: Box
    """What was cut off the larger one."""


def compare(one: Image.Image, other: Image.Image) -> Likeness:
    """Lay two pictures over one another, either cut by up to 12 % a side, and compare them."""
    first, second = one.convert("L"), other.convert("L")
    found = [_overlaid(first, second), _overlaid(second, first)]
    return min(found, key=lambda likeness: likeness.changed)


def _overlaid(whole: Image.Image, part: Image.Image) -> Likeness:
    agreement, cut = _fit(whole, part)
    if agreement < _UNLIKE:
        return Likeness(1.0, cut)
    return Likeness(_changed(_grey(whole, _FINE, cut), _grey(part, _FINE)), cut)


def _grey(image: Image.Image, size: tuple[int, int], cut: Box = (0, 0, 0, 0)) -> Grey:
    width, height = image.size
    left, top, right, bottom = cut
    box = (left * width, top * height, width - right * width, height - bottom * height)
    small = image.resize(size, Image.Resampling.BILINEAR, box=box)
    return np.asarray(small, dtype=np.float32)


def _standard(grey: Grey) -> Grey:
    spread = float(grey.std())
    even: Grey = (grey - grey.mean()) / (spread if spread > 0 else 1.0)
    return even


def _fit(whole: Image.Image, part: Image.Image) -> tuple[float, Box]:
    """Find what must be cut off `whole` to show `part`: width, then height, then a finer look.

    Returned with the correlation reached, -1 to 1.
    """
    target = _standard(_grey(part, _COARSE))
    best = [0.0, 0.0, 0.0, 0.0]

    def score(cut: list[float]) -> float:
        looked = _standard(_grey(whole, _COARSE, (cut[0], cut[1], cut[2], cut[3])))
        return float((looked * target).mean())

    top = score(best)
    tries = [
        (near, far, before, after)
        for near, far in ((0, 2), (1, 3), (0, 2), (1, 3))
        for before in _CUTS
        for after in _CUTS
    ]
    for near, far, before, after in tries:
        cut = list(best)
        cut[near], cut[far] = before, after
        if (value := score(cut)) > top:
            top, best = value, cut
    for side, step in [(side, step) for step in (0.0125, 0.00625) for side in range(4)]:
        for move in (-step, step):
            cut = list(best)
            cut[side] = max(0.0, cut[side] + move)
            if (value := score(cut)) > top:
                top, best = value, cut
    return top, (best[0], best[1], best[2], best[3])


def _changed(one: Grey, other: Grey) -> float:
    """Return the share of patches that differ once brightness and contrast are evened out.

    The line that evens them out is fitted to what agrees, so that a stamp or a heap of refuse that
    is gone does not count against the rest of the picture.
    """
    scale = max(float(one.std()), 1.0)
    weight: NDArray[np.floating] = np.ones_like(one)
    residue: NDArray[np.floating] = one - other
    for _round in range(_ROUNDS):
        total = float(weight.sum())
        mean_one, mean_other = float((one * weight).sum()), float((other * weight).sum())
        mean_one, mean_other = mean_one / total, mean_other / total
        spread = float((weight * (other - mean_other) ** 2).sum())
        joint = float((weight * (one - mean_one) * (other - mean_other)).sum())
        gain = joint / spread if spread > 0 else 0.0
        residue = one - (mean_one + gain * (other - mean_other))
        weight = 1 / (1 + (residue / (_CHANGED * scale)) ** 2) ** 2
    high, wide = one.shape
    patches = (residue**2).reshape(high // _PATCH, _PATCH, wide // _PATCH, _PATCH).mean((1, 3))
    return float((np.sqrt(patches) > _CHANGED * scale).mean())

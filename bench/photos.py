"""Photos used twice: how surely they are found, how often another is taken for one, how fast.

The pictures are drawn street scenes (tests/pictures.py): sky, houses, road, trees, litter, uneven
light, noise. Real photos will differ; what counts is the order of magnitude, and that the second
look, laying one over the other, leaves a wide gap between the same and another.
"""

import io
import statistics
import time

import numpy as np
from PIL import Image

SCENES, COPIES, MILLION = 2_000, 60, 1_000_000
QUICK = 60


def run(quick=False):
    scenes, copies, million = (QUICK, 8, 10_000) if quick else (SCENES, COPIES, MILLION)
    return [*strangers(scenes), *cheats(copies), *same_spot(copies), *scan(million), *upload()]


def strangers(number):
    """Two different scenes taken for one picture: by the fingerprint, and after the second look."""
    from tests.pictures import scene  # noqa: PLC0415
    from townkeeper.files.actions import ALIKE  # noqa: PLC0415
    from townkeeper.files.resemblance import RADIUS, compare, fingerprint  # noqa: PLC0415

    marks = np.frombuffer(
        b"".join(fingerprint(scene(seed)) for seed in range(number)), dtype=np.uint64
    ).reshape(number, -1)
    pairs, near, lowest = 0, [], 256
    for at in range(number - 1):
        bits = np.bitwise_count(marks[at + 1 :] ^ marks[at]).sum(axis=1)
        pairs += len(bits)
        lowest = min(lowest, int(bits.min()))
        near += [(at, at + 1 + int(other)) for other in np.flatnonzero(bits <= RADIUS)]
    changed = [compare(scene(one), scene(other)).changed for one, other in near[:200]]
    return [
        row("pairs of different scenes within the radius", len(near) / pairs, "share",
            pairs=pairs, near=len(near), nearest_bits=lowest, radius=RADIUS),
        row("pairs of different scenes taken for one picture",
            sum(share <= ALIKE for share in changed) / pairs, "share",
            looked_at=len(changed), least_changed=min(changed, default=None)),
    ]  # fmt: skip


def cheats(number):
    """One picture after what is done to it."""
    from tests.pictures import BEYOND, CHEATS, scene  # noqa: PLC0415
    from townkeeper.files.actions import ALIKE  # noqa: PLC0415
    from townkeeper.files.resemblance import (  # noqa: PLC0415
        RADIUS,
        bits_apart,
        compare,
        fingerprint,
        mirrored,
    )

    rows = []
    for name, treat in {**CHEATS, **BEYOND}.items():
        bits, changed, found = [], [], 0
        for seed in range(10_000, 10_000 + number):
            first = scene(seed)
            copy = Image.open(io.BytesIO(treat(first)))
            mark = fingerprint(first)
            if name == "mirrored":
                mark, first = mirrored(mark), first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            bits.append(bits_apart(mark, fingerprint(copy)))
            changed.append(compare(first, copy).changed)
            found += bits[-1] <= RADIUS and changed[-1] <= ALIKE
        rows.append(
            row(f"found again: {name}", found / number, "share", pictures=number,
                bits_median=statistics.median(bits), bits_max=max(bits),
                changed_max=round(max(changed), 3))
        )  # fmt: skip
    return rows


def same_spot(number):
    """One spot before and after, from the same and from another stand: no reuse."""
    from tests.pictures import scene  # noqa: PLC0415
    from townkeeper.cases.photo_checks import SAME_SPOT  # noqa: PLC0415
    from townkeeper.files.resemblance import compare  # noqa: PLC0415

    rows = []
    for name, shift in (("the camera on a stand", (0, 0)), ("from half a step aside", (9, 6))):
        changed = [
            compare(scene(seed), scene(seed, litter=None, shift=shift, light=0.95)).changed
            for seed in range(20_000, 20_000 + number)
        ]
        rows.append(
            row(f"before and after taken for one picture, {name}",
                sum(share <= SAME_SPOT for share in changed) / number, "share", pictures=number,
                changed_median=round(statistics.median(changed), 3))
        )  # fmt: skip
    return rows


def scan(number):
    """Look for one picture among a million in memory."""
    from townkeeper.files.index import _within  # noqa: PLC0415
    from townkeeper.files.resemblance import RADIUS  # noqa: PLC0415

    dice = np.random.default_rng(1)
    ids = np.arange(number, dtype=np.int64)
    marks = dice.integers(0, 2**64, (4, number), dtype=np.uint64, endpoint=False)
    times = []
    for _turn in range(60):
        looked = dice.bytes(32)
        began = time.perf_counter()
        _within(looked, ids, marks, RADIUS)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return [
        row(f"one look among {number:,} fingerprints: p95", round(times[56], 2), "ms",
            p50=round(times[30], 2), megabytes=round((marks.nbytes + ids.nbytes) / 1e6))
    ]  # fmt: skip


def upload():
    """What taking in one photo of a telephone costs besides the disk."""
    from tests.pictures import jpeg, scene  # noqa: PLC0415
    from townkeeper.files.photos import take_in  # noqa: PLC0415

    data = jpeg(scene(1).resize((4000, 3000)), 90)
    times = []
    for _turn in range(9):
        began = time.perf_counter()
        take_in(data)
        times.append((time.perf_counter() - began) * 1000)
    return [
        row("a photo of 12 megapixels decoded, copied small twice and marked: median",
            round(statistics.median(times), 1), "ms", megabytes=round(len(data) / 1e6, 1))
    ]  # fmt: skip


def row(name, value, unit, **note):
    return {"name": name, "value": value, "unit": unit, "note": note}

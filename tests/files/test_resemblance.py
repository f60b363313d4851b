"""One picture is found again after what cheats do to it; others, and before and after, are not."""

import io
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from tests.pictures import CHEATS, jpeg, scene
from townkeeper.files.actions import ALIKE, path_of, store_photo
from townkeeper.files.index import FingerprintIndex
from townkeeper.files.models import Resemblance, StoredFile
from townkeeper.files.resemblance import (
    BITS,
    RADIUS,
    bits_apart,
    compare,
    fingerprint,
    mirrored,
)


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_copy_has_a_near_fingerprint_and_differs_in_little(cheat):
    for seed in (3, 4):
        first = scene(seed)
        copy = opened(CHEATS[cheat](first))
        mark, looked = fingerprint(copy), fingerprint(first)
        if cheat == "mirrored":
            looked, first = mirrored(looked), first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        assert bits_apart(mark, looked) <= RADIUS
        assert compare(first, copy).changed <= 0.12


def test_different_streets_are_told_apart():
    scenes = [scene(seed) for seed in range(20, 32)]
    for at, one in enumerate(scenes):
        for other in scenes[at + 1 :]:
            near = bits_apart(fingerprint(one), fingerprint(other)) <= RADIUS
            assert not near or compare(one, other).changed > 2 * ALIKE
    assert compare(scenes[0], scenes[1]).changed > 2 * ALIKE


def test_a_street_before_and_after_is_alike_but_not_the_same():
    before, after = scene(5), scene(5, litter=None, light=0.95)
    assert bits_apart(fingerprint(before), fingerprint(after)) <= RADIUS
    assert 0.02 < compare(before, after).changed < 0.5


def test_what_was_cut_off_is_found():
    whole = scene(6)
    part = opened(jpeg(whole.crop((20, 0, 400, 285))))
    left, top, right, bottom = compare(whole, part).cut
    assert (left, top, right, bottom) == pytest.approx((0.05, 0, 0, 0.05), abs=0.015)


def test_an_empty_picture_has_no_fingerprint():
    assert fingerprint(Image.new("RGB", (300, 200), "black")) is None
    assert fingerprint(Image.new("L", (300, 200), 250)) is None
    assert compare(Image.new("L", (90, 60), 9), Image.new("L", (90, 60), 9)).changed >= 0


def test_a_mirror_twice_is_the_picture():
    mark = bytes(range(32))
    assert mirrored(mirrored(mark)) == mark


@pytest.mark.django_db
def test_a_resized_copy_is_remembered_as_alike_when_it_is_stored():
    first = store_photo(jpeg(scene(7)), name="a.jpg", actor="a")
    other = store_photo(jpeg(scene(8)), name="b.jpg", actor="a")
    copy = store_photo(CHEATS["half the size"](scene(7)), name="c.jpg", actor="a")
    flipped = store_photo(CHEATS["mirrored"](scene(7)), name="d.jpg", actor="a")
    found = Resemblance.objects.order_by("file", "earlier").values_list(
        "file", "earlier", "is_mirrored"
    )
    assert list(found) == [
        (copy.pk, first.pk, False),
        (flipped.pk, first.pk, True),
        (flipped.pk, copy.pk, True),
    ]
    assert not other.resembles.exists()
    assert not other.resembled_by.exists()


@pytest.mark.django_db
def test_a_stored_picture_whose_file_is_lost_does_not_stop_uploads():
    first = store_photo(jpeg(scene(9)), name="a.jpg", actor="a")
    path_of(first.sha256).unlink()
    copy = store_photo(CHEATS["grey"](scene(9)), name="b.jpg", actor="a")
    assert not copy.resembles.exists()
    again = store_photo(jpeg(scene(9)), name="a.jpg", actor="a")
    assert again.pk == first.pk
    assert path_of(first.sha256).is_file()


def stored(mark, *, age=0):
    row = StoredFile.objects.create(
        sha256=mark.hex().ljust(64, "0"), media_type="image/jpeg", size=1, fingerprint=mark
    )
    if age:
        StoredFile.objects.filter(pk=row.pk).update(
            stored_at=timezone.now() - timedelta(minutes=age)
        )
    return row.pk


def near(mark, bits):
    flipped = np.unpackbits(np.frombuffer(mark, dtype=np.uint8))
    flipped[:bits] ^= 1
    return np.packbits(flipped).tobytes()


@pytest.mark.django_db
def test_the_index_finds_the_nearest_first_and_nothing_too_far():
    dice = np.random.default_rng(1)
    marks = [dice.bytes(BITS // 8) for _ in range(1500)]
    ids = [stored(mark, age=10) for mark in marks]
    index = FingerprintIndex()
    assert index.nearest(near(marks[3], 20)) == [(ids[3], 20, False)]
    assert len(index) == 1500
    young = stored(near(marks[3], 5))
    assert index.nearest(near(marks[3], 20), limit=1) == [(young, 15, False)]
    assert index.nearest(near(marks[3], 20)) == [(young, 15, False), (ids[3], 20, False)]
    assert len(index) == 1500  # what is young is read anew each time
    assert index.nearest(mirrored(marks[9])) == [(ids[9], 0, True)]
    assert not index.nearest(dice.bytes(BITS // 8))


@pytest.mark.django_db
def test_a_row_that_never_came_to_be_is_forgotten():
    index, mark = FingerprintIndex(), bytes(range(32))
    gone = stored(mark)
    assert index.nearest(mark) == [(gone, 0, False)]
    StoredFile.objects.filter(pk=gone).delete()
    assert not index.nearest(mark)

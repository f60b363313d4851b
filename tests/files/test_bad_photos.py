"""What cameras and people really send: broken tags, cut-off files, moving pictures, a full disk."""

import hashlib
import io
import os
from datetime import UTC, datetime

import pytest
from PIL import Image

from tests.pictures import jpeg, scene, tags
from townkeeper.files.actions import path_of, store_photo, write_all
from townkeeper.files.models import StoredFile
from townkeeper.files.photos import look, take_in
from townkeeper.kit.errors import Problem


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "0001:01:01 00:00:00",
        "1980:01:01 00:00:00",
        "2026:13:40 99:99:99",
        "2026-11-02",
        "yesterday",
        "",
        "9999:99:99 24:00:00",
        "\0" * 19,
    ],
)
def test_a_nonsense_time_is_no_time(text):
    seen = look(jpeg(scene(70), exif=tags(text)))
    assert seen.taken_at is None


def test_a_nonsense_zone_leaves_the_time():
    exif = tags("2026:11:02 09:15:00")
    exif.get_ifd(0x8769)[0x9011] = "local"
    seen = look(jpeg(scene(70), exif=exif))
    assert seen.taken_at.astimezone(UTC) == datetime(2026, 11, 2, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ((999.0, 0.0, 0.0), (29.0, 0.0, 0.0)),
        ((105.0, 0.0, 0.0), (99.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((105.0, 4.0), (29.0, 35.0, 33.0)),
        ("105.07", "29.59"),
        ((float("inf"), 0.0, 0.0), (29.0, 0.0, 0.0)),
    ],
)
def test_a_nonsense_position_is_no_position(lon, lat):
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", lat, "E", lon
    try:
        data = jpeg(scene(70), exif=exif)
    except (ValueError, TypeError, OverflowError):
        pytest.skip("the library that writes the test picture refuses it")
    seen = look(data)
    assert (seen.lon, seen.lat) == (None, None)


def test_a_southern_and_western_position():
    seen = look(jpeg(scene(70), exif=tags(None, -43.2, -22.9)))
    assert (round(seen.lon, 3), round(seen.lat, 3)) == (-43.2, -22.9)


def test_tags_of_garbage_leave_the_picture():
    data = jpeg(scene(70), exif=tags("2026:11:02 09:15:00", 105, 29))
    at = data.index(b"Exif\0\0") + 14
    for broken in (b"\xff" * 60, b"\0" * 60, os.urandom(60)):
        photo = take_in(data[:at] + broken + data[at + 60 :])
        assert photo.public[:2] == b"\xff\xd8"


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_photo_that_was_cut_off_on_the_way_is_refused(kept):
    data = jpeg(scene(71))
    with pytest.raises(Problem) as refused:
        store_photo(data[: int(len(data) * kept)], name="a.jpg", actor="a")
    assert refused.value.code == "not-a-photo"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame_counts(kind):
    frames = [scene(seed).convert("RGB") for seed in (72, 73, 74)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100, loop=0)
    stored = store_photo(out.getvalue(), name="a", actor="a")
    copy = Image.open(io.BytesIO(path_of(stored.sha256, public=True).read_bytes()))
    assert (copy.format, getattr(copy, "n_frames", 1)) == ("JPEG", 1)
    first = store_photo(jpeg(scene(72)), name="b.jpg", actor="a")
    assert first.resembles.get().earlier == stored


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_colour_is_taken(mode):
    image = scene(75).resize((80, 60))
    image = Image.new("I;16", (80, 60), 900) if mode == "I;16" else image.convert(mode)
    out = io.BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    stored = store_photo(out.getvalue(), name="a", actor="a")
    assert path_of(stored.sha256, thumbnail=True).is_file()


@pytest.mark.django_db
def test_a_disk_that_fills_up_half_way_leaves_nothing(monkeypatch):
    data, room = jpeg(scene(76)), [2]
    fsync = os.fsync

    def nearly_full(number):
        room[0] -= 1
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        fsync(number)

    monkeypatch.setattr("townkeeper.files.actions.os.fsync", nearly_full)
    with pytest.raises(Problem) as refused:
        store_photo(data, name="a.jpg", actor="a")
    assert refused.value.code == "disk"
    assert not StoredFile.objects.exists()
    name = hashlib.sha256(data).hexdigest()
    assert not list(path_of(name).parent.glob(f"{name}*"))


def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Problem) as refused:
        write_all([(tmp_path / "file" / "x", b"1")])
    assert refused.value.code == "disk"

"""Photos are what their content says; position stays with the staff; nonsense is told apart."""

import io
import struct
import zlib
from datetime import UTC, datetime

import pytest
from django.test import override_settings
from PIL import Image

from townkeeper.files.actions import path_of, store_photo
from townkeeper.files.models import StoredFile
from townkeeper.files.photos import look, public_copy
from townkeeper.kit.errors import Problem


def jpeg(*, size=(400, 300), exif=True):
    image = Image.new("RGB", size, "green")
    tags = Image.Exif()
    if exif:
        tags[0x0112] = 6  # lies on its side
        tags[0x010F] = "A telephone"
        tags.get_ifd(0x8769)[0x9003] = "2026:11:02 09:15:00"
        tags.get_ifd(0x8769)[0x9011] = "+08:00"
        gps = tags.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", (29.0, 35.0, 33.0), "E", (105.0, 4.0, 12.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=tags)
    return out.getvalue()


def bomb():
    """A PNG of a few bytes that claims 60,000 × 60,000 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10))
        + chunk(b"IEND", b"")
    )


def test_a_photo_says_when_and_where():
    seen = look(jpeg())
    assert seen.media_type == "image/jpeg"
    assert seen.taken_at.astimezone(UTC) == datetime(2026, 11, 2, 1, 15, tzinfo=UTC)
    assert (round(seen.lon, 4), round(seen.lat, 4)) == (105.07, 29.5925)


def test_the_public_copy_stands_upright_and_says_nothing():
    copy = Image.open(io.BytesIO(public_copy(jpeg())))
    assert copy.size == (300, 400)
    assert not dict(copy.getexif())
    assert b"telephone" not in public_copy(jpeg())


def test_large_photos_are_scaled():
    assert max(Image.open(io.BytesIO(public_copy(jpeg(size=(4000, 3000))))).size) == 1600


@pytest.mark.django_db
def test_the_same_photo_is_kept_once():
    first = store_photo(jpeg(), name="a.jpg", actor="a")
    assert store_photo(jpeg(), name="b.png", actor="b").pk == first.pk
    assert path_of(first.sha256).read_bytes() == jpeg()
    assert path_of(first.sha256, public=True).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (b"MZ this is a program", "not-a-photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not-a-photo"),
        (b"\xff\xd8\xff\xe0 forged head", "not-a-photo"),
        (jpeg()[:400], "not-a-photo"),
        (bomb(), "photo-too-large"),
        (b"\x89PNG\r\n\x1a\n", "not-a-photo"),
        (b"GIF89a", "not-a-photo"),
    ],
)
def test_what_is_no_photo_is_refused_with_words(data, code):
    with pytest.raises(Problem) as refused:
        store_photo(data, name="photo.jpg", actor="a")
    assert refused.value.code == code
    assert refused.value.where == "photo.jpg"
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
@override_settings(UPLOAD_LIMIT_MB=0)
def test_a_huge_file_is_refused():
    with pytest.raises(Problem) as refused:
        store_photo(jpeg(), name="photo.jpg", actor="a")
    assert refused.value.code == "file-too-large"


@pytest.mark.django_db
def test_a_full_disk_leaves_nothing(monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("townkeeper.files.actions.os.fsync", full)
    with pytest.raises(Problem) as refused:
        store_photo(jpeg(size=(401, 300)), name="photo.jpg", actor="a")
    assert refused.value.code == "disk"
    assert not StoredFile.objects.exists()

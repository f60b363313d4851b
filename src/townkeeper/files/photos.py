"""Looks into photos: what they really are, when and where they were taken; makes public copies."""

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image, ImageDraw, ImageOps, UnidentifiedImageError

from townkeeper.files.resemblance import fingerprint

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
MAX_PIXELS = 80_000_000
"""More than any phone takes; a small file can hide a picture that fills the memory."""
PUBLIC_EDGE = 1600
THUMB_EDGE = 320
"""Sharp on a list page even where a screen has two dots for each."""
FIRST_YEAR: Final = 1990
"""No digital camera is older: such a date is a clock that was never set."""
SITE_ZONE: Final = timezone(timedelta(hours=8))
_BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError)
"""What Pillow raises for content that is cut off or made up."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0 to 1) of the picture as it is seen, upright."""


class NotAPhotoError(ValueError):
    """The content is no picture that we take."""


class TooManyPixelsError(ValueError):
    """The picture would fill the memory when opened."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        super().__init__(f"{width}×{height}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a photo says of itself; time without a zone is taken as the site's."""

    media_type: str
    width: int
    height: int
    taken_at: datetime | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Copies:
    """A photo taken in: what it says, what others may see of it, how it is found again."""

    seen: Seen
    public: bytes
    thumbnail: bytes
    fingerprint: bytes | None


def take_in(data: bytes, *, zone: tzinfo = SITE_ZONE) -> Copies:
    """Decode a picture once and return everything that is kept of it besides itself.

    Errors: NotAPhotoError, TooManyPixelsError.
    """
    image = _opened(data)
    seen = _seen(image, zone)
    upright = _upright(image, PUBLIC_EDGE)
    thumbnail = _scaled(upright, THUMB_EDGE)
    return Copies(
        seen, _shown(upright, quality=82), _shown(thumbnail, quality=75), fingerprint(thumbnail)
    )


def look(data: bytes, *, zone: tzinfo = SITE_ZONE) -> Seen:
    """Identify a picture by its content.

    Errors: NotAPhotoError, TooManyPixelsError. Position and time are those of the camera (EXIF
    2.32, tags GPSInfo, DateTimeOriginal, OffsetTimeOriginal) and prove nothing by themselves.
    """
    image = _opened(data)
    seen = _seen(image, zone)
    _load(image)
    return seen


def public_copy(data: bytes, boxes: Sequence[Box] = ()) -> bytes:
    """Return a JPEG that shows the picture and nothing else: upright, scaled, without metadata.

    `boxes` are blacked out before it is made, so that nothing of them is left in the file.
    """
    return copies(data, boxes)[0]


def copies(data: bytes, boxes: Sequence[Box] = ()) -> tuple[bytes, bytes]:
    """Return the public copy and the thumbnail of a picture, `boxes` blacked out."""
    upright = _upright(_opened(data), PUBLIC_EDGE)
    pen, (width, height) = ImageDraw.Draw(upright), upright.size
    for left, top, right, bottom in boxes:
        corner = (math.floor(left * width), math.floor(top * height))
        far = (math.ceil(right * width) - 1, math.ceil(bottom * height) - 1)
        pen.rectangle((*corner, max(far[0], corner[0]), max(far[1], corner[1])), fill="black")
    return _shown(upright, quality=82), _shown(_scaled(upright, THUMB_EDGE), quality=75)


def small_grey(path: Path) -> Image.Image:
    """Return a stored picture in grey, as small as a comparison needs it."""
    try:
        image = _upright(_opened(path.read_bytes()), THUMB_EDGE)
    except OSError as error:
        raise NotAPhotoError(str(error)) from None
    return image.convert("L")


def _opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=list(FORMATS))
        except (UnidentifiedImageError, *_BROKEN) as error:
            raise NotAPhotoError(str(error)) from None
        except Image.DecompressionBombError:
            raise TooManyPixelsError(0, 0) from None
    if image.width * image.height > MAX_PIXELS:
        raise TooManyPixelsError(image.width, image.height)
    return image


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except _BROKEN as error:
        raise NotAPhotoError(str(error)) from None


def _upright(image: Image.Image, edge: int) -> Image.Image:
    """Return the first picture of a file as it is seen: turned, and scaled while it is decoded."""
    image.draft("RGB", (edge, edge))
    _load(image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            turned = ImageOps.exif_transpose(image)
        except _BROKEN:
            turned = image  # the tags are broken, the picture is not: it is shown as it lies
    upright = turned.convert("RGB")
    upright.thumbnail((edge, edge), reducing_gap=2.0)
    return upright


def _scaled(image: Image.Image, edge: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((edge, edge), reducing_gap=2.0)
    return small


def _shown(image: Image.Image, *, quality: int) -> bytes:
    """Return a JPEG of the pixels alone: no tag of the original comes along."""
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _seen(image: Image.Image, zone: tzinfo) -> Seen:
    taken: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exif = image.getexif()
            taken = _taken(exif, zone)
            lon, lat = _position(exif)
        except _BROKEN:
            pass  # tags that cannot be read say nothing; the picture counts all the same
    return Seen(FORMATS[str(image.format)], image.width, image.height, taken, lon, lat)


def _taken(exif: Image.Exif, zone: tzinfo) -> datetime | None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    text = inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    offset = inner.get(ExifTags.Base.OffsetTimeOriginal)
    try:
        if isinstance(offset, str):
            zone = datetime.strptime(offset.strip("\0 "), "%z").tzinfo or zone
    except ValueError:
        pass  # some phones write a word there; the time itself is good
    try:
        at = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return at if at.year >= FIRST_YEAR else None


def _position(exif: Image.Exif) -> tuple[float | None, float | None]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None, None
    inside = -180 <= lon <= 180 and -90 <= lat <= 90  # noqa: PLR2004
    # 0/0 lies in the sea off Africa: the usual sign of a position that was never set
    return (lon, lat) if inside and (lon or lat) else (None, None)


def _degrees(parts: tuple[float, float, float], half: object, negative: str) -> float:
    degrees, minutes, seconds = (float(Fraction(part)) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if half == negative else value

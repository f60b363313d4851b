"""Looks into photos: what they really are, when and where they were taken; makes public copies."""

import io
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
MAX_PIXELS = 80_000_000
"""More than any phone takes; a small file can hide a picture that fills the memory."""
PUBLIC_EDGE = 1600


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


def look(data: bytes, *, zone_hours: float = 8.0) -> Seen:
    """Identify a picture by its content.

    Errors: NotAPhotoError, TooManyPixelsError. Position and time are those of the camera (EXIF
    2.32, tags GPSInfo, DateTimeOriginal, OffsetTimeOriginal) and prove nothing by themselves.
    """
    image = _opened(data)
    exif = image.getexif()
    lon, lat = _position(exif)
    taken = _taken(exif, zone_hours)
    width, height = image.size
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPhotoError(str(error)) from None
    return Seen(FORMATS[str(image.format)], width, height, taken, lon, lat)


def _opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=list(FORMATS))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise NotAPhotoError(str(error)) from None
        except Image.DecompressionBombError:
            raise TooManyPixelsError(0, 0) from None
    if image.width * image.height > MAX_PIXELS:
        raise TooManyPixelsError(image.width, image.height)
    return image


def public_copy(data: bytes) -> bytes:
    """Return a JPEG that shows the picture and nothing else: upright, scaled, without metadata."""
    image = ImageOps.exif_transpose(_opened(data)).convert("RGB")
    image.thumbnail((PUBLIC_EDGE, PUBLIC_EDGE))
    out = io.BytesIO()
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    clean.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _taken(exif: Image.Exif, zone_hours: float) -> datetime | None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    text = inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    zone = timezone(timedelta(hours=zone_hours))
    offset = inner.get(ExifTags.Base.OffsetTimeOriginal)
    try:
        if isinstance(offset, str):
            zone = datetime.strptime(offset.strip("\0 "), "%z").tzinfo or zone  # type: ignore[assignment]
        return datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None


def _position(exif: Image.Exif) -> tuple[float | None, float | None]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None, None
    inside = -180 <= lon <= 180 and -90 <= lat <= 90  # noqa: PLR2004
    return (lon, lat) if inside else (None, None)


def _degrees(parts: tuple[float, float, float], half: str, negative: str) -> float:
    degrees, minutes, seconds = (float(Fraction(part)) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if half == negative else value

"""Finds characters that no font here can draw, so that they are marked instead of vanishing.

Typst draws an empty box without a word; a name must not be lost like that. The character map is
read from the font file itself (OpenType 1.9, table `cmap`, formats 4 and 12).
"""

import bisect
import struct
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import typst

GETA = "〓"
"""The printers' mark for a type that is not in the case."""
Ranges = tuple[tuple[int, int], ...]
EMBEDDED: Ranges = ((0x20, 0x7E), (0xA0, 0x24F), (0x2010, 0x2027), (0x2030, 0x203A))
"""What the fonts inside Typst itself surely hold (they have no file to read)."""
SELECTORS = range(0xFE00, 0xFE10)


def missing(letters: Iterable[str], fonts: typst.Fonts) -> tuple[str, ...]:
    """Return, sorted, the letters that none of the fonts holds."""
    left = {letter for letter in letters if _is_drawn(letter)}
    for path, index in _files(fonts):
        if not left:
            break
        ranges = EMBEDDED if path is None else covered(path, index)
        left = {letter for letter in left if not _inside(ord(letter), ranges)}
    return tuple(sorted(left))


def mark(value: object, lost: Iterable[str], sign: str) -> object:
    """Return the payload with every lost letter replaced by `sign`."""
    table = {ord(letter): sign for letter in lost}

    def walk(part: object) -> object:
        if isinstance(part, str):
            return part.translate(table)
        if isinstance(part, dict):
            return {key: walk(inner) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return [walk(inner) for inner in part]
        return part

    return walk(value) if table else value


@lru_cache(maxsize=512)
def covered(path: str, index: int) -> Ranges:
    """Return the code points of one font as sorted closed ranges; none if it cannot be read."""
    try:
        return _read(Path(path).read_bytes(), index)
    except (OSError, struct.error, IndexError):
        return ()


def _files(fonts: typst.Fonts) -> list[tuple[str | None, int]]:
    # upright regular faces first, the general CJK families before the rest: they hold the most
    def order(font: typst.FontInfo) -> tuple[bool, bool, str]:
        return ("CJK" not in font.family, font.style != "normal", font.family)

    return list(dict.fromkeys((font.path, font.index) for font in sorted(fonts.fonts(), key=order)))


def _is_drawn(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Zl", "Zp"} and (
        ord(letter) not in SELECTORS
    )


def _inside(point: int, ranges: Ranges) -> bool:
    place = bisect.bisect_right(ranges, (point, 0x7FFFFFFF)) - 1
    return place >= 0 and ranges[place][0] <= point <= ranges[place][1]


def _read(data: bytes, index: int) -> Ranges:
    start = 0
    if data[:4] == b"ttcf":
        start = struct.unpack_from(">I", data, 12 + 4 * index)[0]
    for number in range(struct.unpack_from(">H", data, start + 4)[0]):
        tag, _sum, offset, _length = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            return _best(data, offset)
    return ()


def _best(data: bytes, cmap: int) -> Ranges:
    found: dict[int, int] = {}
    for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        _platform, _encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        found[struct.unpack_from(">H", data, cmap + offset)[0]] = cmap + offset
    if 12 in found:  # noqa: PLR2004 - the format's number
        return _format12(data, found[12])
    return _format4(data, found[4]) if 4 in found else ()  # noqa: PLR2004


def _format12(data: bytes, at: int) -> Ranges:
    count = struct.unpack_from(">I", data, at + 12)[0]
    groups = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count])
    return tuple(sorted((first, last) for first, last, glyph in groups if glyph or last > first))


def _format4(data: bytes, at: int) -> Ranges:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    shifts = struct.unpack_from(f">{count}H", data, at + 16 + 4 * count)
    base = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", data, base)
    points: list[tuple[int, int]] = []
    for place in range(count):
        first, last = starts[place], min(ends[place], 0xFFFE)
        if not offsets[place]:
            if first <= last and (first + shifts[place]) & 0xFFFF:
                points.append((first, last))
            continue
        for point in range(first, last + 1):
            where = base + 2 * place + offsets[place] + 2 * (point - first)
            if struct.unpack_from(">H", data, where)[0]:
                points.append((point, point))
    return tuple(sorted(points))

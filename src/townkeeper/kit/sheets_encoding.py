"""Finds out what a file is and how its text is written, because no office knows or says."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Literal, cast

from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem

Kind = Literal["text", "xlsx", "xls"]

BLOCK: Final = 1 << 16
SAMPLE: Final = 1 << 18

GZIP: Final = b"\x1f\x8b"
MAGIC: Final = (
    (b"\x89PNG", _("a PNG picture")),
    (b"\xff\xd8\xff", _("a JPEG picture")),
    (b"GIF8", _("a GIF picture")),
    (b"%PDF", _("a PDF document")),
    (b"SQLite format 3", _("a database")),
    (b"PAR1", _("a Parquet file")),
    (b"Rar!", _("a RAR archive")),
    (b"7z\xbc\xaf", _("a 7z archive")),
)
"""First bytes of things that are sent under a spreadsheet's name."""

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

COMMON: Final = frozenset(
    "的一是在不了有和人这这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去"
    "這為個國時來們於對會發動過說產種後學經進著電裡現實體機當從業兩區縣鎮街道村社城市路號處辦公單位問題請年月日"
    "区县镇号处办单问题请投诉環境环境垃圾時間時限地址標題内容內容編號编号姓名電話电话"
)
"""Characters that fill Chinese office text in either script; decides between the two code pages."""


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether the file, as it lies there, begins with these bytes."""
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, unpacking gzip by its content and not by its name."""
    if starts_with(path, GZIP):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the (unpacked) content; a broken archive is a Problem."""
    try:
        with open_bytes(path) as stream:
            while block := stream.read(BLOCK):
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Problem(
            "file-damaged",
            _("The compressed file is damaged or incomplete."),
            where=path.name,
            hint=_("Send or download it again."),
        ) from error


def kind_of(path: Path) -> Kind:
    """Tell text, XLSX and XLS apart by content; everything else is a Problem that names it."""
    if not path.is_file():
        raise Problem("file-missing", _("There is no such file."), where=str(path))
    head = next(blocks(path), b"")
    if not head.strip():
        raise Problem("file-empty", _("The file is empty."), where=path.name)
    is_packed = starts_with(path, GZIP)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        if is_packed:
            raise Problem(
                "file-packed", _("A workbook inside gzip: unpack it first."), where=path.name
            )
        return "xlsx" if head.startswith(b"PK") else "xls"
    for magic, name in MAGIC:
        if head.startswith(magic):
            raise _no_sheet(path, name)
    start = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:200].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table")):
        raise _no_sheet(path, _("a web page"))
    # A stray zero byte is dirt in a text; many are a sign of something else.
    if head.count(0) * 100 > len(head) and not _is_utf16(head):
        raise _no_sheet(path, _("binary data"))
    return "text"


def _no_sheet(path: Path, name: object) -> Problem:
    return Problem(
        "not-a-sheet",
        _("This is %(what)s and not a spreadsheet, whatever its name says.") % {"what": name},
        where=path.name,
        hint=_("Open it in the program it comes from and save it as CSV or XLSX."),
    )


def _is_utf16(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return _bare_utf16(head) is not None


def _bare_utf16(head: bytes) -> str | None:
    """Recognise UTF-16 without its mark: every second byte of ASCII text is zero."""
    sample = head[:2000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) <= len(sample) // 8:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = sample.decode(name, errors="replace")
    readable = sum(char.isprintable() or char.isspace() for char in text)
    return name if readable > len(text) * 0.9 else None


def detect_encoding(path: Path) -> str:
    """Return the encoding in which the whole file can be read; undecidable is a Problem."""
    head = next(blocks(path), b"")
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    if bare := _bare_utf16(head):
        return bare
    if _reads_as(path, "utf-8"):
        return "utf-8"
    fitting = [name for name in ("gb18030", "big5hkscs") if _reads_as(path, name)]
    sample = _sample_around_text(path)
    scored = sorted((-_familiar(sample, name), name) for name in fitting)
    if not scored or -scored[0][0] < 0.05:  # noqa: PLR2004 - real text has a third or more
        raise Problem(
            "encoding-unknown",
            _("The text is neither UTF-8 nor GB 18030 nor Big5."),
            where=path.name,
            hint=_("Save it as “CSV UTF-8”, or name its encoding in the mapping."),
        )
    return scored[0][1]


def _reads_as(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sample_around_text(path: Path) -> bytes:
    """Gather bytes from the first block that is not plain ASCII on."""
    sample = b""
    for block in blocks(path):
        if sample or not block.isascii():
            sample += block
        if len(sample) >= SAMPLE:
            break
    return sample


def _familiar(sample: bytes, encoding: str) -> float:
    """Return the share of common characters among those that are not ASCII."""
    text = sample.decode(encoding, errors="ignore")
    foreign = [char for char in text if ord(char) > 127]  # noqa: PLR2004 - ASCII
    return sum(char in COMMON for char in foreign) / max(len(foreign), 1)

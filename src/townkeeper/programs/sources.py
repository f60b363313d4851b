"""Source references: `篇2 L95,L103` names a document and its lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from townkeeper.programs.findings import Finding
from townkeeper.programs.parts import ProgramFile
from townkeeper.programs.reader import Document, Place

_LINES = re.compile(r"L(\d+)(?:[-–]L?(\d+))?")
_SOURCE = re.compile(r"(?P<key>\S+) (?P<lines>L\d+([-–]L?\d+)?(,\s*L\d+([-–]L?\d+)?)*)")


def references(document: Document) -> Iterator[tuple[Place, str]]:
    """Yield every `source` of a document and its place."""
    yield from _walk(document.data, ())


def _walk(data: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "source" and isinstance(value, str) and value:
                yield (*place, key), value
            else:
                yield from _walk(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _walk(value, (*place, number))


def lines_of(source: str) -> list[int]:
    """Return the line numbers that a source names."""
    found: list[int] = []
    for first, last in _LINES.findall(source):
        found += range(int(first), int(last or first) + 1)
    return found


def check_sources(
    document: Document, program: ProgramFile | None, policy: Path | None
) -> Iterator[Finding]:
    """Yield sources that are not written as such, or whose lines the policy does not have."""
    known = program.source if program else None
    first, last = _range(known.lines if known else "")
    total = _length(policy)
    for place, source in references(document):
        match = _SOURCE.fullmatch(source)
        if match is None:
            yield document.find("source-form", *place, source=source)
            continue
        if known and known.key and match["key"] != known.key:
            yield document.find("source-key", *place, source=source, key=known.key)
            continue
        for number in lines_of(source):
            if last and not first <= number <= last:
                yield document.find(
                    "source-range", *place, source=source, number=number, first=first, last=last
                )
            elif total and number > total:
                yield document.find("source-missing", *place, number=number, total=total)


def _range(written: str) -> tuple[int, int]:
    if not written:
        return 0, 0
    first, _, last = written.partition("-")
    return int(first), int(last or first)


def _length(policy: Path | None) -> int:
    if policy is None or not policy.is_file():
        return 0
    return len(policy.read_text("utf-8").splitlines())

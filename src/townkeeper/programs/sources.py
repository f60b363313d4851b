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


FACTS = ("settings", "duties", "standing", "indicators", "targets", "rules", "places", "groups")
"""Lists and mappings whose entries are facts of the policy."""


def check_facts(document: Document, program: ProgramFile | None) -> Iterator[Finding]:
    """Yield facts that name neither their line nor the reason for a default."""
    if program is None or program.source is None or not isinstance(document.data, dict):
        return
    if _is_grounded(document.data):
        return  # the file as a whole says where it comes from
    for name in FACTS:
        entries = document.data.get(name)
        numbered = enumerate(entries) if isinstance(entries, list) else ()
        for key, entry in entries.items() if isinstance(entries, dict) else numbered:
            if isinstance(entry, dict) and not _is_grounded(entry):
                yield document.find("source-none", name, key)


def _is_grounded(entry: dict[str, object]) -> bool:
    """Whether an entry, or every problem of a place, says where it comes from."""
    if entry.get("source") or entry.get("default_because"):
        return True
    problems = entry.get("problems")
    return isinstance(problems, list) and all(
        isinstance(p, dict) and p.get("source") for p in problems
    )


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

"""Reads YAML so that every value knows its line, and every mistake is said with its remedy.

The language is a safe part of YAML 1.2: mappings, lists, text, numbers, true/false, null. What only
surprises people is left out: `no` is a text, `20:30` is a text, dates are texts, aliases and tags
are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from townkeeper.programs.encoding import Decoded, decode
from townkeeper.programs.findings import Finding

Place = tuple[str | int, ...]
"""The way to a value: `("units", 3, "parent")`."""

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass
class Document:
    """One file: its data, where each value stands, and what is wrong with it."""

    name: str
    text: str = ""
    data: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    """Place → line, counted from 1; of a mapping's entry the line of its key."""
    findings: list[Finding] = field(default_factory=list)

    def line(self, *place: str | int) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        for end in range(len(place), -1, -1):
            found = self.lines.get(place[:end])
            if found:
                return found
        return 1

    def find(self, code: str, /, *place: str | int, **params: object) -> Finding:
        """Return a finding at a value of this file."""
        return Finding(code, self.name, self.line(*place), params)

    @property
    def broken(self) -> bool:
        """Whether the file could not be read as YAML."""
        return any(finding.severity == "error" for finding in self.findings)


def read_document(path: Path, *, name: str) -> Document:
    """Read a file; what is wrong stands in `findings`, `data` is None if nothing could be read."""
    document = Document(name)
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        document.findings.append(Finding("too-big", name, None, {"limit": MAX_BYTES // 1_000_000}))
        return document
    decoded = decode(raw)
    if decoded.problem:
        document.findings.append(_encoding_finding(decoded, name))
        if decoded.problem != "bom":
            return document
    return read_text(decoded.text, document)


def _encoding_finding(decoded: Decoded, name: str) -> Finding:
    params = {"encoding": decoded.encoding, "byte": decoded.offset}
    return Finding(f"encoding-{decoded.problem}", name, decoded.line, params)


def read_text(text: str, document: Document) -> Document:
    """Read YAML text into a document."""
    document.text = text
    found = list(_tabs(text, document.name))
    try:
        refused = list(_refused(text, document.name))
        document.findings += found + refused
        if refused:
            return document
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        document.findings += found or [_syntax_finding(error, text, document.name)]
        return document
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character[:1])
        params = {"character": f"U+{code:04X}"}
        document.findings.append(Finding("character", document.name, line, params))
        return document
    if node is None:
        document.findings.append(Finding("empty-file", document.name, 1))
        return document
    document.data = _Builder(document).build(node, ())
    return document


def _refused(text: str, name: str) -> Iterator[Finding]:
    """Yield what is outside our part of YAML, and nesting so deep that the parser would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            if event.anchor is not None:
                yield Finding("alias", name, line)
            if tag := getattr(event, "tag", None):
                yield Finding("tag", name, line, {"tag": tag})
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > MAX_DEPTH:
                yield Finding("too-deep", name, line, {"limit": MAX_DEPTH})
                return


def _tabs(text: str, name: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        lead = line[: len(line) - len(line.lstrip())]
        if "\t" in lead and line.strip():
            yield Finding("tab", name, number)


class _Builder:
    """Turns nodes into plain data and remembers lines; a key may stand only once."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def build(self, node: yaml.Node, place: Place) -> object:
        self.document.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*place, i)) for i, item in enumerate(node.value)]
        return _scalar(node)

    def _item(self, node: yaml.Node, place: Place) -> object:
        self.document.lines[place] = node.start_mark.line + 1
        return self.build(node, place)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        data: dict[str, object] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note("key-not-text", key_node)
                continue
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in first:
                self._note("duplicate-key", key_node, key=key, first=first[key])
                continue
            first[key] = line
            self.document.lines[*place, key] = line
            data[key] = self.build(value_node, (*place, key))
        return data

    def _note(self, code: str, node: yaml.Node, **params: object) -> None:
        line = node.start_mark.line + 1
        self.document.findings.append(Finding(code, self.document.name, line, params))


def _scalar(node: yaml.Node) -> object:
    """Read a scalar: only what is written plainly can be a number, a truth value or null."""
    text = str(node.value)
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


_UNCLOSED = {"flow sequence": "]", "flow mapping": "}", "quoted scalar": '"'}


def _syntax_finding(error: yaml.MarkedYAMLError, text: str, name: str) -> Finding:
    """Say what the parser stumbled over as a person would."""
    mark = error.problem_mark or error.context_mark
    lines = text.split("\n")
    line = min(mark.line + 1 if mark else 1, len(lines))
    started = error.context_mark.line + 1 if error.context_mark else line
    context, problem = error.context or "", error.problem or ""
    for what, closing in _UNCLOSED.items():
        if what in context:
            # The parser notices only where the next thing begins; the cause stands at the start.
            return Finding("unclosed", name, started, {"closing": closing})
    if off := _wrong_indent(lines, line):
        columns = {"is": off.indent, "should": off.should, "like": off.like}
        return Finding("indent", name, off.line, columns)
    for sign, code in _PROBLEMS.items():
        if sign in problem or sign in context:
            at = started if code == "colon-missing" else line
            return Finding(code, name, at, {"text": lines[at - 1].strip()[:60]})
    params = {"problem": problem, "text": lines[line - 1].strip()[:60]}
    return Finding("syntax", name, line, params)


_PROBLEMS = {
    "could not find expected ':'": "colon-missing",
    "mapping values are not allowed": "colon-unexpected",
    "cannot start any token": "quote-needed",
    "undefined alias": "alias",
    "did not find expected '-' indicator": "dash-missing",
    "block sequence entries are not allowed": "dash-unexpected",
    "did not find expected node content": "value-missing",
    "did not find expected key": "after-value",
    "while scanning": "quote-needed",
}
"""What the parser says → what a person should hear."""


class _Off(NamedTuple):
    """A line that begins at a column where nothing begins."""

    line: int
    indent: int
    should: int
    like: int
    """The line that it should stand under."""


def _wrong_indent(lines: list[str], until: int) -> _Off | None:
    """Return the first line up to `until` (and the next one) whose indentation fits no level."""
    levels: list[tuple[int, int]] = []
    opened, block = True, None
    for number, line in enumerate(lines[: until + 1], 1):
        body = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if not body or body.startswith("#") or (block is not None and indent > block):
            continue
        deeper = not levels or indent > levels[-1][0]
        if deeper and not opened:
            return _Off(number, indent, *levels[-1])
        if not deeper and indent not in {level for level, _line in levels}:
            nearest = min(levels, key=lambda level: (abs(level[0] - indent), -level[0]))
            return _Off(number, indent, *nearest)
        levels = [level for level in levels if level[0] < indent]
        levels += [(indent, number), *_inner_levels(body, indent, number)]
        opened = bool(_OPENS.search(body)) or body.endswith("-")
        block = indent if _BLOCK.search(body) else None
    return None


_OPENS = re.compile(r":\s*(#.*)?$")
_BLOCK = re.compile(r"[|>][-+]?\s*$")


def _inner_levels(body: str, indent: int, number: int) -> Iterator[tuple[int, int]]:
    """Yield the levels that `- key: value` opens on its own line."""
    while body.startswith("- "):
        inner = body[2:].lstrip()
        indent += len(body) - len(inner)
        body = inner
        if ":" in body and not body.startswith(("{", "[", '"')):
            yield indent, number

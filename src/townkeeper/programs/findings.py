"""What a check of a program finds: each with its file, its line, the reason and the remedy."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from django.utils.translation import get_language
from typing_extensions import override

from townkeeper.kit.names import FALLBACKS
from townkeeper.kit.schema import LANGUAGES

Severity = Literal["error", "warning", "note"]
ORDER: Mapping[Severity, int] = {"error": 0, "warning": 1, "note": 2}


class Wording(NamedTuple):
    """How one code is said: its severity, and message and hint by language."""

    severity: Severity
    message: Mapping[str, str]
    hint: Mapping[str, str]


@lru_cache(maxsize=1)
def wordings() -> dict[str, Wording]:
    """Return every code that a check can report (`words/findings.csv`)."""
    text = (files("townkeeper.programs") / "words" / "findings.csv").read_text("utf-8")
    table: dict[str, Wording] = {}
    for row in csv.DictReader(text.splitlines()):
        severity: Severity = "error"
        if row["severity"] in ("warning", "note"):
            severity = "warning" if row["severity"] == "warning" else "note"
        table[row["code"]] = Wording(
            severity,
            {tag: row[tag] for tag in LANGUAGES},
            {tag: row[f"hint {tag}"] for tag in LANGUAGES},
        )
    return table


def language_tag(language: str | None = None) -> str:
    """Return one of our tags for a language code, the page's by default."""
    return FALLBACKS.get((language or get_language() or "en").lower(), FALLBACKS["en"])[0]


def _said(value: object, tag: str) -> str:
    """Say a particular: texts by language in that language, lists with commas."""
    if isinstance(value, Mapping):
        return str(value.get(tag) or value.get("") or next(iter(value.values()), ""))
    if isinstance(value, list | tuple | set | frozenset):
        comma = ", " if tag == "en" else "、"
        return comma.join(_said(item, tag) for item in value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check holds against a program, or remarks on it."""

    code: str
    file: str
    line: int | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    severity_override: Severity | None = None

    @property
    def severity(self) -> Severity:
        """`error` stops loading, `warning` asks for a look, `note` is for the record."""
        return self.severity_override or wordings()[self.code].severity

    @property
    def where(self) -> str:
        """Return `units/offices.yaml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def message(self, language: str | None = None) -> str:
        """Say what is wrong."""
        tag = language_tag(language)
        return self._fill(wordings()[self.code].message[tag], tag)

    def hint(self, language: str | None = None) -> str:
        """Say what would be right; empty where the message says it all."""
        tag = language_tag(language)
        return self._fill(wordings()[self.code].hint[tag], tag)

    def _fill(self, template: str, tag: str) -> str:
        said = {name: _said(value, tag) for name, value in self.params.items()}
        return template.format_map(_Lenient(said)).strip()

    def as_dict(self) -> dict[str, object]:
        """Return the finding for JSON, in all languages."""
        return {
            "severity": self.severity,
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "message": self.message(),
            "hint": self.hint(),
            "messages": {tag: self.message(tag) for tag in LANGUAGES},
            "hints": {tag: self.hint(tag) for tag in LANGUAGES},
        }

    @override
    def __str__(self) -> str:
        hint = self.hint()
        return f"{self.where}: {self.message()}{' ' + hint if hint else ''}"


class _Lenient(dict[str, str]):
    """A particular that nobody gave is left out instead of breaking the sentence."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found, worst first, then by file and line."""

    folder: str
    findings: tuple[Finding, ...]
    digest: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many units, duties … the program has."""

    @classmethod
    def of(
        cls,
        folder: str,
        findings: Iterable[Finding],
        *,
        digest: str = "",
        counts: Mapping[str, int] | None = None,
    ) -> "Report":
        """Sort the findings and leave out repetitions."""
        unique = {
            (f.code, f.file, f.line, json.dumps(f.params, default=str, sort_keys=True)): f
            for f in findings
        }
        found = sorted(unique.values(), key=lambda f: (ORDER[f.severity], f.file, f.line or 0))
        return cls(folder, tuple(found), digest, counts or {})

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that stop the program from being loaded."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def ok(self) -> bool:
        """Whether the program can be loaded."""
        return not self.errors

    def tally(self) -> dict[str, int]:
        """Return the number of findings by severity."""
        said = [finding.severity for finding in self.findings]
        return {severity: said.count(severity) for severity in ORDER}

    def as_dict(self) -> dict[str, object]:
        """Return the report for JSON."""
        return {
            "folder": self.folder,
            "ok": self.ok,
            "digest": self.digest,
            "tally": self.tally(),
            "counts": dict(self.counts),
            "findings": [finding.as_dict() for finding in self.findings],
        }

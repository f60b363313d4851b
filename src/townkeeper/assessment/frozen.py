"""A round as one value that can be signed, kept and scored again: pure, without a database.

The content of a round is JSON without floating-point numbers (decimals are text), written in one
way only: keys sorted, no spaces, UTF-8. Its digest is the SHA-256 of those bytes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from townkeeper.assessment.program import SchemeFile
from townkeeper.assessment.scoring import Measure, Sheet, score, sheet_as_dict

FORMAT = "townkeeper-round/1"
Content = dict[str, Any]
FindingKind = Literal[
    "unreadable", "format", "digest", "signature", "key-id", "key-unknown", "score", "count",
    "figure",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a publication that does not hold together."""

    kind: FindingKind
    where: str = ""
    said: str = ""
    found: str = ""


def canonical(content: Content) -> str:
    """Return the one text of a content."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def measure_as_dict(measure: Measure) -> dict[str, object]:
    """Return a measure for JSON."""
    value = None if measure.value is None else format(measure.value, "f")
    return {
        "value": value,
        "numerator": measure.numerator,
        "denominator": measure.denominator,
    }


def measure_of(data: Mapping[str, Any]) -> Measure:
    """Return the measure that was frozen."""
    value = None if data["value"] is None else Decimal(data["value"])
    return Measure(value, data["numerator"], data["denominator"])


def score_again(content: Content) -> tuple[Sheet, ...]:
    """Score the frozen inputs by the frozen rules; raise ValueError or KeyError if they are bad."""
    scheme = SchemeFile.model_validate(content["scheme"])
    wanted = scheme.metrics()
    inputs = {
        code: {key: measure_of(data) for key, data in given.items() if key in wanted}
        for code, given in content["figures"].items()
    }
    members = {code: unit["group"] for code, unit in content["units"].items()}
    return score(scheme, members=members, inputs=inputs)


def cases_of(content: Content, subject: str, count: str) -> list[str]:
    """Return the numbers of the cases behind a count of a unit, or of all (`*`)."""
    numbers: list[str] = content["cases"]["numbers"]
    return [numbers[place] for place in content["cases"]["behind"].get(subject, {}).get(count, ())]


def content_findings(content: Content) -> Iterator[Finding]:
    """Yield scores, rates and lists of cases that do not agree with the frozen inputs."""
    again = [sheet_as_dict(sheet) for sheet in score_again(content)]
    said = {sheet["unit"]: sheet for sheet in content["sheets"]}
    for sheet in again:
        unit = str(sheet["unit"])
        before = said.pop(unit, None)
        if before is None:
            yield Finding("score", unit, "", str(sheet["score"]))
        elif before != sheet:
            yield from _different(unit, before, sheet)
    for unit, sheet in said.items():
        yield Finding("score", unit, str(sheet["score"]), "")
    for subject, figures in (*content["figures"].items(), ("*", content["totals"])):
        yield from _figure_findings(content, subject, figures)


def _different(unit: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("score", "rank", "low", "high", "rank_low", "rank_high", "note"):
        if before[name] != after[name]:
            yield Finding("score", f"{unit}.{name}", str(before[name]), str(after[name]))
            return
    yield Finding("score", f"{unit}.items")


def _figure_findings(
    content: Content, subject: str, figures: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    metrics = content["metrics"]
    for key, figure in figures.items():
        kind = metrics.get(key, {}).get("kind")
        where = f"{subject}.{key}"
        if kind == "count":
            listed = len(content["cases"]["behind"].get(subject, {}).get(key, ()))
            if listed != figure["numerator"] or figure["value"] != str(listed):
                yield Finding("count", where, str(figure["value"]), str(listed))
        elif kind == "rate":
            parts = [
                figures[metrics[key][part]]["numerator"] for part in ("numerator", "denominator")
            ]
            expected = measure_as_dict(Measure.rate(*parts))
            if expected != figure:
                yield Finding("figure", where, str(figure["value"]), str(expected["value"]))

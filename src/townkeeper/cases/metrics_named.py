"""The metrics of cases by name: what each counts and which way is better; no engine is needed here.

Zero of zero is "no value", never 0 and never 100: a unit without work is neither bad nor good.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

HUNDRED = Decimal(100)
Kind = Literal["count", "rate", "hours"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it is called, what it counts, which way is better."""

    key: str
    kind: Kind
    names: Mapping[str, str]
    definition: Mapping[str, str]
    fact: str = ""
    """For a count: fact table and flag, such as `duty.on_time`."""
    numerator: str = ""
    denominator: str = ""
    """For a rate: the counts it divides."""
    share: float = 0.0
    """For a time: the quantile."""
    better: Literal["higher", "lower", ""] = ""
    code: str = ""
    """The field name of the national family's production systems."""

    @property
    def counts(self) -> tuple[str, ...]:
        """The counts that it needs."""
        return (self.numerator, self.denominator) if self.kind == "rate" else (self.key,)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure: a rate in percent with its parts, a count, or hours with their number."""

    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None


_definitions: list[Path] = [Path(__file__).with_name("metrics.yaml")]
_facts: list[str] = []


def register_metrics(definitions: Path, *, facts: str) -> None:
    """Let another app bring metrics of its own; called from its `ready()`.

    `facts` names the module whose `FACTS` they count; it is imported when a figure is asked for.
    """
    if definitions not in _definitions:
        _definitions.append(definitions)
        _facts.append(facts)
        metrics.cache_clear()


def definition_files() -> tuple[Path, ...]:
    """Return the files in which metrics are defined."""
    return tuple(_definitions)


def fact_modules() -> tuple[str, ...]:
    """Return the modules of other apps that bring fact tables."""
    return tuple(_facts)


@cache
def metrics() -> dict[str, Metric]:
    """Return every metric by key, in the order of the definitions."""
    return {
        key: Metric(key=key, **data)
        for path in _definitions
        for key, data in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    }


def value_of(metric: Metric, counts: Mapping[str, int]) -> Value:
    """Return a count or rate from counts; what was not counted is none."""
    if metric.kind == "count":
        number = counts.get(metric.key, 0)
        return Value(Decimal(number), number)
    above, below = counts.get(metric.numerator, 0), counts.get(metric.denominator, 0)
    return Value(HUNDRED * above / below if below else None, above, below)

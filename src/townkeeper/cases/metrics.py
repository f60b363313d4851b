"""The metrics of cases: names, definitions, figures per unit and month, and the cases behind.

Zero of zero is "no value", never 0 and never 100: a unit without work is neither bad nor good.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, cast

import ibis.expr.types as ir
import yaml

from townkeeper.analytics.engine import Tables
from townkeeper.cases.metrics_facts import (
    EVERYBODY,
    FACTS,
    Source,
    Subjects,
    Window,
    duration_facts,
    duty_facts,
    month_window,
)

__all__ = [
    "EVERYBODY",
    "Behind",
    "Figures",
    "Metric",
    "Subjects",
    "Value",
    "Window",
    "cases_behind",
    "figures",
    "lines_behind",
    "metrics",
    "month_window",
    "overdue_work",
    "value_of",
]

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


@dataclass(frozen=True, slots=True)
class Behind:
    """The numbers of the cases behind a figure; events of one case repeat its number."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]


Figures = dict[str, dict[str, Value]]
"""Subject → metric → figure. A subject with nothing at all is not in it: see `value_of`."""
Lines = dict[str, dict[str, tuple[str, ...]]]
"""Subject → count → numbers of the cases counted."""


@cache
def metrics() -> dict[str, Metric]:
    """Return every metric by key, in the order of the definitions."""
    text = Path(__file__).with_name("metrics.yaml").read_text(encoding="utf-8")
    return {key: Metric(key=key, **data) for key, data in yaml.safe_load(text).items()}


def figures(
    tables: Tables | Mapping[str, ir.Table],
    window: Window,
    subjects: Subjects | None = None,
    *,
    wanted: Iterable[str] | None = None,
) -> Figures:
    """Return the figures of a month per subject; KeyError for a metric that does not exist."""
    known = metrics()
    chosen = [known[key] for key in (known if wanted is None else wanted)]
    source = Source(cast("Mapping[str, ir.Table]", tables), window, subjects or Subjects())
    counts = _counts(source, {name for metric in chosen for name in metric.counts})
    hours = [metric for metric in chosen if metric.kind == "hours"]
    times = _hours(source, hours) if hours else {}
    return {
        subject: {
            metric.key: times.get(subject, {}).get(metric.key, Value(None, None, 0))
            if metric.kind == "hours"
            else value_of(metric, counts.get(subject, {}))
            for metric in chosen
        }
        for subject in sorted({*counts, *times})
    }


def value_of(metric: Metric, counts: Mapping[str, int]) -> Value:
    """Return a count or rate from counts; what was not counted is none."""
    if metric.kind == "count":
        number = counts.get(metric.key, 0)
        return Value(Decimal(number), number)
    above, below = counts.get(metric.numerator, 0), counts.get(metric.denominator, 0)
    return Value(HUNDRED * above / below if below else None, above, below)


def lines_behind(
    tables: Tables | Mapping[str, ir.Table],
    window: Window,
    subjects: Subjects | None = None,
    *,
    wanted: Iterable[str],
) -> Lines:
    """Return the cases behind every count that the wanted metrics need, for every subject."""
    known = metrics()
    source = Source(cast("Mapping[str, ir.Table]", tables), window, subjects or Subjects())
    found: Lines = defaultdict(dict)
    needed = {name for key in wanted for name in known[key].counts if known[key].kind != "hours"}
    for fact, flags in _by_fact(needed).items():
        table = FACTS[fact](source)
        columns = ["subject", "number", *sorted(set(flags.values()))]
        rows = table.select(columns).order_by(["subject", "number"]).to_pyarrow().to_pydict()
        for name, column in flags.items():
            lists: dict[str, list[str]] = defaultdict(list)
            for subject, number, times in zip(
                rows["subject"], rows["number"], rows[column], strict=True
            ):
                lists[subject] += [number] * times
            for subject, numbers in lists.items():
                found[subject][name] = tuple(numbers)
    return dict(found)


def cases_behind(
    tables: Tables | Mapping[str, ir.Table],
    metric: str,
    subject: str,
    window: Window,
    subjects: Subjects | None = None,
) -> Behind:
    """Return the cases behind one figure, as many as the figure says."""
    wanted = metrics()[metric]
    lines = lines_behind(tables, window, subjects, wanted=[metric]).get(subject, {})
    if wanted.kind == "rate":
        return Behind(lines.get(wanted.numerator, ()), lines.get(wanted.denominator, ()))
    return Behind(lines.get(metric, ()), ())


@dataclass(frozen=True, slots=True)
class Overdue:
    """A case that was due in the month and is not handled."""

    number: str
    subject: str
    due_at: datetime
    category: str | None


def overdue_work(
    tables: Tables | Mapping[str, ir.Table], window: Window, subjects: Subjects | None = None
) -> list[Overdue]:
    """Return what was due in the month and is not handled, the longest overdue first."""
    source = Source(cast("Mapping[str, ir.Table]", tables), window, subjects or Subjects())
    duty = duty_facts(source)
    cases = source.tables["cases"].select("number", "category")
    late = duty.filter(duty.overdue == 1).select("subject", "number", "due_at")
    rows = late.inner_join(cases, "number").order_by(["due_at", "number", "subject"])
    return [
        Overdue(row["number"], row["subject"], row["due_at"].replace(tzinfo=UTC), row["category"])
        for row in rows.select("number", "subject", "due_at", "category").to_pyarrow().to_pylist()
    ]


def _by_fact(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return fact table → count → flag, in the order of the fact tables."""
    known = metrics()
    found: dict[str, dict[str, str]] = {fact: {} for fact in FACTS}
    for name in sorted(names):
        fact, column = known[name].fact.split(".")
        found[fact][name] = column
    return {fact: flags for fact, flags in found.items() if flags}


def _counts(source: Source, names: set[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    plain = {name for name in names if metrics()[name].kind == "count"}
    for fact, flags in _by_fact(plain).items():
        table = FACTS[fact](source)
        sums = {name: table[column].sum() for name, column in flags.items()}
        for row in table.group_by("subject").agg(**sums).to_pyarrow().to_pylist():
            found[row["subject"]].update({name: int(row[name]) for name in flags})
    return dict(found)


def _hours(source: Source, wanted: list[Metric]) -> dict[str, dict[str, Value]]:
    table = duration_facts(source)
    sums = {metric.key: table.hours.quantile(metric.share) for metric in wanted}
    grouped = table.group_by("subject").agg(pieces=table.count(), **sums)
    return {
        row["subject"]: {
            metric.key: Value(_tenth(row[metric.key]), None, row["pieces"]) for metric in wanted
        }
        for row in grouped.to_pyarrow().to_pylist()
    }


def _tenth(hours: float | None) -> Decimal | None:
    return None if hours is None else Decimal(repr(hours)).quantize(Decimal("0.1"))

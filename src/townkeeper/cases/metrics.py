"""The figures of the metrics per unit and month, and the cases behind them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from importlib import import_module
from typing import Any

import ibis.expr.types as ir

from townkeeper.analytics.engine import Tables, table
from townkeeper.cases.metrics_acts import FACTS as ACTS
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
from townkeeper.cases.metrics_named import Metric, Value, fact_modules, metrics, value_of

__all__ = [
    "EVERYBODY",
    "Behind",
    "Figures",
    "Lines",
    "Metric",
    "Subjects",
    "Value",
    "Window",
    "all_facts",
    "cases_behind",
    "figures",
    "lines_behind",
    "metrics",
    "month_window",
    "overdue_work",
    "value_of",
]


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
def all_facts() -> dict[str, Callable[[Source], ir.Table]]:
    """Return every fact table by name: the cases' own, and those that other apps bring."""
    facts = {**FACTS, **ACTS}
    for name in fact_modules():
        facts.update(import_module(name).FACTS)
    return facts


@dataclass(frozen=True)
class _Question:
    """One month for some subjects, asked of the engine."""

    tables: Tables
    window: Window
    subjects: Subjects

    def rows(
        self, key: tuple[object, ...], expression: Callable[[Source], ir.Table]
    ) -> list[dict[str, Any]]:
        """Return the rows of an expression over the facts."""
        source = Source(self.subjects.by, self.subjects.codes is None)
        return self.tables.answer(
            (*key, source.key),
            lambda: expression(source),
            bounds=self.window.bounds,
            codes=self.subjects.codes or {},
        )


def figures(
    tables: Tables,
    window: Window,
    subjects: Subjects | None = None,
    *,
    wanted: Iterable[str] | None = None,
) -> Figures:
    """Return the figures of a month per subject; KeyError for a metric that does not exist."""
    known = metrics()
    chosen = [known[key] for key in (known if wanted is None else wanted)]
    question = _Question(tables, window, subjects or Subjects())
    counts = _counts(question, {name for metric in chosen for name in metric.counts})
    hours = [metric for metric in chosen if metric.kind == "hours"]
    times = _hours(question, hours) if hours else {}
    return {
        subject: {
            metric.key: times.get(subject, {}).get(metric.key, Value(None, None, 0))
            if metric.kind == "hours"
            else value_of(metric, counts.get(subject, {}))
            for metric in chosen
        }
        for subject in sorted({*counts, *times})
    }


def lines_behind(
    tables: Tables,
    window: Window,
    subjects: Subjects | None = None,
    *,
    wanted: Iterable[str],
) -> Lines:
    """Return the cases behind every count that the wanted metrics need, for every subject."""
    known = metrics()
    question = _Question(tables, window, subjects or Subjects())
    found: Lines = defaultdict(dict)
    needed = {name for key in wanted for name in known[key].counts if known[key].kind != "hours"}
    for fact, flags in _by_fact(needed).items():
        columns = sorted(set(flags.values()))
        rows = question.rows(("lines", fact, *columns), partial(_lines, fact=fact, columns=columns))
        for name, column in flags.items():
            lists: dict[str, list[str]] = defaultdict(list)
            for row in rows:
                if row[column]:
                    lists[row["subject"]] += [row["number"]] * int(row[column])
            for subject, numbers in lists.items():
                found[subject][name] = tuple(numbers)
    return dict(found)


def _lines(source: Source, *, fact: str, columns: list[str]) -> ir.Table:
    table = all_facts()[fact](source)
    return table.select("subject", "number", *columns).order_by(["subject", "number"])


def cases_behind(
    tables: Tables,
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


def overdue_work(tables: Tables, window: Window, subjects: Subjects | None = None) -> list[Overdue]:
    """Return what was due in the month and is not handled, the longest overdue first."""
    question = _Question(tables, window, subjects or Subjects())
    return [
        Overdue(row["number"], row["subject"], row["due_at"].replace(tzinfo=UTC), row["category"])
        for row in question.rows(("overdue",), _overdue)
    ]


def _overdue(source: Source) -> ir.Table:
    duty = duty_facts(source)
    late = duty.filter(duty.overdue == 1).select("subject", "number", "due_at")
    rows = late.inner_join(table("cases").select("number", "category"), "number")
    rows = rows.select("number", "subject", "due_at", "category")
    return rows.order_by(["due_at", "number", "subject"])


def _by_fact(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return fact table → count → flag, in the order of the fact tables."""
    known = metrics()
    found: dict[str, dict[str, str]] = {fact: {} for fact in all_facts()}
    for name in sorted(names):
        fact, column = known[name].fact.split(".")
        found[fact][name] = column
    return {fact: flags for fact, flags in found.items() if flags}


def _counts(question: _Question, names: set[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    plain = {name for name in names if metrics()[name].kind == "count"}
    for fact, flags in _by_fact(plain).items():
        columns = sorted(set(flags.values()))
        for row in question.rows(
            ("sums", fact, *columns), partial(_sums, fact=fact, columns=columns)
        ):
            found[row["subject"]].update({name: int(row[flags[name]]) for name in flags})
    return dict(found)


def _sums(source: Source, *, fact: str, columns: list[str]) -> ir.Table:
    rows = all_facts()[fact](source)
    return rows.group_by("subject").agg(**{column: rows[column].sum() for column in columns})


def _hours(question: _Question, wanted: list[Metric]) -> dict[str, dict[str, Value]]:
    shares = {metric.key: metric.share for metric in wanted}
    rows = question.rows(("hours", *sorted(shares.items())), partial(_quantiles, shares=shares))
    return {
        row["subject"]: {key: Value(_tenth(row[key]), None, row["pieces"]) for key in shares}
        for row in rows
    }


def _quantiles(source: Source, *, shares: Mapping[str, float]) -> ir.Table:
    rows = duration_facts(source)
    found = {key: rows.hours.quantile(share) for key, share in shares.items()}
    return rows.group_by("subject").agg(pieces=rows.count(), **found)


def _tenth(hours: float | None) -> Decimal | None:
    return None if hours is None else Decimal(repr(hours)).quantize(Decimal("0.1"))

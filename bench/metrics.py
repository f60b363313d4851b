"""One month's metrics of Boston for every unit, against plain SQL and pandas on the same records.

The references compute five of the counts (filed, due, handled, on time, closed); the engine all of
them, with rates and quantiles. The counts of all three must be equal. The promise is a second for
the month, with the extracts up to date and the engine warm; cold and refreshing stand beside it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.import_ import BOSTON, ROOT, made_up, prepare

ZONE = ZoneInfo("America/New_York")
CORE = ("filed_count", "due_count", "handled_count", "on_time_count", "closed_count")
SQL = """
SELECT u.code,
  SUM(CASE WHEN c.opened_at >= %(start)s AND c.opened_at < %(end)s THEN 1 ELSE 0 END),
  SUM(CASE WHEN t.due_at >= %(start)s AND t.due_at < %(end)s THEN 1 ELSE 0 END),
  SUM(CASE WHEN t.due_at >= %(start)s AND t.due_at < %(end)s AND t.done_at IS NOT NULL
      THEN 1 ELSE 0 END),
  SUM(CASE WHEN t.due_at >= %(start)s AND t.due_at < %(end)s AND t.done_at <= t.due_at
      THEN 1 ELSE 0 END),
  SUM(CASE WHEN t.due_at >= %(start)s AND t.due_at < %(end)s AND c.closed_at IS NOT NULL
      THEN 1 ELSE 0 END)
FROM cases_task t JOIN cases_case c ON c.id = t.case_id JOIN units_unit u ON u.id = t.unit_id
WHERE t.stage = 'handling' GROUP BY u.code
"""


def run(quick: bool = False) -> list[dict]:
    with tempfile.TemporaryDirectory(prefix="townkeeper-metrics-") as name:
        folder = Path(name)
        file = BOSTON
        if quick or not BOSTON.exists():
            file = made_up(folder / "reports.csv", 4_000 if quick else 41_827)
        home = folder / "home"
        home.mkdir()
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        done = None
        for step in ("prepare", "measure"):
            done = subprocess.run(
                [sys.executable, "-m", "bench.metrics", step, str(file), str(home)],
                cwd=ROOT, env=environment | {"TOWNKEEPER_HOME": str(home)}, check=True,
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
    return rows_of(found, "" if file == BOSTON else ", made up")


def rows_of(found: dict, note: str) -> list[dict]:
    label = f"{found['cases']:,} cases, {found['units']} units, {found['metrics']} metrics{note}"
    warm = found["warm"]
    rows = [
        {
            "name": f"one month of {label}, warm, against {name}",
            "value": round(warm, 3),
            "unit": "s",
            "reference": round(found[key], 3),
            "ratio": round(warm / found[key], 2),
        }
        for key, name in (
            ("sql", "plain SQL for five of the counts"),
            ("pandas", "pandas for five of the counts, reading included"),
        )
    ]
    others = {
        "cold": "first month in a new process",
        "behind": "the cases behind every count of the month",
        "whole": "extracts made anew",
        "again": "extracts brought up to date, nothing changed",
        "assess": "the whole round: refresh, score, rank, keep",
    }
    rows += [
        {"name": f"{words}: {label}", "value": round(found[key], 3), "unit": "s"}
        for key, words in others.items()
    ]
    return rows


def timed(work: Callable[[], object], times: int = 1) -> tuple[float, object]:
    """Return the best of several runs and the last result."""
    best, result = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - began)
    return best, result


def measure(month: str) -> dict:
    from townkeeper.analytics.engine import open_tables  # noqa: PLC0415 - Django is set up by now
    from townkeeper.analytics.lake import refresh_extracts  # noqa: PLC0415
    from townkeeper.assessment.actions import assess_month  # noqa: PLC0415
    from townkeeper.cases.metrics import (  # noqa: PLC0415
        Subjects,
        figures,
        lines_behind,
        metrics,
        month_window,
    )
    from townkeeper.cases.models import Case  # noqa: PLC0415

    until = datetime(2026, 1, 1, tzinfo=ZONE)
    window = month_window(month, until=until, zone=ZONE)
    by_unit = Subjects("unit")
    counts = [key for key, metric in metrics().items() if metric.kind == "count"]
    Case.objects.update(updated_at=until - timedelta(days=1))
    whole, _ = timed(lambda: refresh_extracts(whole=True))
    again, _ = timed(refresh_extracts, 3)
    tables = open_tables(refresh=False)
    cold, _ = timed(lambda: figures(tables, window, by_unit))
    warm, found = timed(lambda: figures(tables, window, by_unit), 5)
    behind, _ = timed(lambda: lines_behind(tables, window, by_unit, wanted=counts), 3)
    plain, said = timed(lambda: by_sql(window), 5)
    frame, counted = timed(lambda: by_pandas(window), 5)
    ours = {unit: tuple(v[key].numerator for key in CORE) for unit, v in found.items()}
    assert ours == said == counted, (ours, said, counted)
    assess, _ = timed(lambda: assess_month(month, actor="bench", data_until=until))
    return {
        "cases": Case.objects.count(), "units": len(found), "metrics": len(metrics()),
        "whole": whole, "again": again, "cold": cold, "warm": warm, "behind": behind,
        "sql": plain, "pandas": frame, "assess": assess,
    }  # fmt: skip


def bounds(window) -> dict[str, str]:
    return {name: f"{getattr(window, name):%Y-%m-%d %H:%M:%S}" for name in ("start", "end")}


def by_sql(window) -> dict[str, tuple[int, ...]]:
    """Count with one statement on the database itself."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(SQL, bounds(window))
        rows = {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
    return {unit: counts for unit, counts in rows.items() if any(counts)}


def by_pandas(window) -> dict[str, tuple[int, ...]]:
    """Count in a data frame read from the database."""
    import pandas as pd  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.code, c.opened_at, t.due_at, t.done_at, c.closed_at FROM cases_task t "
            "JOIN cases_case c ON c.id = t.case_id JOIN units_unit u ON u.id = t.unit_id "
            "WHERE t.stage = 'handling'"
        )
        frame = pd.DataFrame(cursor.fetchall(), columns=["unit", "opened", "due", "done", "closed"])
    edge = bounds(window)
    due = (frame.due >= edge["start"]) & (frame.due < edge["end"])
    frame["filed_"] = (frame.opened >= edge["start"]) & (frame.opened < edge["end"])
    frame["due_"] = due
    frame["handled_"] = due & frame.done.notna()
    frame["on_time_"] = due & frame.done.notna() & (frame.done <= frame.due)
    frame["closed_"] = due & frame.closed.notna()
    columns = ["filed_", "due_", "handled_", "on_time_", "closed_"]
    sums = frame.groupby("unit")[columns].sum()
    found = {
        str(unit): tuple(int(n) for n in row)
        for unit, row in zip(sums.index, sums.values, strict=True)
    }
    return {unit: counts for unit, counts in found.items() if any(counts)}


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "townkeeper.config.settings"
    django.setup()
    _program, step, given, place = sys.argv
    if step == "prepare":
        from townkeeper.cases.imports.mapping import load_mapping
        from townkeeper.cases.imports.run import import_file

        prepare(Path(given), Path(place))
        import_file(
            Path(given), load_mapping(ROOT / "docs/examples/boston.yaml"), actor="bench",
            out_dir=Path(place),
        )  # fmt: skip
    else:
        # the made-up reports of a quick run are all of the first weeks
        print(json.dumps(measure("2011-09" if Path(given) == BOSTON else "2011-07")))

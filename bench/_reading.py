"""What the benchmarks of reading share: sizes, databases, timing one client with a warm cache."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.dataset import DATABASES, ROOT, dataset

SIZES = (10_000, 100_000, 1_000_000)
QUICK = (2_000,)


def chosen(usual):
    """Databases and sizes that the environment asks for, or the usual ones."""
    sizes = [int(size) for size in os.environ.get("TOWNKEEPER_BENCH_SIZES", "").split(",") if size]
    asked = os.environ.get("TOWNKEEPER_BENCH_DATABASES")
    return asked.split(",") if asked else DATABASES, sizes or usual


def curve(module, *, quick, promise):
    """Run `python -m MODULE measure` on each database at each size; rows for the results."""
    rows = []
    databases, sizes = chosen(QUICK if quick else SIZES)
    for database in databases:
        for size in sizes:
            with dataset(size, database=database, fresh=False) as environ:
                words = [sys.executable, "-m", module, "measure", str(20 if quick else 100)]
                done = subprocess.run(
                    words, env=environ, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
                )
            for found in json.loads(done.stdout.splitlines()[-1]):
                rows.append(
                    {
                        "name": f"{found['name']}, {database}, {size:,} cases: p95",
                        "value": found["p95"],
                        "unit": found.get("unit", "ms"),
                        "reference": f"promised {promise} ms"
                        if found.get("unit", "ms") == "ms"
                        else None,
                        "ratio": round(found["p95"] / promise, 3)
                        if found.get("unit", "ms") == "ms"
                        else None,
                        "note": {
                            key: value
                            for key, value in found.items()
                            if key not in {"name", "p95", "unit"}
                        },
                    }
                )
                print(f"{database:>10} {size:>9,} {found}", file=sys.stderr)
    return rows


def timed(name, call, choices, times, **more):
    """Call with random choices; milliseconds at the median and at the 95th percentile.

    Each choice is made three times and the best counts, because other programs may run on the
    machine: what remains is how the choices differ. Beside the time on the clock stands the
    processor's time (of this process and of the database's for us), which others do not lengthen,
    and the share of the database: the same statements once more without the code that makes them.
    """
    from django.db import connection  # noqa: PLC0415

    dice = random.Random(7)  # noqa: S311 - a measurement, not a secret
    chosen = [dice.choice(choices) for _turn in range(times)]
    pid = server_pid(connection)
    whole, busy, bare, sizes = [], [], [], []
    for choice in chosen:
        statements = []

        def keep(execute, sql, params, many, context):
            statements.append((sql, params))  # noqa: B023 - called before the next turn
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            found = call(choice)
        sizes.append(found if isinstance(found, int) else 0)
        turns = [clocked(lambda c=choice: call(c), pid) for _turn in range(TURNS)]
        whole.append(min(on_clock for on_clock, _busy in turns))
        busy.append(min(of_processor for _clock, of_processor in turns))
        turns = [clocked(lambda s=statements: again(connection, s), pid) for _turn in range(TURNS)]
        bare.append(min(of_processor for _clock, of_processor in turns))
    for figures in (whole, busy, bare):
        figures.sort()
    at = max(0, int(len(whole) * 0.95) - 1)
    return {
        "name": name,
        "p50": round(statistics.median(whole), 2),
        "p95": round(whole[at], 2),
        "max": round(whole[-1], 1),
        "cpu_p50": round(statistics.median(busy), 2),
        "cpu_p95": round(busy[at], 2),
        "db_p50": round(statistics.median(bare), 2),
        "db_p95": round(bare[at], 2),
        "db_max": round(bare[-1], 1),
        "rows": round(statistics.mean(sizes), 1),
        "statements": len(statements),
        **more,
    }


TURNS = 3


def server_pid(connection):
    """The process of PostgreSQL that works for us; None where the database is in this process."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def spent(pid):
    """Processor milliseconds of this process and of the database's."""
    server = 0
    if pid is not None:
        server = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    return time.process_time() * 1000 + server


def clocked(call, pid):
    """(milliseconds on the clock, milliseconds of the processor)"""
    busy, began = spent(pid), time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000, spent(pid) - busy


def again(connection, statements):
    """Run statements once more, reading only."""
    with connection.cursor() as cursor:
        for sql, params in statements:
            if sql.startswith(("SELECT", "WITH")):
                cursor.execute(sql, params)
                cursor.fetchall()


def setup():
    """Set Django up in a measuring process."""
    import django  # noqa: PLC0415

    django.setup()

"""Looking for what came back: every case at once, what is new, and one case right after entry.

At 10,000, 100,000 and 1,000,000 cases on both databases, each on a copy of its own. The first look
is split: `matched` reads and compares without writing, the rest is what was written (rows, two
journal entries each). `plans` prints the plans of the queries that read.

    PYTHONPATH=src:. .venv/bin/python -m bench.relapse plans postgresql 100000
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = {False: (10_000, 100_000, 1_000_000), True: (2_000,)}
SINGLES = 200


def run(quick=False):
    """Return the rows of the benchmark; sizes and databases as for the benches of reading."""
    from bench._reading import chosen  # noqa: PLC0415

    databases, sizes = chosen(SIZES[quick])
    return [
        row for database in databases for size in sizes for row in measured("child", database, size)
    ]


def measured(part, database, size):
    from bench.dataset import dataset  # noqa: PLC0415

    with dataset(size, database=database) as environ:
        words = [sys.executable, "-m", "bench.relapse", part, database, str(size)]
        done = subprocess.run(
            words, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
    return done.stdout if part == "explain" else json.loads(done.stdout.splitlines()[-1])


def child(database, size):
    import django  # noqa: PLC0415

    django.setup()
    print(json.dumps(list(rows(database, size))))


def clocked(call):
    begin = time.perf_counter()
    result = call()
    return result, time.perf_counter() - begin


def rows(database, size):
    from townkeeper.relapse.finding import look_for_relapses  # noqa: PLC0415

    title = f"{database}, {size:,} cases"
    pairs, seconds = clocked(compare)
    yield row(f"{title}: read and compare every case", seconds, f"{pairs:,} came back")
    look, seconds = clocked(lambda: look_for_relapses(actor="bench"))
    rate = look.found / seconds if seconds else 0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    note = f"{look.found:,} recorded, {rate:,.0f} a second, {memory} MB at most"
    yield row(f"{title}: first look, recorded", seconds, note)
    settle()
    look, seconds = clocked(lambda: look_for_relapses(actor="bench"))
    yield row(f"{title}: look again, nothing new", seconds, f"{look.looked_at} cases")
    times = sorted(singles())
    yield {
        "name": f"{title}: one case right after entry, p95",
        "value": round(times[int(len(times) * 0.95)] * 1000, 1),
        "unit": "ms",
        "note": f"median {times[len(times) // 2] * 1000:.1f} ms",
    }


def row(name, seconds, note):
    found = {"name": name, "value": round(seconds, 2), "unit": "s", "note": note}
    print(found, file=sys.stderr, flush=True)
    return found


def compare():
    """Do everything of a first look except writing; return how many came back."""
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.finding import pairs_among  # noqa: PLC0415

    return sum(len(pairs) for _new, pairs in pairs_among(Case.objects.all(), is_whole=True))


def settle():
    """Let the cursor stand after everything, as it does once the made-up cases are old."""
    from datetime import timedelta  # noqa: PLC0415

    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.models import Cursor  # noqa: PLC0415

    latest = Case.objects.order_by("-updated_at").values_list("updated_at", flat=True).first()
    Cursor.objects.update(at=latest + timedelta(minutes=6))


def singles():
    """Look at the latest cases one by one, as if each had just come in."""
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.finding import look_at  # noqa: PLC0415
    from townkeeper.relapse.models import Recurrence  # noqa: PLC0415

    alive = Case.objects.exclude(stage__in=["voided", "merged"])
    latest = list(alive.order_by("-opened_at")[:SINGLES])
    Recurrence.objects.filter(case__in=latest).delete()
    for case in latest:
        _found, seconds = clocked(lambda case=case: look_at(case))
        yield seconds


def explain(database, size):
    """Print the plans of the queries that read."""
    import django  # noqa: PLC0415

    django.setup()
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.finding import explained  # noqa: PLC0415

    case = Case.objects.exclude(stage__in=["voided", "merged"]).order_by("-opened_at").first()
    for name, text in explained(case):
        print(f"--- {name} ({database}, {size})\n{text}\n")


def main(part, database, size):
    if part in {"child", "explain"}:
        {"child": child, "explain": explain}[part](database, int(size))
    else:
        found = measured({"plans": "explain"}.get(part, "child"), database, int(size))
        print(found if part == "plans" else json.dumps(found, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:4])

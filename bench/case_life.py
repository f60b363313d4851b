"""Whole case lives a second: opened, filed, dispatched, photographed, reported, verified, closed.

Four processes live one life after another through the product's own actions, on towns of 0 to a
million cases, in alternating rounds; then the floor: the very same rows by plain prepared SQL, one
statement an act, recorded from a real life and replayed with fresh numbers and texts. A photo here
is its row of evidence; what an upload costs is measured in `duplicates`.
"""

import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import dataset
from townkeeper.cli.postgres import cluster

ROOT = Path(__file__).parents[1]
WORKERS = 4
SIZES = (0, 10_000, 100_000, 1_000_000)
WARM = 80
"""Lives of each process before it is measured: an empty town has a few hundred cases by then, and
PostgreSQL, told to count, no longer plans for empty tables."""
TABLES = (
    "cases_case, cases_task, cases_evidence, cases_ask, cases_pause, journal_entry, journal_chain"
)
ACTS = 6
"""Open, file, dispatch, photo, report, pass (which closes)."""


# --- a worker: one process that lives lives ---


class Office:
    """The people of the town, and what they do to one case after another."""

    def __init__(self):
        from townkeeper.accounts.models import User  # noqa: PLC0415
        from townkeeper.cases.desk import desk  # noqa: PLC0415

        self.people = {user.username: user for user in User.objects.all()}
        picture = desk()
        towns = [unit.code for unit in picture.register.units.values() if unit.kind == "township"]
        led = [
            (row.key, code)
            for row in picture.register.categories.values()
            for code in towns
            if self.is_led(picture, row, code)
        ]
        self.kinds = led[:: max(1, len(led) // 97)]
        self.lives = 0

    def is_led(self, picture, row, code):
        from townkeeper.kit import clock  # noqa: PLC0415

        area = picture.register.unit_by_code[code]
        answer = picture.register.resolve(row, area, clock.today())
        return answer.lead is not None and f"handler-{answer.lead.code.lower()}" in self.people

    def live(self):
        from townkeeper.cases.actions import Given, advance_case  # noqa: PLC0415
        from townkeeper.cases.evidence import add_evidence  # noqa: PLC0415
        from townkeeper.cases.intake import Report, open_case  # noqa: PLC0415
        from townkeeper.cases.models import Case  # noqa: PLC0415

        self.lives += 1
        category, area = self.kinds[(os.getpid() + self.lives) % len(self.kinds)]
        people = self.people
        report = Report(
            title=f"市場東門垃圾桶滿溢，第 {self.lives} 次",
            text="市場東門兩個垃圾桶從昨晚就滿了，垃圾袋堆到人行道上，老人推車過不去。",
            category=category,
            area=area,
            channel="hotline",
        )
        opened = open_case(report, actor="operator")
        case = Case(pk=opened.id, number=opened.number)
        case = advance_case(case, "file", actor=people["operator"])
        case = advance_case(case, "dispatch", actor=people["dispatcher"])
        handler = people[f"handler-{opened.owner.lower()}"]
        add_evidence(case, kind="after-photo", actor=handler, note="清理後")
        case = advance_case(case, "report", actor=handler)
        done = Given(answer="已清理完畢，謝謝您的反映。")
        case = advance_case(case, "pass", actor=people["verifier"], given=done)
        if case.stage != "closed":
            raise SystemExit(f"{case.number} did not close: {case.stage}")


def work(plan):
    """Live until told to stop; the first life is recorded for the floor."""
    import django  # noqa: PLC0415

    django.setup()
    from bench._floor import record, serve  # noqa: PLC0415

    office = Office()
    for _warm in range(WARM):
        office.live()
    if plan:
        Path(plan).write_bytes(pickle.dumps(record(office.live)))
    serve(office.live)


# --- the bench ---


class Crew:
    """Several worker processes on one database, or replaying processes of its floor."""

    def __init__(self, size, commands, environ):
        self.size = size
        self.rounds = []
        self.workers = [
            subprocess.Popen(
                [sys.executable, "-m", *map(str, command)],
                env=environ, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for command in commands
        ]  # fmt: skip
        for worker in self.workers:
            if worker.stdout.readline() != "ready\n":
                raise SystemExit("a worker did not start")

    def run(self, seconds, servers=""):
        before = cpu_of(servers)
        for worker in self.workers:
            worker.stdin.write(f"{seconds}\n")
            worker.stdin.flush()
        done = [json.loads(worker.stdout.readline()) for worker in self.workers]
        times = sorted(t for each in done for t in each["times"])
        self.rounds.append(
            {
                "rate": len(times) / seconds,
                "p95": times[int(len(times) * 0.95)] * 1000,
                "cpu": sum(each["cpu"] for each in done) / len(times) * 1000,
                "server": (cpu_of(servers) - before) / len(times) * 1000,
            }
        )

    def stop(self):
        for worker in self.workers:
            worker.stdin.close()
            worker.wait(30)

    def mid(self, name):
        return statistics.median(each[name] for each in self.rounds)


def cpu_of(folder):
    """Seconds of processor time that the servers of a data folder have taken so far."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat") if folder else ():
        try:
            if str((stat.parent / "cwd").readlink()).startswith(folder):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return total


def town_name(size):
    return f"f{dataset.FORMAT}_{size}_{size // 40}_1"


@contextmanager
def towns(database, sizes):
    """Yield size → environment: copies of the towns, all reachable at the same time."""
    for size in sizes:
        with dataset.dataset(size, database=database, fresh=False):
            pass  # built, unless it is kept from before
    folder = dataset.default_folder() / database
    with ExitStack() as stack:
        if database == "sqlite":
            found = {}
            for size in sizes:
                home = stack.enter_context(tempfile.TemporaryDirectory(dir=folder))
                source = folder / town_name(size)
                shutil.copytree(source, home, dirs_exist_ok=True)
                found[size] = dataset.environment(home)
            yield found
            return
        dsn = stack.enter_context(cluster(folder / "server", options=dataset.MEASURING))
        found = {}
        for size in sizes:
            name = town_name(size)
            copy = f"{name}_life"
            dataset._sql(dsn, f'DROP DATABASE IF EXISTS "{copy}"')
            dataset._sql(dsn, f'CREATE DATABASE "{copy}" TEMPLATE "{name}" STRATEGY FILE_COPY')
            stack.callback(dataset._sql, dsn, f'DROP DATABASE "{copy}" WITH (FORCE)')
            found[size] = dataset.environment(folder / name, dataset._named(dsn, copy))
        yield found


def measure(database, sizes, *, workers, seconds, rounds):
    """Rows of one database: the rate at each size, the floor, and how flat it is."""
    with towns(database, sizes) as environs, tempfile.TemporaryDirectory() as scratch:
        servers = str(dataset.default_folder() / database) if database == "postgresql" else ""
        crews = []
        for size, environ in environs.items():
            plan = f"{scratch}/{size}"
            plans = [plan] + [""] * (workers - 1)
            crews.append(Crew(size, [["bench.case_life", "work", plan] for plan in plans], environ))
        target = environs[sizes[0]].get("DATABASE_URL") or str(
            Path(environs[sizes[0]]["TOWNKEEPER_HOME"]) / "townkeeper.sqlite3"
        )
        words = [
            ["bench._floor", f"{scratch}/{sizes[0]}", target, n * 10**9] for n in range(workers)
        ]
        floor = Crew("floor", words, environs[sizes[0]])
        if database == "postgresql":
            for environ in environs.values():
                dataset._sql(environ["DATABASE_URL"], f"ANALYZE {TABLES}")
        try:
            for _round in range(rounds):
                for crew in [*crews, floor]:
                    crew.run(seconds, servers)
        finally:
            for crew in [*crews, floor]:
                crew.stop()
    return rows_of(database, crews, floor)


def rows_of(database, crews, floor):
    first, rows = crews[0], []
    for crew in crews:
        note = f"processor time of a life: {spent(crew, database)}; of the floor: {spent(floor, database)}"
        ratio = paired(crew, floor)
        rows.append(
            {"name": f"case lives, {database}, {crew.size:,} cases there", "value": round(crew.mid("rate"), 1),
             "unit": "1/s", "reference": f"the same rows by plain prepared SQL: {floor.mid('rate'):.0f}/s",
             "ratio": round(ratio, 3), "note": note}
        )  # fmt: skip
        rows.append(
            {"name": f"p95 of a life, {database}, {crew.size:,} cases there",
             "value": round(crew.mid("p95"), 1), "unit": "ms", "reference": f"{ACTS} acts", "ratio": None}
        )  # fmt: skip
    for crew in crews[1:]:
        rows.append(
            {"name": f"rate at {crew.size:,} cases against {first.size:,}, {database}",
             "value": round(paired(crew, first), 3), "unit": "×", "reference": "at least 0.9",
             "ratio": round(paired(crew, first), 3)}
        )  # fmt: skip
    return rows


def spent(crew, database):
    """Milliseconds of processor time of a life, by process; the machine's cores over it is the most."""
    if database == "sqlite":
        return f"{crew.mid('cpu'):.1f} ms"
    return f"{crew.mid('cpu'):.1f} ms in Python, {crew.mid('server'):.1f} ms in PostgreSQL"


def paired(one, other):
    """Median of the ratios of rounds that ran beside each other."""
    pairs = zip(one.rounds, other.rounds, strict=True)
    return statistics.median(a["rate"] / b["rate"] for a, b in pairs)


def run(quick=False):
    sizes = (0, 1_000) if quick else SIZES
    seconds, rounds = (2, 1) if quick else (6, 5)
    rows = []
    for database, workers in (("postgresql", WORKERS), ("sqlite", 2)):
        rows += measure(database, sizes, workers=workers, seconds=seconds, rounds=rounds)
    return rows


if __name__ == "__main__" and sys.argv[1:2] == ["work"]:
    work(sys.argv[2])

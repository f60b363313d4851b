"""A made-up town with N cases in SQLite or PostgreSQL, built once and copied for each measurement.

`with dataset(1_000_000, database="postgresql", open_cases=100_000) as environ:` yields the environment
(`DATABASE_URL`, `TOWNKEEPER_HOME` …) of a copy that may be written to and is thrown away at the end;
`fresh=False` gives the kept one, to be read only. By hand:

    PYTHONPATH=src:. .venv/bin/python -m bench.dataset 100000 --database postgresql --open 25000

Built ones are kept below `$TOWNKEEPER_DATASETS` (a folder under the system's temporary folder by
default), one server at a time: whoever comes second waits. The same numbers and seed give the same
rows. Every chain of the journal verifies; due times follow the calendar; what is open can be acted on.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from townkeeper.cli.postgres import UNSAFE_BUT_FAST, USER, cluster

ROOT = Path(__file__).parents[1]
FORMAT = 1
"""Raised when the rows change, so that older ones are built anew."""
DATABASES = ("sqlite", "postgresql")
BUILDING = {
    **UNSAFE_BUT_FAST,
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}
MEASURING = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "random_page_cost": "1.1"}
"""What a machine with some memory is set to; the rest is as PostgreSQL comes."""


def default_folder():
    return Path(
        os.environ.get("TOWNKEEPER_DATASETS") or Path(tempfile.gettempdir()) / "townkeeper-datasets"
    )


def schema():
    """Name the tables as they are now: a data set of older ones is migrated."""
    files = sorted((ROOT / "src" / "townkeeper").glob("*/migrations/0*.py"))
    return hashlib.sha256("".join(f"{p.parts[-3]}{p.name}" for p in files).encode()).hexdigest()


@contextmanager
def dataset(
    cases, *, database="sqlite", open_cases=None, seed=1, folder=None, fresh=True, options=None
):
    """Yield the environment of a town with `cases` cases, `open_cases` of them (2.5%) still open."""
    open_cases = cases // 40 if open_cases is None else open_cases
    folder = (folder or default_folder()) / database
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        name = f"f{FORMAT}_{cases}_{open_cases}_{seed}"
        made = {"sqlite": _sqlite, "postgresql": _postgresql}[database]
        with made(folder, name, (cases, open_cases, seed), fresh, options) as environ:
            yield environ


def environment(home, dsn=None):
    """What a process needs to work on a data set, beside the present environment."""
    kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    ours = {
        "TOWNKEEPER_HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
    }
    return {**kept, **ours, **({"DATABASE_URL": dsn} if dsn else {})}


@contextmanager
def _sqlite(folder, name, numbers, fresh, _options):
    home = folder / name
    if not _ready(home).exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
    _bring_up(home, environment(home), numbers)
    if not fresh:
        yield environment(home)
        return
    with tempfile.TemporaryDirectory(prefix="townkeeper-", dir=folder) as copy:
        subprocess.run(["cp", "-r", "--reflink=auto", f"{home}/.", copy], check=True)  # noqa: S607
        yield environment(copy)


@contextmanager
def _postgresql(folder, name, numbers, fresh, options):
    home = folder / name
    home.mkdir(exist_ok=True)
    if not _ready(home).exists() or _ready(home).read_text() != schema():
        with cluster(folder / "server", options=BUILDING) as dsn:
            if not _ready(home).exists():
                _sql(dsn, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
            _bring_up(home, environment(home, _named(dsn, name)), numbers)
    with cluster(folder / "server", options=options or MEASURING) as dsn:
        if not fresh:
            yield environment(home, _named(dsn, name))
            return
        copy = f"{name}_{os.getpid()}"
        _sql(dsn, f'CREATE DATABASE "{copy}" TEMPLATE "{name}" STRATEGY FILE_COPY')
        try:
            yield environment(home, _named(dsn, copy))
        finally:
            _sql(dsn, f'DROP DATABASE "{copy}" WITH (FORCE)')


def _named(dsn, name):
    return dsn.replace(f"/{USER}?", f"/{name}?")


def _sql(dsn, *statements):
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(dsn, autocommit=True) as link:
        for statement in statements:
            link.execute(statement)


def _ready(home):
    return home / "ready"


def _bring_up(home, environ, numbers):
    """Fill an empty database, or migrate one that was filled before the tables changed."""
    words = ["fill", *map(str, numbers)]
    if _ready(home).exists():
        if _ready(home).read_text() == schema():
            return
        words = ["migrate"]
    command = [sys.executable, "-m", "bench.dataset", *words]
    subprocess.run(command, env=environ, cwd=ROOT, check=True)
    _ready(home).write_text(schema())


def migrate():
    """Bring a filled database up to the present tables."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from bench import _fast  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    _fast.analyse()


def fill(cases, open_cases, seed):
    """Fill the empty database of this process; returns seconds by part."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from bench import _fast, _people  # noqa: PLC0415 - these need models
    from bench._lives import AS_OF, CHUNK, Town, open_ones, opening_times  # noqa: PLC0415
    from bench._rows import Maker  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.programs.load import load_program  # noqa: PLC0415

    began = time.monotonic()
    took = {}
    call_command("migrate", verbosity=0)
    with clock.at(AS_OF, "simulated"):
        load_program(ROOT / "programs" / "dongxing", actor="bench")
        town = Town(seed)
        _people.make_people(town)
    opened = opening_times(town.dice, cases)
    is_open = open_ones(town.dice, cases, open_cases)
    took["setup"] = time.monotonic() - began
    maker = Maker(town)
    with _fast.without_indexes() as rebuild:
        for start in range(0, cases, CHUNK):
            with transaction.atomic():
                maker.insert(opened[start : start + CHUNK], is_open[start : start + CHUNK])
        _fast.set_counters(maker)
        took["rows"] = time.monotonic() - began
        rebuild()
    took["indexes"] = time.monotonic() - began
    _fast.fill_search()
    took["search"] = time.monotonic() - began
    _fast.analyse()
    took["all"] = time.monotonic() - began
    return {
        "seconds": {key: round(value, 1) for key, value in took.items()},
        "cases": dict(maker.counts),
    }


def main():
    if sys.argv[1:2] == ["migrate"]:
        migrate()
        return
    if sys.argv[1:2] == ["fill"]:
        print(json.dumps(fill(*map(int, sys.argv[2:5]))), file=sys.stderr)
        return
    parser = argparse.ArgumentParser(prog="bench.dataset", description=__doc__)
    parser.add_argument("cases", type=int)
    parser.add_argument("--open", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with dataset(
        args.cases, database=args.database, open_cases=args.open, seed=args.seed,
        folder=args.folder, fresh=False,
    ) as environ:  # fmt: skip
        print(environ["TOWNKEEPER_HOME"], environ.get("DATABASE_URL", ""))


if __name__ == "__main__":
    main()

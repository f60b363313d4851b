"""Importing 41,827 reports of Boston, against writing the same final rows by plain bulk inserts.

The import reads, checks, resolves, numbers, hashes and writes; the reference only writes: the rows
of cases, tasks, journal entries, chains and evidence, read back from the database, prepared in
memory, into empty tables with the same indexes. Twice: by the driver (`executemany`, one transaction
for each table) and by Django's `bulk_create`. The promise is a ratio of at most 3 and 300 MB.
Where the real file is absent a made-up one of the same shape is used, and the name says so.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOSTON = ROOT.parent / "shared" / "data" / "reports" / "boston_2011_jul_oct.csv.gz"
MAPPING = ROOT / "docs" / "examples" / "boston.yaml"
DECISIONS = ROOT / "docs" / "examples" / "boston-decisions.yaml"
TABLES = ("cases_case", "cases_task", "journal_entry", "journal_chain", "cases_evidence")
KINDS = [("Sanitation", f"Pickup {n}") for n in range(60)]
KINDS += [("Street Lights", f"Outage {n}") for n in range(60)]


def run(quick: bool = False) -> list[dict]:
    with tempfile.TemporaryDirectory(prefix="townkeeper-import-") as name:
        folder = Path(name)
        file = BOSTON
        if quick or not BOSTON.exists():
            file = made_up(folder / "reports.csv", 4_000 if quick else 41_827)
        rows = measured("SQLite", file, folder / "sqlite", None)
        try:
            from townkeeper.cli.postgres import cluster  # noqa: PLC0415 - the path is set by now

            with cluster() as address:
                rows += measured("PostgreSQL", file, folder / "postgresql", address)
        except Exception as error:  # noqa: BLE001 - a figure without PostgreSQL is still a figure
            print(f"PostgreSQL was not measured: {error}", file=sys.stderr)
        return rows


def made_up(path: Path, count: int) -> Path:
    """Write a file of the same shape: days, kinds, units and texts in turn, nothing random."""
    start = datetime(2011, 7, 1)  # noqa: DTZ001 - local times as in the real file
    columns = [
        "case_enquiry_id",
        "open_dt",
        "target_dt",
        "closed_dt",
        "ontime",
        "case_status",
        "closure_reason",
        "case_title",
        "subject",
        "reason",
        "type",
        "queue",
        "department",
        "submittedphoto",
        "closedphoto",
        "location",
        "neighborhood",
        "ward",
        "precinct",
        "police_district",
        "location_zipcode",
        "latitude",
        "longitude",
        "source",
    ]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        for n in range(count):
            opened = start + timedelta(seconds=n * 250)
            reason, kind = KINDS[n % len(KINDS)]
            writer.writerow(
                {
                    "case_enquiry_id": 101_000_000_000 + n,
                    "open_dt": opened,
                    "target_dt": opened + timedelta(days=2),
                    "closed_dt": opened + timedelta(days=n % 4),
                    "ontime": "ONTIME",
                    "case_status": "Closed",
                    "closure_reason": "Case Closed Case Resolved " + "done " * (n % 30),
                    "case_title": kind,
                    "reason": reason,
                    "type": kind,
                    "department": "PWDx" if reason == "Sanitation" else "BTDT",
                    "location": f"{n % 900} Main St  Dorchester  MA",
                    "neighborhood": "Dorchester" if n % 2 else "Roxbury",
                    "latitude": "42.3",
                    "longitude": "-71.07",
                    "source": "Self Service",
                }
            )
    return path


def measured(database: str, file: Path, home: Path, address: str | None) -> list[dict]:
    """Set up in one process and measure in another, so that memory is the import's own."""
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment["TOWNKEEPER_HOME"] = str(home)
    if address:
        environment["DATABASE_URL"] = address
    for step in ("prepare", "measure"):
        done = subprocess.run(
            [sys.executable, "-m", "bench.import_", step, str(file), str(home)],
            cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    label = f"{found['rows']:,} rows, {database}" + ("" if file == BOSTON else ", made up")
    seconds = found["import"]
    rows = [
        {
            "name": f"import of {label}, against {name}",
            "value": round(seconds, 2),
            "unit": "s",
            "reference": round(found[key], 2),
            "ratio": round(seconds / found[key], 2),
        }
        for key, name in (("driver", "the driver's bulk inserts"), ("bulk_create", "bulk_create"))
    ]
    if not address:
        # SQLite works in our own process, so this figure hardly depends on what else runs.
        rows.append(
            {
                "name": f"processor time of the import: {label}, against the driver's",
                "value": round(found["processor"], 2),
                "unit": "s",
                "reference": round(found["processor_driver"], 2),
                "ratio": round(found["processor"] / found["processor_driver"], 2),
            }
        )
    rows.append(
        {"name": f"again, unchanged: {label}", "value": round(found["again"], 2), "unit": "s"}
    )
    rows.append({"name": f"memory of the import: {label}", "value": found["memory"], "unit": "MB",
                 "reference": 300, "ratio": round(found["memory"] / 300, 2)})  # fmt: skip
    return rows


def prepare(file: Path, home: Path) -> None:
    """Make the tables and the program that the file needs."""
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up by now

    from townkeeper.cases.imports.mapping import load_mapping  # noqa: PLC0415
    from townkeeper.programs.draft import draft_program  # noqa: PLC0415
    from townkeeper.programs.draft_answers import load_answers  # noqa: PLC0415
    from townkeeper.programs.load import load_program  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    answers = load_answers(DECISIONS) if file == BOSTON else None
    draft_program(file, load_mapping(MAPPING), home / "program", answers=answers)
    loaded = load_program(home / "program", actor="bench")
    assert loaded.ok


def measure(file: Path, home: Path) -> dict:
    """Import, then write the same rows plainly, in the same process and database."""
    from townkeeper.cases.imports.mapping import load_mapping  # noqa: PLC0415 - Django is set up
    from townkeeper.cases.imports.run import import_file  # noqa: PLC0415

    mapping = load_mapping(MAPPING)
    began, processor = time.perf_counter(), time.process_time()
    report = import_file(file, mapping, actor="bench", out_dir=home)
    seconds, processor = time.perf_counter() - began, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    assert report.created == report.read - report.rejected - report.repeated
    began = time.perf_counter()
    again = import_file(file, mapping, actor="bench", out_dir=home)
    seconds_again = time.perf_counter() - began
    assert again.unchanged == report.created
    rows = {table: read_back(table) for table in TABLES}
    empty()
    processor_driver = time.process_time()
    driver = by_driver(rows)
    processor_driver = time.process_time() - processor_driver
    empty()
    return {
        "rows": report.read,
        "import": seconds,
        "again": seconds_again,
        "memory": memory,
        "driver": driver,
        "processor": processor,
        "processor_driver": processor_driver,
        "bulk_create": by_bulk_create(rows),
    }


def read_back(table: str) -> tuple[list[str], list[tuple]]:
    """Return a table's columns and rows as the driver gives and takes them."""
    from django.db import connection  # noqa: PLC0415

    where = " WHERE subject LIKE 'case:%%'" if table.startswith("journal") else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}{where}", [])
        return [column[0] for column in cursor.description], cursor.fetchall()


def empty() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        for table in reversed(TABLES):
            cursor.execute(f"DELETE FROM {table}")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")


def by_driver(rows: dict[str, tuple[list[str], list[tuple]]]) -> float:
    """Write by `executemany` of the driver itself, one transaction for each table."""
    from django.db import connection  # noqa: PLC0415

    raw = connection.connection
    mark = "?" if connection.vendor == "sqlite" else "%s"
    began = time.perf_counter()
    for table, (columns, values) in rows.items():
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join([mark] * len(columns))
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        cursor.execute("COMMIT")
        cursor.close()
    return time.perf_counter() - began


def by_bulk_create(rows: dict[str, tuple[list[str], list[tuple]]]) -> float:
    """Write by Django's `bulk_create`; reading the rows into models is not measured."""
    from django.apps import apps  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415

    models = {model._meta.db_table: model for model in apps.get_models()}
    many = {}
    for table, (columns, values) in rows.items():
        model = models[table]
        fields = {field.column: field for field in model._meta.concrete_fields}
        converters = [
            [
                *fields[column].get_db_converters(connection),
                *connection.ops.get_db_converters(fields[column].get_col(table)),
            ]
            for column in columns
        ]
        names = [fields[column].attname for column in columns]
        many[model] = [
            model(
                **{
                    name: converted(value, steps, connection)
                    for name, value, steps in zip(names, row, converters, strict=True)
                }
            )
            for row in values
        ]
    began = time.perf_counter()
    for model, objects in many.items():
        with transaction.atomic():
            model.objects.bulk_create(objects, batch_size=2000)
    return time.perf_counter() - began


def converted(value, steps, connection):
    for step in steps:
        value = step(value, None, connection)
    return value


if __name__ == "__main__":
    import django

    django.setup()
    step, data, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps(prepare(data, folder) if step == "prepare" else measure(data, folder)))

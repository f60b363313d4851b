"""`kill -9` in the middle of an import: whole chunks stay, running it again finishes the job."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS, CHUNK = 1200, 40

CHILD = """
import json, sys
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.cases.imports.run import import_file
from townkeeper.journal.actions import verify_journal
from townkeeper.units.models import Unit
call_command("migrate", verbosity=0)
if not Unit.objects.exists():
    from tests import make
    make.town()
folder = Path(sys.argv[1])
def tell(done, total):
    print("chunk", done, total, flush=True)
report = import_file(
    folder / "records.csv", load_mapping(folder / "mapping.yaml"), actor="importer",
    progress=tell, chunk=int(sys.argv[2]),
)
checked = verify_journal()
print(json.dumps({**report.as_dict(), "problems": len(checked.problems)}), flush=True)
"""

MAPPING = """
system: hotline
number_prefix: HL
as_of: 2012-01-01
columns: {number: number, opened: opened, due: due, closed: closed, unit: unit}
"""


def write_files(folder: Path) -> None:
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    with (folder / "records.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["number", "opened", "due", "closed", "unit"])
        for n in range(ROWS):
            day = f"2011-07-{n % 28 + 1:02d}"
            writer.writerow([n, f"{day} 09:00:00", f"{day} 17:00:00", f"{day} 15:00:00", "CGJ"])


def child(folder: Path) -> subprocess.Popen:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {
        "TOWNKEEPER_HOME": str(folder / "home"),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(CHUNK)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def counted(folder: Path) -> dict[str, int]:
    with sqlite3.connect(folder / "home" / "townkeeper.sqlite3") as database:
        ask = {
            "cases": "SELECT COUNT(*) FROM cases_case",
            "tasks": "SELECT COUNT(DISTINCT case_id) FROM cases_task",
            "chains": "SELECT COUNT(*) FROM journal_chain WHERE subject LIKE 'case:%'",
            "entries": "SELECT COUNT(*) FROM journal_entry WHERE subject LIKE 'case:%'",
            "serials": "SELECT SUM(value) FROM cases_counter",
        }
        found = {name: database.execute(text).fetchone()[0] for name, text in ask.items()}
    database.close()
    return found


@pytest.mark.slow
def test_kill_in_the_middle_then_resume(tmp_path):
    write_files(tmp_path)
    with child(tmp_path) as process:
        lines = [process.stdout.readline() for _ in range(6)]
        process.kill()
        process.wait()
    assert lines[-1].startswith("chunk 240 ")
    left = counted(tmp_path)
    assert 240 <= left["cases"] < ROWS
    assert left["cases"] % CHUNK == 0
    whole = {"tasks": left["cases"], "chains": left["cases"], "serials": left["cases"]}
    assert left == {**left, **whole, "entries": 3 * left["cases"]}

    with child(tmp_path) as process:
        out, _ = process.communicate()
    report = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert (report["read"], report["unchanged"]) == (ROWS, left["cases"])
    assert report["created"] == ROWS - left["cases"]
    assert (report["updated"], report["rejected"], report["problems"]) == (0, 0, 0)
    full = dict.fromkeys(("cases", "tasks", "chains", "serials"), ROWS)
    assert counted(tmp_path) == {**full, "entries": 3 * ROWS}

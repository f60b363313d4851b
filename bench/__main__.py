"""Runs one benchmark in a process of its own and writes its rows with the machine they ran on."""

import argparse
import importlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def names():
    """Return the benchmarks there are; `import_` is called `import`, which Python keeps."""
    files = Path(__file__).parent.glob("[!_]*.py")
    return {path.stem.rstrip("_"): path.stem for path in files if "\ndef run(" in path.read_text()}


def machine():
    """Describe the machine without naming it."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    except (ValueError, OSError):
        memory = None
    return {
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgres": postgres_version(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def postgres_version():
    from townkeeper.cli.postgres import find_binaries  # noqa: PLC0415 - the path is set by the caller

    try:
        binary = find_binaries() / "postgres"
        done = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
    except Exception:  # noqa: BLE001 - a figure without a database is still a figure
        return None
    return done.stdout.split()[2]


def measure(name, *, quick):
    """Run one benchmark and write its results."""
    before = machine()
    began = time.monotonic()
    rows = importlib.import_module(f"bench.{names()[name]}").run(quick=quick)
    return {
        "benchmark": name,
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "seconds": round(time.monotonic() - began, 1),
        "machine": before,
        "results": [
            {key: row.get(key) for key in ("name", "value", "unit", "reference", "ratio")}
            | {key: value for key, value in row.items() if key == "note"}
            for row in rows
        ],
    }


def main():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("name", choices=sorted(names()))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    result = measure(args.name, quick=args.quick)
    text = json.dumps(result, indent=1, ensure_ascii=False, default=str) + "\n"
    if args.out:
        args.out.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()

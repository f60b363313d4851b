"""The only door to the engine: Ibis tables over the extracts, in DuckDB inside this process.

Small extracts are loaded into memory once for every generation of files; larger ones are read from
their files by each query. The results are equal, which a test holds.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from townkeeper.analytics.lake import Manifest, lake_folder, read_manifest, refresh_extracts
from townkeeper.analytics.tables import ColumnType, known_extracts

IBIS: dict[ColumnType, str] = {
    "id": "int64",
    "text": "string",
    "flag": "boolean",
    "time": "timestamp(6)",
    "number": "float64",
}
SMALL = 64 * 1024 * 1024
"""Bytes of Parquet up to which everything is kept in memory."""


@dataclass(frozen=True)
class Tables:
    """The tables of one generation of extracts and the instant up to which they are complete."""

    as_of: datetime
    generation: int
    in_memory: bool
    backend: Backend
    tables: dict[str, ir.Table]

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]


_lock = threading.Lock()
_kept: dict[Path, Tables] = {}


def open_tables(*, refresh: bool = True, small: int = SMALL) -> Tables:
    """Return the tables, brought up to date first unless `refresh` is off and there are any."""
    folder = lake_folder()
    manifest = None if refresh else read_manifest(folder)
    if manifest is None:
        manifest = refresh_extracts()
    with _lock:
        kept = _kept.get(folder)
        if kept is not None and kept.generation == manifest.generation and small == SMALL:
            return kept
        fresh = _connect(folder, manifest, small)
        if small == SMALL:
            _kept[folder] = fresh
        return fresh


def _connect(folder: Path, manifest: Manifest, small: int) -> Tables:
    paths = {
        name: [str(folder / path) for _part, path in sorted(files.items())]
        for name, files in manifest.files.items()
    }
    size = sum(Path(path).stat().st_size for files in paths.values() for path in files)
    raw = duckdb.connect(":memory:")
    raw.execute("SET enable_progress_bar = false")
    kind = "TABLE" if size <= small else "VIEW"
    for name, files in paths.items():
        _make(raw, kind, name, files, manifest.columns[name])
    backend = ibis.duckdb.from_connection(raw)
    return Tables(
        as_of=manifest.as_of,
        generation=manifest.generation,
        in_memory=kind == "TABLE",
        backend=backend,
        tables={name: _table(backend, name) for name in paths},
    )


def _table(backend: Backend, name: str) -> ir.Table:
    """Return the table with the schema that is registered, without asking the engine for it."""
    columns = known_extracts()[name].columns
    schema = ibis.schema({column: IBIS[kind] for column, kind in columns.items()})
    return ops.DatabaseTable(name=name, schema=schema, source=backend).to_expr()


def _make(
    raw: duckdb.DuckDBPyConnection, kind: str, name: str, files: list[str], columns: list[str]
) -> None:
    """Make a table or view over files; names come from the registry, paths from the manifest."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    chosen = ", ".join(f'"{column}"' for column in columns)
    raw.execute(f'CREATE {kind} "{name}" AS SELECT {chosen} FROM read_parquet([{listed}])')  # noqa: S608

"""The only door to the engine: metrics are Ibis expressions, answered by DuckDB in this process.

An expression names tables and the bounds of a window, not values: it is compiled to SQL once in a
process and answered for any month afterwards. Small extracts are loaded into memory once for every
generation of files; larger ones are read from their files by each query, with equal results.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from townkeeper.analytics.lake import ARROW, Manifest, lake_folder, read_manifest, refresh_extracts
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
BOUNDS = ("start", "end", "until", "snapshot")
"""The instants of a window: one row, the table `bounds`."""


@dataclass(frozen=True)
class Tables:
    """The tables of one generation of extracts and the instant up to which they are complete."""

    as_of: datetime
    generation: int
    in_memory: bool
    connection: duckdb.DuckDBPyConnection

    def answer(
        self,
        key: Hashable,
        expression: Callable[[], ir.Table],
        *,
        bounds: Mapping[str, datetime],
        codes: Mapping[int, str],
    ) -> list[dict[str, object]]:
        """Return the rows of an expression over `table()`s, for a window and subjects.

        `key` names the expression: the same key must always mean the same one. Safe in threads:
        every answer has a cursor of its own.
        """
        sql = _compiled(key, expression)
        with self.connection.cursor() as cursor:
            cursor.register("bounds", _bounds(bounds))
            cursor.register(
                "subject_codes",
                pa.table(
                    {
                        "subject_id": pa.array(list(codes), type=pa.int64()),
                        "subject": pa.array(list(codes.values()), type=pa.string()),
                    }
                ),
            )
            rows: list[dict[str, object]] = cursor.sql(sql).to_arrow_table().to_pylist()
        return rows


def _bounds(bounds: Mapping[str, datetime]) -> pa.Table:
    """Return the window as the extracts write instants."""
    return pa.table(
        {
            name: pa.array([bounds[name].astimezone(UTC).replace(tzinfo=None)], type=ARROW["time"])
            for name in BOUNDS
        }
    )


@cache
def table(name: str) -> ir.Table:
    """Return a registered extract, `bounds` or `subject_codes` as a table of expressions."""
    if name == "bounds":
        return ibis.table(dict.fromkeys(BOUNDS, IBIS["time"]), name=name)
    if name == "subject_codes":
        return ibis.table({"subject_id": "int64", "subject": "string"}, name=name)
    columns = known_extracts()[name].columns
    return ibis.table({column: IBIS[kind] for column, kind in columns.items()}, name=name)


_sql: dict[Hashable, str] = {}


def _compiled(key: Hashable, expression: Callable[[], ir.Table]) -> str:
    if key not in _sql:
        _sql[key] = str(ibis.to_sql(expression(), dialect="duckdb"))
    return _sql[key]


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


def tables_of(rows: Mapping[str, pa.Table], *, as_of: datetime) -> Tables:
    """Return tables made of columns in memory, such as a small world written by hand."""
    raw = duckdb.connect(":memory:")
    for name, columns in rows.items():
        raw.register("given", columns)
        raw.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given')  # noqa: S608 - registered names
        raw.unregister("given")
    return Tables(as_of=as_of, generation=0, in_memory=True, connection=raw)


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
    return Tables(
        as_of=manifest.as_of,
        generation=manifest.generation,
        in_memory=kind == "TABLE",
        connection=raw,
    )


def _make(
    raw: duckdb.DuckDBPyConnection, kind: str, name: str, files: list[str], columns: list[str]
) -> None:
    """Make a table or view over files; names come from the registry, paths from the manifest."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    chosen = ", ".join(f'"{column}"' for column in columns)
    raw.execute(f'CREATE {kind} "{name}" AS SELECT {chosen} FROM read_parquet([{listed}])')  # noqa: S608

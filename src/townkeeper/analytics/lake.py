"""The files behind the metrics: Parquet by month of opening, refreshed by what has changed.

A refresh reads the rows of everything touched since the last one (with five minutes' overlap, for
transactions that were still open), writes new files for the months concerned beside the old ones
and then replaces `manifest.json` in one rename: a reader sees the old set or the new one, and a
process killed half-way leaves only files that the next refresh removes. Memory does not grow with
the table: rows pass in chunks, and of the changed ones only the ids are kept.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection
from django.utils import timezone

from townkeeper.analytics.tables import ColumnType, Extract, Row, known_extracts

OVERLAP = timedelta(minutes=5)
CHUNK = 20_000
KEEP_SECONDS = 600
"""Old files stay this long, for readers that opened the manifest before it was replaced."""
FORMAT = 1
ARROW: dict[ColumnType, pa.DataType] = {
    "id": pa.int64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us"),
    "number": pa.float64(),
}


@dataclass(frozen=True)
class Manifest:
    """Which files make up the extracts, and up to when they are complete."""

    as_of: datetime
    generation: int
    source: str
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """Table → partition → path below the folder."""
    columns: dict[str, list[str]] = field(default_factory=dict)


def lake_folder() -> Path:
    """Return the folder of the extracts of this installation."""
    folder = Path(settings.HOME) / "extracts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read_manifest(folder: Path) -> Manifest | None:
    """Return the present manifest; None if there is none, or it is of another database."""
    try:
        data = json.loads((folder / "manifest.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    if data.get("format") != FORMAT or data["source"] != _source():
        return None
    return Manifest(
        as_of=datetime.fromisoformat(data["as_of"]),
        generation=data["generation"],
        source=data["source"],
        files=data["files"],
        columns=data["columns"],
    )


def refresh_extracts(*, whole: bool = False) -> Manifest:
    """Bring the extracts up to date and return their manifest; `whole` rebuilds everything.

    Extracts that hold more than the database (it was restored from a copy) are rebuilt.
    """
    folder = lake_folder()
    extracts = known_extracts()
    with _only_one(folder):
        old = None if whole else read_manifest(folder)
        fresh = _refresh_all(extracts, folder, old)
        if old is not None and _has_too_much(extracts, folder, fresh):
            fresh = _refresh_all(extracts, folder, None)
        _publish(folder, fresh)
        _sweep(folder, fresh)
    return fresh


def _refresh_all(extracts: dict[str, Extract], folder: Path, old: Manifest | None) -> Manifest:
    columns = {name: list(extract.columns) for name, extract in extracts.items()}
    if old is not None and old.columns != columns:
        old = None
    as_of = timezone.now()
    return Manifest(
        as_of=as_of,
        generation=time.time_ns(),
        source=_source(),
        files={name: _refresh(extract, folder, old, as_of) for name, extract in extracts.items()},
        columns=columns,
    )


def _has_too_much(extracts: dict[str, Extract], folder: Path, manifest: Manifest) -> bool:
    """Whether a table holds more rows than the database has: nothing is ever deleted there."""
    for name, extract in extracts.items():
        if extract.count is not None:
            files = manifest.files[name].values()
            held = sum(pq.ParquetFile(folder / path).metadata.num_rows for path in files)
            if held > extract.count():
                return True
    return False


def _source() -> str:
    """Name the database that the extracts were made from."""
    config = connection.settings_dict
    return ":".join(str(config.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one process refresh at a time; the system frees the lock if that process dies."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refresh(
    extract: Extract, folder: Path, old: Manifest | None, as_of: datetime
) -> dict[str, str]:
    """Write what is new of one table; return its files by partition."""
    label = f"{as_of:%Y%m%dT%H%M%S%f}-{time.time_ns() % 1000:03}"
    before = dict(old.files.get(extract.name, {})) if old else {}
    if extract.partition is None:
        path = f"{extract.name}/{label}.parquet"
        _write(folder / path, extract, [], extract.rows(None))
        return {"": path}
    staging = folder / f"{extract.name}-{label}.new"
    try:
        since = old.as_of - OVERLAP if old else None
        fresh, changed = _stage(extract, staging, since)
        return _merge(extract, folder, before, fresh=fresh, changed=changed, label=label)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _stage(
    extract: Extract, staging: Path, since: datetime | None
) -> tuple[dict[str, Path], np.ndarray[Any, Any]]:
    """Write the changed rows, month by month; return the files and the ids in them."""
    assert extract.partition is not None  # noqa: S101 - the caller looked
    place = list(extract.columns).index(extract.partition)
    # read before the rows: whatever changes in between is among the rows' own ids
    touched = extract.changed(since) if since and extract.changed else ()
    ids = [np.fromiter(touched, dtype=np.int64)]
    files: dict[str, Path] = {}

    def month(row: Row) -> str:
        moment = row[place]
        if isinstance(moment, str):
            return moment[:7]
        assert isinstance(moment, datetime)  # noqa: S101 - the column is a time
        return f"{moment.astimezone(UTC):%Y-%m}"

    for name, rows in groupby(extract.rows(since), key=month):
        path = staging / f"{name}.parquet"
        if name in files:
            msg = f"{extract.name}: rows are not ordered by {extract.partition}"
            raise ValueError(msg)
        files[name] = path
        _write(path, extract, [], rows, ids=ids)
    return files, np.unique(np.concatenate(ids))


def _merge(
    extract: Extract,
    folder: Path,
    before: dict[str, str],
    *,
    fresh: dict[str, Path],
    changed: np.ndarray[Any, Any],
    label: str,
) -> dict[str, str]:
    """Join kept and new rows of every month that has changed; leave the other files alone."""
    after = dict(before)
    for name in sorted({*before, *fresh}):
        source = folder / before[name] if name in before else None
        if name not in fresh and (source is None or not _touches(source, changed)):
            continue
        path = f"{extract.name}/{name}/{label}.parquet"
        kept = _kept(source, changed) if source is not None else []
        new = pq.ParquetFile(fresh[name]).iter_batches(CHUNK) if name in fresh else []
        rows = _write_batches(folder / path, extract, kept, new)
        if rows:
            after[name] = path
        else:
            (folder / path).unlink()
            after.pop(name, None)
    if not after:
        after[""] = f"{extract.name}/empty-{label}.parquet"
        _write(folder / after[""], extract, [], [])
    return after


def _touches(path: Path, changed: np.ndarray[Any, Any]) -> bool:
    """Whether a file holds any of the changed ids (something may have moved to another month)."""
    if not len(changed):
        return False
    file = pq.ParquetFile(path)
    batches = file.iter_batches(CHUNK, columns=file.schema_arrow.names[:1])
    return any(bool(np.isin(_ids(batch), changed).any()) for batch in batches)


def _kept(path: Path, changed: np.ndarray[Any, Any]) -> Iterator[pa.RecordBatch]:
    for batch in pq.ParquetFile(path).iter_batches(CHUNK):
        keep = ~np.isin(_ids(batch), changed)
        yield batch.filter(pa.array(keep))


def _ids(batch: pa.RecordBatch) -> np.ndarray[Any, Any]:
    ids: np.ndarray[Any, Any] = batch.column(0).to_numpy(zero_copy_only=False)
    return ids


def _write(
    path: Path,
    extract: Extract,
    kept: Iterable[pa.RecordBatch],
    rows: Iterable[Row],
    *,
    ids: list[np.ndarray[Any, Any]] | None = None,
) -> int:
    return _write_batches(path, extract, kept, _batches(extract, rows, ids))


def _batches(
    extract: Extract, rows: Iterable[Row], ids: list[np.ndarray[Any, Any]] | None
) -> Iterator[pa.RecordBatch]:
    """Turn rows into column batches of a bounded size."""
    schema = _schema(extract)
    kinds = list(extract.columns.values())
    chunk: list[Row] = []

    def flush() -> pa.RecordBatch:
        columns = [
            _times(values) if kind == "time" else pa.array(values, type=ARROW[kind])
            for kind, values in zip(kinds, zip(*chunk, strict=True), strict=True)
        ]
        if ids is not None:
            ids.append(np.unique(columns[0].to_numpy(zero_copy_only=False)))
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield flush()
            chunk.clear()
    if chunk:
        yield flush()


def _times(values: tuple[object, ...]) -> pa.Array:
    """Return a column of UTC instants without a zone, from instants or SQLite's texts of them."""
    if any(isinstance(value, str) for value in values):
        return pa.array(values, type=pa.string()).cast(ARROW["time"])
    bare = [
        v.astimezone(UTC).replace(tzinfo=None) if isinstance(v, datetime) else None for v in values
    ]
    return pa.array(bare, type=ARROW["time"])


def _schema(extract: Extract) -> pa.Schema:
    return pa.schema([(name, ARROW[kind]) for name, kind in extract.columns.items()])


def _write_batches(path: Path, extract: Extract, *parts: Iterable[pa.RecordBatch]) -> int:
    """Write a Parquet file whole or not at all; return the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    count = 0
    with pq.ParquetWriter(draft, _schema(extract), compression="zstd") as writer:
        for part in parts:
            for batch in part:
                if batch.num_rows:
                    writer.write_batch(batch)
                    count += batch.num_rows
    draft.replace(path)
    return count


def _publish(folder: Path, manifest: Manifest) -> None:
    draft = folder / f"manifest.{os.getpid()}.tmp"
    draft.write_text(
        json.dumps(
            {
                "format": FORMAT,
                "as_of": manifest.as_of.isoformat(),
                "generation": manifest.generation,
                "source": manifest.source,
                "files": manifest.files,
                "columns": manifest.columns,
            },
            indent=1,
        )
    )
    draft.replace(folder / "manifest.json")


def _sweep(folder: Path, manifest: Manifest) -> None:
    """Remove files that no manifest of the last ten minutes names, and remains of killed runs."""
    named = {path for files in manifest.files.values() for path in files.values()}
    limit = time.time() - KEEP_SECONDS
    for path in folder.rglob("*.parquet"):
        if path.relative_to(folder).as_posix() not in named and path.stat().st_mtime < limit:
            path.unlink()
    for path in folder.rglob("*.tmp"):
        if path.stat().st_mtime < limit:
            path.unlink()

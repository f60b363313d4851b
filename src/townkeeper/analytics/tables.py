"""What an app says about the tables that analytics may see; `extracts.py` of each registers them.

Timestamps in extracts are UTC without a zone, in microseconds: every engine compares them alike.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection
from django.db.models import CharField, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils.module_loading import autodiscover_modules

ColumnType = Literal["id", "text", "flag", "time", "number"]
Row = tuple[object, ...]
Instant = datetime | str
"""An instant on its way into an extract: see `instant()`."""


@dataclass(frozen=True, slots=True)
class Extract:
    """One table for analytics.

    The first column is the id by which rows are replaced (for rows that belong to a case, the
    case's). `rows(since)` yields the rows of everything that changed at or after `since` (all if
    None), ordered by the time that decides the partition.
    """

    name: str
    columns: Mapping[str, ColumnType]
    rows: Callable[[datetime | None], Iterable[Row]]
    partition: str | None = None
    """The time column whose month is the partition; None for a small table replaced as a whole."""
    changed: Callable[[datetime], Iterable[int]] | None = None
    """The ids of everything that changed, so that rows which are gone leave the extract too."""
    count: Callable[[], int] | None = None
    """How many rows the database has; an extract with more was made from another state of it."""


_known: dict[str, Extract] = {}


def register_extract(extract: Extract) -> None:
    """Let analytics see a table; called when an app's `extracts` module is imported."""
    _known[extract.name] = extract


def known_extracts() -> dict[str, Extract]:
    """Return every registered table by name, after looking for `extracts.py` in all apps."""
    autodiscover_modules("extracts")
    return dict(_known)


def instant(field: str) -> Combinable:
    """Return a time column for a query that feeds an extract.

    SQLite keeps UTC as text, which the column writer reads forty times faster than Django does;
    texts of instants compare like the instants. Other databases give what they give.
    """
    return Cast(F(field), CharField()) if connection.vendor == "sqlite" else F(field)

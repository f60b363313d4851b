"""Case numbers: prefix, day, serial. Unique and rising; a gap means nothing."""

import threading
from datetime import date

from django.db import connection

BLOCK = 32
"""Numbers that a busy process takes at once, so that openings do not wait for one counter row."""

_TAKE = (
    "INSERT INTO cases_counter (key, value) VALUES (%s, %s) "
    "ON CONFLICT (key) DO UPDATE SET value = cases_counter.value + excluded.value "
    "RETURNING value"
)
_lock = threading.Lock()
_blocks: dict[str, list[int]] = {}


def take_serials(key: str, count: int) -> range:
    """Take `count` serials of a counter."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key, count])
        last = cursor.fetchone()[0]
    return range(last - count + 1, last + 1)


def number_of(prefix: str, day: date, serial: int) -> str:
    """Return `DX20261105-0317`."""
    return f"{prefix}{day:%Y%m%d}-{serial:04d}"


def next_number(prefix: str, day: date) -> str:
    """Take one number; outside a transaction from a block that this process holds."""
    key = f"{prefix}{day:%Y%m%d}"
    if connection.in_atomic_block:
        return number_of(prefix, day, take_serials(key, 1)[0])
    with _lock:
        block = _blocks.get(key)
        if not block:
            _blocks.clear()
            block = _blocks[key] = list(reversed(take_serials(key, BLOCK)))
        return number_of(prefix, day, block.pop())

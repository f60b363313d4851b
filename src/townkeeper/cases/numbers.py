"""Case numbers: prefix, day, serial. Unique and rising; a gap means nothing."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

LARGEST = 32
"""Numbers that a busy process takes at once, so that openings do not wait for one counter row."""
BUSY_SECONDS = 1.0
"""A block used up within this time makes the next one twice as large; otherwise it is halved."""
KEEP_SECONDS = 5.0
"""Older leftovers are let go: other processes have given out later numbers in the meantime."""

_TAKE = (
    "INSERT INTO cases_counter (key, value) VALUES (%s, %s) "
    "ON CONFLICT (key) DO UPDATE SET value = cases_counter.value + excluded.value "
    "RETURNING value"
)


@dataclass(slots=True)
class Block:
    """Numbers that this process holds: one in a quiet office, up to 32 under load."""

    size: int = 1
    taken_at: float = float("-inf")
    left: list[int] = field(default_factory=list)

    def next_size(self, now: float) -> int:
        """Return how many numbers to take now that none is left, or none is fresh."""
        age = now - self.taken_at
        if age < BUSY_SECONDS:
            return min(LARGEST, self.size * 2)
        return max(1, self.size // 2) if age < KEEP_SECONDS else 1


_lock = threading.Lock()
_blocks: dict[str, Block] = {}


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
        now = time.monotonic()
        block = _blocks.get(key) or Block()
        if not block.left or now - block.taken_at > KEEP_SECONDS:
            size = block.next_size(now)
            block = Block(size, now, list(reversed(take_serials(key, size))))
            _blocks.clear()
            _blocks[key] = block
        return number_of(prefix, day, block.left.pop())


def forget_numbers() -> None:
    """Let go of the numbers that this process holds."""
    with _lock:
        _blocks.clear()

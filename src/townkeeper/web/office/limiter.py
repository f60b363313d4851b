"""A short wait after repeated wrong passwords, so that guessing does not pay."""

import hashlib
import math
from datetime import datetime, timedelta

from django.core.cache import cache

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)


def _key(name: str, address: str) -> str:
    digest = hashlib.sha256(f"{name.lower()}\n{address}".encode()).hexdigest()
    return f"sign-in:{digest}"


def wait_seconds(name: str, address: str, *, now: datetime) -> int:
    """Return how long this name from this address must still wait; 0 when it may try.

    Counted in the cache of one process: with several workers the free tries multiply by them,
    which is accepted, because the waits still grow in each.
    """
    record: tuple[int, datetime] | None = cache.get(_key(name, address))
    if record is None or record[0] < FREE_TRIES:
        return 0
    failures, last = record
    doublings = min(failures - FREE_TRIES, 10)
    wait: timedelta = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return max(0, math.ceil((last + wait - now).total_seconds()))


def note_failure(name: str, address: str, *, now: datetime) -> None:
    """Count one wrong password."""
    key = _key(name, address)
    failures = (cache.get(key) or (0, now))[0]
    cache.set(key, (failures + 1, now), FORGET_AFTER.total_seconds())


def forget(name: str, address: str) -> None:
    """Start again after a right password."""
    cache.delete(_key(name, address))

"""The time of day, which a simulation may set; everything that stamps a record asks here."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Literal

from django.utils import timezone

Origin = Literal["live", "imported", "simulated"]

_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)
_origin: ContextVar[Origin] = ContextVar("origin", default="live")


def now() -> datetime:
    """Return the present, or the simulated present inside `at()`."""
    return _fixed.get() or timezone.now()


def today() -> date:
    """Return the day that it is in the town: posts, duties and units begin and end by it."""
    return now().astimezone(timezone.get_default_timezone()).date()


def origin() -> Origin:
    """Return whether what happens now is live, imported from elsewhere, or simulated."""
    return _origin.get()


@contextmanager
def at(moment: datetime, origin: Origin = "simulated") -> Iterator[None]:
    """Let everything inside happen at `moment`, marked with its origin."""
    fixed = _fixed.set(moment)
    mark = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(mark)
        _fixed.reset(fixed)

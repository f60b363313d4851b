"""Lets several connections do one piece of work side by side, each taking what is next."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.db import connection


def in_lanes(work: Callable[[], None], lanes: int) -> None:
    """Do `work` in so many threads, each with its connection; one lane is the caller's thread.

    Errors: the first one that a lane met, after all of them have ended.
    """
    if lanes < 2:  # noqa: PLR2004 - one lane is this thread
        work()
        return

    def in_lane() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(lanes) as pool:
        # whose clock it is, and whether it is simulated, goes along
        going = [pool.submit(copy_context().run, in_lane) for _ in range(lanes)]
    for lane in going:
        lane.result()

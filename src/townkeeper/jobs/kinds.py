"""What kinds of long work there are: each app names its own when it starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from townkeeper.jobs.models import Job

Tell = Callable[[int, int], object]
"""Called with the pieces done and the pieces there are."""
Work = Callable[[Job, Tell], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: its name for people, and the function that does it."""

    title: str | Promise
    path: str
    """Dotted path of the function; read when the work begins, so that starting up stays quick."""
    again: bool = False
    """Whether it may simply begin anew after its process was killed (it repeats nothing)."""

    def work(self) -> Work:
        """Return the function."""
        found: Work = import_string(self.path)
        return found


_KINDS: dict[str, Kind] = {}


def register_kind(key: str, title: str | Promise, path: str, *, again: bool = False) -> None:
    """Make a kind of work known; called from `AppConfig.ready`."""
    _KINDS[key] = Kind(title, path, again)


def kind_of(key: str) -> Kind | None:
    """Return a kind; none where this build does not know it."""
    return _KINDS.get(key)

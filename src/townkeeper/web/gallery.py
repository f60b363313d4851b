"""Every page there is, with who sees it: what the gallery draws and the browser tests walk through.

Each face keeps its own list in its module `gallery`; a page that is in no list is looked at by
nobody, so a test holds that every address without a variable part is in one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from django.contrib.auth.models import AnonymousUser

from townkeeper.accounts.models import User

Someone = User | AnonymousUser

FACES = (
    "portal", "office", "hotline", "dispatch", "field", "board", "orders", "leader",
    "administration", "workshop",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shot:
    """One page in one state, as one person sees it."""

    name: str
    """Short and unique within its face, such as `case-dispute`: the file's name."""
    path: str | Callable[[Someone], str | None]
    """Its address; a function of the person where it needs an example (none found: left out)."""
    who: str = ""
    """Name for signing in of the demonstration person; empty: the public."""

    def address(self, user: Someone) -> str | None:
        """Return the address, or none where the database has no example that the person sees."""
        return self.path if isinstance(self.path, str) else self.path(user)


def all_shots() -> Iterator[tuple[str, Shot]]:
    """Give every page of every face, with the face's name."""
    for face in FACES:
        for shot in import_module(f"townkeeper.web.{face}.gallery").SHOTS:
            yield face, shot

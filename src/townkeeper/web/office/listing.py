"""What the address of a work list asks for, and its neighbouring addresses.

Every state of the list is in its address, so that it can be shared and the browser's own back
button works. Pages follow each other by key (due time and id), never by number, so that page
one thousand costs what page one costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from townkeeper.cases.models import Stage
from townkeeper.cases.search.words import LONGEST_QUERY
from townkeeper.cases.worklist import ASK_CHOICES, DUE_CHOICES, TABS, Key, Wish
from townkeeper.web.addresses import address

PAGE = 30
LARGEST_ID = 2**63
NARROWING = ("stage", "category", "area", "unit", "due", "channel", "opened", "ask", "q")
"""The parts of an address that narrow a list."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The parts of a work list's address; empty means no condition."""

    tab: str = "open"
    stage: str = ""
    category: str = ""
    area: str = ""
    unit: str = ""
    due: str = ""
    channel: str = ""
    opened: str = ""
    ask: str = ""
    q: str = ""
    sort: str = ""
    after: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Listing":
        """Read an address; what is unknown in it is left out rather than refused."""
        given = {f.name: _plain(query.get(f.name, "")) for f in fields(cls)}
        if given["tab"] not in TABS:
            given["tab"] = "open"
        if given["due"] not in DUE_CHOICES:
            given["due"] = ""
        if given["stage"] not in Stage.values:
            given["stage"] = ""
        if given["ask"] not in ASK_CHOICES:
            given["ask"] = ""
        given["q"] = given["q"][:LONGEST_QUERY]
        return cls(**given)

    def url(self, name: str = "office:cases", **changes: str) -> str:
        """Return the address of this list with some parts changed, from its first page."""
        other = replace(self, **{"after": "", **changes})
        parts = {f.name: getattr(other, f.name) for f in fields(other)}
        if parts["tab"] == "open":
            parts["tab"] = ""
        query = urlencode({key: value for key, value in parts.items() if value})
        return f"{address(name)}?{query}" if query else address(name)

    @property
    def is_filtered(self) -> bool:
        """Whether anything beyond the tab narrows the list."""
        return any(getattr(self, name) for name in NARROWING)

    @property
    def newest_first(self) -> bool:
        """Whether the list runs by opening time; lists of running cases run by due time.

        A list with words in it always does, and tasks never do.
        """
        if self.q:
            return True
        if self.tab == "mine":
            return False
        return self.sort == "opened" or (not self.sort and self.tab in {"ended", "all"})

    @property
    def wish(self) -> Wish:
        """Return what the list asks for."""
        parts = {name: getattr(self, name) for name in ("tab", *NARROWING)}
        return Wish(**parts, newest_first=self.newest_first)

    @property
    def key(self) -> Key | None:
        """Return the key behind which the page begins."""
        return read_key(self.after) if self.after else None


def _plain(text: str) -> str:
    """Return a value without what PostgreSQL takes in no text."""
    return text.replace("\x00", "").strip()


def key_text(key: Key | None) -> str:
    """Return the key of a page's last row as the address of the next page says it."""
    if key is None:
        return ""
    return f"{key.moment.isoformat() if key.moment else ''}_{key.pk}"


def read_key(text: str) -> Key | None:
    """Read such a key; a broken one starts from the beginning."""
    moment, _bar, number = text.rpartition("_")
    try:
        pk = int(number)
        at = datetime.fromisoformat(moment) if moment else None
        if at is not None and at.tzinfo is not None:
            at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 0 < pk < LARGEST_ID or (at is not None and at.tzinfo is None):
        return None
    return Key(at, pk)


def view_switch(listing: Listing, current: str) -> list[dict[str, object]]:
    """Return the two views of one query: list and map."""
    views = (("office:cases", _("List"), "list-checks"), ("dispatch:map", _("Map"), "map"))
    return [
        {"label": label, "icon": icon, "href": listing.url(name), "current": name == current}
        for name, label, icon in views
    ]

"""Addresses that a page writes a hundred times: Django works each out anew from all patterns."""

from functools import lru_cache
from urllib.parse import quote

from django.urls import reverse

SAFE = "/~:@!$&'()*+,;="
"""What Django leaves as it is in a part of an address."""
HOLE = "0"


@lru_cache(maxsize=200)
def address(name: str) -> str:
    """Return the address of a page that needs no more than its name."""
    return reverse(name)


def address_of_one(name: str, key: object) -> str:
    """Return the address of a page about one thing: its number, code or id."""
    before, after = _around(name)
    return f"{before}{quote(str(key), safe=SAFE)}{after}"


@lru_cache(maxsize=200)
def _around(name: str) -> tuple[str, str]:
    """Return what stands before and after the key."""
    before, _hole, after = reverse(name, args=[HOLE]).rpartition(HOLE)
    return before, after

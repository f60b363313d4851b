"""Slows down whoever sends too much from one network address, without puzzles for the others."""

import hashlib
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem

HOUR: Final = 3600
WRONG_TRIES: Final = 10
"""Telephone numbers tried for one case, from everywhere together, in an hour."""
LOOKS: Final = 600
"""Questions of the reporting page (twins, kinds) from one address in an hour."""
TOO_MANY: Final = "too-many"


def address_of(request: HttpRequest) -> str:
    """Return the network address of whoever asks; behind a proxy of our own, what it says."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_PROXY:
        return direct
    said = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return said or direct


def spend(what: str, who: str, most: int) -> None:
    """Count one act; raise Problem `too-many` beyond `most` within an hour.

    Counted in the cache of one process, by a digest: addresses are kept nowhere. With several
    workers the limit multiplies by them, which is accepted.
    """
    key = _key(what, who)
    cache.add(key, 0, HOUR)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        count = 1
    if count > most:
        raise Problem(
            TOO_MANY,
            _("Too much was sent from your network within an hour. Please try again later."),
            hint=_("What you typed is kept. In a hurry, call the hotline."),
        )


def _key(what: str, who: str) -> str:
    return f"portal:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"

"""Who a request speaks for: a bearer token, remembered for a few seconds per process."""

import threading
import time
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import Token
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import permits, posts_of
from townkeeper.units.permissions import Permission

KEEP_SECONDS = 5.0
"""How long a closed token may still be honoured: the price of not asking the database each time."""


class Caller(NamedTuple):
    """A user, and what the user may do."""

    username: str
    permissions: frozenset[str]


_known: dict[str, tuple[float, Caller]] = {}
"""By the hash of the secret, as in the database: the memory holds no secrets either."""
_lock = threading.Lock()


def caller_of(request: HttpRequest, permission: Permission) -> Caller:
    """Return who calls; a Problem where the token is missing, closed or may not do this."""
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise Problem(
            "no-token",
            _("This interface needs a token."),
            hint=_("Send the header: Authorization: Bearer tk_…"),
        )
    caller = _remembered(secret)
    if permission not in caller.permissions:
        raise Problem("not-allowed", _("This token may not do that."))
    return caller


def _remembered(secret: str) -> Caller:
    now = time.monotonic()
    digest = Token.hash_of(secret)
    kept = _known.get(digest)
    if kept is not None and now - kept[0] < KEEP_SECONDS:
        return kept[1]
    caller = _looked_up(digest)
    with _lock:
        if len(_known) > 1000:  # noqa: PLR2004 - a flood of tokens must not fill the memory
            _known.clear()
        _known[digest] = (now, caller)
    return caller


def _looked_up(digest: str) -> Caller:
    token = (
        Token.objects.filter(digest=digest, closed_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    if token is None or (token.user.is_demo and not settings.DEMO):
        raise Problem("no-token", _("This token is not known or was closed."))
    posts = posts_of(token.user, clock.today())
    granted = frozenset(p for p in Permission if permits(posts, p))
    return Caller(token.user.username, granted)

"""Tells whoever changes something from an old page that somebody else was faster.

A page keeps how long the history of its subject was when it was drawn; the act compares. Records
without a version of their own need nothing more: every change of them writes history.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.journal.models import Chain
from townkeeper.kit.errors import Problem


def history_length(subject: str) -> int:
    """Return how many entries the history of a subject has: what a page keeps."""
    return Chain.objects.filter(subject=subject).values_list("length", flat=True).first() or 0


def refuse_old(subject: str, seen: int | None) -> None:
    """Refuse an act from a page that was drawn before the last change; inside its transaction.

    The history is held until the transaction ends, so that of two at once the second is told.
    `seen` is what the page kept; None where no page was (the command line).
    """
    if seen is None:
        return
    if not transaction.get_connection().in_atomic_block:
        msg = "what is compared must be held until it is changed"
        raise transaction.TransactionManagementError(msg)
    rows = Chain.objects.select_for_update().filter(subject=subject)
    if (rows.values_list("length", flat=True).first() or 0) != seen:
        raise Problem(
            "page-old",
            _("Somebody else has changed this since the page was opened. Nothing was saved."),
            hint=_("Open the page again, look at what changed, and enter your change once more."),
        )

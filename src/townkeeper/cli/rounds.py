"""Rounds as commands speak of them: made for a month, found by a word."""

from typing import TYPE_CHECKING

from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.assessment.models import Round


def assess(month: str, *, publish: bool, actor: str, scheme: str | None = None) -> "Round":
    """Score a month by the scheme in force; publish if asked."""
    from townkeeper.assessment.actions import (  # noqa: PLC0415 - Django is set up by now
        assess_month,
        publish_round,
    )

    draft = assess_month(month, actor=actor, scheme=scheme)
    return publish_round(draft, actor=actor) if publish else draft


def find_round(name: str) -> "Round":
    """Return the published round that is meant, or say which there are."""
    from townkeeper.assessment.models import Round  # noqa: PLC0415 - Django is set up by now

    rounds = Round.objects.filter(state=Round.State.PUBLISHED).order_by("-period", "-number")
    if name.isdecimal():
        rounds = rounds.filter(pk=int(name))
    elif name != "latest":
        rounds = rounds.filter(period=name)
    found = rounds.first()
    if found is None:
        raise Problem(
            "no-such-round",
            _("There is no published round %(name)s.") % {"name": name},
            hint=_("Make one: ./townkeeper assess --month YYYY-MM --publish."),
        )
    return found

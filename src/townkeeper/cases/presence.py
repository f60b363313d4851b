"""Being on the spot: how far from a case somebody stood when they checked it.

The distance is kept and journaled, not the position: where a person of the office was at what time
is nobody's business beyond the case. It proves nothing that the telephone did not claim.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases._proof import point_of
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.inbox import Spot
from townkeeper.cases.models import Case
from townkeeper.cases.turns import take_turn
from townkeeper.kit.errors import Problem
from townkeeper.kit.globe import metres_between

__all__ = ["Presence", "measure_presence", "note_presence", "point_of"]


@dataclass(frozen=True, slots=True)
class Presence:
    """How far away somebody was, in whole metres, and whether that counts as on the spot."""

    metres: int
    accuracy: int
    """What the telephone said of its own precision, in metres."""
    is_near: bool


def measure_presence(case: Case, spot: Spot, accuracy: float = 0.0) -> Presence | None:
    """Return how far from a case a point is; None where the case has no place on the map.

    Near is within `TOWNKEEPER_PHOTO_METRES`, the telephone's own error added.
    """
    there = point_of(case)
    if there is None:
        return None
    metres = metres_between(*spot, *there)
    error = max(0.0, min(accuracy, float(settings.PHOTO_METRES)))
    return Presence(round(metres), round(accuracy), metres <= settings.PHOTO_METRES + error)


def note_presence(case: Case, spot: Spot, *, actor: User, accuracy: float = 0.0) -> Presence | None:
    """Put down how far from the case somebody stood; nothing is refused for being far away."""
    if not (-180 <= spot.lon <= 180 and -90 <= spot.lat <= 90):  # noqa: PLR2004 - degrees
        raise Problem("position-wrong", _("This is no position on the earth."), where="position")
    found = measure_presence(case, spot, accuracy)
    if found is None:
        return None
    data = {"metres": found.metres, "accuracy": found.accuracy, "near": found.is_near}

    def work_out(batch: Batch, _picture: Desk) -> None:
        batch.say("case.presence", actor=actor.username, data=data)

    take_turn(case, work_out, actor=actor)
    return found

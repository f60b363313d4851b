"""What speaks against a photo as evidence: when and where it was taken, whether it was used before.

Pure. A finding is shown and journaled; it refuses nothing by itself, because camera clocks and
positions are often wrong and a person has to look.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from townkeeper.kit.globe import metres_between

FAR, TOO_EARLY, FUTURE = "far", "too-early", "in-the-future"
USED, NO_POSITION, NO_TIME = "used-before", "no-position", "no-time"
CODES: Final = (FAR, TOO_EARLY, FUTURE, USED, NO_POSITION, NO_TIME)
CLOCK_SLACK: Final = timedelta(minutes=10)
"""A camera may go this much wrong before its time counts as impossible."""
SPOT_M: Final = 150.0
"""Cases this near to one another may show the same spot."""
SAME_SPOT: Final = 0.02
"""Two photos of one spot are one picture only when they differ in no more than this share."""
ANYWHERE: Final = 0.25
"""Photos of different spots are one picture up to this share: a stamp, a text, a black box."""

Point = tuple[float, float]
"""Longitude, latitude."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What is known of a photo when it is added to a case."""

    is_after: bool
    """Whether it shows the work done."""
    taken_at: datetime | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of the case that the photo belongs to."""

    opened_at: datetime
    point: Point | None
    """The key place, else the position of the case."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How far and how old a photo may be."""

    metres: int
    days: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Distance in whole metres, where both points are known, and what speaks against the photo."""

    distance_m: int | None
    findings: tuple[str, ...]


def check_shot(shot: Shot, scene: Scene, rules: Rules, now: datetime) -> Checked:
    """Check time and place of a photo.

    `too-early`: a photo of the work done that is older than the case; any other that is older than
    the case by more than `rules.days`.
    """
    findings: list[str] = []
    if shot.taken_at is None:
        findings.append(NO_TIME)
    elif shot.taken_at > now + CLOCK_SLACK:
        findings.append(FUTURE)
    else:
        oldest = scene.opened_at - (CLOCK_SLACK if shot.is_after else timedelta(days=rules.days))
        if shot.taken_at < oldest:
            findings.append(TOO_EARLY)
    distance: int | None = None
    if shot.point is None:
        findings.append(NO_POSITION)
    elif scene.point is not None:
        distance = round(metres_between(*shot.point, *scene.point))
        if distance > rules.metres:
            findings.append(FAR)
    return Checked(distance, tuple(findings))


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier piece of evidence whose picture looks like the one that is added."""

    id: int
    case_id: int
    changed: float
    """Share of the picture that differs; 0 for the same file."""
    place_id: int | None
    point: Point | None


def first_use(
    case_id: int, place_id: int | None, point: Point | None, earlier: Iterable[Earlier]
) -> Earlier | None:
    """Return the first earlier use of the picture, or None.

    Before and after of one spot look alike, and so do two cases of one spot: there only the same
    picture, or almost the same, counts.
    """
    for one in earlier:
        if one.changed <= SAME_SPOT:
            return one
        near = one.case_id == case_id or (place_id is not None and place_id == one.place_id)
        if not near and point is not None and one.point is not None:
            near = metres_between(*point, *one.point) <= SPOT_M
        if not near and one.changed <= ANYWHERE:
            return one
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo of the case from before the work that may belong to one from after it."""

    id: int
    task_id: int | None
    bits: int | None
    """Bits by which the fingerprints differ, where both have one."""
    metres: float | None
    """Between where the two were taken, where both are known."""
    added_at: datetime


LOOKS_LIKE: Final = 90
"""Bits: below this the fingerprints say something, above it nothing."""


def best_before(candidates: Iterable[Candidate], task_id: int | None) -> Candidate | None:
    """Guess which photo from before shows the spot of a photo from after.

    Of the same task first, then what looks most like it, then the nearest shot, then the last.
    """

    def rank(one: Candidate) -> tuple[bool, float, float, float]:
        looks = float(one.bits) if one.bits is not None and one.bits < LOOKS_LIKE else LOOKS_LIKE
        metres = one.metres if one.metres is not None else float("inf")
        other_task = task_id is None or one.task_id != task_id
        return (other_task, looks, metres, -one.added_at.timestamp())

    return min(candidates, key=rank, default=None)

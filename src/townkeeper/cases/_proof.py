"""Gathers what the checks of a photo need: its place, its earlier uses, photos from before."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q

from townkeeper.cases.models import Case, Evidence
from townkeeper.cases.photo_checks import (
    NO_POSITION,
    NO_TIME,
    USED,
    Candidate,
    Earlier,
    Point,
    Rules,
    Scene,
    Shot,
    check_shot,
    first_use,
)
from townkeeper.files.models import Resemblance, StoredFile
from townkeeper.files.resemblance import bits_apart
from townkeeper.kit import clock
from townkeeper.kit.globe import metres_between
from townkeeper.units.models import Place

AFTER, BEFORE = "after", "before"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is kept of a photo's checks."""

    distance_m: int | None = None
    findings: tuple[str, ...] = ()
    repeats: Earlier | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """Return what the row of the evidence holds of it."""
        return {
            "distance_m": self.distance_m,
            "findings": list(self.findings),
            "repeats_id": self.repeats.id if self.repeats else None,
        }


def prove(file: StoredFile, case: Case, kind: str) -> Proof:
    """Check a photo against its case and against every photo used before.

    What a simulation attaches is a drawing: it has no camera, and one drawing serves many cases.
    """
    spot = point_of(case)
    rules = Rules(settings.PHOTO_METRES, settings.PHOTO_DAYS)
    shot = Shot(kind.startswith(AFTER), file.taken_at, _point(file.lon, file.lat))
    checked = check_shot(shot, Scene(case.opened_at, spot), rules, clock.now())
    if clock.origin() == "simulated":
        kept = tuple(code for code in checked.findings if code not in {NO_POSITION, NO_TIME})
        return Proof(checked.distance_m, kept)
    used = first_use(case.pk, case.place_id, spot, _earlier(file))
    findings = (*checked.findings, USED) if used else checked.findings
    return Proof(checked.distance_m, findings, used)


def point_of(case: Case) -> Point | None:
    """Return where a case is: its key place, else its own position."""
    if case.place_id is not None:
        place = Place.objects.filter(pk=case.place_id).values_list("lon", "lat").first()
        if place is not None and (point := _point(*place)) is not None:
            return point
    return _point(case.lon, case.lat)


def _point(lon: float | None, lat: float | None) -> Point | None:
    return (lon, lat) if lon is not None and lat is not None else None


def _earlier(file: StoredFile) -> list[Earlier]:
    """Return evidence that shows the same file or one that looks like it, oldest first."""
    changed = {file.pk: 0.0}
    alike = Resemblance.objects.filter(Q(file=file) | Q(earlier=file))
    for one, other, share in alike.values_list("file_id", "earlier_id", "changed"):
        changed[other if one == file.pk else one] = share
    rows = (
        Evidence.objects.filter(file_id__in=changed)
        .order_by("added_at", "pk")
        .values_list("pk", "file_id", "case_id", "case__place_id", "case__lon", "case__lat")
    )
    return [
        Earlier(pk, case_id, changed[file_id], place_id, _point(lon, lat))
        for pk, file_id, case_id, place_id, lon, lat in rows[:200]
    ]


def photos_before(case: Case, file: StoredFile | None) -> list[Candidate]:
    """Return the case's photos from before, compared with a photo from after."""
    rows = Evidence.objects.filter(case=case, kind__startswith=BEFORE).select_related("file")
    mark = bytes(file.fingerprint) if file is not None and file.fingerprint else None
    here = _point(file.lon, file.lat) if file is not None else None
    found: list[Candidate] = []
    for row in rows.order_by("pk"):
        other = row.file
        bits = (
            bits_apart(mark, bytes(other.fingerprint))
            if mark is not None and other is not None and other.fingerprint
            else None
        )
        there = _point(other.lon, other.lat) if other is not None else None
        metres = metres_between(*here, *there) if here and there else None
        found.append(Candidate(row.pk, row.task_id, bits, metres, row.added_at))
    return found

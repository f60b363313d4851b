"""What the public sees of a case, and what it never sees (docs/portal.md).

By default kind, area, street, state, times and unit. Never what was typed, never who reported it,
never the exact point, never staff's reasons. Photos are shown as copies without position and
device data: those from after the work once the case is closed, others only when staff showed them.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.accounts.models import User
from townkeeper.cases.intake import Report
from townkeeper.cases.models import Case, CaseQuerySet, Evidence, ProcedureVersion, Stage
from townkeeper.cases.twins import Twin, find_twins
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import posts_of
from townkeeper.units.permissions import Permission

PUBLIC_PROCEDURES: Final = ("problem",)
"""Cases of other procedures (applications, objections, pupils) are nobody else's business."""
UNLISTED: Final = (Stage.INTAKE, Stage.VOIDED, Stage.MERGED)
"""Not in lists and maps: what nobody has accepted yet, what was none, what follows another."""
PLACES: Final = 3
"""Decimal places of a public position: about 100 metres, a street and not a door."""
HOUSE: Final = re.compile(
    r"[\s,，、]*(?:附近)?(?:第)?[0-9０-９A-Za-z零一二三四五六七八九十百]+[-－0-9０-９之]*\s*"
    r"(?:號|号|弄|巷|棟|栋|幢|樓|楼|室|單元|单元|座|組|组|户|戶).*$"
)
NUMBERED: Final = re.compile(r"[\s,，、(（]*[0-9０-９][0-9０-９\-－]*.*$")
DASHES: Final = re.compile("[‐-―−﹣]")
WITHOUT_DASH: Final = re.compile(r"^([A-Z]*[0-9]{8})([0-9]{4,8})$")
"""A number whose hyphen was left out: letters, day, place in the day."""
AFTER: Final = "after-photo"
PAIRS_LOOKED_AT: Final = 200


def public_cases() -> CaseQuerySet:
    """Return the cases that anybody may know of, by what is named in this module only."""
    return _of_public(Case.objects.all()).defer("title", "text", "answer", "extra")


def _of_public(cases: CaseQuerySet) -> CaseQuerySet:
    # "not one of the hidden" and not "one of the public": no index is tempted to find all of them
    hidden = list(
        ProcedureVersion.objects.exclude(key__in=PUBLIC_PROCEDURES).values_list("pk", flat=True)
    )
    return cases.exclude(procedure_id__in=hidden) if hidden else cases


def listed_cases() -> CaseQuerySet:
    """Return the public cases that stand in public lists and on the public map."""
    return public_cases().exclude(stage__in=UNLISTED)


def spellings(number: str) -> tuple[str, ...]:
    """Return a number as it was typed, and as our own are written: capitals, no gaps, one hyphen.

    People read it off paper or a screen: full-width digits, gaps, another dash or none.
    """
    typed = number.strip()
    bare = DASHES.sub("-", "".join(unicodedata.normalize("NFKC", typed).upper().split()))
    joined = WITHOUT_DASH.sub(r"\1-\2", bare)
    return tuple(dict.fromkeys((typed, bare, joined)))


def street_of(address: str) -> str:
    """Return an address as far as the street: what follows the house number is left out.

    An address without a number is a place anybody could name and stays as it is.
    """
    for pattern in (HOUSE, NUMBERED):
        cut = pattern.sub("", address).strip(" ,，、（(")
        if cut != address:
            return cut
    return address.strip()


def coarse(value: float) -> float:
    """Return a coordinate (degrees) so rounded that it names a street and not a door."""
    return round(value, PLACES)


def public_title(case: Case) -> str:
    """Return what a case is called in public: its kind and street, never the words as typed."""
    kind = case.category.title if case.category else _("Not sorted yet")
    where = public_place(case)
    return f"{kind} · {where}" if where else kind


def public_place(case: Case) -> str:
    """Return area and street, each said once."""
    area = case.area.title if case.area else ""
    street = street_of(case.address)
    if not street or street in area:
        return area
    if case.area and case.area.name in street:
        return street
    return f"{area} {street}".strip()


def is_shown(photo: Evidence, case: Case) -> bool:
    """Whether anybody may see a photo: as a public copy, and only what staff showed or closed."""
    if photo.file is None or not photo.file.has_public_copy:
        return False
    if photo.kind == AFTER:
        return case.stage == Stage.CLOSED
    return photo.is_public


def waiting_photos(cases: QuerySet[Any], *, most: int) -> list[Evidence]:
    """Return photos from before the work that nobody has shown to the public yet, newest first."""
    rows = Evidence.objects.filter(case__in=cases, is_public=False, file__has_public_copy=True)
    rows = rows.filter(kind__startswith="before").select_related("case__category", "case__area")
    return list(rows.defer("case__area__outline").order_by("-pk")[:most])


@transaction.atomic
def show_photo(photo: Evidence, *, actor: User, shown: bool = True) -> Evidence:
    """Show a photo to the public, or take it back; parts of it are hidden by `redact_photo` first.

    Raises Problem `not-permitted`, `not-a-photo`.
    """
    may = any(
        Permission.CASES_CASE_ACT in post.role.permissions
        for post in posts_of(actor, clock.today())
    )
    if not may or not Case.objects.visible_to(actor).filter(pk=photo.case_id).exists():
        raise Problem("not-permitted", gettext_lazy("Your posts do not allow this."))
    if photo.file is None or not photo.file.has_public_copy:
        raise Problem("not-a-photo", gettext_lazy("Only photos can be shown to the public."))
    if photo.is_public == shown:
        return photo
    photo.is_public = shown
    photo.save(update_fields=["is_public"])
    record(
        subject=photo.case.subject,
        act="case.photo_shown" if shown else "case.photo_hidden",
        actor=actor.username,
        data={"evidence": photo.pk},
    )
    return photo


def deadline_of(case: Case) -> datetime | None:
    """Return by when the public may expect it: the promise, else the present clock."""
    if case.is_ended:
        return None
    return case.promise_due_at or case.due_at


def public_twins(report: Report, *, limit: int) -> list[Twin]:
    """Return running public cases that a report may repeat, the likeliest first.

    Reports that nobody has accepted yet are among them: they are what is repeated most.
    """
    running = _of_public(Case.objects.all()).running().select_related("category", "area")
    return find_twins(report, among=running.defer("area__outline"), limit=limit)


def lately_fixed(most: int) -> list[Evidence]:
    """Return photos from after the work, each with one from before that staff have shown.

    One for each case, the latest first; their cases come with kind, area and unit.
    """
    # the latest pairs first, by the primary key alone: no database then begins with all cases
    pairs = Evidence.objects.filter(kind=AFTER, before__isnull=False).order_by("-pk")
    latest = list(pairs.values_list("pk", flat=True)[:PAIRS_LOOKED_AT])
    rows = Evidence.objects.filter(
        pk__in=latest,
        before__is_public=True,
        before__file__has_public_copy=True,
        file__has_public_copy=True,
        case__stage=Stage.CLOSED,
        case__procedure__key__in=PUBLIC_PROCEDURES,
    ).exclude(case__outcome__in=("unsolvable", "not-ours"))
    rows = rows.select_related("case__category", "case__area", "case__unit").defer(
        "case__area__outline", "case__unit__outline", "case__text", "case__title", "case__answer"
    )
    by_case: dict[int, Evidence] = {}
    for row in rows.order_by("-pk")[: most * 8]:
        by_case.setdefault(row.case_id, row)
    return list(by_case.values())[:most]

"""Photos in public: copies without position and device data, only those that may be shown."""

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from townkeeper.cases.evidence import pairs_of
from townkeeper.cases.models import Case, Evidence
from townkeeper.cases.publicity import is_shown, public_cases, spellings
from townkeeper.cases.records import Follow
from townkeeper.files.actions import path_of
from townkeeper.procedures.model import REPORTER

MINE: Final = "portal-photo"


@dataclass(frozen=True, slots=True)
class Shown:
    """One photo with its address, and whether only its sender sees it."""

    pk: int
    href: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class ShownPair:
    """One spot before and after, as far as it may be shown."""

    before: Shown | None
    after: Shown | None


def shown_pairs(case: Case, own: Case, follow: Follow | None) -> list[ShownPair]:
    """Return the photos of a case side by side; a reporter sees the own ones as well."""
    rows = [
        ShownPair(_shown(pair.before, case, follow), _shown(pair.after, case, follow))
        for pair in pairs_of(case)
    ]
    if own.pk != case.pk:
        rows += [ShownPair(_shown(p.before, own, follow), None) for p in pairs_of(own)]
    return [row for row in rows if row.before or row.after]


def _shown(photo: Evidence | None, case: Case, follow: Follow | None) -> Shown | None:
    if photo is None:
        return None
    address = reverse("portal:photo", args=[case.number, photo.pk])
    if is_shown(photo, case):
        return Shown(photo.pk, address, is_own=False)
    if is_own(photo, follow) and photo.file is not None:
        return Shown(photo.pk, f"{address}?{urlencode({'f': ticket(photo)})}", is_own=True)
    return None


def is_own(photo: Evidence, follow: Follow | None) -> bool:
    """Whether a photo came with the report of whoever follows."""
    is_reporter = follow is not None and follow.part == Follow.Part.REPORTER
    return is_reporter and photo.actor == REPORTER and photo.kind.startswith("before")


def ticket(photo: Evidence) -> str:
    """Return a signed word for one photo, so that the key itself stands in no picture's address."""
    return signing.dumps(photo.pk, salt=MINE)


@require_safe
def photo(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Send the public copy of a photo, small with `?s=1`; what may not be shown is not found."""
    case = public_cases().filter(number__in=spellings(number)).first()
    if case is None:
        raise Http404
    found = Evidence.objects.select_related("file").filter(pk=pk, case=case).first()
    if found is None or found.file is None or not found.file.has_public_copy:
        raise Http404
    try:
        mine = signing.loads(request.GET.get("f", ""), salt=MINE, max_age=24 * 3600) == pk
    except signing.BadSignature:
        mine = False
    if not mine and not is_shown(found, case):
        raise Http404
    path = path_of(found.file.sha256, public=True, thumbnail=bool(request.GET.get("s")))
    if not path.is_file():
        path = path_of(found.file.sha256, public=True)
    if not path.is_file():
        raise Http404
    sent = HttpResponse(path.read_bytes(), content_type="image/jpeg")
    # parts may be blacked out tomorrow: it is asked for again soon
    sent["Cache-Control"] = "private, max-age=300"
    return sent

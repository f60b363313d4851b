"""Closed cases as open data, month by month, without anything personal; the keys for checking."""

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, CaseQuerySet, Stage
from townkeeper.cases.publicity import coarse, listed_cases, street_of
from townkeeper.journal.keys import known_keys
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.web.exports import Sheet, send_geojson, send_sheet
from townkeeper.web.portal.ranks import public_rounds

MONTHS: Final = 24
YEAR_MONTHS: Final = 12


@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Say what the files hold, and list the months."""
    return render(request, "portal/open_data.html", {"months": months(), "fields": fields()})


def months() -> list[str]:
    """Return the latest months, from the first report on, the newest first."""
    first = listed_cases().order_by("opened_at").values_list("opened_at", flat=True).first()
    if first is None:
        return []
    local, begin = timezone.localtime(clock.now()), timezone.localtime(first)
    last = local.year * YEAR_MONTHS + local.month - 1
    start = max(begin.year * YEAR_MONTHS + begin.month - 1, last - MONTHS + 1)
    return [f"{n // YEAR_MONTHS}-{n % YEAR_MONTHS + 1:02d}" for n in range(last, start - 1, -1)]


def fields() -> list[tuple[str, str]]:
    """Return the columns of the files with their meaning."""
    return [
        ("number", _("number of the case")),
        ("category", _("key of the kind (GB/T 47678.5 or local)")),
        ("category_name", _("name of the kind")),
        ("area", _("code of the area")),
        ("area_name", _("name of the area")),
        ("street", _("street, without the house number")),
        ("lon", _("longitude, rounded to about 100 m (WGS 84)")),
        ("lat", _("latitude, rounded to about 100 m (WGS 84)")),
        ("unit", _("code of the unit that answered for it")),
        ("channel", _("how it came in")),
        ("opened", _("when it was opened (ISO 8601, UTC)")),
        ("closed", _("when it was closed (ISO 8601, UTC)")),
        ("due", _("by when it was due (ISO 8601, UTC)")),
        ("outcome", _("how it ended")),
        ("origin", _("live, imported or simulated")),
    ]


def _of_month(month: str) -> CaseQuerySet:
    """Return the closed cases opened in a month of the site's time."""
    if month not in months():
        raise Http404
    year, number = (int(part) for part in month.split("-"))
    zone = timezone.get_current_timezone()
    start = datetime(year, number, 1, tzinfo=zone)
    end = datetime(year + number // YEAR_MONTHS, number % YEAR_MONTHS + 1, 1, tzinfo=zone)
    cases = listed_cases().filter(stage=Stage.CLOSED, opened_at__gte=start, opened_at__lt=end)
    cases = cases.select_related("category", "area", "unit")
    return cases.defer(
        "title", "text", "answer", "extra", "area__outline", "unit__outline"
    ).order_by("opened_at", "pk")  # fmt: skip


def _values(case: Case) -> list[Cell]:
    return [
        case.number,
        case.category.key if case.category else None,
        case.category.title if case.category else None,
        case.area.code if case.area else None,
        case.area.title if case.area else None,
        street_of(case.address),
        coarse(case.lon) if case.lon is not None else None,
        coarse(case.lat) if case.lat is not None else None,
        case.unit.code if case.unit else None,
        case.channel,
        case.opened_at.isoformat(),
        case.closed_at.isoformat() if case.closed_at else None,
        case.due_at.isoformat() if case.due_at else None,
        case.outcome,
        case.origin,
    ]


@require_safe
def month_file(request: HttpRequest, month: str, form: str) -> HttpResponseBase:
    """Send a month's closed cases as CSV or GeoJSON, while they are read."""
    cases = _of_month(month)
    names = [name for name, _meaning in fields()]
    if form == "geojson":
        return send_geojson(f"cases-{month}", _features(cases, names))
    columns = [Column(name) for name in names]
    rows = (_values(case) for case in cases.iterator(chunk_size=1000))
    return send_sheet(request, Sheet(f"cases-{month}", _("Closed cases"), columns, rows), "csv")


def _features(cases: CaseQuerySet, names: list[str]) -> Iterator[dict[str, Any]]:
    for case in cases.filter(lon__isnull=False, lat__isnull=False).iterator(chunk_size=1000):
        facts = dict(zip(names, _values(case), strict=True))
        point = [facts.pop("lon"), facts.pop("lat")]
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": point},
            "properties": facts,
        }


# --- checking what was published ---


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Say how anybody checks a published ranking or a history without us."""
    rounds = list(public_rounds().filter(key_id__gt="")[:MONTHS])
    context = {"rounds": rounds, "keys": known_keys()}
    return render(request, "portal/verify.html", context)


@require_safe
def public_key(_request: HttpRequest, key_id: str, form: str) -> HttpResponse:
    """Send a public key (Ed25519): as PEM (RFC 8410), or its 32 bytes in hexadecimal."""
    key = known_keys().get(key_id)
    if key is None:
        raise Http404
    if form == "pem":
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return _text_file(pem.decode(), f"{key_id}.pem")
    return _text_file(f"{key}\n", f"{key_id}.pub")


@require_safe
def checker(_request: HttpRequest, name: str) -> HttpResponse:
    """Send one of the small programs that check without us."""
    shipped = {"verify_history.py": "townkeeper.journal.shipped"}
    if name not in shipped:
        raise Http404
    return _text_file(files(shipped[name]).joinpath(name).read_text(encoding="utf-8"), name)


def _text_file(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

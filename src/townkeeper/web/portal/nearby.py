"""What goes on nearby: a list with filters that needs no map, and a map that adds to it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.core import signing
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, CaseQuerySet
from townkeeper.cases.points import Box, cells_of, parse_box
from townkeeper.cases.publicity import coarse, listed_cases, public_title
from townkeeper.cases.running import Before
from townkeeper.duties.models import Category
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit
from townkeeper.web.portal.kinds import area_choices, common_kinds, kind_groups
from townkeeper.web.portal.maps import GEOJSON, map_facts
from townkeeper.web.stages import look_of

PAGE: Final = 30
MOST_POINTS: Final = 1_000
SALT: Final = "townkeeper.portal.nearby"
SPANS: Final = (7, 30, 90, 365)
STATES: Final[dict[str, Q]] = {
    "running": ~Q(stage="closed"),
    "closed": Q(stage="closed"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the list is wanted; unknown values mean everything."""

    kind: str = ""
    state: str = ""
    area: str = ""
    days: int = 30

    @classmethod
    def from_query(cls, request: HttpRequest) -> "Wish":
        """Read the filters of an address."""
        query = request.GET
        days = query.get("days", "30")
        state = query.get("state", "")
        return cls(
            kind=query.get("kind", "")[:60],
            state=state if state in STATES else "",
            area=query.get("area", "")[:40],
            days=int(days) if days.isdecimal() and int(days) in SPANS else 30,
        )

    def query(self) -> str:
        """Return the filters as an address has them."""
        given = {"kind": self.kind, "state": self.state, "area": self.area}
        said = {name: value for name, value in given.items() if value}
        return urlencode(said | {"days": str(self.days)})

    def cases(self) -> CaseQuerySet:
        """Return the cases that fit."""
        since = clock.now() - timedelta(days=self.days)
        cases = listed_cases().filter(opened_at__gte=since)
        if self.state:
            cases = cases.filter(STATES[self.state])
        if self.kind:
            cases = cases.filter(category__in=_kinds_under(self.kind))
        if self.area:
            cases = cases.filter(area__in=_areas_under(self.area))
        return cases


def _kinds_under(key: str) -> list[int]:
    found = list(Category.objects.filter(key=key).values_list("pk", flat=True))
    return found + list(Category.objects.filter(parent__in=found).values_list("pk", flat=True))


def _areas_under(code: str) -> list[int]:
    unit = Unit.objects.filter(code=code).defer("outline").first()
    return list(Unit.objects.under(unit).values_list("pk", flat=True)) if unit else []


@require_safe
def nearby(request: HttpRequest) -> HttpResponse:
    """List what goes on, newest first; the map beside it shows the same."""
    wish = Wish.from_query(request)
    cases = wish.cases().select_related("category", "area", "unit")
    cases = cases.defer(
        "title", "text", "answer", "extra", "area__outline", "unit__outline"
    ).order_by("-opened_at", "-pk")  # fmt: skip
    after = _key(request.GET.get("after", ""))
    if after is not None:
        cases = cases.filter(Before("opened_at", "pk", after))
    rows = list(cases[: PAGE + 1])
    groups = kind_groups()
    address = reverse("portal:nearby")
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    context = {
        "wish": wish,
        "rows": [_row(case) for case in rows[:PAGE]],
        "common": common_kinds(groups),
        "groups": groups,
        "areas": area_choices(),
        "spans": [(days, _("last %(days)d days") % {"days": days}) for days in SPANS],
        "next_url": f"{address}?{wish.query()}&after={_mark(more)}" if more else "",
        "first_url": f"{address}?{wish.query()}" if after else "",
        "map": map_facts(),
        "points_url": f"{reverse('portal:points')}?{wish.query()}",
    }
    return render(request, "portal/nearby.html", context)


def _row(case: Case) -> dict[str, Any]:
    return {
        "case": case,
        "title": public_title(case),
        "href": reverse("portal:case", args=[case.number]),
        "unit": case.unit.title if case.unit else "",
    }


def _mark(case: Case) -> str:
    return signing.dumps([case.opened_at.isoformat(), case.pk], salt=SALT)


def _key(text: str) -> tuple[datetime, int] | None:
    try:
        at, pk = signing.loads(text, salt=SALT) if text else ("", 0)
    except signing.BadSignature:
        return None
    return (datetime.fromisoformat(at), int(pk)) if at else None


@require_safe
def points(request: HttpRequest) -> HttpResponse:
    """Answer with the cases of `bbox` as coarse points, or with counts where they are many."""
    wish = Wish.from_query(request)
    try:
        box = parse_box(request.GET.get("bbox", ""))
    except Problem as problem:
        return JsonResponse({"code": problem.code, "message": str(problem.message)}, status=400)
    if "days" not in request.GET:
        wish = replace(wish, days=30)
    body = msgspec.json.encode({"type": "FeatureCollection", "features": _features(wish, box)})
    return HttpResponse(body, content_type=GEOJSON)


def _features(wish: Wish, box: Box) -> list[dict[str, Any]]:
    here = wish.cases().filter(
        lat__gte=box.south, lat__lte=box.north, lon__gte=box.west, lon__lte=box.east
    )
    rows = list(
        here.select_related("category", "area")
        .only("number", "lon", "lat", "stage", "address", "category", "area", "origin")
        .defer("area__outline")
        .order_by()[: MOST_POINTS + 1]
    )
    if len(rows) > MOST_POINTS:
        return [
            {
                "type": "Feature",
                "geometry": {
                    "type": "Point",
                    "coordinates": [
                        round((cell.box.west + cell.box.east) / 2, 4),
                        round((cell.box.south + cell.box.north) / 2, 4),
                    ],
                },
                "properties": {"count": cell.cases},
            }
            for cell in cells_of(here.order_by(), box)
        ]
    return [feature(case) for case in rows]


def feature(case: Case) -> dict[str, Any]:
    """Return a case as a GeoJSON point: kind, street, state and a position of about 100 metres."""
    return {
        "type": "Feature",
        "geometry": {
            "type": "Point",
            "coordinates": [coarse(case.lon or 0), coarse(case.lat or 0)],
        },
        "properties": {
            "number": case.number,
            "title": public_title(case),
            "stage": case.stage,
            "state": str(look_of(case.stage).word),
            "href": reverse("portal:case", args=[case.number]),
        },
    }

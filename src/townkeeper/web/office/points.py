"""The cases of a part of the map, for whoever draws it: the same filters as the work list."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from townkeeper.cases.points import MOST, as_geojson, parse_box, points_in
from townkeeper.cases.search.find import find_newest
from townkeeper.cases.search.words import parse_query
from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import cases_of, tasks_of
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.web.access import signed_in
from townkeeper.web.office.listing import Listing

GEOJSON = "application/geo+json"


@signed_in
@require_safe
def case_points(request: HttpRequest) -> HttpResponse:
    """Answer with the cases of `bbox` as GeoJSON, or with counts per cell where they are many."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    try:
        box = parse_box(request.GET.get("bbox", ""))
    except Problem as problem:
        data = {"code": problem.code, "message": str(problem.message), "where": problem.where}
        return HttpResponse(msgspec.json.encode(data), content_type="application/json", status=400)
    sight, wish = sight_of(request.user, now), listing.wish
    cases = cases_of(sight, wish, now, of_few=bool(wish.q))
    if listing.tab == "mine":
        cases = cases.filter(pk__in=tasks_of(sight, wish, now).values("case"))
    if listing.q:
        found = find_newest(parse_query(listing.q), cases, limit=MOST)
        cases = cases.filter(pk__in=found.ids)
    return HttpResponse(
        msgspec.json.encode(as_geojson(points_in(cases, box))), content_type=GEOJSON
    )

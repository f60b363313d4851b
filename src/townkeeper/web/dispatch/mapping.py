"""The work list as a map: the same query, the same address, seen by place instead of by time."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import make_page
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.exports import GEOJSON, links
from townkeeper.web.maps import outlines
from townkeeper.web.office.cases import load_rows
from townkeeper.web.office.counters import count_all, make_kpis, make_picks, make_tabs
from townkeeper.web.office.listing import PAGE, Listing, key_text, view_switch
from townkeeper.web.office.rows import Row

MAP = "dispatch:map"


@needs(Permission.CASES_CASE_VIEW)
@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """Show the cases of a work list on a map, with the first page of the list beside it."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    sight = sight_of(request.user, now)
    page = make_page(sight, listing.wish, now=now, size=PAGE, after=listing.key)
    rows = load_rows(page.lines)
    counts = count_all(sight, now)
    context = {
        "listing": listing,
        "list_url": listing.url(MAP),
        "page_url": Listing().url(MAP),
        "search_text": listing.q,
        "kpis": make_kpis(listing, counts, page=MAP),
        "tabs": make_tabs(listing, counts, page=MAP),
        "picks": make_picks(listing, {}),
        "rows": rows,
        "views": view_switch(listing, MAP),
        "points_url": listing.url("office:points"),
        "box": _box(rows),
        "unplaced": sum(row.case.lat is None for row in rows),
        "next_url": listing.url(MAP, after=key_text(page.following)) if page.following else "",
        "first_url": listing.url(MAP) if listing.after else "",
        "clear_url": Listing(tab=listing.tab).url(MAP),
        "page_actions": links(
            listing.url("office:export-xlsx"),
            listing.url("office:export-csv"),
            listing.url("office:export-geojson"),
        ),
    }
    response = render(request, "dispatch/map.html", context)
    if "HX-Request" in request.headers:
        response.headers["HX-Push-Url"] = listing.url(MAP, after=listing.after)
    return response


def _box(rows: list[Row]) -> list[float]:
    """Return the part of the map that holds the cases of the page: west, south, east, north."""
    placed = [(row.case.lon, row.case.lat) for row in rows]
    known = [(lon, lat) for lon, lat in placed if lon is not None and lat is not None]
    if not known:
        return []
    longitudes, latitudes = zip(*known, strict=True)
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


@require_safe
def area_outlines(request: HttpRequest) -> HttpResponse:
    """Answer with the outlines of the units: boundaries are public, and change hardly ever."""
    stamp = registers_stamp()
    mark = f'"{stamp}"'
    if stamp and request.headers.get("If-None-Match") == mark:
        return HttpResponse(status=304, headers={"ETag": mark})
    response = HttpResponse(outlines(stamp), content_type=GEOJSON, headers={"ETag": mark})
    patch_cache_control(response, public=True, max_age=600)
    return response

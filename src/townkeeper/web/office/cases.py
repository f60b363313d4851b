"""The work list and what leaves it as a spreadsheet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.sight import Sight, sight_of
from townkeeper.cases.worklist import (
    RUNNING,
    Amount,
    Line,
    cases_on,
    count_lines,
    count_stages,
    make_page,
)
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, signed_in
from townkeeper.web.exports import (
    EXPORT_LIMIT,
    Answer,
    Sheet,
    links,
    send_geojson,
    send_sheet,
    too_many,
)
from townkeeper.web.office.counters import (
    COUNT_UP_TO,
    LIST,
    count_all,
    filter_words,
    make_kpis,
    make_picks,
    make_tabs,
)
from townkeeper.web.office.listing import PAGE, Listing, key_text, view_switch
from townkeeper.web.office.rowacts import with_acts
from townkeeper.web.office.rows import Row, task_rows, with_row_parts
from townkeeper.web.office.savedviews import saved_tabs
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import full_time

COUNT_PAST_UP_TO = 500
"""Lists that hold ended cases may hold all there ever were."""
EXPORT_BATCH = 500


@signed_in
@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    """Show the cases that a person may see, most urgent first."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    sight, wish = sight_of(request.user, now), listing.wish
    page = make_page(sight, wish, now=now, size=PAGE, after=listing.key)
    here = listing.url(after=listing.after)
    rows = with_acts(request, load_rows(page.lines), back=here)
    counts = count_all(sight, now)
    total, stages = _numbers(listing, sight, counts, now)
    context = {
        "listing": listing,
        "page_url": Listing().url(),
        "search_text": listing.q,
        "kpis": make_kpis(listing, counts),
        "tabs": make_tabs(listing, counts),
        "own_views": saved_tabs(request.user, listing) if isinstance(request.user, User) else [],
        "list_query": urlsplit(listing.url()).query,
        "views": view_switch(listing, LIST),
        "can_batch": may(request, Permission.CASES_CASE_MERGE),
        "waits_dispatch": any(row.acts and row.case.stage == "dispatch" for row in rows),
        "here": here,
        "picked_words": _("%(n)s selected"),
        "picks": make_picks(listing, stages),
        "rows": rows,
        "has_photos": any(row.photo for row in rows),
        "total_text": total_text(total, shown=len(rows), more=page.following is not None),
        "next_url": listing.url(after=key_text(page.following)) if page.following else "",
        "first_url": listing.url() if listing.after else "",
        "clear_url": Listing(tab=listing.tab).url(),
        "page_actions": links(listing.url("office:export-xlsx"), listing.url("office:export-csv")),
    }
    response = render(request, "office/cases.html", context)
    if "HX-Request" in request.headers:
        response.headers["HX-Push-Url"] = listing.url(after=listing.after)
    return response


def _numbers(
    listing: Listing, sight: Sight, counts: dict[str, int], now: datetime
) -> tuple[Amount | None, dict[str, int]]:
    """Return how long the list is, and its running cases by stage: what is counted already stays.

    Without conditions both are among the counters above it.
    """
    wish = listing.wish
    if listing.is_filtered or listing.tab not in {"open", "mine"}:
        most = COUNT_UP_TO if listing.tab in {"open", "mine"} else COUNT_PAST_UP_TO
        has_stages = listing.tab == "open" and not wish.q
        stages = count_stages(sight, wish, now=now) if has_stages else {}
        return count_lines(sight, wish, now=now, most=most), stages
    number = counts[listing.tab]
    if listing.tab == "mine":
        return Amount(number, more=number >= COUNT_UP_TO), {}
    return Amount(min(number, COUNT_UP_TO), more=number > COUNT_UP_TO), {
        str(stage): counts[stage] for stage in RUNNING
    }


def load_rows(lines: list[Line]) -> list[Row]:
    """Load the rows of a page in its order, in a fixed number of queries."""
    found = {parts.case.pk: parts for parts in with_row_parts(cases_on(lines))}
    pairs = [(found[line.case_id], line.task_id) for line in lines if line.case_id in found]
    return task_rows(pairs)


def total_text(total: Amount | None, *, shown: int, more: bool) -> str:
    """Say how many cases there are and how many this page shows; words are not counted."""
    if total is None:
        text = _("%(shown)s shown, there are more") if more else _("%(shown)s shown")
        return text % {"shown": f"{shown:,}"}
    if total.more:
        return _("%(shown)s shown of more than %(total)s cases") % {
            "shown": f"{shown:,}",
            "total": f"{total.number:,}",
        }
    return _("%(shown)s shown of %(total)s cases") % {
        "shown": f"{shown:,}",
        "total": f"{total.number:,}",
    }


@signed_in
@require_safe
def export(request: HttpRequest, form: str) -> Answer:
    """Send the whole list, not only one page; personal data is not in it."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    sight = sight_of(request.user, now)
    back, csv_url = listing.url(), listing.url("office:export-csv")
    if form == "geojson":
        return send_geojson("cases", features(sight, listing, now))
    if form == "xlsx":
        total = count_lines(sight, listing.wish, now=now, most=EXPORT_LIMIT)
        if total is not None and total.more:
            return too_many(request, back=back, csv_url=csv_url)
    sheet = Sheet(
        name="cases",
        title=_("Work list"),
        columns=columns(),
        rows=table_rows(sight, listing, now),
        facts=filter_words(listing),
    )
    return send_sheet(request, sheet, form, back=back, csv_url=csv_url)


def features(sight: Sight, listing: Listing, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the cases of a list that have a position as GeoJSON points (RFC 7946, WGS 84)."""
    for row in _all_rows(sight, listing, now):
        case = row.case
        if case.lat is None or case.lon is None:
            continue
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [case.lon, case.lat]},
            "properties": {
                "number": case.number,
                "title": case.title,
                "category": case.category.key if case.category else None,
                "area": case.area.code if case.area else None,
                "unit": case.unit.code if case.unit else None,
                "stage": case.stage,
                "due": case.due_at.isoformat() if case.due_at else None,
                "origin": case.origin,
            },
        }


def columns() -> list[Column]:
    """Return the heads of the exported table."""
    return [
        Column(title)
        for title in (
            _("Number"),
            _("Title"),
            _("Category"),
            _("Channel"),
            _("Area"),
            _("Address"),
            _("Unit"),
            _("State"),
            _("Opened"),
            _("Due"),
            _("Closed"),
            _("Origin"),
        )
    ]


def table_rows(sight: Sight, listing: Listing, now: datetime) -> Iterator[list[Cell]]:
    """Yield the exported rows of a list."""
    return map(_cells, _all_rows(sight, listing, now))


def _all_rows(sight: Sight, listing: Listing, now: datetime) -> Iterator[Row]:
    """Yield all rows of a list, page by page: constant memory, and no long transaction."""
    key = None
    while True:
        page = make_page(sight, listing.wish, now=now, size=EXPORT_BATCH, after=key)
        yield from load_rows(page.lines)
        key = page.following
        if key is None:
            return


def _cells(row: Row) -> list[Cell]:
    case = row.case
    return [
        case.number,
        case.title,
        case.category.title if case.category else "",
        channel_words(case.channel),
        case.area.title if case.area else "",
        case.address,
        case.unit.title if case.unit else "",
        row.state_title or str(look_of(case.stage).word),
        full_time(case.opened_at),
        full_time(case.due_at) if case.due_at else "",
        full_time(case.closed_at) if case.closed_at else "",
        case.get_origin_display(),
    ]

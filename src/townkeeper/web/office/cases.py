"""The work list and what leaves it as a spreadsheet."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, CaseQuerySet
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.publication.typeset.xlsx import write_csv, write_table
from townkeeper.web.office.counters import count_all, make_kpis, make_picks, make_tabs
from townkeeper.web.office.listing import PAGE, Listing, key_of, narrowed, ordered
from townkeeper.web.office.rows import Row, make_rows, with_row_parts
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import full_time

COUNT_UP_TO = 10_000
EXPORT_LIMIT = 100_000
EXPORT_BATCH = 500


@login_required
@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    """Show the cases that a person may see, most urgent first."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    visible = Case.objects.visible_to(request.user)
    found = narrowed(visible, listing, user=request.user, now=now)
    page = list(with_row_parts(ordered(found, listing))[: PAGE + 1])
    counts = count_all(visible, user=request.user, now=now)
    total = found.order_by()[: COUNT_UP_TO + 1].count()
    more = len(page) > PAGE
    rows = make_rows(page[:PAGE])
    context = {
        "listing": listing,
        "search_text": listing.q,
        "kpis": make_kpis(listing, counts),
        "tabs": make_tabs(listing, counts),
        "picks": make_picks(listing, visible),
        "rows": rows,
        "has_photos": any(row.photo for row in rows),
        "total_text": total_text(total, shown=min(len(page), PAGE)),
        "total": total,
        "next_url": listing.url(after=key_of(page[PAGE - 1], listing)) if more else "",
        "first_url": listing.url() if listing.after else "",
        "clear_url": Listing(tab=listing.tab).url(),
        "page_actions": [
            _download(listing, "xlsx", "file-spreadsheet"),
            _download(listing, "csv", "download"),
        ],
    }
    response = render(request, "office/cases.html", context)
    if "HX-Request" in request.headers:
        response.headers["HX-Push-Url"] = listing.url(after=listing.after)
    return response


def _download(listing: Listing, form: str, icon: str) -> dict[str, str]:
    return {"href": listing.url(f"office:export-{form}"), "icon": icon, "label": form.upper()}


def total_text(total: int, *, shown: int) -> str:
    """Say how many cases there are and how many this page shows."""
    if total > COUNT_UP_TO:
        return _("%(shown)s shown of more than %(total)s cases") % {
            "shown": f"{shown:,}",
            "total": f"{COUNT_UP_TO:,}",
        }
    return _("%(shown)s shown of %(total)s cases") % {"shown": f"{shown:,}", "total": f"{total:,}"}


@login_required
@require_safe
def export(request: HttpRequest, form: str) -> FileResponse:
    """Send the whole list, not only one page, as XLSX or CSV; personal data is not in it."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    visible = Case.objects.visible_to(request.user)
    found = ordered(narrowed(visible, listing, user=request.user, now=now), listing)
    if found.order_by()[: EXPORT_LIMIT + 1].count() > EXPORT_LIMIT:
        raise Http404
    writer = {"xlsx": write_table, "csv": write_csv}[form]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cases.{form}"
        writer(columns(), table_rows(found), path)
        # opened before the folder goes; the system keeps the bytes until it is sent
        name = f"cases-{full_time(now)[:10]}.{form}"
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


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


def table_rows(cases: CaseQuerySet) -> Iterator[list[Cell]]:
    """Yield the exported rows in constant memory."""
    for case in with_row_parts(cases).iterator(chunk_size=EXPORT_BATCH):
        yield _cells(make_rows([case])[0])


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

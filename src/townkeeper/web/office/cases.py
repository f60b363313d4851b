"""The work list and what leaves it as a spreadsheet."""

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.sight import Sight, sight_of
from townkeeper.cases.worklist import Amount, Line, cases_on, count_lines, count_stages, make_page
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Cell, Column
from townkeeper.publication.typeset.xlsx import harmless, write_table
from townkeeper.web.access import signed_in
from townkeeper.web.office.counters import (
    COUNT_UP_TO,
    count_all,
    make_kpis,
    make_picks,
    make_tabs,
)
from townkeeper.web.office.listing import PAGE, Listing, key_text
from townkeeper.web.office.rows import Row, task_rows, with_row_parts
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import full_time

COUNT_PAST_UP_TO = 500
"""Lists that hold ended cases may hold all there ever were."""
EXPORT_LIMIT = 100_000
EXPORT_BATCH = 500


@signed_in
@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    """Show the cases that a person may see, most urgent first."""
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    sight, wish = sight_of(request.user, now), listing.wish
    page = make_page(sight, wish, now=now, size=PAGE, after=listing.key)
    rows = load_rows(page.lines)
    counts = count_all(sight, now)
    most = COUNT_UP_TO if listing.tab in {"open", "mine"} else COUNT_PAST_UP_TO
    total = count_lines(sight, wish, now=now, most=most)
    stages = count_stages(sight, wish, now=now) if listing.tab == "open" and not wish.q else {}
    context = {
        "listing": listing,
        "search_text": listing.q,
        "kpis": make_kpis(listing, counts),
        "tabs": make_tabs(listing, counts),
        "picks": make_picks(listing, stages),
        "rows": rows,
        "has_photos": any(row.photo for row in rows),
        "total_text": total_text(total, shown=len(rows), more=page.following is not None),
        "next_url": listing.url(after=key_text(page.following)) if page.following else "",
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


def load_rows(lines: list[Line]) -> list[Row]:
    """Load the rows of a page in its order, in a fixed number of queries."""
    loaded = with_row_parts(cases_on(lines))
    found = {case.pk: case for case in loaded}
    pairs = [(found[line.case_id], line.task_id) for line in lines if line.case_id in found]
    return task_rows(pairs)


def _download(listing: Listing, form: str, icon: str) -> dict[str, str]:
    return {"href": listing.url(f"office:export-{form}"), "icon": icon, "label": form.upper()}


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


class TooManyRowsError(Exception):
    """The list is longer than a workbook should be."""


@signed_in
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse | FileResponse | StreamingHttpResponse:
    """Send the whole list, not only one page; personal data is not in it.

    CSV is sent while it is read, however long it is; a workbook ends at `EXPORT_LIMIT` rows, and
    a longer list is answered with words.
    """
    now = clock.now()
    listing = Listing.from_query(request.GET.dict())
    sight = sight_of(request.user, now)
    name = f"cases-{full_time(now)[:10]}.{form}"
    rows = table_rows(sight, listing, now)
    if form == "csv":
        heads = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(
            _csv_lines(rows), content_type="text/csv; charset=utf-8", headers=heads
        )
    total = count_lines(sight, listing.wish, now=now, most=EXPORT_LIMIT)
    if total is not None and total.more:
        return _too_many(request, listing)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            write_table(columns(), _at_most(rows, EXPORT_LIMIT), path)
        except TooManyRowsError:
            return _too_many(request, listing)
        # opened before the folder goes; the system keeps the bytes until it is sent
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _too_many(request: HttpRequest, listing: Listing) -> HttpResponse:
    context = {
        "limit": EXPORT_LIMIT,
        "csv_url": listing.url("office:export-csv"),
        "list_url": listing.url(),
    }
    return render(request, "office/too_many.html", context, status=422)


def _at_most(rows: Iterator[list[Cell]], limit: int) -> Iterator[list[Cell]]:
    for number, row in enumerate(rows):
        if number == limit:
            raise TooManyRowsError
        yield row


class _Echo:
    """A file that hands back what is written to it, for the CSV writer."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def _csv_lines(rows: Iterator[list[Cell]]) -> Iterator[str]:
    """Yield lines in UTF-8 with the mark that Excel needs."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([harmless(column.title) for column in columns()])
    for row in rows:
        yield writer.writerow(
            [harmless(c) if isinstance(c, str) else "" if c is None else c for c in row]
        )


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
    """Yield the exported rows page by page: constant memory, and no long transaction."""
    key = None
    while True:
        page = make_page(sight, listing.wish, now=now, size=EXPORT_BATCH, after=key)
        for row in load_rows(page.lines):
            yield _cells(row)
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

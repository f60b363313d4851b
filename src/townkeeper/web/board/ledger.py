"""The ledger of what cannot be solved now: since when, why, and when it is looked at again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from townkeeper.cases.ledger import Unsolved, unsolvable
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Row,
    number_in,
    send_list,
)
from townkeeper.web.board.people import names_of
from townkeeper.web.wording import full_time

SOON = timedelta(days=30)


@needs(Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def unsolved_list(request: HttpRequest) -> HttpResponseBase:
    """List what waits for better days, the earliest review first."""
    now = clock.now()
    ledger = unsolvable(Case.objects.visible_to(request.user), now=now)
    near = [row for row in ledger if row.next_review and now <= row.next_review < now + SOON]
    sorts = {"overdue": [row for row in ledger if row.is_overdue], "soon": near}
    show = request.GET.get("show", "")
    rows = sorts.get(show, ledger)
    begin = number_in(request.GET.get("after", "")) or 0
    shown = rows[begin : begin + PAGE]
    base = reverse("board:ledger")
    kpis = [
        (_("All of them"), len(ledger), "", "", "pause"),
        (_("Review overdue"), len(sorts["overdue"]), "overdue", "r", "alarm-clock"),
        (_("Review within 30 days"), len(near), "soon", "y", "calendar-clock"),
    ]
    return send_list(
        request,
        Listed(
            stem="ledger",
            title=_("What cannot be solved now"),
            lead=_("Nothing here is closed, and nothing is forgotten: each has a day on which it"
                   " is looked at again."),
            heads=_heads(),
            rows=list(_rows(shown)),
            every=lambda: _rows(rows),
            kpis=[
                {"label": label, "count": count, "kind": kind, "icon": icon,
                 "href": f"{base}?show={key}" if key else base, "current": key == show}
                for label, count, key, kind, icon in kpis
            ],
            following=str(begin + PAGE) if len(rows) > begin + PAGE else "",
            total=_("%(shown)s shown of %(total)s cases")
            % {"shown": f"{len(shown):,}", "total": f"{len(rows):,}"},
            empty=_nothing(),
        ),
    )  # fmt: skip


def _nothing() -> Empty:
    return Empty(
        _("Nothing waits here"),
        _("A case comes here when it is granted that it cannot be solved now."),
        "circle-check",
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Review"), "nw"),
        (_("Case"), ""),
        (_("Area"), ""),
        (_("Unit"), ""),
        (_("Since"), "nw"),
        (_("Reason"), ""),
        (_("Reviews"), "r"),
    ]


def _rows(found: Iterable[Unsolved]) -> Iterator[Row]:
    found = list(found)
    names = names_of(who for row in found for who in (row.asked_by, row.granted_by))
    for row in found:
        late = (
            ngettext("%(n)s day overdue", "%(n)s days overdue", row.overdue_days)
            % {"n": row.overdue_days}
            if row.is_overdue
            else ""
        )
        yield [
            Cell(late or full_time(row.next_review)[:10] if row.next_review else "–",
                 kind="bad" if row.is_overdue else "",
                 small=full_time(row.next_review) if row.next_review and late else ""),
            Cell(row.title, reverse("office:case", args=[row.number]),
                 small=f"{row.number} · {row.category}", css="wide2"),
            Cell(row.area or "–"),
            Cell(row.unit or "–"),
            Cell(full_time(row.since)[:10], css="nw"),
            Cell(row.reason or row.ground or "–",
                 small=_("asked by %(one)s, granted by %(other)s")
                 % {"one": names.get(row.asked_by, "–"), "other": names.get(row.granted_by, "–")}),
            Cell(row.reviews, css="r", value=row.reviews),
        ]  # fmt: skip

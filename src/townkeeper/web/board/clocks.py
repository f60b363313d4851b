"""The electronic supervision board: three columns of running clocks, each card with its rule."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.clockboard import (
    COLUMNS,
    BoardKey,
    BoardPage,
    Column,
    Narrowing,
    Strip,
    about_to_ring,
    cards_of_day,
    column_page,
    count_column,
    early_columns,
    first_pages,
    standing_count,
)
from townkeeper.cases.sight import Sight, sight_of
from townkeeper.cases.worklist import day_start
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Column as Head
from townkeeper.supervision.models import Order, OrderCase
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, needs
from townkeeper.web.board.alarms import role_names
from townkeeper.web.board.choices import area_choices, unit_choices
from townkeeper.web.board.lists import FORMS, Pick, address, amount_words, chosen, number_in
from townkeeper.web.clockwords import late_words, roles_line, rung_words
from townkeeper.web.exports import Sheet, links, send_sheet
from townkeeper.web.navigation import address_of
from townkeeper.web.office.rows import step_title, task_clock
from townkeeper.web.stages import STAGES, look_of
from townkeeper.web.wording import Clock, full_time

STRIPS = 10
"""Of each column on the board; a column by itself has pages."""
PAGE = 40
COUNT_UP_TO = 300
BATCH = 500
REFRESH_SECONDS = 60
ENDED = {"closed", "voided", "merged"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One strip as the page shows it."""

    strip: Strip
    limit: Clock
    state_title: str
    words: str
    share: int
    state: str
    rules: list[dict[str, Any]]
    order_url: str
    orders: list[Order]
    """Open orders about its case: nobody writes the same twice."""

    @property
    def is_early_warning(self) -> bool:
        """Whether a rung rang that shows no card: the rules warn before they show one."""
        return bool(self.strip.alarms) and not self.strip.card


@needs(Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def board(request: HttpRequest) -> HttpResponseBase:
    """Show the board, one column of it, or send it as a file."""
    now = clock.now()
    sight = sight_of(request.user, now)
    picks = _picks(request)
    wanted = Narrowing(**{pick.name: pick.value for pick in picks})
    column = chosen(request, "column", [(name, name) for name in COLUMNS])
    asked = request.GET.get("as", "")
    names: tuple[Column, ...] = (column,) if column else COLUMNS  # type: ignore[assignment]
    if asked in FORMS:
        return _file(request, asked, sight, wanted, names)
    after, early = read_key(request.GET.get("after", "")), early_columns()
    if column:
        page = column_page(sight, names[0], wanted, now=now, size=PAGE, after=after, early=early)
        pages = {names[0]: page}
    else:
        pages = first_pages(sight, wanted, now=now, size=STRIPS, early=early)
    columns = []
    orders = open_orders(request, pages.values())
    for name in names:
        count = _count(sight, name, wanted, now=now, early=early)
        columns.append(_column(request, name, pages[name], now, orders) | {"count": count})
    context = {
        "columns": columns,
        "one": columns[0] if column else None,
        "picks": picks,
        "kept": {"column": column},
        "clear_url": request.path if any(pick.value for pick in picks) else "",
        "kpis": _kpis(sight, now),
        "page_actions": links(
            address(request, **{"as": "xlsx"}), address(request, **{"as": "csv"})
        ),
        "paused": request.GET.get("live") == "off",
        "pause_url": address(request, live="off"),
        "go_on_url": address(request, live=""),
        "self_url": address(request),
        "refresh": REFRESH_SECONDS,
        "back_url": address(request, column=""),
    }
    return render(request, "board/clocks.html", context)


def _picks(request: HttpRequest) -> list[Pick]:
    stages = [(key, look.word) for key, look in STAGES.items() if key not in ENDED]
    areas, units = area_choices(), unit_choices()
    return [
        Pick("stage", _("Stage"), chosen(request, "stage", stages), stages),
        Pick("area", _("Area"), chosen(request, "area", areas), areas),
        Pick("unit", _("Unit"), chosen(request, "unit", units), units),
    ]


TITLES: Mapping[str, Callable[[], tuple[str, str]]] = {
    "calm": lambda: (_("Normal, early warning"), "clock"),
    "yellow": lambda: (_("Yellow card"), "rectangle-vertical"),
    "red": lambda: (_("Red card"), "rectangle-vertical"),
}


def _count(
    sight: Sight, name: Column, wanted: Narrowing, *, now: datetime, early: frozenset[str]
) -> str:
    number = count_column(sight, name, wanted, now=now, most=COUNT_UP_TO, early=early)
    return amount_words(number.number, more=number.more)


def _column(
    request: HttpRequest,
    name: Column,
    page: BoardPage,
    now: datetime,
    orders: Mapping[int, list[Order]],
) -> dict[str, Any]:
    alone = bool(request.GET.get("column"))
    title, icon = TITLES[name]()
    may_order = may(request, Permission.SUPERVISION_ORDER_ISSUE)
    following = address(request, after=key_text(page.following)) if page.following else ""
    return {
        "name": name,
        "title": title,
        "icon": icon,
        "strips": list(show(page.strips, now, may_order=may_order, orders=orders)),
        "more_url": "" if alone or not following else address(request, column=name),
        "next_url": following if alone else "",
        "first_url": address(request) if request.GET.get("after") else "",
    }


def open_orders(request: HttpRequest, pages: Iterable[BoardPage]) -> dict[int, list[Order]]:
    """Return the open orders that the person sees, by the case they are about."""
    cases = {strip.task.case_id for page in pages for strip in page.strips}
    if not cases or not may(request, Permission.SUPERVISION_ORDER_VIEW):
        return {}
    links = OrderCase.objects.filter(
        case__in=cases, order__in=Order.objects.visible_to(request.user).open()
    )
    found: dict[int, list[Order]] = {}
    for link in links.select_related("order").defer("order__text").order_by("pk"):
        found.setdefault(link.case_id, []).append(link.order)
    return found


def show(
    strips: Sequence[Strip],
    now: datetime,
    *,
    may_order: bool,
    orders: Mapping[int, list[Order]] | None = None,
) -> Iterator[Shown]:
    """Yield strips with words, rules and links."""
    roles = role_names() if any(strip.alarms for strip in strips) else {}
    new_order = address_of("orders:new") if may_order else None
    for strip in strips:
        limit = task_clock(strip.task)
        number = strip.task.case.number
        yield Shown(
            strip=strip,
            limit=limit,
            state_title=step_title(strip.task.case) or str(look_of(strip.task.stage).word),
            words=limit.words(now),
            share=limit.share(now),
            state=limit.state(now),
            rules=[
                {
                    "card": alarm.card,
                    "rule": rung_words(alarm.rule),
                    "at": alarm.due_at,
                    "told": roles_line(alarm.tell, roles),
                    "late": late_words(alarm.due_at, alarm.at),
                    "shows": alarm is strip.fired,
                }
                for alarm in strip.alarms
            ],
            order_url=f"{new_order}?{urlencode({'case': number})}" if new_order else "",
            orders=(orders or {}).get(strip.task.case_id, []),
        )


def _kpis(sight: Sight, now: datetime) -> list[dict[str, Any]]:
    today = cards_of_day(sight, now)
    since = f"{day_start(now):%F}"
    soon = about_to_ring(sight, now).order_by()[: COUNT_UP_TO + 1].count()
    standing = standing_count(sight, most=COUNT_UP_TO)
    alarms = reverse("board:alarms")
    return [
        {
            "label": _("Yellow cards today"), "icon": "rectangle-vertical", "kind": "y",
            "count": today["yellow"], "href": f"{alarms}?card=yellow&since={since}",
        },
        {
            "label": _("Red cards today"), "icon": "rectangle-vertical", "kind": "r",
            "count": today["red"], "href": f"{alarms}?card=red&since={since}",
        },
        {
            "label": _("About to be triggered"), "icon": "alarm-clock", "kind": "",
            "count": min(soon, COUNT_UP_TO), "href": reverse("board:upcoming"),
            "note": _("and more") if soon > COUNT_UP_TO else _("within an hour"),
        },
        {
            "label": _("Clock stopped"), "icon": "circle-pause", "kind": "",
            "count": standing.number, "href": f"{reverse('office:cases')}?due=stopped",
            "note": _("and more") if standing.more else "",
        },
    ]  # fmt: skip


def key_text(key: BoardKey | None) -> str:
    """Return the key of a page's last strip as an address says it."""
    if key is None:
        return ""
    return f"{'e' if key.is_early else 'l'}_{key.due_at.isoformat()}_{key.pk}"


def read_key(text: str) -> BoardKey | None:
    """Read such a key; a broken one begins from the start."""
    part, _cut, rest = text.partition("_")
    moment, _cut, number = rest.rpartition("_")
    pk = number_in(number)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if part not in {"e", "l"} or pk is None or at.tzinfo is None:
        return None
    return BoardKey(part == "e", at, pk)


def _file(
    request: HttpRequest,
    form: str,
    sight: Sight,
    wanted: Narrowing,
    names: tuple[Column, ...],
) -> HttpResponseBase:
    now = clock.now()

    def rows() -> Iterator[list[Any]]:
        for name in names:
            key = None
            while True:
                page = column_page(sight, name, wanted, now=now, size=BATCH, after=key)
                for shown in show(page.strips, now, may_order=False):
                    yield _file_row(name, shown)
                key = page.following
                if key is None:
                    break

    heads = (
        _("Column"), _("Case"), _("Title"), _("State"), _("Unit"), _("Person"), _("Due"),
        _("Time left"), _("Used"), _("Rule"), _("When"),
    )  # fmt: skip
    picks = [pick for pick in _picks(request) if pick.value]
    sheet = Sheet(
        name="board",
        title=_("Supervision board"),
        columns=[Head(head) for head in heads],
        rows=rows(),
        facts=[(pick.label, str(dict(pick.options)[pick.value])) for pick in picks],
    )
    back, csv_url = address(request, **{"as": ""}), address(request, **{"as": "csv"})
    return send_sheet(request, sheet, form, back=back, csv_url=csv_url)


def _file_row(name: str, shown: Shown) -> list[Any]:
    task, fired = shown.strip.task, shown.strip.fired
    return [
        TITLES[name]()[0],
        task.case.number,
        task.case.title,
        shown.state_title,
        task.unit.title if task.unit else "",
        shown.strip.person,
        full_time(task.due_at) if task.due_at else "",
        shown.words,
        f"{shown.share}%",
        rung_words(fired.rule) if fired else "",
        full_time(fired.due_at) if fired else "",
    ]

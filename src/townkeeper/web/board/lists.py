"""One way to show a list of the supervision office: filters, table, pages, file, and empty state.

A view says what the rows are; the page and the file are made from the same rows, so that a figure,
its list and its export cannot differ.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from townkeeper.publication.typeset.document import Cell as FileCell
from townkeeper.publication.typeset.document import Column
from townkeeper.web.exports import Sheet as FileSheet
from townkeeper.web.exports import links, send_sheet

PAGE = 50
LARGEST_ID = 2**63
FORMS = ("xlsx", "csv")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table."""

    text: object = ""
    href: str = ""
    small: object = ""
    """A second line."""
    css: str = ""
    kind: str = ""
    """Shown as a tag of this colour."""
    icon: str = ""
    card: str = ""
    """`yellow` or `red`: shown as a card with its word."""
    value: FileCell = None
    """What a file holds instead of the text: a number."""

    def plain(self) -> FileCell:
        """Return the cell as a file has it."""
        if self.value is not None:
            return self.value
        parts = (str(part) for part in (self.text, self.small) if part not in {"", None})
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class Pick:
    """One drop-down filter."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Typed:
    """One filter that is typed: words, or a day (`kind` date)."""

    name: str
    label: str
    value: str
    kind: str = "search"


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where there are no rows: why, and the next step."""

    title: str
    text: str = ""
    icon: str = "circle-check"
    href: str = ""
    label: str = ""


Row = Sequence[Cell]


@dataclass
class Listed:
    """A list as a view hands it over."""

    stem: str
    """Name of the file, ASCII."""
    title: str
    heads: Sequence[tuple[str, str]]
    """(label, css class of the column)."""
    rows: Sequence[Row]
    every: Callable[[], Iterable[Row]]
    """All rows, for a file: page by page."""
    empty: Empty
    note: str = ""
    lead: str = ""
    """A sentence above the list that says what it is."""
    picks: Sequence[Pick] = ()
    typed: Sequence[Typed] = ()
    tabs: Sequence[Mapping[str, Any]] = ()
    kpis: Sequence[Mapping[str, Any]] = ()
    following: str = ""
    """The key behind which the next page begins."""
    total: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def send_list(
    request: HttpRequest, listed: Listed, template: str = "board/list.html"
) -> HttpResponseBase:
    """Answer with the page, or with a file where the address asks for one (`as=xlsx|csv`)."""
    asked = request.GET.get("as", "")
    if asked in FORMS:
        sheet = FileSheet(
            name=listed.stem,
            title=listed.title,
            columns=[Column(label) for label, _css in listed.heads],
            rows=([cell.plain() for cell in row] for row in listed.every()),
            facts=_facts(listed),
        )
        back, csv_url = address(request, **{"as": ""}), address(request, **{"as": "csv"})
        return send_sheet(request, sheet, asked, back=back, csv_url=csv_url)
    downloads = links(address(request, **{"as": "xlsx"}), address(request, **{"as": "csv"}))
    narrowed = any(each.value for each in listed.picks) or any(f.value for f in listed.typed)
    labels = [label for label, _css in listed.heads]
    context = {
        "listed": listed,
        # on a phone a row is a card, and each cell says what it is
        "table": [list(zip(labels, row, strict=True)) for row in listed.rows],
        "page_actions": downloads,
        "next_url": address(request, after=listed.following) if listed.following else "",
        "first_url": address(request) if request.GET.get("after") else "",
        "clear_url": request.path if narrowed else "",
        "total_text": listed.total or shown_text(len(listed.rows), more=bool(listed.following)),
        **listed.extra,
    }
    return render(request, template, context)


def address(request: HttpRequest, **changes: str) -> str:
    """Return the address of this page with some parts changed, from its first page."""
    parts = {**request.GET.dict(), "after": "", **changes}
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"{request.path}?{query}" if query else request.path


def shown_text(number: int, *, more: bool) -> str:
    """Say how many rows a page shows."""
    text = _("%(shown)s rows shown, there are more") if more else _("%(shown)s rows shown")
    return text % {"shown": f"{number:,}"}


def _facts(listed: Listed) -> list[tuple[str, str]]:
    facts = [(each.label, each.value) for each in listed.typed if each.value]
    for pick in listed.picks:
        words = {str(value): str(label) for value, label in pick.options}
        if pick.value:
            facts.append((pick.label, words.get(pick.value, pick.value)))
    return facts


def moment_key(key: tuple[datetime, int] | None) -> str:
    """Return the key of a page's last row as an address says it."""
    return f"{key[0].isoformat()}_{key[1]}" if key else ""


def read_moment_key(text: str) -> tuple[datetime, int] | None:
    """Read such a key; a broken one begins from the start."""
    moment, _cut, number = text.rpartition("_")
    pk = number_in(number)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, pk) if pk and at.tzinfo is not None else None


def number_in(text: str) -> int | None:
    """Read a positive number that a database takes; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - 2**63
        return None
    number = int(text)
    return number if 0 < number < LARGEST_ID else None


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day that a list is narrowed to."""

    first: date | None
    last: date | None

    @property
    def since(self) -> datetime | None:
        """Return the beginning of the first day."""
        return start_of(self.first)

    @property
    def until(self) -> datetime | None:
        """Return the end of the last day."""
        return start_of(self.last, days=1)

    @property
    def typed(self) -> list[Typed]:
        """Return the two fields in which they are typed."""
        return [
            Typed("since", _("From day"), f"{self.first:%F}" if self.first else "", "date"),
            Typed("until", _("To day"), f"{self.last:%F}" if self.last else "", "date"),
        ]


def days_in(request: HttpRequest) -> Days:
    """Return the days that an address names."""
    return Days(day_of(request.GET.get("since", "")), day_of(request.GET.get("until", "")))


def day_of(text: str) -> date | None:
    """Return a day as an address says it; none where it names no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def start_of(day: date | None, *, days: int = 0) -> datetime | None:
    """Return midnight of a day of the site, some days later."""
    if day is None or not date.min + timedelta(days=2) < day < date.max - timedelta(days=2):
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), clock_time()))


def amount_words(number: int, *, more: bool) -> str:
    """Return a number that was counted up to a limit: `1,000+`."""
    return f"{number:,}+" if more else f"{number:,}"


def chosen(request: HttpRequest, name: str, options: Iterable[tuple[str, object]]) -> str:
    """Return what an address asks for, if it is offered."""
    value = request.GET.get(name, "")
    return value if value in {str(key) for key, _word in options} else ""


def words_in(request: HttpRequest, name: str, most: int = 100) -> str:
    """Return words typed into an address, in one line."""
    return " ".join(request.GET.get(name, "").replace("\x00", "").split())[:most]

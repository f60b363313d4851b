"""Data quality: each figure opens the list behind it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.evidence import FINDINGS
from townkeeper.cases.quality import BY_KEY, NEWEST, NEWEST_ENTRIES, count_check, rows_of
from townkeeper.cases.sight import Sight, sight_of
from townkeeper.cases.worklist import Amount
from townkeeper.journal.sealing import sealed_until
from townkeeper.kit import clock
from townkeeper.relapse.listing import Wanted, relapses
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Row,
    amount_words,
    number_in,
    send_list,
)
from townkeeper.web.board.people import names_of
from townkeeper.web.journal_words import Names, tell
from townkeeper.web.stages import look_of
from townkeeper.web.wording import full_time, span

BATCH = 500
COUNTED = 1000
KEPT_SECONDS = 60.0
sees = needs(Permission.JOURNAL_LOOK_VIEW)
_figures: dict[tuple[int, ...], tuple[float, dict[str, Amount]]] = {}


def words() -> dict[str, tuple[str, str, str]]:
    """Return of each question its title, its icon, and what it means."""
    newest = {"n": f"{NEWEST:,}"}
    among = _("Among the newest %(n)s.") % newest
    return {
        "no-owner": (_("Without owner"), "user-x", _("The duty register names nobody.")),
        "no-area": (_("Without area"), "map", _("No street or community is known.")),
        "no-category": (_("Without category"), "tags", _("Nobody can look up who answers.")),
        "no-point": (_("Without a point"), "map-pin", _("The case is not on the map.")),
        "photo-place": (
            _("Photos taken elsewhere"), "map-pinned",
            _("Far from the place of the case.") + " " + among,
        ),
        "photo-time": (
            _("Photos of another time"), "clock",
            _("Taken too long before, or in the future.") + " " + among,
        ),
        "photo-twice": (
            _("Photos used twice"), "copy", _("The same picture stands on another case or task."),
        ),
        "photo-bare": (
            _("Photos without time or place"), "eye-off",
            _("Nobody can check when or where.") + " " + among,
        ),
        **_time_words(),
    }  # fmt: skip


def _time_words() -> dict[str, tuple[str, str, str]]:
    among = _("Among the newest %(n)s.") % {"n": f"{NEWEST:,}"}
    return {
        "too-fast": (
            _("Done too fast"), "timer",
            _("Reported within five minutes of being handed over.") + " " + among,
        ),
        "bulk": (
            _("Ended in bulk"), "layers",
            _("Ten tasks or more ended by one person within a minute.") + " " + among,
        ),
        "back-dated": (
            _("Back-dated entries"), "rotate-ccw",
            _("Written after later ones, among the newest %(n)s entries of the record.")
            % {"n": f"{NEWEST_ENTRIES:,}"},
        ),
        "provisional": (
            _("Provisional due times"), "calendar",
            _("They reach a year whose holidays are not announced."),
        ),
        "given": (
            _("Due times from outside"), "file-input",
            _("Not reckoned here but taken from an imported record."),
        ),
    }  # fmt: skip


@sees
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show every figure, in three groups, and until when the record is sealed."""
    sight = sight_of(request.user, clock.now())
    found, told = figures(sight), words()
    groups = [
        (_("Missing on running cases"), ("no-owner", "no-area", "no-category", "no-point")),
        (_("Evidence"), ("photo-place", "photo-time", "photo-twice", "photo-bare")),
        (_("Times and acts"),
         ("too-fast", "bulk", "back-dated", "provisional", "given")),
    ]  # fmt: skip
    overruled = relapses(request.user, Wanted(state="overruled")).order_by()
    number = overruled.values("pk")[: COUNTED + 1].count()
    context = {
        "groups": [
            (title, [_figure(key, found[key], told[key]) for key in keys]) for title, keys in groups
        ],
        "overruled": amount_words(min(number, COUNTED), more=number > COUNTED),
        "overruled_url": f"{reverse('board:chains')}?state=overruled",
        "sealed": sealed_until(),
    }
    return render(request, "board/quality.html", context)


def figures(sight: Sight) -> dict[str, Amount]:
    """Return all figures; remembered for a minute for all who see as far."""
    key = (int(sight.everything), *sight.units)
    at, known = _figures.get(key, (float("-inf"), {}))
    if time.monotonic() - at < KEPT_SECONDS:
        return known
    found = {name: count_check(sight, name) for name in BY_KEY}
    _figures[key] = (time.monotonic(), found)
    return found


def forget_figures() -> None:
    """Let the figures be counted anew."""
    _figures.clear()


def _figure(key: str, amount: Amount, told: tuple[str, str, str]) -> dict[str, Any]:
    title, icon, why = told
    return {
        "label": title,
        "icon": icon,
        "why": why,
        "count": amount_words(amount.number, more=amount.more),
        "zero": not amount.number,
        "href": reverse("board:quality-list", args=[key]),
    }


@sees
@require_safe
def check_list(request: HttpRequest, key: str) -> HttpResponseBase:
    """List the rows of one question."""
    check = BY_KEY.get(key)
    if check is None:
        raise Http404
    sight = sight_of(request.user, clock.now())
    title, _icon, why = words()[key]
    whole = check.kind in {"bulk", "entry"}
    before = number_in(request.GET.get("after", ""))
    found = rows_of(sight, key, before=before, most=COUNTED if whole else PAGE + 1)
    shown = found if whole else found[:PAGE]

    def every() -> Iterator[Row]:
        last = None
        while batch := rows_of(sight, key, before=last, most=BATCH):
            yield from _rows(check.kind, batch)
            if whole:
                return
            last = batch[-1].pk

    return send_list(
        request,
        Listed(
            stem=f"quality-{key}",
            title=title,
            lead=why,
            heads=_heads()[check.kind],
            rows=list(_rows(check.kind, shown)),
            every=every,
            following=str(shown[-1].pk) if not whole and len(found) > PAGE else "",
            empty=Empty(
                _("Nothing is wrong here"), "", "circle-check", reverse("board:quality"),
                _("Back to data quality"),
            ),
        ),
    )  # fmt: skip


def _heads() -> dict[str, list[tuple[str, str]]]:
    return {
        "case": [(_("Case"), ""), (_("Category"), ""), (_("Area"), ""), (_("Unit"), ""),
                 (_("State"), ""), (_("Opened"), "nw")],
        "photo": [(_("Case"), ""), (_("What speaks against it"), ""), (_("Distance"), "r"),
                  (_("Same picture"), ""), (_("Added"), "nw")],
        "task": [(_("Case"), ""), (_("Unit"), ""), (_("State"), ""), (_("Begun"), "nw"),
                 (_("Due"), "nw"), (_("Ended"), "nw"), (_("Took"), "")],
        "bulk": [(_("Person"), ""), (_("Minute"), "nw"), (_("Tasks"), "r")],
        "entry": [(_("Subject"), ""), (_("Act"), ""), (_("Person"), ""), (_("Time"), "nw"),
                  (_("Behind by"), "")],
    }  # fmt: skip


def _rows(kind: str, found: Sequence[Any]) -> Iterator[Row]:
    makers = {"case": _case_rows, "photo": _photo_rows, "task": _task_rows, "bulk": _burst_rows,
              "entry": _entry_rows}  # fmt: skip
    return makers[kind](found)


def _case_cell(case: Any) -> Cell:  # noqa: ANN401 - a case, however it was loaded
    return Cell(case.title, reverse("office:case", args=[case.number]), small=case.number,
                css="wide2")  # fmt: skip


def _case_rows(found: Iterable[Any]) -> Iterator[Row]:
    for case in found:
        look = look_of(case.stage)
        yield [
            _case_cell(case),
            Cell(case.category.title if case.category else "–"),
            Cell(case.area.title if case.area else "–", small=case.address),
            Cell(case.unit.title if case.unit else "–"),
            Cell(look.word, kind=look.kind, icon=look.icon),
            Cell(full_time(case.opened_at), css="nw"),
        ]


def _photo_rows(found: Iterable[Any]) -> Iterator[Row]:
    found = list(found)
    names = names_of(photo.actor for photo in found)
    for photo in found:
        against = "; ".join(str(FINDINGS.get(code, code)) for code in photo.findings)
        same = photo.repeats.case if photo.repeats is not None else None
        yield [
            _case_cell(photo.case),
            Cell(against or "–"),
            Cell(f"{photo.distance_m:,} m" if photo.distance_m is not None else "–", css="r",
                 value=photo.distance_m),
            Cell(same.number, reverse("office:case", args=[same.number])) if same else Cell("–"),
            Cell(full_time(photo.added_at), small=names.get(photo.actor, ""), css="nw"),
        ]  # fmt: skip


def _task_rows(found: Iterable[Any]) -> Iterator[Row]:
    found = list(found)
    names = names_of(task.done_by for task in found)
    for task in found:
        yield [
            _case_cell(task.case),
            Cell(task.unit.title if task.unit else "–"),
            Cell(look_of(task.stage).word),
            Cell(full_time(task.opened_at), css="nw"),
            Cell(full_time(task.due_at) if task.due_at else "–", css="nw"),
            Cell(
                full_time(task.done_at) if task.done_at else "–",
                small=names.get(task.done_by, ""),
                css="nw",
            ),
            Cell(span(task.done_at - task.opened_at) if task.done_at else "–"),
        ]


def _burst_rows(found: Iterable[Any]) -> Iterator[Row]:
    found = list(found)
    names = names_of(burst.who for burst in found)
    for burst in found:
        yield [
            Cell(names.get(burst.who, burst.who), small=burst.who),
            Cell(full_time(burst.minute), css="nw"),
            Cell(burst.number, css="r", value=burst.number),
        ]


def _entry_rows(found: Iterable[Any]) -> Iterator[Row]:
    found = list(found)
    people = names_of(row.entry.actor for row in found)
    known = Names(procedure=None, units={}, people=people)
    for row in found:
        sort, _colon, number = row.entry.subject.partition(":")
        href = reverse("office:case", args=[number]) if sort == "case" else ""
        yield [
            Cell(number if href else row.entry.subject, href),
            Cell(tell(row.entry, known).title, small=row.entry.act),
            Cell(people.get(row.entry.actor, "–")),
            Cell(full_time(row.entry.time), css="nw"),
            Cell(span(row.behind)),
        ]

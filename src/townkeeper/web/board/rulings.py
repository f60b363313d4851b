"""Disputes: the register of rulings with a search, and who disputes how often and is right."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.disputes import dispute_records
from townkeeper.cases.models import Ask
from townkeeper.cases.rulings import Searched, disputes_page, result_of
from townkeeper.cases.sight import sight_of
from townkeeper.kit import clock
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.choices import unit_choices
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Pick,
    Row,
    Typed,
    chosen,
    days_in,
    moment_key,
    read_moment_key,
    send_list,
    words_in,
)
from townkeeper.web.wording import full_time

BATCH = 500
BACK = timedelta(days=365)
TAGS = {"upheld": "ok", "rejected": "bad", "waiting": "violet", "left": "grey"}
sees = needs(Permission.SUPERVISION_BOARD_VIEW)


def result_words() -> dict[str, str]:
    """Return the results of a dispute in words."""
    return {
        "upheld": _("the unit was right"),
        "rejected": _("it was the unit's own"),
        "waiting": _("not ruled yet"),
        "left": _("the case moved on"),
    }


@sees
@require_safe
def ruling_list(request: HttpRequest) -> HttpResponseBase:
    """List disputes and their rulings, the latest raised first."""
    results, units = list(result_words().items()), unit_choices()
    days = days_in(request)
    result, unit = chosen(request, "result", results), chosen(request, "unit", units)
    words = words_in(request, "q")
    searched = Searched(words=words, unit=unit, result=result, since=days.since, until=days.until)
    sight = sight_of(request.user, clock.now())
    after = read_moment_key(request.GET.get("after", ""))
    found = disputes_page(sight, searched, after=after, most=PAGE + 1)
    shown = found[:PAGE]

    def every() -> Iterator[Row]:
        key = None
        while batch := disputes_page(sight, searched, after=key, most=BATCH):
            yield from _rows(batch)
            key = (batch[-1].asked_at, batch[-1].pk)

    return send_list(
        request,
        Listed(
            stem="rulings",
            title=_("Disputes and rulings"),
            lead=_("Every ruling is the precedent for the next dispute of its kind. The ruling"
                   " itself is given at the dispute desk."),
            heads=_heads(),
            rows=list(_rows(shown)),
            every=every,
            picks=[
                Pick("result", _("Result"), result, results), Pick("unit", _("Unit"), unit, units)
            ],
            typed=[
                Typed("q", _("Words"), words),
                *days.typed,
            ],
            tabs=_tabs(rulings=True),
            following=moment_key((shown[-1].asked_at, shown[-1].pk) if found[PAGE:] else None),
            empty=_nothing(),
        ),
    )  # fmt: skip


def _nothing() -> Empty:
    return Empty(
        _("No dispute fits"),
        _("A dispute appears here as soon as a unit says that a case is not its own."),
        "scale",
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Raised"), "nw"),
        (_("Case"), ""),
        (_("Dispute"), ""),
        (_("Rule relied on"), ""),
        (_("Result"), ""),
        (_("Ruling"), ""),
    ]


def _tabs(*, rulings: bool) -> list[dict[str, object]]:
    return [
        {"label": _("Rulings"), "href": reverse("board:rulings"), "current": rulings,
         "count": None},
        {"label": _("By unit"), "href": reverse("board:disputes"), "current": not rulings,
         "count": None},
    ]  # fmt: skip


def _rows(found: Iterable[Ask]) -> Iterator[Row]:
    words = result_words()
    for ask in found:
        case, result = ask.case, result_of(ask)
        parties = _("%(unit)s names %(other)s") % {
            "unit": ask.unit.title if ask.unit else "–",
            "other": ask.other.title if ask.other else "–",
        }
        yield [
            Cell(full_time(ask.asked_at), css="nw"),
            Cell(case.title, reverse("office:case", args=[case.number]),
                 small=f"{case.number} · {case.category.title if case.category else '–'}",
                 css="wide2"),
            Cell(parties, small=ask.reason),
            Cell(ask.clause or "–"),
            Cell(words[result], kind=TAGS[result],
                 small=full_time(ask.decided_at) if ask.decided_at else ""),
            Cell(ask.decision or "–", small=ask.ruled.title if ask.ruled else "", css="wide2"),
        ]  # fmt: skip


@sees
@require_safe
def dispute_statistics(request: HttpRequest) -> HttpResponseBase:
    """Show by unit how often it disputed in a period, and how often it was right."""
    now = clock.now()
    days = days_in(request)
    begin, end = days.since or now - BACK, days.until or now
    sight = sight_of(request.user, now)
    seen = None if sight.everything else list(Unit.objects.filter(pk__in=sight.units))
    records = dispute_records(begin, end, units=seen)
    units = Unit.objects.filter(code__in=records).only("code", "name", "names")
    names = {unit.code: unit.title for unit in units}
    span = f"&since={begin:%F}&until={end:%F}"
    rows = [
        [
            Cell(names.get(code, code or "–"), f"{reverse('board:rulings')}?unit={code}{span}"),
            *(
                Cell(value, css="r", value=value)
                for value in (
                    record.raised, record.upheld, record.rejected, record.waiting, record.left
                )
            ),
            Cell(_share(record.upheld, record.upheld + record.rejected), css="r"),
        ]
        for code, record in sorted(records.items(), key=lambda pair: (-pair[1].raised, pair[0]))
    ]  # fmt: skip
    return send_list(
        request,
        Listed(
            stem="disputes",
            title=_("Disputes by unit"),
            note=f"{full_time(begin)[:10]} – {full_time(end)[:10]}",
            lead=_("Evasion is what an arbiter found to be the unit's own all along."),
            heads=_unit_heads(),
            rows=rows,
            every=lambda: rows,
            typed=days.typed,
            tabs=_tabs(rulings=False),
            empty=Empty(_("Nobody disputed anything in this time"), "", "scale"),
        ),
    )  # fmt: skip


def _unit_heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Unit"), ""),
        (_("Raised"), "r"),
        (_("Was right"), "r"),
        (_("Was its own"), "r"),
        (_("Waiting"), "r"),
        (_("Case moved on"), "r"),
        (_("Share right"), "r"),
    ]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "–"

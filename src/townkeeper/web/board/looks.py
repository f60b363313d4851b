"""Who looked at personal data: reporters shown in full, originals of photos; newest first."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case
from townkeeper.cases.privacy import Look, lookers, looks
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
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
    number_in,
    send_list,
    words_in,
)
from townkeeper.web.look_words import KINDS
from townkeeper.web.wording import full_time

BATCH = 1000


@needs(Permission.JOURNAL_LOOK_VIEW)
@require_safe
def look_list(request: HttpRequest) -> HttpResponseBase:
    """List the looks; who reads this list is no look, it names no reporter."""
    kinds = list(KINDS.items())
    act = chosen(request, "act", kinds)
    who, number = words_in(request, "who"), words_in(request, "case")
    days = days_in(request)
    fetch = partial(looks, who=who, act=act, number=number, since=days.since, until=days.until)
    after = number_in(request.GET.get("after", ""))
    found = fetch(before=after, most=PAGE + 1)

    def every() -> Iterator[Row]:
        before = None
        while batch := fetch(before=before, most=BATCH):
            yield from _rows(batch, request)
            before = batch[-1].pk

    return send_list(
        request,
        Listed(
            stem="looks",
            title=_("Who looked at personal data"),
            lead=_lead(),
            heads=_heads(),
            rows=list(_rows(found[:PAGE], request)),
            every=every,
            picks=[Pick("act", _("What"), act, kinds)],
            typed=[
                Typed("who", _("Name for signing in"), who),
                Typed("case", _("Number of the case"), number),
                *days.typed,
            ],
            following=str(found[PAGE - 1].pk) if found[PAGE:] else "",
            empty=_nobody(),
        ),
    )


def _nobody() -> Empty:
    return Empty(
        _("Nobody has looked"),
        _("A look appears here as soon as somebody asks for a reporter in full."),
        "eye-off",
    )


def _lead() -> str:
    return _(
        "Each time a person was shown a reporter's name and number, or the original of a"
        " photo, with the reason that was given. Anonymous reporters are shown to nobody."
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("When"), "nw"),
        (_("Who"), ""),
        (_("What"), ""),
        (_("Case"), "nw"),
        (_("Reason"), ""),
    ]


def _rows(found: Iterable[Look], request: HttpRequest) -> Iterator[Row]:
    found = list(found)
    names = lookers(found)
    numbers = {look.number for look in found}
    seen = set(
        Case.objects.visible_to(request.user)
        .filter(number__in=numbers)
        .values_list("number", flat=True)
    )
    for look in found:
        yield [
            Cell(full_time(look.at)),
            Cell(names.get(look.who, look.who), small=look.who),
            Cell(KINDS.get(look.act, look.act)),
            Cell(
                look.number,
                reverse("office:case", args=[look.number]) if look.number in seen else "",
            ),
            Cell(look.reason or "–", css="wide2"),
        ]


def _case_url(number: str) -> str:
    return reverse("office:case", args=[number])

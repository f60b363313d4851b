"""What people choose from while they type: units, kinds of matter, key places, addresses.

Found by name (either script), by code, by pinyin initials (`bllj`) or full pinyin, and by the words
that people use for it; each answer says where it stands in the tree and why it is offered. The
markup that asks here is described in `static/townkeeper/combobox.js`.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from townkeeper.cases.sight import sight_of
from townkeeper.duties.register import register
from townkeeper.kit import clock
from townkeeper.web.access import signed_in
from townkeeper.web.options import MOST, SOURCES, Book, Option, book_of, find_options, where_words
from townkeeper.web.spots import find_spots

TYPED_MAX: Final = 80


@signed_in
@require_safe
def choices(request: HttpRequest, what: str) -> HttpResponse:
    """Answer what was typed (`q`), the name of a value (`value`), or a level of the tree.

    `under=V` gives what lies below V, `beside=V` the level on which V stands; `all=1` also gives
    what is closed or out of use. For units `category` and `area` put the duty register's answer
    first, with its reason.
    """
    asked = request.GET
    if what == "addresses":
        return _addresses(request, asked.get("q", "")[:TYPED_MAX].strip())
    if what not in SOURCES:
        raise Http404
    book = book_of(what)
    with_all = asked.get("all") == "1"
    if "value" in asked:
        option = book.by_value.get(asked["value"])
        return say_items([item_of(book, option)] if option else [])
    if "under" in asked or "beside" in asked:
        return say_items([item_of(book, each) for each in _level(book, asked, with_all=with_all)])
    typed = asked.get("q", "")[:TYPED_MAX].strip()
    first = _on_duty(book, asked) if what == "units" else []
    if typed:
        found = find_options(book, typed, with_all=with_all)
    else:
        found = [
            *first,
            *((each, "") for each in _shown(book.below.get("", []), with_all=with_all)),
        ]
    return say_items([item_of(book, option, reason) for option, reason in found[:MOST]])


def _addresses(request: HttpRequest, typed: str) -> HttpResponse:
    """Answer with key places, streets and addresses of cases that the person sees, and areas."""
    found = find_spots(sight_of(request.user, clock.now()), typed, most=MOST)
    return say_items([spot.item() for spot in found])


def _level(book: Book, asked: Any, *, with_all: bool) -> list[Option]:  # noqa: ANN401 - a QueryDict
    above = asked.get("under")
    if above is None:
        option = book.by_value.get(asked["beside"])
        above = option.parent if option and option.parent in book.by_value else ""
    return _shown(book.below.get(above, []), with_all=with_all)


def _shown(options: Sequence[Option], *, with_all: bool) -> list[Option]:
    return [option for option in options if option.is_offered or with_all]


def _on_duty(book: Book, asked: Any) -> list[tuple[Option, str]]:  # noqa: ANN401 - a QueryDict
    """Return the unit that the duty register names for a kind and an area, with the reason."""
    known = register()
    category = known.category_by_key.get(asked.get("category", ""))
    area = known.unit_by_code.get(asked.get("area", ""))
    if category is None and area is None:
        return []
    answer = known.resolve(category, area, clock.today())
    option = book.by_value.get(answer.lead.code) if answer.lead else None
    if option is None:
        return []
    source = answer.source or answer.note or "–"
    return [(option, _("duty register: %(source)s") % {"source": source})]


def item_of(book: Book, option: Option, reason: str = "") -> dict[str, Any]:
    """Return an option as the browser takes it."""
    above = book.above(option)
    if not option.is_offered:
        reason = _("no longer in use")
    return {
        "value": option.value,
        "label": option.title,
        "path": where_words(book, option),
        "reason": reason,
        "parent": above[-1].value if above else "",
        "more": bool(book.below.get(option.value)),
    }


def say_items(items: list[dict[str, Any]]) -> JsonResponse:
    """Return the answer, with how many there are in words for whoever cannot see the list."""
    if not items:
        says = _("Nothing fits what was typed.")
    else:
        says = ngettext("%(n)d to choose from", "%(n)d to choose from", len(items))
        says %= {"n": len(items)}
    answer = JsonResponse({"items": items, "says": says})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer

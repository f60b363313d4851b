"""The rows of a table of cases, written here and not in a template.

A work list has thirty of them with a dozen cells each; as templates they took half the time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import template
from django.template.context import RequestContext
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from townkeeper.kit import clock
from townkeeper.web.addresses import address_of_one
from townkeeper.web.stages import channel_words
from townkeeper.web.templatetags.ui import DASH, asked, draw_due, icon, origin, state, tag

if TYPE_CHECKING:
    from townkeeper.web.office.rows import Row

register = template.Library()


@register.simple_tag(takes_context=True)
def case_rows(context: RequestContext) -> SafeString:
    """Write `rows`; with `can_batch` they can be chosen and dispatched, with `has_photos` seen."""
    pen = Pen(
        now=context.get("now") or clock.now(),
        can_batch=bool(context.get("can_batch")),
        has_photos=bool(context.get("has_photos")),
    )
    return mark_safe("".join(map(pen.row, context["rows"])))  # noqa: S308 - escaped cell by cell


def remembered(write: Callable[[Any], str]) -> Callable[[object], str]:
    """Return a writer that writes what it is given again only once."""
    known: dict[object, str] = {}

    def kept(key: object) -> str:
        if key not in known:
            known[key] = write(key)
        return known[key]

    return kept


@dataclass
class Pen:
    """Writes rows; what is the same in many of them is looked up once."""

    now: datetime
    can_batch: bool
    has_photos: bool

    def row(self, row: "Row") -> str:
        """Write one row."""
        case = row.case
        number = escape(case.number)
        href = escape(address_of_one("office:case", case.number))
        cells = (
            self._pick(row, number),
            f'<td class="iss-c"><div class="iss">{self._photo(row)}<div>',
            f'<a href="{href}">{escape(case.title)}</a>',
            f"<p>{number}{self._origin(case.origin)}{self._kind(row)}{self._where(row)}</p>",
            "</div></div></td>",
            f'<td class="x hide-l mw">{self._title(case.category)}</td>',
            f'<td class="x hide-m nw">{self._channel(case.channel)}</td>',
            f'<td class="x hide-l mw">{self._title(case.area)}</td>',
            f'<td class="x two">{self._unit(row)}</td>',
            f'<td><span class="row tight">{state(case.stage, row.state_title)}',
            f"{self._assists if row.assists else ''}{''.join(map(asked, row.asks))}</span></td>",
            f"<td>{draw_due(row.limit, self.now)}</td>",
            self._act(row),
        )
        return f'<tr data-case="{number}"{self._keys(row)}>{"".join(cells)}</tr>'

    @staticmethod
    def _keys(row: "Row") -> str:
        """Write where the keys lead that send back and ask for more time."""
        acts = row.acts
        if acts is None:
            return ""
        back = f' data-back="{escape(acts.back)}"' if acts.back else ""
        return back + (f' data-extend="{escape(acts.extend)}"' if acts.extend else "")

    def _pick(self, row: "Row", number: str) -> str:
        if not self.can_batch:
            return ""
        label = escape(self._select % {"number": row.case.number})
        return (
            '<td class="pk-c noprint"><input type="checkbox" name="case" form="batch"'
            f' value="{number}~{row.case.version}" aria-label="{label}"></td>'
        )

    def _photo(self, row: "Row") -> str:
        if not self.has_photos:
            return ""
        if row.photo is None:
            return f'<span class="th">{icon("image")}</span>'
        src = escape(address_of_one("office:thumbnail", row.photo))
        size = 'loading="lazy" width="56" height="42"'
        return f'<span class="th"><img src="{src}" alt="" {size}></span>'

    def _kind(self, row: "Row") -> str:
        """Write the kind of matter for where its column has no room."""
        kind = row.case.category
        return f'<span class="only-l"> · {self._title(kind)}</span>' if kind else ""

    @staticmethod
    def _where(row: "Row") -> str:
        where = row.case.address or row.case.place or ""
        return f" · {escape(where)}" if where else ""

    def _unit(self, row: "Row") -> str:
        """Write whose the case is, or whose it should be where it waits for dispatch."""
        acts = row.acts
        if acts is not None and acts.unit:
            return f"{escape(acts.unit)}<small>{escape(acts.why)}</small>"
        if acts is not None and acts.why:
            return tag(acts.why, "bad", "user-x")
        if row.case.unit is not None:
            return self._title(row.case.unit)
        return tag(_("no owner"), "bad", "user-x")

    def _act(self, row: "Row") -> str:
        if not self.can_batch:
            return ""
        if row.acts is None or not row.acts.dispatch:
            return '<td class="act-c noprint"></td>'
        href = escape(row.acts.dispatch)
        word = self._first if row.case.stage == "dispatch" else self._again
        return (
            f'<td class="act-c noprint"><a class="btn s" href="{href}" data-dispatch'
            f' hx-get="{href}" hx-target="#panel" hx-select="#dispatch"'
            f' hx-swap="innerHTML ignoreTitle:true" hx-indicator="#busy">{word}</a></td>'
        )

    @cached_property
    def _title(self) -> Callable[[Any], str]:
        return remembered(lambda named: escape(named.title or DASH) if named else DASH)

    @cached_property
    def _channel(self) -> Callable[[object], str]:
        return remembered(lambda value: escape(channel_words(value) or DASH))

    @cached_property
    def _origin(self) -> Callable[[object], str]:
        return remembered(origin)

    @cached_property
    def _select(self) -> str:
        return _("Select %(number)s")

    @cached_property
    def _assists(self) -> str:
        return f'<span class="tag t-grey">{escape(_("assists"))}</span>'

    @cached_property
    def _first(self) -> str:
        return escape(_("Dispatch"))

    @cached_property
    def _again(self) -> str:
        return escape(_("Dispatch again"))

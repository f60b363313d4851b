"""Chains of relapses: which time it is, since when, whose fixes did not last, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from townkeeper.cases.models import Case
from townkeeper.relapse.models import Recurrence
from townkeeper.units.models import Unit

MONTH = 30.44
"""Mean days of a month."""
DAYS_AS_DAYS = 60
"""Spans up to here are told in days, longer ones in months."""
TEENS = range(11, 14)


@dataclass(frozen=True, slots=True)
class Link:
    """One case of a chain."""

    number: str
    title: str
    ordinal: int
    opened_at: datetime
    closed_at: datetime | None
    stage: str
    outcome: str
    unit: Unit | None
    """The unit that answers for it (for a closed one: that closed it)."""
    recurrence: Recurrence | None
    """Why it is in the chain; None for the first."""


@dataclass(frozen=True, slots=True)
class Chain:
    """All cases that brought one matter back, the first one first."""

    links: tuple[Link, ...]
    here: str
    """The number of the case that was asked about."""

    @property
    def ordinal(self) -> int:
        """Return which time the case asked about is."""
        return next(link.ordinal for link in self.links if link.number == self.here)

    @property
    def span(self) -> timedelta:
        """Return the time from the first report to the one asked about."""
        here = next(link for link in self.links if link.number == self.here)
        return here.opened_at - self.links[0].opened_at

    @property
    def units(self) -> list[Unit]:
        """Return the units whose fixes did not last, in order, each once."""
        gone = [link.recurrence.unit for link in self.links if link.recurrence]
        return list(dict.fromkeys(unit for unit in gone if unit is not None))

    @property
    def outcomes(self) -> list[str]:
        """Return with which outcomes the cases were closed, in order."""
        return [link.outcome for link in self.links if link.closed_at]

    @property
    def words(self) -> str:
        """Return `4th time in 5 months` in the language of the page; empty for a first time."""
        return say_times(self.ordinal, self.span)


def chain_of(case: Case) -> Chain:
    """Return the chain that a case is in; a case that never came back is a chain of its own."""
    standing = Recurrence.objects.standing()
    known = standing.filter(Q(case=case) | Q(first=case)).values_list("case_id", "first_id")
    firsts = dict(known)
    if not firsts:
        return Chain((_link(case, 1, None),), case.number)
    first = firsts.get(case.pk, case.pk)
    rows = (
        standing.filter(first=first)
        .select_related("case__unit", "unit", "former")
        .order_by("case__opened_at", "case_id")
        .defer("unit__outline", "case__unit__outline", "case__text", "former__text")
    )
    begin = case if first == case.pk else Case.objects.select_related("unit").get(pk=first)
    links = [_link(begin, 1, None), *(_link(row.case, row.ordinal, row) for row in rows)]
    return Chain(tuple(links), case.number)


def _link(case: Case, ordinal: int, row: Recurrence | None) -> Link:
    return Link(
        case.number,
        case.title,
        ordinal,
        case.opened_at,
        case.closed_at,
        case.stage,
        case.outcome,
        case.unit,
        row,
    )


def say_times(ordinal: int, span: timedelta) -> str:
    """Return which time within which span, such as `4th time in 5 months`."""
    if ordinal < 2:  # noqa: PLR2004 - a first time is no relapse
        return ""
    return _("%(nth)s time in %(span)s") % {"nth": nth(ordinal), "span": say_span(span)}


def say_span(span: timedelta) -> str:
    """Return a span in days, or in months where it is longer than two."""
    days = max(1, round(span / timedelta(days=1)))
    if days <= DAYS_AS_DAYS:
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    months = round(days / MONTH)
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}


def nth(number: int) -> str:
    """Return `4th` in English and the plain number in Chinese, whose words bring the rest."""
    if not (get_language() or "en").startswith("en"):
        return str(number)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in TEENS else ending}"


def why_words(row: Recurrence) -> str:
    """Return in a sentence why a case counts as a relapse of the former one."""
    parts = {
        "former": row.former.number,
        "days": ngettext("%(n)s day", "%(n)s days", row.days) % {"n": row.days},
        "how": row.get_how_display(),
    }
    if row.distance_m is None or row.how == Recurrence.How.PLACE:
        return _("%(days)s after %(former)s was closed; %(how)s.") % parts
    return _("%(days)s after %(former)s was closed; %(how)s, %(metres)s m away.") % {
        **parts,
        "metres": row.distance_m,
    }


@dataclass(frozen=True, slots=True)
class Longest:
    """One of the longest chains."""

    first: Case
    last: Case
    length: int
    span: timedelta


def longest_chains(limit: int = 20, *, firsts: Iterable[int] | None = None) -> list[Longest]:
    """Return the longest chains, the most relapses first; of equal ones the quickest first."""
    rows = Recurrence.objects.standing().select_related("case", "first")
    if firsts is not None:
        rows = rows.filter(first__in=list(firsts))
    found: dict[int, Recurrence] = {}
    for row in rows.order_by("-ordinal", "case__opened_at", "case_id")[: limit * 20]:
        found.setdefault(row.first_id, row)
    chains = [
        Longest(row.first, row.case, row.ordinal, row.case.opened_at - row.first.opened_at)
        for row in found.values()
    ]
    return sorted(chains, key=lambda c: (-c.length, c.span, c.first.number))[:limit]

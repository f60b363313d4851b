"""What the address of a work list asks for, and the query and neighbouring addresses it means.

Every state of the list is in its address, so that it can be shared and the browser's own back
button works. Pages follow each other by key (due time and id), never by number, so that page
one thousand costs what page one costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import OrderBy
from django.urls import reverse
from django.utils import timezone

from townkeeper.accounts.models import User
from townkeeper.cases.models import ENDED, Case, CaseQuerySet, Stage, Task
from townkeeper.units.models import Unit, posts_of

PAGE = 50
SOON = timedelta(hours=2)
TABS = ("mine", "open", "ended", "all")
DUE_CHOICES = ("over", "soon", "today", "week", "none")
LONGEST_TEXT = 100
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Listing:
    """The parts of a work list's address; empty means no condition."""

    tab: str = "open"
    stage: str = ""
    category: str = ""
    area: str = ""
    unit: str = ""
    due: str = ""
    channel: str = ""
    opened: str = ""
    q: str = ""
    sort: str = ""
    after: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Listing":
        """Read an address; what is unknown in it is left out rather than refused."""
        given = {field.name: query.get(field.name, "").strip() for field in fields(cls)}
        if given["tab"] not in TABS:
            given["tab"] = "open"
        if given["due"] not in DUE_CHOICES:
            given["due"] = ""
        if given["stage"] not in Stage.values:
            given["stage"] = ""
        given["q"] = given["q"][:LONGEST_TEXT]
        return cls(**given)

    def url(self, name: str = "office:cases", **changes: str) -> str:
        """Return the address of this list with some parts changed, from its first page."""
        other = replace(self, **{"after": "", **changes})
        parts = {f.name: getattr(other, f.name) for f in fields(other)}
        if parts["tab"] == "open":
            parts["tab"] = ""
        query = urlencode({key: value for key, value in parts.items() if value})
        return f"{reverse(name)}?{query}" if query else reverse(name)

    @property
    def is_filtered(self) -> bool:
        """Whether anything beyond the tab narrows the list."""
        return any(
            (self.stage, self.category, self.area, self.unit, self.due, self.channel, self.opened)
        ) or bool(self.q)

    @property
    def newest_first(self) -> bool:
        """Whether the list runs by opening time; lists of running cases run by due time."""
        return self.sort == "opened" or (not self.sort and self.tab in {"ended", "all"})


def narrowed(
    cases: CaseQuerySet, listing: Listing, *, user: User | AnonymousUser, now: datetime
) -> CaseQuerySet:
    """Return the cases that the address asks for, of those given; not yet in order."""
    cases = _tab(cases, listing.tab, user=user, now=now).filter(**_exact(listing))
    if listing.area:
        cases = _in_area(cases, listing.area)
    if listing.opened == "today":
        cases = cases.filter(opened_at__gte=day_start(now))
    if listing.due:
        cases = cases.filter(due_condition(listing.due, now))
    for word in listing.q.split():
        cases = cases.filter(
            Q(number__icontains=word)
            | Q(title__icontains=word)
            | Q(address__icontains=word)
            | Q(external_number__icontains=word)
        )
    return cases


def _tab(
    cases: CaseQuerySet, tab: str, *, user: User | AnonymousUser, now: datetime
) -> CaseQuerySet:
    if tab == "mine":
        return waiting_for(cases, user, now)
    if tab == "open":
        return cases.running()
    return cases.filter(stage__in=ENDED) if tab == "ended" else cases


def _exact(listing: Listing) -> dict[str, Any]:
    """Return the conditions that compare one column with one value."""
    exact: dict[str, Any] = {
        "stage": listing.stage,
        "category__key": listing.category,
        "channel": listing.channel,
        "unit__code": "" if listing.unit == NOBODY else listing.unit,
    }
    exact = {name: value for name, value in exact.items() if value}
    return {**exact, "unit": None} if listing.unit == NOBODY else exact


def waiting_for(cases: CaseQuerySet, user: User | AnonymousUser, now: datetime) -> CaseQuerySet:
    """Return the cases with an open task that one of the person's posts may do."""
    condition = Q(pk__in=[])
    for post in posts_of(user, timezone.localdate(now)):
        task = Task.objects.filter(
            case=OuterRef("pk"), done_at=None, performer=post.role.key, unit=post.unit_id
        )
        condition |= Q(Exists(task))
    return cases.running().filter(condition)


def _in_area(cases: CaseQuerySet, code: str) -> CaseQuerySet:
    area = Unit.objects.filter(code=code).first()
    if area is None:
        return cases.none()
    return cases.filter(area__path__gte=area.path, area__path__lt=area.path_end)


def day_start(now: datetime) -> datetime:
    """Return midnight of the site's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def due_condition(choice: str, now: datetime) -> Q:
    """Return the condition on the due time: over, soon, today, week or none."""
    if choice == "none":
        return Q(due_at=None)
    if choice == "over":
        return Q(due_at__lt=now)
    if choice == "soon":
        return Q(due_at__gte=now) & (Q(due_at__lte=now + SOON) | Q(warn_at__lte=now))
    days = 1 if choice == "today" else 7
    return Q(due_at__gte=now, due_at__lt=day_start(now) + timedelta(days=days))


def ordered(cases: CaseQuerySet, listing: Listing) -> CaseQuerySet:
    """Return the cases in the order of the list, from its key on."""
    if listing.newest_first:
        order: tuple[OrderBy, OrderBy] = (F("opened_at").desc(), F("pk").desc())
        cases = cases.order_by(*order)
    else:
        cases = cases.order_by(F("due_at").asc(nulls_last=True), F("pk").asc())
    return cases.filter(_past(listing)) if listing.after else cases


def key_of(case: Case, listing: Listing) -> str:
    """Return the key of a row, after which the next page starts."""
    moment = case.opened_at if listing.newest_first else case.due_at
    return f"{moment.isoformat() if moment else ''}_{case.pk}"


def _past(listing: Listing) -> Q:
    """Return the condition for rows after the key; a broken key starts from the beginning."""
    text, _, number = listing.after.rpartition("_")
    try:
        pk = int(number)
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return Q()
    if moment is not None and moment.tzinfo is None:
        return Q()
    if listing.newest_first:
        return Q(opened_at__lt=moment) | Q(opened_at=moment, pk__lt=pk) if moment else Q()
    if moment is None:
        return Q(due_at=None, pk__gt=pk)
    return Q(due_at__gt=moment) | Q(due_at=moment, pk__gt=pk) | Q(due_at=None)

"""What is known of a caller's number, and what one person did in a shift."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count
from django.utils import timezone

from townkeeper.calls.models import CallBack, Registration
from townkeeper.cases.models import Case, CaseQuerySet
from townkeeper.cases.sight import Sight, seen_by

LATEST: Final = 8
STREET: Final = re.compile(r"^(.{1,14}?(?:大道|胡同|路|街|巷|道|弄|里))(?=.)")
"""The name of a street at the beginning of an address, up to the word that ends such names."""


def history_of(cases: CaseQuerySet, number: str, *, most: int = LATEST) -> list[Case]:
    """Return the latest cases that a number reported, among those the person sees.

    Reports whose sender asked to stay unknown are not among them: a number must not betray them.
    """
    if not number:
        return []
    return list(
        cases.filter(reporter__phone=number, reporter__is_anonymous=False)
        .select_related("category", "unit", "main", "main__unit")
        .prefetch_related("judgements")
        .defer("text", "extra", "unit__outline", "main__unit__outline")
        .order_by("-opened_at")[:most]
    )


def latest_addresses(
    sight: Sight, *, since: datetime, most: int
) -> list[tuple[str, str, int | None]]:
    """Return number, address and area of the latest cases with an address that a person sees."""
    cases = Case.objects.exclude(address="").filter(opened_at__gte=since)
    rows = seen_by(cases, sight, "all").order_by("-opened_at")
    return list(rows.values_list("number", "address", "area_id")[:most])


def street_of(address: str) -> str:
    """Return the street with which an address begins; empty where none can be told."""
    found = STREET.match(address)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Shift:
    """What one person did on a day."""

    registered: dict[str, int]
    """By result: registered, filed, dispatched, answered, merged."""
    callbacks: dict[str, int]
    median_seconds: int | None
    """How long a registration took, the middle of those that were measured."""

    @property
    def total(self) -> int:
        """Return how many cases were registered."""
        return sum(self.registered.values())


def shift_of(username: str, now: datetime) -> Shift:
    """Return a person's own figures of the present day, in the site's zone."""
    begin = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    span = {"at__gte": begin, "at__lt": begin + timedelta(days=1)}
    mine = Registration.objects.filter(actor=username, **span)
    calls = CallBack.objects.filter(actor=username, **span)
    measured = mine.values_list("seconds", flat=True)
    seconds = sorted(each for each in measured if each is not None)
    return Shift(
        dict(mine.values_list("result").annotate(n=Count("pk")).order_by()),
        dict(calls.values_list("result").annotate(n=Count("pk")).order_by()),
        seconds[len(seconds) // 2] if seconds else None,
    )


def registered_today(username: str, now: datetime, *, most: int = 50) -> list[Case]:
    """Return the cases that a person registered today, the latest first."""
    begin = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return list(
        Case.objects.filter(registration__actor=username, registration__at__gte=begin)
        .select_related("registration", "category", "unit")
        .defer("text", "extra", "unit__outline")
        .order_by("-registration__at")[:most]
    )

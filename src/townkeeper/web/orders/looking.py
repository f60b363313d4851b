"""What an order will mean before it is issued: each unit's deadline, and what is odd about it."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from townkeeper.calendars.actions import current
from townkeeper.calendars.explain import explain, in_words
from townkeeper.calendars.limits import Limit
from townkeeper.kit import clock
from townkeeper.supervision.drafting import Checked
from townkeeper.supervision.models import Addressee
from townkeeper.supervision.rights import unattended
from townkeeper.web.clockwords import language

FAR = timedelta(days=366)
SHORT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """One unit's part of an order that is not issued yet."""

    unit: str
    addressee: Addressee
    story: list[str]
    """How the limit is counted; empty for a day or an hour."""
    odd: list[str]
    """What whoever issues it should look at again; nothing of it forbids the order."""


def look_at(checked: Checked) -> list[Looked]:
    """Return each unit's deadline with how it is counted and what is odd."""
    lonely = {unit.pk for unit in unattended(each.unit for each in checked.addressees)}
    return [
        Looked(each.unit.title, each, _story(each), list(_odd(each, nobody=each.unit.pk in lonely)))
        for each in checked.addressees
    ]


def _story(each: Addressee) -> list[str]:
    if not each.limit:
        return []
    counted = explain(current(), each.counted_from, Limit.parse(each.limit))
    return in_words(counted, language())


def _odd(each: Addressee, *, nobody: bool) -> list[str]:
    calendar, now = current(), clock.now()
    day = timezone.localtime(each.due_at, calendar.zone).date()
    found = []
    if not calendar.is_working_day(day):
        found.append(_("The deadline falls on a day off."))
    if each.due_at - now < SHORT:
        found.append(_("The unit has less than an hour."))
    if each.due_at - now > FAR:
        found.append(_("The deadline is more than a year away."))
    if each.is_provisional:
        found.append(_("The holidays of that year are not announced yet; the deadline may move."))
    if nobody:
        found.append(_("Nobody with an account answers for this unit; hand the letter over."))
    return found

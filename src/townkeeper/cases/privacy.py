"""Personal data: a reporter's name and number are shown by one act, with a reason and a record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Reporter
from townkeeper.cases.records import Follow
from townkeeper.journal.actions import record
from townkeeper.journal.looks import looks_written
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit, permits, posts_of
from townkeeper.units.permissions import Permission

SHOWN = "case.reporter_shown"
ORIGINAL = "case.original_seen"
SHORTEST, LONGEST = 2, 300
"""Characters of a reason: "x" is none, more is a report."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """Name and number of a reporter, in full."""

    name: str
    phone: str


@transaction.atomic
def show_reporter(case: Case, *, actor: User, reason: str) -> Shown:
    """Return who reported a case, in full; who looked and why stands in the case's history.

    Whoever asked to stay unknown stays so: for an anonymous report nothing is ever shown. Refused
    without `cases:reporter:view` where the case is, and without a reason.
    """
    if not may_show(case, actor):
        raise Problem("not-permitted", _("Your posts do not allow this."))
    reporter = Reporter.objects.filter(case=case).first()
    if reporter is None or not (reporter.name or reporter.phone):
        raise Problem("reporter-missing", _("Nobody is named as the reporter of this case."))
    if reporter.is_anonymous:
        raise Problem(
            "reporter-anonymous",
            _("The reporter asked to stay unknown. Nobody is shown name or number."),
            where=case.number,
        )
    said = _reason(reason)
    record(subject=case.subject, act=SHOWN, actor=actor.username, data={"reason": said})
    return Shown(reporter.name, reporter.phone)


@transaction.atomic
def show_supporter(follow: Follow, *, actor: User, reason: str) -> Shown:
    """Return who has it too, in full, for a call back; the look is recorded as for a reporter."""
    if not may_show(follow.case, actor):
        raise Problem("not-permitted", _("Your posts do not allow this."))
    said = _reason(reason)
    data = {"reason": said, "part": follow.part}
    record(subject=follow.case.subject, act=SHOWN, actor=actor.username, data=data)
    return Shown(follow.name, follow.phone)


def may_show(case: Case, actor: User) -> bool:
    """Whether a person may be shown the reporter: sees the case, and the permission covers it."""
    posts = posts_of(actor, clock.today())
    if not permits(posts, Permission.CASES_REPORTER_VIEW):
        return False
    if not Case.objects.visible_to(actor).filter(pk=case.pk).exists():
        return False
    places = _places(case)
    if not places:  # belongs to no unit and no area: for whoever stands at the top
        return any(
            permits([post], Permission.CASES_REPORTER_VIEW) and post.area.parent_id is None
            for post in posts
        )
    return any(permits(posts, Permission.CASES_REPORTER_VIEW, place) for place in places)


def _places(case: Case) -> list[Unit]:
    """Return the units that have to do with a case now: where it is, who answers, who works."""
    working = case.tasks.filter(done_at=None).exclude(unit=None).values_list("unit", flat=True)
    ids = {pk for pk in (case.area_id, case.unit_id, *working) if pk is not None}
    return list(Unit.objects.filter(pk__in=ids).defer("outline"))


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not SHORTEST <= len(said) <= LONGEST:
        raise Problem(
            "reason-missing",
            _("A reason is needed to see personal data."),
            hint=_("Write in a few words what it is needed for; at most %(most)s characters.")
            % {"most": LONGEST},
        )
    return said


@dataclass(frozen=True, slots=True)
class Look:
    """One look at personal data: who saw what of which case, when and why."""

    pk: int
    at: datetime
    who: str
    """Name for signing in."""
    act: str
    """`case.reporter_shown` or `case.original_seen`."""
    number: str
    """The case."""
    reason: str
    origin: str


def looks(
    *,
    who: str = "",
    act: str = "",
    number: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    most: int = PAGE,
) -> list[Look]:
    """Return who looked at whose personal data, newest first; `before` is the last one's `pk`."""
    rows = looks_written()
    wanted: Mapping[str, Any] = {
        "actor": who,
        "act": act,
        "subject": f"case:{number}" if number else "",
        "time__gte": since,
        "time__lt": until,
        "pk__lt": before,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return [_look(row) for row in rows[:most]]


def lookers(rows: Iterable[Look]) -> dict[str, str]:
    """Return the names of the people in a list, by the names they sign in with."""
    people = User.objects.filter(username__in={row.who for row in rows})
    return {user.username: str(user) for user in people}


def _look(entry: Entry) -> Look:
    data: dict[str, Any] = msgspec.json.decode(entry.data)
    return Look(
        pk=entry.pk,
        at=entry.time,
        who=entry.actor,
        act=entry.act,
        number=entry.subject.partition(":")[2],
        reason=str(data.get("reason") or ""),
        origin=entry.origin,
    )

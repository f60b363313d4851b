"""What people do about relapses: overrule one that is none, link one that nobody found."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.relapse.finding import Look, look_at, look_for_relapses
from townkeeper.relapse.models import Cursor, Recurrence
from townkeeper.relapse.parties import acting_posts, is_party
from townkeeper.relapse.recording import (
    CURSOR,
    GONE,
    Pair,
    lines_of,
    new_row,
    places_of,
    renumber,
)
from townkeeper.units.models import Unit

__all__ = ["Look", "link_relapse", "look_at", "look_for_relapses", "overrule_relapse"]


@transaction.atomic
def overrule_relapse(row: Recurrence, *, actor: User, reason: str) -> Recurrence:
    """Say that a case is no relapse of the former one; it is never found again.

    Nobody of the unit that it counts for may say so; a reason is needed, and stays in both
    histories.
    """
    _hold()
    row = Recurrence.objects.select_related("unit").get(pk=row.pk)
    reason = _reasoned(reason)
    if row.is_overruled:
        raise Problem(
            "overruled-already",
            _("%(who)s has overruled this already.") % {"who": row.overruled_by},
            where=row.case.number,
        )
    _may(actor, row.case, row.unit)
    row.is_overruled, row.overruled_by, row.overruled_reason = True, actor.username, reason
    row.overruled_at = clock.now()
    row.save()
    renumber({row.first_id, row.case_id})
    cases = {row.case_id: row.case, row.former_id: row.former}
    lines = lines_of(row, cases, "case.relapse-overruled", reason=reason)
    for line in lines:
        record(subject=line.subject, act=line.act, actor=actor.username, data=line.data)
    return row


@transaction.atomic
def link_relapse(case: Case, former: Case, *, actor: User, reason: str) -> Recurrence:
    """Say that a case brings back a former one that the search did not find."""
    _hold()
    reason = _reasoned(reason)
    case, former = (Case.objects.select_related("unit").get(pk=pk) for pk in (case.pk, former.pk))
    _linkable(case, former)
    _may(actor, case, None)
    standing = Recurrence.objects.standing().filter(case=case).select_related("former").first()
    if standing is not None:
        raise Problem(
            "linked-already",
            _("%(number)s counts as a relapse of %(former)s already.")
            % {"number": case.number, "former": standing.former.number},
            where=case.number,
            hint=_("Overrule that first."),
        )
    pair = Pair(case.pk, former.pk, Recurrence.How.HAND, reason={"said": reason})
    row = new_row(
        pair, case, former, places_of([former.pk]), found_at=clock.now(), actor=actor.username
    )
    earlier = Recurrence.objects.filter(case=case, former=former).first()
    if earlier is not None:
        row.pk = earlier.pk
    row.save(force_update=earlier is not None, force_insert=earlier is None)
    renumber({case.pk})
    cases = {case.pk: case, former.pk: former}
    for line in lines_of(row, cases, "case.relapse", reason=reason):
        record(subject=line.subject, act=line.act, actor=actor.username, data=line.data)
    row.refresh_from_db()
    return row


def _hold() -> None:
    """Let whoever else writes relapses wait until this is done."""
    Cursor.objects.get_or_create(key=CURSOR)
    Cursor.objects.select_for_update().get(key=CURSOR)


def _reasoned(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise Problem("reason-missing", _("Say why."), where="reason")
    return said


def _linkable(case: Case, former: Case) -> None:
    if case.pk == former.pk:
        raise Problem("same-case", _("A case cannot bring back itself."), where=case.number)
    for one in (case, former):
        if one.stage in GONE:
            raise Problem(
                "case-counts-no-more",
                _("%(number)s was voided or merged into another.") % {"number": one.number},
                where=one.number,
            )
    if former.closed_at is None or former.closed_at > case.opened_at:
        raise Problem(
            "not-closed-before",
            _("%(former)s was not closed when %(number)s came in.")
            % {"former": former.number, "number": case.number},
            where=former.number,
            hint=_("Two reports of one open matter are duplicates: merge them."),
        )


def _may(actor: User, case: Case, counted: Unit | None) -> None:
    """Refuse who does not see the case, or whose unit the relapse counts for."""
    posts = acting_posts(actor)
    if not posts or not Case.objects.visible_to(actor).filter(pk=case.pk).exists():
        raise Problem("not-allowed", _("You may not decide this."), where=case.number)
    if counted is not None and is_party(posts, counted):
        raise Problem(
            "own-unit",
            _("It counts for %(unit)s; somebody else decides.") % {"unit": counted.title},
            where=case.number,
        )

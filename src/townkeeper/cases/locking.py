"""Takes a case for one transaction, and tells the later of two people that they came second."""

from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem


def locked(case: Case, seen_version: int | None) -> Case:
    """Take the case's row for this transaction and compare what the person has seen.

    Rows that only refer to the case (evidence) are not held up. Whoever then changes the case, its
    tasks or its counters raises `version`, as everybody does who acts on it.
    """
    fresh = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if seen_version is not None and fresh.version != seen_version:
        raise moved_on(fresh)
    return fresh


def moved_on(case: Case) -> Problem:
    """Return what the later one is told; `case` is the case as it stands now."""
    last = Entry.objects.filter(subject=case.subject).order_by("-seq").first()
    return Problem(
        "case-moved-on",
        _("%(who)s has acted on this case in the meantime.") % {"who": _name_of(last)},
        where=case.number,
        hint=_("Look at it again; nothing of yours was carried out."),
    )


def _name_of(last: Entry | None) -> str:
    """Return who acted last as people call them."""
    if last is None:
        return "?"
    user = User.objects.filter(username=last.actor).first()
    return str(user) if user else last.actor

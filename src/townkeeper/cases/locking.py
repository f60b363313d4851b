"""Takes a case for one transaction, and tells the later of two people that they came second."""

from django.utils.translation import gettext_lazy as _

from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem


def locked(case: Case, seen_version: int | None) -> Case:
    """Take the case's row for this transaction and compare what the person has seen."""
    fresh = Case.objects.select_for_update().get(pk=case.pk)
    if seen_version is not None and fresh.version != seen_version:
        last = Entry.objects.filter(subject=fresh.subject).order_by("-seq").first()
        raise Problem(
            "case-moved-on",
            _("%(who)s has acted on this case in the meantime.")
            % {"who": last.actor if last else "?"},
            where=fresh.number,
            hint=_("Look at it again; nothing of yours was carried out."),
        )
    return fresh

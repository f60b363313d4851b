"""Notes on a case that do nothing but say something: to colleagues, or to whoever reported it.

A note changes no step and no clock, and outdates nobody's page: it is an entry of the case's
history, which no one can change afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.journal.actions import record
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import permits, posts_of
from townkeeper.units.permissions import Permission

NOTE: Final = "case.note"
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Note:
    """One note as it was written."""

    text: str
    actor: str
    at: datetime
    is_public: bool


@transaction.atomic
def add_note(case: Case, *, text: str, actor: User, is_public: bool = False) -> Note:
    """Write a note into a case's history; `is_public` lets whoever follows the case read it.

    Raises Problem: `not-permitted` without the right to act on cases or for a case one does not
    see, `text-missing`, `text-long` (more than `LONGEST` characters).
    """
    may = permits(posts_of(actor, clock.today()), Permission.CASES_CASE_ACT)
    if not may or not Case.objects.visible_to(actor).filter(pk=case.pk).exists():
        raise Problem("not-permitted", _("Your posts do not allow this."))
    said = text.strip()
    if not said:
        raise Problem("text-missing", _("Please write something."), where=case.number)
    if len(said) > LONGEST:
        raise Problem(
            "text-long",
            _("A note has at most %(most)s characters.") % {"most": LONGEST},
            where=case.number,
        )
    entry = {"text": said, "public": is_public}
    record(subject=case.subject, act=NOTE, actor=actor.username, data=entry)
    return Note(said, actor.username, clock.now(), is_public)


def public_notes(case: Case) -> list[Note]:
    """Return what was written for the public on a case, oldest first."""
    rows = Entry.objects.filter(subject=case.subject, act=NOTE).order_by("seq")
    return [note for note in map(_note, rows) if note.is_public]


def _note(entry: Entry) -> Note:
    data = msgspec.json.decode(entry.data)
    return Note(data["text"], entry.actor, entry.time, bool(data.get("public")))

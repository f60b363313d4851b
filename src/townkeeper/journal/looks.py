"""Which acts are looks at personal data, so that the few among millions are found at once."""

from typing import Any, ClassVar

from django.db.models import BooleanField, Func, QuerySet
from django.utils.deconstruct import deconstructible

from townkeeper.journal.models import Entry

LOOKS = ("case.reporter_shown", "case.original_seen")
"""Acts by which a person saw what others see masked. The index `journal_entry_looks` names them in
its condition: whoever adds one adds a migration, and a test compares."""


@deconstructible
class IsLook(Func):
    """`IsLook("act")`, with the acts in the statement: SQLite takes the index by its very words."""

    template = "%(expressions)s IN ('case.reporter_shown', 'case.original_seen')"
    arity = 1
    output_field: ClassVar[Any] = BooleanField()


def looks_written() -> QuerySet[Entry]:
    """Return the entries that are looks, newest first."""
    return Entry.objects.filter(IsLook("act")).order_by("-id")

"""The condition "has not ended", written so that both databases see the partial indexes fit it."""

from typing import ClassVar

from django.db.models import BooleanField, Func


class IsRunning(Func):
    """`IsRunning("stage")`: the stage is none of those in which nobody has anything to do.

    SQLite compares a query with a partial index word by word and does not see through parameters
    in a list; so the stages stand in the statement itself. They are those of `models.ENDED`; a test
    compares them.
    """

    template = "NOT (%(expressions)s IN ('closed', 'voided', 'merged'))"
    arity = 1
    output_field: ClassVar = BooleanField()

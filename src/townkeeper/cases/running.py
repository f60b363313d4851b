"""Conditions written so that both databases answer them from an index."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import BooleanField, DateTimeField, F, Func, Value
from typing_extensions import override


class IsRunning(Func):
    """`IsRunning("stage")`: the stage is none of those in which nobody has anything to do.

    SQLite compares a query with a partial index word by word and does not see through parameters
    in a list; so the stages stand in the statement itself. They are those of `models.ENDED`; a test
    compares them.
    """

    template = "NOT (%(expressions)s IN ('closed', 'voided', 'merged'))"
    arity = 1
    output_field: ClassVar = BooleanField()


class Beyond(Func):
    """`(a, b) > (x, y)` as one comparison, which both databases answer by one step in an index."""

    sign: ClassVar = ">"
    output_field: ClassVar = BooleanField()

    def __init__(self, moment: str, pk: str, key: tuple[datetime, int]) -> None:
        super().__init__(
            F(moment), F(pk), Value(key[0], output_field=DateTimeField()), Value(key[1])
        )

    @override
    def as_sql(  # type: ignore[override]  # one form for all
        self, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, list[Any]]:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        a, b, x, y = (sql for sql, _ in parts)
        return f"({a}, {b}) {self.sign} ({x}, {y})", [p for _, given in parts for p in given]


class Before(Beyond):
    """`(a, b) < (x, y)`."""

    sign: ClassVar = "<"


class IsThere(Func):
    """`IsThere(Subquery(…))`: the one value that a query asks for is there."""

    template = "%(expressions)s IS NOT NULL"
    arity = 1
    output_field: ClassVar = BooleanField()

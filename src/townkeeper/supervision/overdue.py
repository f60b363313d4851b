"""Notes once, in the journal, that a unit has let the deadline of an order pass."""

from typing import Final

from django.db import transaction

from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.supervision.models import Addressee, Order

SYSTEM: Final = "system"
BATCH: Final = 200


def note_overdue() -> int:
    """Mark whatever has become overdue; return how many units. Any number of workers may run it.

    Each order is held while its units are marked, so that two sweeps never note the same twice.
    """
    noted, seen = 0, 0
    while True:
        due = Addressee.objects.filter(
            state__in=Addressee.WAITING, overdue_at=None, due_at__lt=clock.now(), pk__gt=seen,
            order__status=Order.Status.OPEN,
        )  # fmt: skip
        rows = list(due.order_by("pk").values_list("pk", "order")[:BATCH])
        for pk, order in rows:
            noted += _note(pk, order)
        if len(rows) < BATCH:
            return noted
        seen = rows[-1][0]


@transaction.atomic
def _note(pk: int, order_id: int) -> int:
    order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
    now = clock.now()
    found = Addressee.objects.select_related("unit").get(pk=pk)
    found.order = order
    if found.overdue_at is not None or not found.is_overdue(now):
        return 0
    moved = Addressee.objects.filter(pk=pk, overdue_at=None).update(overdue_at=now)
    if moved:
        data = {"unit": found.unit.code, "due": found.due_at.isoformat(), "state": found.state}
        record(subject=order.subject, act="order.overdue", actor=SYSTEM, data=data)
    return moved

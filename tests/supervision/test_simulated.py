"""The orders of a demonstration go through the same actions as real ones, and are marked."""

from datetime import timedelta

import pytest

from tests.make import MONDAY, do, opened
from tests.supervision.desk import HOUR, district
from townkeeper.programs.simulation.orders import simulate_orders
from townkeeper.supervision.models import Order, Reply

pytestmark = pytest.mark.django_db


def test_a_demonstration_has_orders():
    _units, people = district()
    for n in range(5):
        case = opened(title=f"refuse {n}")
        do(case, "file", people["operator"], MONDAY + HOUR)
        do(case, "dispatch", people["dispatcher"], MONDAY + HOUR)
    assert simulate_orders(MONDAY + timedelta(days=20)) == 5
    assert set(Order.objects.values_list("origin", flat=True)) == {"simulated"}
    assert Order.objects.get(kind="instruction").issued_by == "leader"
    assert {"accepted", "returned", "waiting"} <= set(
        Reply.objects.values_list("verdict", flat=True)
    )

"""A handover stands in the case's own history, in words."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.cases.handover import apply_change
from townkeeper.kit import clock
from townkeeper.units.changes import merger

pytestmark = pytest.mark.django_db


def test_the_history_says_from_whom_to_whom_and_why(client):
    units = make.town()
    people = make.staff(units)
    case = make.opened()
    make.do(case, "file", people["operator"], MONDAY + timedelta(minutes=10))
    make.do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=20))
    tuesday = MONDAY + timedelta(days=1)
    plan = merger(["CGJ", "S1"], into="GSJ", on=date(2026, 11, 3), reason="機構改革")
    with clock.at(tuesday, "live"):
        apply_change(plan, actor="boss")
    client.force_login(people["supervisor"])
    client.cookies["django_language"] = "en"
    with clock.at(tuesday + timedelta(hours=1), "live"):
        page = client.get(f"/office/cases/{case.number}/").content.decode()
    assert "Handed over to 區工商局" in page
    assert "From 區城管局, which ends on 2026-11-03." in page
    assert "An assisting task fell away" in page
    assert "機構改革" in page

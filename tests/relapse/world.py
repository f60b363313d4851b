"""A town in which matters come back: cases closed and opened again at a place, by real actions."""

from datetime import datetime, timedelta

from tests import make
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.journal.actions import touch_registers
from townkeeper.kit import clock
from townkeeper.units.models import Place

HOME = {"lon": 105.0600, "lat": 29.5800}
NEAR = {"lon": 105.0602, "lat": 29.5801}
FAR = {"lon": 105.0700, "lat": 29.5900}
DAY = timedelta(days=1)


def day(n: float, hour: int = 0) -> datetime:
    """So many days after the first Monday, 09:00 in town."""
    return make.MONDAY + timedelta(days=n, hours=hour)


class Town:
    """Units, people, and the ways in which a case ends."""

    def __init__(self) -> None:
        self.units = make.town()
        self.staff = make.staff(self.units)
        for code, area in (("market", "S1"), ("gate", "S2")):
            Place.objects.create(code=code, name=code, area=self.units[area])
        touch_registers()

    def opened(self, n: float, **fields: object) -> Case:
        """A case opened on day `n`."""
        return make.opened(at=day(n), **fields)

    def closed(self, n: float, after: float = 1, **fields: object) -> Case:
        """A case opened on day `n` and closed `after` days later."""
        return self.close(self.opened(n, **fields), n + after)

    def close(self, case: Case, n: float) -> Case:
        """Take a case through its steps and close it on day `n`."""
        begin = max(case.opened_at, day(n) - timedelta(hours=4))
        people = self.staff
        make.do(case, "file", people["operator"], begin)
        make.do(case, "dispatch", people["dispatcher"], begin)
        unit = Case.objects.select_related("unit").get(pk=case.pk).unit
        who = people[unit.code]
        make.photo(case, who, begin)
        make.do(case, "report", who, begin + timedelta(minutes=1))
        return make.do(case, "pass", people["verifier"], day(n), answer="cleared")

    def void(self, case: Case, n: float) -> Case:
        """File and void a case."""
        make.do(case, "file", self.staff["operator"], day(n))
        make.do(case, "void", self.staff["supervisor"], day(n), reason="no such thing")
        case.refresh_from_db()
        return case


def setting(key: str, **values: object) -> None:
    """Say something of a category."""
    Category.objects.filter(key=key).update(**values)
    touch_registers()


def at(n: float):
    """Let it be day `n`."""
    return clock.at(day(n), "live")

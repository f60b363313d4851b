"""Makes the small world that tests act in: plain functions that call the product's own actions."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from townkeeper.accounts.models import User
from townkeeper.calendars.actions import seed_calendar
from townkeeper.cases.actions import Given, advance_case, install_procedure
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import Opened, Report, open_case
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import touch_registers
from townkeeper.kit import clock
from townkeeper.procedures.language import parse
from townkeeper.units.actions import add_unit
from townkeeper.units.models import Post, Role, Unit
from townkeeper.units.permissions import Permission

ROOT = Path(__file__).parents[1]
MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""Monday 2 November 2026, 09:00 in Shanghai."""

EVERYTHING = [str(permission) for permission in Permission]
ROLES = {
    "operator": EVERYTHING,
    "dispatcher": EVERYTHING,
    "handler": ["cases:case:view", "cases:case:act"],
    "verifier": ["cases:case:view", "cases:case:act"],
    "arbiter": ["cases:case:view", "cases:case:act"],
    "supervisor": EVERYTHING,
    "leader": ["cases:case:view", "assessment:round:view"],
}


def town() -> dict[str, Unit]:
    """A district with an office, two departments and two streets, and its duties."""
    seed_calendar(actor="test")
    root = add_unit(
        "D", name="東興區", kind="county", actor="test", attributes={"number_prefix": "DX"}
    )
    units = {"D": root}
    for code, name, kind, attributes in (
        ("ZLB", "區治理辦", "office", {"office": True}),
        ("CGJ", "區城管局", "department", {}),
        ("GSJ", "區工商局", "department", {}),
        ("S1", "東興街道", "township", {}),
        ("S2", "西林街道", "township", {}),
    ):
        units[code] = add_unit(
            code, name=name, kind=kind, parent=root, actor="test", attributes=attributes
        )
    categories(units)
    for key, permissions in ROLES.items():
        Role.objects.create(key=key, names={"en": key}, permissions=permissions)
    install_procedure(problem(), actor="test")
    return units


def categories(units: dict[str, Unit]) -> None:
    """Refuse (4 wh, CGJ leads, streets assist), stalls (2 wd, streets lead), and one gap."""
    top = Category.objects.create(key="matter/06", kind="matter", name="市容環境")
    refuse = Category.objects.create(
        key="matter/06010", kind="matter", name="暴露垃圾", parent=top, limit="4wh"
    )
    stalls = Category.objects.create(
        key="matter/09022", kind="matter", name="流動攤販", limit="2wd"
    )
    Category.objects.create(key="local/nobody", kind="local", name="無主事項", limit="1wd")
    Duty.objects.create(category=refuse, area=units["D"], unit=units["CGJ"], source="篇2 L95")
    for code in ("S1", "S2"):
        Duty.objects.create(category=refuse, area=units[code], unit=units[code], part="assist")
        Duty.objects.create(category=stalls, area=units[code], unit=units[code])
        Duty.objects.create(category=top, area=units[code], unit=units[code])
    touch_registers()


def problem():
    """The procedure that the district uses."""
    path = ROOT / "programs" / "dongxing" / "procedures" / "problem.yaml"
    return parse(yaml.safe_load(path.read_text(encoding="utf-8")))


def person(username: str, role: str, unit: Unit, *, scope: Unit | None = None) -> User:
    """A user with one post."""
    user = User.objects.create_user(username, password="correct horse", name=username)
    Post.objects.create(user=user, unit=unit, role=Role.objects.get(key=role), scope=scope)
    return user


def staff(units: dict[str, Unit]) -> dict[str, User]:
    """One person per role; handlers in each unit that handles."""
    office, root = units["ZLB"], units["D"]
    people = {
        role: person(role, role, office, scope=root)
        for role in ("operator", "dispatcher", "verifier", "arbiter", "supervisor", "leader")
    }
    for code in ("CGJ", "GSJ", "S1", "S2"):
        people[code] = person(f"handler-{code.lower()}", "handler", units[code])
    return people


def report(**fields: object) -> Report:
    """A report of refuse in the first street."""
    return Report(
        **{"title": "市場門口垃圾堆積", "category": "matter/06010", "area": "S1", **fields}
    )


def opened(at: datetime = MONDAY, **fields: object) -> Case:
    """A case opened at a time."""
    with clock.at(at, "live"):
        result: Opened = open_case(report(**fields), actor="operator")
    return Case.objects.get(pk=result.id)


def do(case: Case, action: str, who: User, at: datetime, **given: object) -> Case:
    """Let a person do an action at a time."""
    with clock.at(at, "live"):
        return advance_case(case, action, actor=who, given=Given(**given))


def photo(case: Case, who: User, at: datetime, kind: str = "after-photo") -> None:
    """Attach evidence without a file."""
    with clock.at(at, "live"):
        add_evidence(case, kind=kind, actor=who, note="test")

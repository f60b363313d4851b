"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable

from townkeeper.accounts.models import User
from townkeeper.cases.inbox import cases_on, inbox_of, page_by_due
from townkeeper.cases.sight import sight_of
from townkeeper.kit import clock
from townkeeper.relapse.models import Revisit
from townkeeper.web.gallery import Shot, Someone


def first_in(box: str, pattern: str) -> Callable[[Someone], str | None]:
    """Return who finds the address of the first case in a person's box."""

    def find(user: Someone) -> str | None:
        if not isinstance(user, User):
            return None
        now = clock.now()
        lines = page_by_due(inbox_of(sight_of(user, now), box), size=1).lines
        number = cases_on(lines).values_list("number", flat=True).first() if lines else None
        return pattern.format(number) if number else None

    return find


def first_visit(user: Someone) -> str | None:
    """Return the address of the next visit that the person sees."""
    found = Revisit.objects.visible_to(user).waiting().order_by("due_at").first()
    return f"/office/field/revisits/{found.pk}/" if found else None


TASK, CHECK = "/office/field/tasks/{}/", "/office/field/verifications/{}/"
SHOTS = (
    Shot("tasks", "/office/field/tasks/", "cgj"),
    Shot("tasks-near", "/office/field/tasks/?lat=29.5915&lon=105.0712", "cgj"),
    Shot("tasks-empty", "/office/field/tasks/?group=rework&done=DX20261105-0317", "gsj"),
    Shot("task", first_in("handling", TASK), "cgj"),
    Shot("task-report", first_in("handling", f"{TASK}do/report/"), "cgj"),
    Shot("task-extend", first_in("handling", f"{TASK}do/extend/"), "cgj"),
    Shot("task-dispute", first_in("handling", f"{TASK}do/dispute/"), "cgj"),
    Shot("task-suspend", first_in("handling", f"{TASK}do/suspend/"), "cgj"),
    Shot("task-hand", first_in("handling", f"{TASK}hand/"), "cgj"),
    Shot("verifications", "/office/field/verifications/", "verifier"),
    Shot("verification", first_in("verifying", CHECK), "verifier"),
    Shot("verification-pass", first_in("verifying", f"{TASK}do/pass/"), "verifier"),
    Shot("verification-fail", first_in("verifying", f"{TASK}do/fail/"), "verifier"),
    Shot("revisits", "/office/field/revisits/", "verifier"),
    Shot("revisit", first_visit, "verifier"),
    Shot("board", "/office/field/board/", "cgj"),
    Shot("board-leader", "/office/field/board/?unit=511011-CGJ", "leader"),
    Shot("behind", "/office/field/board/on-time/?unit=511011-CGJ", "cgj"),
    Shot("ledger", "/office/field/ledger/", "cgj"),
)

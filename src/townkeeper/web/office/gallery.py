"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable

from townkeeper.cases.models import Case
from townkeeper.web.gallery import Shot, Someone
from townkeeper.web.rounds import visible_rounds


def case_in(**conditions: object) -> Callable[[Someone], str | None]:
    """Return who finds the address of the newest case that a person sees and that fits."""

    def find(user: Someone) -> str | None:
        fitting = Case.objects.visible_to(user).filter(**conditions)
        found = fitting.order_by("-opened_at").first()
        return f"/office/cases/{found.number}/" if found else None

    return find


def newest_round(user: Someone) -> str | None:
    """Return the address of the newest round that the person sees."""
    found = visible_rounds(user).order_by("-period", "-pk").first()
    return f"/office/rankings/{found.pk}/" if found else None


SHOTS = (
    Shot("sign-in", "/sign-in/"),
    Shot("list", "/office/cases/", "dispatcher"),
    Shot("list-dispatch", "/office/cases/?stage=dispatch", "dispatcher"),
    Shot("list-all", "/office/cases/?tab=all", "leader"),
    Shot("list-empty", "/office/cases/?q=zzzz", "dispatcher"),
    Shot("case-handling", case_in(stage="handling"), "supervisor"),
    Shot("case-dispute", case_in(asks__effect="dispute"), "arbiter"),
    Shot("case-dispatch", case_in(stage="dispatch"), "dispatcher"),
    Shot("case-merged", case_in(stage="merged"), "dispatcher"),
    Shot("case-closed", case_in(stage="closed"), "supervisor"),
    Shot("rankings", "/office/rankings/", "leader"),
    Shot("ranking", newest_round, "leader"),
    Shot("me", "/office/me/", "dispatcher"),
    Shot("password", "/office/me/password/", "dispatcher"),
)

"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable
from urllib.parse import urlencode

from townkeeper.cases.models import Case
from townkeeper.web.gallery import Shot, Someone

FEW = 4


def _cases(user: Someone, **conditions: object) -> list[Case]:
    fitting = Case.objects.visible_to(user).filter(**conditions)
    return list(fitting.order_by("-opened_at")[:FEW])


def one(after: str = "", **conditions: object) -> Callable[[Someone], str | None]:
    """Return who finds the dispatch page (or what lies below it) of the newest fitting case."""

    def find(user: Someone) -> str | None:
        found = _cases(user, **conditions)
        return f"/office/dispatch/cases/{found[0].number}/{after}" if found else None

    return find


def several(page: str, **conditions: object) -> Callable[[Someone], str | None]:
    """Return who finds the address of a page for several cases that fit."""

    def find(user: Someone) -> str | None:
        found = _cases(user, **conditions)
        chosen = urlencode([("case", f"{case.number}~{case.version}") for case in found])
        return f"/office/dispatch/{page}/?{chosen}" if len(found) > 1 else None

    return find


SHOTS: tuple[Shot, ...] = (
    Shot("map", "/office/dispatch/map/", "dispatcher"),
    Shot("map-empty", "/office/dispatch/map/?q=zzzz", "dispatcher"),
    Shot("dispatch", one(stage="dispatch"), "dispatcher"),
    Shot("redispatch", one(stage="handling"), "dispatcher"),
    Shot("nearby", one("nearby/", stage="handling"), "dispatcher"),
    Shot("batch", several("batch", closed_at=None), "dispatcher"),
    Shot("batch-empty", "/office/dispatch/batch/", "dispatcher"),
    Shot("batch-results", "/office/dispatch/batch/results/", "dispatcher"),
    Shot("disputes", "/office/dispatch/disputes/", "arbiter"),
    Shot("disputes-search", "/office/dispatch/disputes/?q=a", "dispatcher"),
    Shot("requests", "/office/dispatch/requests/", "supervisor"),
    Shot("duplicates", "/office/dispatch/duplicates/", "dispatcher"),
    Shot("merge", several("merge", stage="handling"), "dispatcher"),
    Shot("merge-empty", "/office/dispatch/merge/", "dispatcher"),
)

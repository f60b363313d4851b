"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable

from townkeeper.cases.publicity import listed_cases, public_cases
from townkeeper.web.gallery import Shot, Someone
from townkeeper.web.portal.ranks import newest_round


def case_in(**conditions: object) -> Callable[[Someone], str | None]:
    """Return who finds the address of the newest public case that fits."""

    def find(_user: Someone) -> str | None:
        found = public_cases().filter(**conditions).order_by("-opened_at").first()
        return f"/c/{found.number}/" if found else None

    return find


def newest_ranking(_user: Someone) -> str | None:
    """Return the address of the ranking published last."""
    found = newest_round()
    return f"/rankings/{found.period}/{found.scheme.key}/" if found else None


def kinds_of_an_area(_user: Someone) -> str | None:
    """Return the address of who is in charge in the area of the newest case."""
    found = listed_cases().filter(area__isnull=False).select_related("area").first()
    return f"/rules/kinds/?area={found.area.code}" if found and found.area else None


SHOTS: tuple[Shot, ...] = (
    Shot("home", "/"),
    Shot("report", "/report/"),
    Shot("find", "/follow/"),
    Shot("case-handling", case_in(stage="handling")),
    Shot("case-closed", case_in(stage="closed", evidence__kind="after-photo")),
    Shot("nearby", "/nearby/"),
    Shot("nearby-empty", "/nearby/?kind=nothing&days=7"),
    Shot("rankings", "/rankings/"),
    Shot("ranking", newest_ranking),
    Shot("bulletins", "/bulletins/"),
    Shot("rules", "/rules/"),
    Shot("kinds", kinds_of_an_area),
    Shot("kinds-all", "/rules/kinds/"),
    Shot("open-data", "/open-data/"),
    Shot("verify", "/verify/"),
    Shot("help", "/help/"),
    Shot("accessibility", "/accessibility/"),
    Shot("privacy", "/privacy/"),
    Shot("photos-for-the-public", "/office/public-photos/", "dispatcher"),
)
"""Pages of the public portal: anyone reports, follows, judges and reads, without an account."""

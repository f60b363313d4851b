"""The pages of this face, for the gallery and the browser tests."""

from townkeeper.kit import clock
from townkeeper.publication.briefs import edition_day
from townkeeper.units.models import Unit
from townkeeper.web.gallery import Shot, Someone


def of_today(rest: str) -> str:
    """Return an address of this morning's edition."""
    return f"/office/brief/{edition_day(clock.now()).isoformat()}/{rest}"


def an_area(_user: Someone) -> str | None:
    """Return the page of an area of the brief."""
    found = Unit.objects.filter(kind=Unit.Kind.TOWNSHIP).order_by("path").first()
    return of_today(f"areas/{found.code}/") if found else None


def late_ones(_user: Someone) -> str | None:
    """Return the cases that were not handled in time."""
    return of_today("cases/week.on_time/")


SHOTS: tuple[Shot, ...] = (
    Shot("brief", "/office/brief/", "leader"),
    Shot("brief-day", "/office/brief/?span=day", "leader"),
    Shot("behind", late_ones, "leader"),
    Shot("area", an_area, "leader"),
    Shot("screen", "/office/brief/screen/?pause=1", "leader"),
)

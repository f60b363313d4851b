"""Which unit a page of the field is about: one's own, or one below, by its code in the address."""

from django.http import Http404, HttpRequest

from townkeeper.kit import clock
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import posts_for

KINDS = (Unit.Kind.DEPARTMENT, Unit.Kind.TOWNSHIP, Unit.Kind.OFFICE, Unit.Kind.CENTRE,
         Unit.Kind.COUNTY)  # fmt: skip
MOST = 400


def own_units(request: HttpRequest) -> list[Unit]:
    """Return the units whose board a person may read, their own first."""
    seen: dict[int, Unit] = {}
    posts = [p for p in posts_for(request) if Permission.CASES_CASE_VIEW in p.role.permissions]
    for post in posts:
        seen.setdefault(post.unit_id, post.unit)
    for post in posts:
        below = Unit.objects.existing(clock.today()).under(post.area).filter(kind__in=KINDS)
        for unit in below.defer("outline").order_by("sort_key")[:MOST]:
            seen.setdefault(unit.pk, unit)
    return list(seen.values())


def chosen_unit(request: HttpRequest, units: list[Unit]) -> Unit:
    """Return the unit that an address names, the person's own by default; others do not exist."""
    code = request.GET.get("unit", "")
    found = next((unit for unit in units if unit.code == code or not code), None)
    if found is None:
        raise Http404
    return found

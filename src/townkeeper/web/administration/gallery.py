"""The pages of this face, for the gallery and the browser tests."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from townkeeper.accounts.models import User
from townkeeper.duties.models import Category, Duty
from townkeeper.kit import clock
from townkeeper.units.models import Role, Unit
from townkeeper.web.administration.duties import cell_url
from townkeeper.web.gallery import Shot, Someone

WHO = "admin"
BASE = "/office/administration/"


def _unit(name: str, *more: str) -> Callable[[Someone], str | None]:
    """Return the page of a street with an outline, if there is one, or of any."""

    def find(user: Someone) -> str | None:
        units = Unit.objects.visible_to(user).existing(clock.today()).filter(level=1)
        unit = units.filter(outline__isnull=False).first() or units.last()
        return reverse(f"administration:{name}", args=[unit.code, *more]) if unit else None

    return find


def _self(name: str) -> Callable[[Someone], str | None]:
    def find(user: Someone) -> str | None:
        known = isinstance(user, User) and not isinstance(user, AnonymousUser)
        return reverse(f"administration:{name}", args=[user.pk]) if known else None

    return find


def _role(_user: Someone) -> str | None:
    role = Role.objects.order_by("key").first()
    return reverse("administration:role", args=[role.key]) if role else None


def _cell(_user: Someone) -> str | None:
    duty = Duty.objects.select_related("category", "area").filter(part="lead").first()
    return cell_url(duty.category.key, duty.area.code) if duty else None


def _category(_user: Someone) -> str | None:
    row = Category.objects.filter(is_used=True).exclude(limit="").first()
    return reverse("administration:category", args=[row.key]) if row else None


def _calendar(name: str, query: str = "") -> Callable[[Someone], str | None]:
    return lambda _user: reverse(f"administration:{name}", args=["default"]) + query


SHOTS: tuple[Shot, ...] = (
    Shot("units", f"{BASE}units/", WHO),
    Shot("units-search", f"{BASE}units/?q=cgj", WHO),
    Shot("units-nothing", f"{BASE}units/?q=zzzz", WHO),
    Shot("unit", _unit("unit"), WHO),
    Shot("unit-add", f"{BASE}units/add/", WHO),
    Shot("unit-edit", _unit("unit-edit"), WHO),
    Shot("unit-outline", _unit("unit-outline"), WHO),
    Shot("unit-rename", _unit("unit-rename"), WHO),
    Shot("unit-move", _unit("unit-move"), WHO),
    Shot("unit-merge", _unit("unit-end", "merge"), WHO),
    Shot("unit-split", _unit("unit-end", "split"), WHO),
    Shot("unit-close", _unit("unit-end", "close"), WHO),
    Shot("changes", f"{BASE}units/changes/", WHO),
    Shot("posts", f"{BASE}units/posts/", WHO),
    Shot("appoint", f"{BASE}units/posts/add/", WHO),
    Shot("roles", f"{BASE}units/roles/", WHO),
    Shot("role", _role, WHO),
    Shot("users", f"{BASE}users/", WHO),
    Shot("user-add", f"{BASE}users/add/", WHO),
    Shot("user", _self("user"), WHO),
    Shot("user-password", _self("user-password"), WHO),
    Shot("user-close", _self("user-close"), WHO),
    Shot("user-key", _self("token-add"), WHO),
    Shot("duties", f"{BASE}duties/", WHO),
    Shot("duty-lines", f"{BASE}duties/lines/", WHO),
    Shot("duty-gaps", f"{BASE}duties/gaps/", WHO),
    Shot("duty-line-new", f"{BASE}duties/line/", WHO),
    Shot("duty-line", _cell, WHO),
    Shot("duty-trial", f"{BASE}duties/dry-run/", WHO),
    Shot("duty-import", f"{BASE}duties/import/", WHO),
    Shot("categories", f"{BASE}categories/", WHO),
    Shot("category", _category, WHO),
    Shot("category-add", f"{BASE}categories/add/", WHO),
    Shot("calendars", f"{BASE}calendars/", WHO),
    Shot("calendar", _calendar("calendar"), WHO),
    Shot("calendar-unknown", _calendar("calendar", "?year=2030"), WHO),
    Shot("calendar-days", _calendar("calendar-days"), WHO),
    Shot("calendar-hours", _calendar("calendar-hours"), WHO),
    Shot("calendar-notice", _calendar("calendar-notice"), WHO),
    Shot("settings", f"{BASE}settings/", WHO),
    Shot("translations", f"{BASE}settings/translations/", WHO),
)

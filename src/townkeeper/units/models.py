"""Organisation units in one tree with history, the posts people hold, and key places."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.kit.names import pinyin_key, say
from townkeeper.units.permissions import Permission

ROLE_NAMES = (
    "citizen",
    "operator",
    "dispatcher",
    "handler",
    "inspector",
    "verifier",
    "arbiter",
    "supervisor",
    "leader",
    "clerk",
    "representative",
    "applicant",
    "teacher",
    "administrator",
)
"""The roles of the field; a program may name more."""


class UnitQuerySet(models.QuerySet["Unit"]):
    """Questions about many units."""

    def existing(self, on: date) -> "UnitQuerySet":
        """Units that exist on a day: `since` counts, `until` is the first day without the unit."""
        return self.filter(Q(since=None) | Q(since__lte=on), Q(until=None) | Q(until__gt=on))

    def under(self, unit: "Unit") -> "UnitQuerySet":
        """Return the unit and everything below it: one range of the path index."""
        return self.filter(path__gte=unit.path, path__lt=unit.path_end)

    def visible_to(self, user: User | AnonymousUser) -> "UnitQuerySet":
        """Units are public; a closed account sees nothing."""
        return self if user.is_active else self.none()


class Unit(models.Model):
    """Somebody who can answer for something, from a province to a school class."""

    class Kind(models.TextChoices):
        """What sort of unit it is."""

        PROVINCE = "province", _("province")
        CITY = "city", _("city")
        COUNTY = "county", _("county or district")
        TOWNSHIP = "township", _("sub-district, town or township")
        VILLAGE = "village", _("community or village")
        DEPARTMENT = "department", _("department")
        OFFICE = "office", _("office")
        TEAM = "team", _("team")
        CENTRE = "centre", _("service centre")
        WINDOW = "window", _("window")
        SCHOOL = "school", _("school")
        GRADE = "grade", _("grade")
        CLASS = "class", _("class")
        OTHER = "other", _("other")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    names = models.JSONField(default=dict, blank=True)
    """Names by language; `name` is the one entered first and shown when none fits."""
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = models.CharField(max_length=200, db_index=True, editable=False)
    """`0001.0002.`: one segment per level, so that a subtree is one index range."""
    level = models.PositiveSmallIntegerField(default=0, editable=False)
    outline = models.JSONField(null=True, blank=True)
    """GeoJSON geometry in CGCS2000/WGS 84, if the unit owns an area on the map."""
    sort_key = models.CharField(max_length=120, editable=False, db_index=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="predecessors"
    )
    aliases = models.JSONField(default=list, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    """Facts about the unit: leader in charge, contact, groups for comparison."""
    source = models.CharField(max_length=80, blank=True)
    """Where the policy names it, such as `篇2 L95`."""
    said = models.JSONField(null=True, blank=True)
    """What the program said of the unit when it was last loaded; null where no program did. What
    differs from it on the row is the office's own doing, and a loading leaves it alone."""

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["path"]

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.name

    @property
    def path_end(self) -> str:
        """Return the first path after this subtree: `/` follows `.` in ASCII."""
        return self.path[:-1] + "/"

    def is_under(self, other: "Unit") -> bool:
        """Whether this unit is `other` or lies below it."""
        return self.path.startswith(other.path)

    def set_names(self, names: dict[str, str]) -> None:
        """Set the names and the key under which lists sort and people type."""
        self.names = names
        self.sort_key = pinyin_key(self.name)


class UnitChange(models.Model):
    """A merger, split or abolition with its rules: planned for a day, carried out exactly once."""

    class Kind(models.TextChoices):
        """What happens to the units."""

        MERGE = "merge", _("merger")
        SPLIT = "split", _("split")
        CLOSE = "close", _("abolition")

    class State(models.TextChoices):
        """Where the change stands."""

        WAITING = "waiting", _("waiting for its day")
        APPLIED = "applied", _("carried out")
        BLOCKED = "blocked", _("cannot be carried out")
        WITHDRAWN = "withdrawn", _("withdrawn")

    kind = models.CharField(max_length=6, choices=Kind)
    on = models.DateField()
    """The first day on which it holds."""
    plan = models.JSONField()
    """Codes of the units that end and of those that take over, and the rules between them."""
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    actor = models.CharField(max_length=150)
    planned_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)
    """What went where, counted; or why it cannot be carried out."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "on"], name="units_change_due")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class Role(models.Model):
    """A named set of permissions; programs bring their own."""

    key = models.CharField(max_length=30, unique=True)
    names = models.JSONField(default=dict)
    permissions = models.JSONField(default=list)

    @override
    def __str__(self) -> str:
        return self.key

    @property
    def title(self) -> str:
        """Return the name in the language of the page."""
        return say(self.names) or self.key


class Post(models.Model):
    """A person's role in a unit, from day to day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="posts")
    scope = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="overseers"
    )
    """The subtree that the post looks over; empty means its own unit. A governance office is one
    department among others and yet sees the whole district."""
    title = models.CharField(max_length=80, blank=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "role"], name="units_post_user_role")]

    @override
    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.unit}"

    @property
    def area(self) -> Unit:
        """Return the unit whose subtree the post sees."""
        return self.scope or self.unit


class Place(models.Model):
    """A key place with a name: a market, a road, a roundabout, a school gate."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    names = models.JSONField(default=dict, blank=True)
    area = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="places")
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    problems = models.JSONField(default=list, blank=True)
    """Category keys of what goes wrong there, as the policy says."""
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=80, blank=True)
    until = models.DateField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return self.name


def posts_of(user: User | AnonymousUser, on: date) -> list[Post]:
    """Return the posts a person holds on a day, with role and units loaded."""
    if not user.is_authenticated or not user.is_active:
        return []
    if user.held_posts is not None and user.held_posts[0] == on:
        return list(user.held_posts[1])
    held = held_posts(user.pk, on).select_related("role", "unit", "scope")
    return list(held.defer("unit__outline", "scope__outline"))


def held_posts(user: int, on: date) -> models.QuerySet[Post]:
    """Return the posts that a person holds on a day, in order, without role and units."""
    begun = Q(since=None) | Q(since__lte=on)
    return Post.objects.filter(begun, Q(until=None) | Q(until__gt=on), user=user).order_by("pk")


def permits(posts: list[Post], permission: Permission, unit: Unit | None = None) -> bool:
    """Whether one of the posts carries the permission, for the unit if one is given."""
    return any(
        permission in post.role.permissions and (unit is None or unit.is_under(post.area))
        for post in posts
    )


class SiteSetting(models.Model):
    """What the office sets for itself in the browser; which there are is said in `units.site`."""

    key = models.CharField(max_length=40, unique=True)
    value = models.JSONField(default=dict)
    """Text by language; `""` for a text that is the same in all."""
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)

    @override
    def __str__(self) -> str:
        return self.key

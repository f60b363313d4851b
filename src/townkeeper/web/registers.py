"""Units, categories, roles and procedures as pages name them, kept until one of them changes.

A page of fifty cases names some hundred of them: read with the cases they cost more than the cases
do. Whoever changes a register draws a new stamp, so a name is never older than the last change.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property, lru_cache

from django.utils.safestring import SafeString

from townkeeper.calendars.actions import calendar_of, current_version
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.models import Case, ProcedureVersion, Task
from townkeeper.duties.models import Category
from townkeeper.journal.actions import registers_stamp
from townkeeper.kit.names import say
from townkeeper.units.models import Post, Role, SiteSetting, Unit


class Registers:
    """The rows by key, each table read when it is first asked for.

    All requests of a process share them, so nobody changes them.
    """

    def __init__(self) -> None:
        self._written: dict[object, SafeString] = {}
        self._calendars: dict[int, WorkCalendar] = {}

    def kept(self, key: object, write: Callable[[], SafeString]) -> SafeString:
        """Return what is written from the registers alone, as long as they stay as they are."""
        if key not in self._written:
            self._written[key] = write()
        return self._written[key]

    def calendar(self, version: int) -> WorkCalendar:
        """Return a version of a calendar; a version never changes."""
        if version not in self._calendars:
            self._calendars[version] = calendar_of(version)
        return self._calendars[version]

    @cached_property
    def calendar_now(self) -> int:
        """Return the version of the calendar in force."""
        return current_version().pk

    @cached_property
    def units(self) -> Mapping[int, Unit]:
        """Return the units without their outlines."""
        return {unit.pk: unit for unit in Unit.objects.defer("outline")}

    @cached_property
    def categories(self) -> Mapping[int, Category]:
        """Return the categories, those out of use too."""
        return {category.pk: category for category in Category.objects.all()}

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """Return the roles."""
        return {role.key: role for role in Role.objects.all()}

    @cached_property
    def roles_by_id(self) -> Mapping[int, Role]:
        """Return the roles by their ids."""
        return {role.pk: role for role in self.roles.values()}

    @cached_property
    def procedures(self) -> Mapping[int, ProcedureVersion]:
        """Return all versions of the procedures, without what they say."""
        return {version.pk: version for version in ProcedureVersion.objects.defer("definition")}

    @cached_property
    def site_values(self) -> Mapping[str, Mapping[str, str]]:
        """Return what the office set itself in the browser (`units.site`), by key."""
        return dict(SiteSetting.objects.values_list("key", "value"))

    def site(self, key: str, otherwise: str = "") -> str:
        """Return a setting of the office in the page's language, or what the machine says."""
        return say(self.site_values.get(key, {})) or otherwise

    @property
    def top(self) -> Unit | None:
        """Return the topmost unit."""
        tops = (unit for unit in self.units.values() if unit.parent_id is None)
        return min(tops, key=lambda unit: unit.path, default=None)

    def existing(self, on: date) -> list[Unit]:
        """Return the units that exist on a day, as `UnitQuerySet.existing` finds them."""
        return [
            unit
            for unit in self.units.values()
            if (unit.since is None or unit.since <= on) and (unit.until is None or unit.until > on)
        ]

    def role_titles(self) -> dict[str, str]:
        """Return the names of the roles in the page's language."""
        return {key: role.title for key, role in self.roles.items()}

    def name(self, cases: Iterable[Case]) -> None:
        """Give cases their category, area, unit and procedure without reading them again."""
        for case in cases:
            for name, rows, pk in (
                ("category", self.categories, case.category_id),
                ("area", self.units, case.area_id),
                ("unit", self.units, case.unit_id),
                ("procedure", self.procedures, case.procedure_id),
            ):
                if pk is not None and pk in rows:
                    setattr(case, name, rows[pk])

    def name_posts(self, posts: Iterable[Post]) -> None:
        """Give posts their role and units."""
        for post in posts:
            if post.role_id in self.roles_by_id:
                post.role = self.roles_by_id[post.role_id]
            for name, pk in (("unit", post.unit_id), ("scope", post.scope_id)):
                if pk is not None and pk in self.units:
                    setattr(post, name, self.units[pk])

    def name_tasks(self, tasks: Iterable[Task]) -> None:
        """Give tasks their unit."""
        for task in tasks:
            if task.unit_id is not None and task.unit_id in self.units:
                task.unit = self.units[task.unit_id]


def registers() -> Registers:
    """Return what the registers hold now; one short question where nothing has changed."""
    stamp = registers_stamp()
    # without a stamp nothing tells that they have changed
    return _kept(stamp) if stamp else Registers()


@lru_cache(maxsize=1)
def _kept(_stamp: int) -> Registers:
    return Registers()

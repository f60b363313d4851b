"""The people of a made-up town: one for each role of the office, handlers and leaders of units."""

from townkeeper.accounts.models import User
from townkeeper.duties.models import Duty
from townkeeper.units.models import Post, Role, Unit

OFFICE = ("operator", "dispatcher", "verifier", "arbiter", "supervisor", "leader", "inspector")


def make_people(town):
    """Make them; names are `operator` …, `handler-<unit>`, `leader-<unit>`."""
    roles = {role.key: role for role in Role.objects.all()}
    root = Unit.objects.get(pk=town.desk.register.root.id)
    office = Unit.objects.get(pk=town.office.id)
    for key in OFFICE:
        if key in roles:
            add(key, roles[key], office, root)
    doers = Unit.objects.filter(pk__in=Duty.objects.values("unit")) | Unit.objects.filter(
        kind="township"
    )
    for unit in doers.distinct().order_by("path"):
        add(f"handler-{unit.code.lower()}", roles["handler"], unit)
        if unit.kind == "township":
            add(f"leader-{unit.code.lower()}", roles["leader"], unit)


def add(name, role, unit, scope=None):
    user = User(username=name, name=name, is_demo=True)
    user.set_unusable_password()
    user.save()
    Post.objects.create(user=user, role=role, unit=unit, scope=scope)

"""Who holds which role in which unit: appointing, ending, and what a role may do.

Whoever appoints cannot hand out more than they hold themselves of the permissions that change the
office; otherwise an administrator of units could make themselves one of everything.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Post, Role, Unit, posts_of
from townkeeper.units.people import administrators, refuse_no_administrator, subject_of
from townkeeper.units.permissions import Permission

GUARDED = frozenset(
    {
        Permission.ACCOUNTS_USER_EDIT,
        Permission.CALENDARS_CALENDAR_EDIT,
        Permission.DUTIES_REGISTER_EDIT,
        Permission.PROGRAMS_PROGRAM_LOAD,
        Permission.UNITS_UNIT_EDIT,
    }
)
"""Permissions that change the office itself: only who holds them gives them."""


def _refuse_beyond(permissions: Iterable[str], actor: User) -> None:
    held = {str(p) for post in posts_of(actor, clock.today()) for p in post.role.permissions}
    missing = sorted({str(p) for p in GUARDED} & set(permissions) - held)
    if missing:
        raise Problem(
            "role-beyond-own",
            _("This role may do more than you may yourself: %(permissions)s.")
            % {"permissions": ", ".join(missing)},
            where="role",
            hint=_("Ask somebody who holds these permissions."),
        )


@transaction.atomic
def appoint(
    user: User,
    *,
    role: Role,
    unit: Unit,
    actor: User,
    scope: Unit | None = None,
    since: date | None = None,
    until: date | None = None,
    title: str = "",
) -> Post:
    """Give a person a role in a unit, from a day on (today) and until a day if one is given.

    `scope` is the subtree that the post looks over, where it is more than its unit.
    """
    since = since or clock.today()
    if not user.is_active:
        raise Problem("user-closed", _("This account is closed."), where="user")
    if until is not None and until <= since:
        raise Problem("dates-reversed", _("The last day lies before the first."), where="until")
    for where, place in (("unit", unit), ("scope", scope)):
        if place is not None and place.until is not None and place.until <= since:
            raise Problem(
                "unit-ended",
                _("The unit “%(name)s” does not exist any more on that day.")
                % {"name": place.name},
                where=where,
            )
    _refuse_beyond(role.permissions, actor)
    ends = Q(until=None) | Q(until__gt=since)
    begins = Q() if until is None else Q(since=None) | Q(since__lt=until)
    if Post.objects.filter(ends, begins, user=user, role=role, unit=unit, scope=scope).exists():
        raise Problem("post-twice", _("The person holds this post already."), where="role")
    post = Post.objects.create(
        user=user, role=role, unit=unit, scope=scope, since=since, until=until, title=title.strip()
    )
    data = {
        "post": post.pk, "role": role.key, "unit": unit.code,
        "scope": scope.code if scope else None, "since": since.isoformat(),
        "until": until.isoformat() if until else None, "title": post.title,
    }  # fmt: skip
    record(subject=subject_of(user), act="post.given", actor=actor.username, data=data)
    touch_registers()
    return post


@transaction.atomic
def end_post(post: Post, *, on: date, actor: User, reason: str = "") -> None:
    """End a post: `on` is the first day without it. What was done in it stays as it is."""
    post = (
        Post.objects.select_for_update(of=("self",))
        .select_related("user", "role", "unit")
        .get(pk=post.pk)
    )
    if post.until is not None and post.until <= clock.today():
        raise Problem("post-ended", _("This post has ended already."))
    if post.since is not None and on < post.since:
        raise Problem("dates-reversed", _("A post cannot end before it began."), where="on")
    before = administrators()
    post.until = on
    post.save(update_fields=["until"])
    if on <= clock.today():
        refuse_no_administrator(before)
    data = {
        "post": post.pk, "role": post.role.key, "unit": post.unit.code,
        "on": on.isoformat(), "reason": reason,
    }  # fmt: skip
    record(subject=subject_of(post.user), act="post.ended", actor=actor.username, data=data)
    touch_registers()


@transaction.atomic
def change_role(
    role: Role,
    *,
    names: dict[str, str],
    permissions: Iterable[str],
    actor: User,
    seen: int | None = None,
) -> None:
    """Change what a role is called and what it may do; who holds it may do so at once."""
    refuse_old(f"role:{role.key}", seen)
    wanted = sorted(set(permissions))
    unknown = [each for each in wanted if each not in set(Permission)]
    if unknown:
        raise Problem("permission-unknown", _("There is no such permission."), where=unknown[0])
    told = {tag: text.strip() for tag, text in names.items() if text.strip()}
    if not told:
        raise Problem("role-nameless", _("A role needs a name."), where="names")
    was = set(role.permissions)
    _refuse_beyond(was ^ set(wanted), actor)
    before = administrators()
    data = {"names": told, "added": sorted(set(wanted) - was), "removed": sorted(was - set(wanted))}
    role.names, role.permissions = told, wanted
    role.save(update_fields=["names", "permissions"])
    refuse_no_administrator(before)
    record(subject=f"role:{role.key}", act="role.changed", actor=actor.username, data=data)
    touch_registers()

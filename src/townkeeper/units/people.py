"""People of the office: who may sign in, with which password, and the keys of programs.

Accounts are never deleted, only closed: their names stand in the journal. The office never loses
its last administrator, and nobody closes their own account by mistake.
"""

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import Token, User
from townkeeper.journal.actions import record
from townkeeper.journal.seen import refuse_old
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Post, Role
from townkeeper.units.permissions import Permission

MOST_TOKENS = 20
LANGUAGES = frozenset({"", *(code for code, _name in settings.LANGUAGES)})


def subject_of(user: User) -> str:
    """Return the subject of an account's history."""
    return f"user:{user.username}"


def administrators() -> set[int]:
    """Return who may change accounts today and is able to sign in."""
    today = clock.today()
    roles = [
        role.pk
        for role in Role.objects.all()
        if str(Permission.ACCOUNTS_USER_EDIT) in role.permissions
    ]
    posts = Post.objects.filter(
        Q(since=None) | Q(since__lte=today),
        Q(until=None) | Q(until__gt=today),
        role__in=roles,
        user__is_active=True,
    )
    if not settings.DEMO:
        posts = posts.filter(user__is_demo=False)
    return set(posts.values_list("user_id", flat=True))


def refuse_no_administrator(before: set[int]) -> None:
    """Refuse a change after which nobody could change accounts any more; undo it with it."""
    if before and not administrators():
        raise Problem(
            "last-administrator",
            _("After this nobody could manage accounts any more."),
            hint=_("Give somebody else a role that may change accounts first."),
        )


@transaction.atomic
def add_user(username: str, *, name: str, password: str, actor: str, language: str = "") -> User:
    """Add a person who may sign in; no e-mail address is needed."""
    username = username.strip()
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError:
        raise Problem(
            "username-form",
            _("This cannot be a name for signing in."),
            where="username",
            hint=_("Letters, digits and . _ - + @, without spaces, such as wang.fang."),
        ) from None
    if User.objects.filter(username__iexact=username).exists():
        raise Problem(
            "user-exists",
            _("Somebody signs in as “%(name)s” already.") % {"name": username},
            where="username",
            hint=_("Accounts are never deleted; a closed one can be opened again."),
        )
    user = User(username=username, name=name.strip(), language=_language(language))
    _refuse_weak(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    record(subject=subject_of(user), act="user.added", actor=actor, data={"name": user.name})
    return user


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise Problem("language-unknown", _("There is no such language here."), where="language")
    return language


def _refuse_weak(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Problem("weak-password", " ".join(error.messages), where="password") from error


@transaction.atomic
def change_user(
    user: User, *, name: str, language: str, actor: str, seen: int | None = None
) -> None:
    """Change the shown name and the language; the name for signing in stays for good."""
    refuse_old(subject_of(user), seen)
    fields = {"name": name.strip(), "language": _language(language)}
    changed = {key: value for key, value in fields.items() if getattr(user, key) != value}
    if not changed:
        return
    for key, value in changed.items():
        setattr(user, key, value)
    user.save(update_fields=list(changed))
    record(subject=subject_of(user), act="user.changed", actor=actor, data=changed)


@transaction.atomic
def set_user_password(user: User, password: str, *, actor: str) -> None:
    """Set a password that keeps the rules; it ends the person's sessions."""
    _refuse_weak(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(subject=subject_of(user), act="user.password-set", actor=actor, data={})


def change_own_password(user: User, *, old: str, new: str) -> None:
    """Let a person change their own password, who knows the present one."""
    if not user.check_password(old):
        raise Problem("password-wrong", _("The present password is wrong."), where="old")
    if old == new:
        raise Problem("password-same", _("This is the present password."), where="password")
    set_user_password(user, new, actor=user.username)


@transaction.atomic
def close_user(user: User, *, actor: User, reason: str = "", seen: int | None = None) -> None:
    """Close an account: it can no longer sign in, and programs with its keys neither."""
    refuse_old(subject_of(user), seen)
    if user.pk == actor.pk:
        raise Problem("close-oneself", _("Nobody closes their own account."))
    if not user.is_active:
        raise Problem("user-closed", _("This account is closed."))
    before = administrators()
    user.is_active = False
    user.save(update_fields=["is_active"])
    refuse_no_administrator(before)
    closed = user.tokens.filter(closed_at=None).update(closed_at=clock.now())
    data = {"reason": reason, "tokens": closed}
    record(subject=subject_of(user), act="user.closed", actor=actor.username, data=data)


@transaction.atomic
def reopen_user(user: User, *, actor: str, seen: int | None = None) -> None:
    """Let a closed account sign in again; keys of programs stay closed."""
    refuse_old(subject_of(user), seen)
    if user.is_active:
        raise Problem("user-open", _("This account is open."))
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(subject=subject_of(user), act="user.reopened", actor=actor, data={})


@transaction.atomic
def issue_token(user: User, label: str, *, actor: str) -> str:
    """Make a key for a program that acts for a person; the secret is returned this once."""
    label = label.strip()
    if not label:
        raise Problem("token-nameless", _("Say what the key is for."), where="label")
    if not user.is_active:
        raise Problem("user-closed", _("This account is closed."))
    if user.tokens.filter(closed_at=None).count() >= MOST_TOKENS:
        raise Problem("tokens-many", _("Close a key that is no longer used first."), where="label")
    secret = Token.issue(user, label[:80])
    record(subject=subject_of(user), act="token.issued", actor=actor, data={"label": label[:80]})
    return secret


@transaction.atomic
def close_token(token: Token, *, actor: str) -> None:
    """Close a key; whoever still uses it is refused at once."""
    if not Token.objects.filter(pk=token.pk, closed_at=None).update(closed_at=clock.now()):
        raise Problem("token-closed", _("This key is closed."))
    data = {"label": token.label}
    record(subject=subject_of(token.user), act="token.closed", actor=actor, data=data)

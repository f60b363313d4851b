"""`user`: the first people of an installation, before anybody can sign in."""

import argparse
import getpass
import secrets
import sys
from typing import TYPE_CHECKING

from townkeeper.cli import console
from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.accounts.models import User
    from townkeeper.units.models import Role, Unit

SOME = 5
"""Codes of units named as examples."""
EXAMPLES = (
    "./townkeeper user add wang.fang --name 王芳 --role dispatcher --unit 511011-zx",
    "./townkeeper user password wang.fang",
)


def help_text() -> str:
    return _("add a person who may sign in, or set a password")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    add = parts.add_parser("add", help=_("add a person"))
    add.add_argument("username", metavar=_("USERNAME"))
    add.add_argument("--name", default="", help=_("the person's name"))
    add.add_argument("--role", metavar=_("ROLE"), help=_("role of the post, as the program has it"))
    add.add_argument("--unit", metavar=_("CODE"), help=_("code of the unit of the post"))
    password = parts.add_parser("password", help=_("set a password"))
    password.add_argument("username", metavar=_("USERNAME"))
    for part in (add, password):
        part.add_argument(
            "--generate", action="store_true", help=_("make a password and print it once")
        )


def run(args: argparse.Namespace) -> Outcome:
    ready()
    from townkeeper.accounts.models import User  # noqa: PLC0415 - Django is set up by now

    known = User.objects.filter(username=args.username).first()
    if args.part == "password":
        if known is None:
            raise Problem("no-such-user", _("There is no user %(name)s.") % {"name": args.username})
        return _set_password(known, generate=args.generate)
    if known is not None:
        raise Problem("user-exists", _("The user %(name)s exists already.") % {"name": known})
    if bool(args.role) != bool(args.unit):
        raise Problem("post-incomplete", _("A post needs both --role and --unit."))
    return _add(args)


def _add(args: argparse.Namespace) -> Outcome:
    from django.db import transaction  # noqa: PLC0415

    from townkeeper.accounts.models import User  # noqa: PLC0415
    from townkeeper.journal.actions import record  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.units.models import Post  # noqa: PLC0415

    with transaction.atomic():
        user = User(username=args.username, name=args.name)
        outcome = _set_password(user, generate=args.generate)
        if args.role:
            unit, role = _post_of(args)
            Post.objects.create(user=user, unit=unit, role=role, since=clock.today())
        record(
            subject=f"user:{user.username}",
            act="user.added",
            actor="command-line",
            data={"name": user.name, "role": args.role, "unit": args.unit},
        )
    return outcome


def _post_of(args: argparse.Namespace) -> "tuple[Unit, Role]":
    """Return unit and role of the post; what is unknown is refused with what there is."""
    from townkeeper.units.models import Role, Unit  # noqa: PLC0415

    units, roles = Unit.objects.order_by("path"), Role.objects.order_by("key")
    first = _("Load a program first: ./townkeeper program load programs/dongxing")
    unit, role = units.filter(code=args.unit).first(), roles.filter(key=args.role).first()
    if unit is None:
        some = ", ".join(units.values_list("code", flat=True)[:SOME])
        raise Problem(
            "no-such-unit",
            _("There is no unit %(code)s.") % {"code": args.unit},
            hint=_("There are, for example: %(codes)s") % {"codes": some} if some else first,
        )
    if role is None:
        known = ", ".join(roles.values_list("key", flat=True))
        raise Problem(
            "no-such-role",
            _("There is no role %(role)s.") % {"role": args.role},
            hint=_("The program has: %(roles)s") % {"roles": known} if known else first,
        )
    return unit, role


def _set_password(user: "User", *, generate: bool) -> Outcome:
    from django.contrib.auth.password_validation import validate_password  # noqa: PLC0415
    from django.core.exceptions import ValidationError  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from townkeeper.journal.actions import record  # noqa: PLC0415

    password = secrets.token_urlsafe(12) if generate else _ask()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Problem("weak-password", " ".join(error.messages)) from error
    with transaction.atomic():
        user.set_password(password)
        user.save()
        record(
            subject=f"user:{user.username}", act="user.password-set", actor="command-line", data={}
        )
    data = {"username": user.username, **({"password": password} if generate else {})}
    shown = _("Password: %(password)s") % {"password": password} if generate else ""
    done = _("%(name)s may sign in.") % {"name": user.username}
    return Outcome(data, f"{done} {shown}".strip())


def _ask() -> str:
    """Read a password twice from the terminal, or one line from a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(_("New password:") + " ")
    if first != getpass.getpass(_("Once more:") + " "):
        console.note()
        raise Problem("passwords-differ", _("The two passwords differ."))
    return first

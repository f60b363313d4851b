"""`token`: keys with which other programs use the JSON interface."""

import argparse

from townkeeper.cli.console import Outcome, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

EXAMPLES = (
    "./townkeeper token issue wang.fang --label 12345-hotline",
    "./townkeeper token list",
    "./townkeeper token close 3",
)


def help_text() -> str:
    return _("issue, list and close the keys of the JSON interface")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    issue = parts.add_parser("issue", help=_("make a key; it is shown once"))
    issue.add_argument("username", metavar=_("USERNAME"))
    issue.add_argument("--label", required=True, help=_("what the key is for"))
    parts.add_parser("list", help=_("list the keys"))
    close = parts.add_parser("close", help=_("make a key useless"))
    close.add_argument("number", type=int, metavar=_("NUMBER"))


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.part == "issue":
        return _issue(args.username, args.label)
    return _list() if args.part == "list" else _close(args.number)


def _issue(username: str, label: str) -> Outcome:
    from django.db import transaction  # noqa: PLC0415 - Django is set up by now

    from townkeeper.accounts.models import Token, User  # noqa: PLC0415
    from townkeeper.journal.actions import record  # noqa: PLC0415

    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Problem("no-such-user", _("There is no user %(name)s.") % {"name": username})
    with transaction.atomic():
        secret = Token.issue(user, label)
        record(
            subject=f"user:{username}", act="token.issued", actor="command-line",
            data={"label": label},
        )  # fmt: skip
    return Outcome({"token": secret, "username": username, "label": label}, secret)


def _list() -> Outcome:
    from townkeeper.accounts.models import Token  # noqa: PLC0415

    tokens = Token.objects.select_related("user").order_by("pk")
    rows = [
        {
            "number": token.pk,
            "username": token.user.username,
            "label": token.label,
            "created": token.created_at.isoformat(timespec="minutes"),
            "closed": token.closed_at.isoformat(timespec="minutes") if token.closed_at else None,
        }
        for token in tokens
    ]
    head = (_("number"), _("user"), _("label"), _("created"), _("closed"))
    return Outcome({"tokens": rows}, table([list(row.values()) for row in rows], head))


def _close(number: int) -> Outcome:
    from django.db import transaction  # noqa: PLC0415

    from townkeeper.accounts.models import Token  # noqa: PLC0415
    from townkeeper.journal.actions import record  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    token = Token.objects.select_related("user").filter(pk=number, closed_at=None).first()
    if token is None:
        raise Problem("no-such-token", _("There is no open key %(number)s.") % {"number": number})
    with transaction.atomic():
        token.closed_at = clock.now()
        token.save(update_fields=["closed_at"])
        record(
            subject=f"user:{token.user.username}", act="token.closed", actor="command-line",
            data={"label": token.label},
        )  # fmt: skip
    return Outcome({"closed": number}, _("Key %(number)s is closed.") % {"number": number})

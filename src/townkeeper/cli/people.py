"""Who acts from the command line: a user by name."""

from typing import TYPE_CHECKING

from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.accounts.models import User


def user_called(username: str) -> "User":
    """Return the active user of a name; a Problem where there is none."""
    from townkeeper.accounts.models import User  # noqa: PLC0415 - Django is set up by now

    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Problem("no-such-user", _("There is no user %(name)s.") % {"name": username})
    return user

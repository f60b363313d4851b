"""Names of the people whom the records know by their user names."""

from collections.abc import Iterable

from townkeeper.accounts.models import User


def names_of(usernames: Iterable[str]) -> dict[str, str]:
    """Return the name of each; whoever is no user stands as the record has it."""
    wanted = {name for name in usernames if name}
    found = {user.username: str(user) for user in User.objects.filter(username__in=wanted)}
    return {name: found.get(name, name) for name in wanted}

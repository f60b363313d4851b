"""Who may sign in: people of the office; the made-up people of a demonstration only in it."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from typing_extensions import override

from townkeeper.accounts.models import User


class PeopleBackend(ModelBackend):
    """Refuses demonstration accounts, also in sessions that exist already."""

    @override
    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        if isinstance(user, User) and user.is_demo and not settings.DEMO:
            return False
        return super().user_can_authenticate(user)

"""Views of lists that people keep for themselves; nobody else sees them, so no journal does."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import SavedView, User
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

MOST: Final = 12
LONGEST_NAME: Final = 40
LONGEST_QUERY: Final = 600


@transaction.atomic
def save_view(user: User, *, page: str, name: str, query: str) -> SavedView:
    """Keep a list under a name; the same name again takes its place.

    Raises Problem: `name-missing`, `name-long`, `query-long`, `views-full` (more than `MOST`).
    """
    title = " ".join(name.split())
    if not title:
        raise Problem("name-missing", _("Give the view a name."), where="name")
    if len(title) > LONGEST_NAME:
        raise Problem("name-long", _("A name has at most 40 characters."), where="name")
    if len(query) > LONGEST_QUERY:
        raise Problem("query-long", _("These conditions are too long to keep."), where="query")
    own = SavedView.objects.filter(user=user, page=page)
    if own.exclude(name=title).count() >= MOST:
        raise Problem(
            "views-full",
            _("You keep %(most)s views already; remove one first.") % {"most": MOST},
            where="name",
        )
    view, _made = SavedView.objects.update_or_create(
        user=user, page=page, name=title, defaults={"query": query, "created_at": clock.now()}
    )
    return view


def drop_view(user: User, pk: int) -> bool:
    """Remove one of a person's views; whether there was one."""
    number, _by_model = SavedView.objects.filter(user=user, pk=pk).delete()
    return bool(number)


def views_of(user: User, page: str) -> list[SavedView]:
    """Return a person's views of a page in the order they were made."""
    return list(SavedView.objects.filter(user=user, page=page).order_by("pk"))

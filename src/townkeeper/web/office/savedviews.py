"""Views of a list that people keep for themselves: a name and the list's address."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from townkeeper.accounts.models import User
from townkeeper.accounts.saved import drop_view, save_view, views_of
from townkeeper.kit.errors import Problem
from townkeeper.web.access import signed_in
from townkeeper.web.office.counters import LIST
from townkeeper.web.office.listing import Listing


def saved_tabs(user: User, listing: Listing, *, page: str = LIST) -> list[dict[str, Any]]:
    """Return a person's own views as tabs; the list is the same on the map."""
    here = _query(listing)
    return [
        {
            "label": view.name,
            "href": Listing.from_query(dict(parse_qsl(view.query))).url(page),
            "current": view.query == here,
            "pk": view.pk,
        }
        for view in views_of(user, LIST)
    ]


def _query(listing: Listing) -> str:
    return urlsplit(listing.url()).query


@signed_in
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the list that a person is looking at."""
    listing = Listing.from_query(dict(parse_qsl(request.POST.get("query", ""))))
    try:
        view = save_view(
            _user(request),
            page=LIST,
            name=request.POST.get("name", "").replace("\x00", ""),
            query=_query(listing),
        )
    except Problem as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("Kept as “%(name)s”.") % {"name": view.name})
    return redirect(listing.url())


@signed_in
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of one's own views; another's answers like one that is not there."""
    if not drop_view(_user(request), pk):
        raise Http404
    messages.success(request, _("The view was removed."))
    return redirect(Listing().url())


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user

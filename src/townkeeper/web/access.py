"""Who may open a page: permissions by decorator, and what happens when a session has ended."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from townkeeper.kit import clock
from townkeeper.units.models import Post, held_posts, permits
from townkeeper.units.permissions import Permission
from townkeeper.web.registers import registers

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def posts_for(request: HttpRequest) -> list[Post]:
    """Return the posts that the person who asks holds today; read once for a request.

    They are kept with the person, where the domain finds them too (`posts_of`).
    """
    user, today = request.user, clock.today()
    if not user.is_authenticated or not user.is_active:
        return []
    if user.held_posts is None or user.held_posts[0] != today:
        found = list(held_posts(user.pk, today))
        registers().name_posts(found)
        user.held_posts = (today, tuple(found))
    return list(user.held_posts[1])


def may(request: HttpRequest, *permissions: Permission) -> bool:
    """Whether one of the person's posts carries one of the permissions; none asked for: yes."""
    posts = posts_for(request)
    return not permissions or any(permits(posts, permission) for permission in permissions)


def needs(*permissions: Permission) -> Callable[[View[P]], View[P]]:
    """Let in whoever holds one of the permissions; to others the page does not exist (404)."""

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not may(request, *permissions):
                raise Http404
            return view(request, *args, **kwargs)

        return cast("View[P]", inner)

    return wrap


def signed_in(view: View[P]) -> View[P]:
    """Let in whoever has signed in."""
    return needs()(view)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to signing in, and from there back: after a post to the page that held the form.

    What was typed is in the browser's draft of that form (`drafts.js`) and is put back there.
    """
    back = request.get_full_path()
    if request.method not in {"GET", "HEAD"}:
        back = _page_before(request)
        messages.warning(
            request,
            _("Your session had ended, nothing was saved. Your words are back: send them again."),
        )
    target = f"{reverse('office:sign-in')}?{urlencode({'next': back}, safe='/')}"
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def _page_before(request: HttpRequest) -> str:
    """Return the page that sent the form, if it is one of ours; else the start."""
    sent_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        sent_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not ours:
        return reverse("office:start")
    parts = urlsplit(sent_from)
    return parts.path + (f"?{parts.query}" if parts.query else "")

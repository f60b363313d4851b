"""Signing in and out, and what a person sets for themselves: language, theme, keys."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from typing_extensions import override

from townkeeper.kit import clock
from townkeeper.units.models import Post, posts_of
from townkeeper.web.access import signed_in
from townkeeper.web.context import THEMES
from townkeeper.web.navigation import navigation, phone_bar
from townkeeper.web.office.limiter import forget, note_failure, wait_seconds
from townkeeper.web.office.mine import bring_language

A_YEAR = 365 * 24 * 3600
START = "/office/"


class SignInForm(AuthenticationForm):
    """Name and password; password managers and pasting work, and guessing has to wait."""

    username = forms.CharField(
        label=gettext_lazy("Name for signing in"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": gettext_lazy("Name or password is wrong. Mind capital and small letters."),
        "inactive": gettext_lazy("This account is closed."),
    }

    @override
    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username") or "")
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        now = timezone.now()
        wait = wait_seconds(name, address, now=now)
        if wait:
            raise ValidationError(
                _("Too many wrong tries. Please wait %(seconds)s seconds, then try again.")
                % {"seconds": wait},
                code="wait",
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            note_failure(name, address, now=now)
            raise
        forget(name, address)
        return cleaned


def next_page(request: HttpRequest) -> str:
    """Return where to go after an act: a page of this site that the form named, or the start."""
    target = request.POST.get("next") or request.GET.get("next") or START
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else START


def start(request: HttpRequest) -> HttpResponse:
    """Lead to the page where a person's day begins, or to signing in."""
    if not request.user.is_authenticated:
        return redirect("office:sign-in")
    first = phone_bar(navigation(request))
    return redirect(first[0]["href"] if first else "office:me")


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or sign in; a wrong password answers 422 with a summary of what is wrong."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_page(request))
    if "HX-Request" in request.headers:
        # a part update after the session has ended: the whole page must come here, not the part
        return HttpResponse(headers={"HX-Redirect": request.get_full_path()})
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            login(request, form.get_user())
            return bring_language(HttpResponseRedirect(next_page(request)), request.user)
        return render(request, "office/sign_in.html", {"form": form}, status=422)
    form.initial["username"] = request.GET.get("as", "")[:150]
    context = {"form": form, "next": next_page(request), "people": demo_people()}
    return render(request, "office/sign_in.html", context)


def demo_people() -> list[dict[str, str]]:
    """Return one made-up person for each role, where this is a demonstration; else nobody."""
    if not settings.DEMO:
        return []
    posts = Post.objects.filter(user__is_demo=True).select_related("user", "role", "unit")
    first: dict[str, Post] = {}
    for post in posts.order_by("pk"):
        first.setdefault(post.role.key, post)
    return [
        {"name": post.user.username, "role": post.role.title, "unit": post.unit.title}
        for post in first.values()
    ]


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("office:sign-in")


@signed_in
def me(request: HttpRequest) -> HttpResponse:
    """Show a person's posts and own settings."""
    posts = [
        {"role": post.title or post.role.title, "unit": post.unit.title}
        for post in posts_of(request.user, clock.today())
    ]
    return render(request, "office/me.html", {"posts": posts, "page_is_me": True})


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme in a cookie; it needs no account."""
    theme = request.POST.get("theme", "")
    return _remember(request, "theme", theme if theme in THEMES else "system")


@require_POST
def set_keys(request: HttpRequest) -> HttpResponse:
    """Switch the single-letter keys on or off (WCAG 2.1.4)."""
    return _remember(request, "keys", "off" if request.POST.get("keys") == "off" else "on")


def _remember(request: HttpRequest, name: str, value: str) -> HttpResponse:
    response = HttpResponseRedirect(next_page(request) if "next" in request.POST else "/office/me/")
    response.set_cookie(
        name, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
    )
    return response

"""What people set for themselves: their password, and the language that follows them everywhere."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from townkeeper.accounts.models import User
from townkeeper.kit.errors import Problem
from townkeeper.units.people import change_own_password, change_user
from townkeeper.web.access import signed_in

REFUSED = 422


def _field(label: Any, autocomplete: str, hint: str = "") -> forms.CharField:  # noqa: ANN401 - lazy text
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, help_text=hint, widget=widget)


class OwnPasswordForm(forms.Form):
    """The present password, and a new one."""

    old = _field(_("Present password"), "current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        hint = " ".join(password_validators_help_texts())
        self.fields["password"] = _field(_now("New password"), "new-password", hint)


@sensitive_post_parameters("old", "password")
@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session stays, the others end."""
    form = OwnPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = REFUSED
        user = request.user
        if form.is_valid() and isinstance(user, User):
            data = form.cleaned_data
            try:
                change_own_password(user, old=data["old"], new=data["password"])
            except Problem as problem:
                where = problem.where if problem.where in form.fields else None
                form.add_error(where, str(problem.message))
            else:
                update_session_auth_hash(request, user)
                messages.success(request, _now("Your password was changed."))
                return redirect("office:me")
    return render(request, "office/password.html", {"form": form}, status=status)


def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Change the language of the pages; with an account it is kept for the next machine too."""
    answer: HttpResponseBase = set_language(request)
    language = request.POST.get("language", "")
    user = request.user
    if request.method == "POST" and isinstance(user, User) and check_for_language(language):
        change_user(user, name=user.name, language=language, actor=user.username)
    return answer


def bring_language(response: HttpResponse, user: object) -> HttpResponse:
    """Let the pages speak the language that somebody chose on another machine."""
    if isinstance(user, User) and user.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            user.language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response

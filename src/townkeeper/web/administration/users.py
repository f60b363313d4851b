"""The people who may sign in: list, page of one, password, closing, keys of programs."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.accounts.models import Token, User
from townkeeper.cases.leaving import fitting_heirs, hand_over_tasks, tasks_held
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Column
from townkeeper.units.models import Post, posts_of
from townkeeper.units.people import (
    add_user,
    change_user,
    close_token,
    close_user,
    issue_token,
    reopen_user,
    set_user_password,
    subject_of,
)
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, needs
from townkeeper.web.administration.forms import AdminForm
from townkeeper.web.administration.pages import crumbs, form_page, history, person, with_ends
from townkeeper.web.exports import Sheet, links, send_sheet
from townkeeper.web.wording import full_time

edits = needs(Permission.ACCOUNTS_USER_EDIT)
PAGE = 100
LANGUAGES = [("", _("as the browser says")), *settings.LANGUAGES]


def _password(label: object, *, hint: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, strip=False,  # type: ignore[arg-type]
        help_text=" ".join(password_validators_help_texts()) if hint else "",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )  # fmt: skip


class PersonForm(AdminForm):
    """Name and language."""

    name = forms.CharField(label=_("Name"), max_length=80)
    language = forms.ChoiceField(
        label=_("Language of the pages"), choices=LANGUAGES, required=False
    )


class NewPerson(PersonForm):
    """A new account."""

    username = forms.CharField(
        label=_("Name for signing in"), max_length=150,
        help_text=_("Small letters are best, such as wang.fang; it never changes."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self.fields["password"] = _password(_now("First password"))
        self.order_fields(["username", "name", "password", "language"])


class PasswordForm(AdminForm):
    """A new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self.fields["password"] = _password(_now("New password"))


class ReasonForm(AdminForm):
    """Why an account is closed."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class TokenForm(AdminForm):
    """What a key is for."""

    label = forms.CharField(
        label=_("What is the key for?"), max_length=80,
        help_text=_("Such as the name of the program that will use it."),
    )  # fmt: skip


class HandOverForm(AdminForm):
    """Who takes over the open tasks."""

    to = forms.ChoiceField(label=_("Who takes over"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, heirs: list[User], **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        choices = [("", _now("the unit: whoever is there does them"))]
        choices += [(str(heir.pk), f"{heir} ({heir.username})") for heir in heirs]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


def _users(request: HttpRequest) -> tuple[QuerySet[User], dict[str, str]]:
    asked = {key: request.GET.get(key, "")[:60] for key in ("q", "closed")}
    rows = User.objects.annotate(keys=Count("tokens", filter=Q(tokens__closed_at=None)))
    rows = rows.filter(is_active=asked["closed"] != "1")
    if asked["q"]:
        rows = rows.filter(Q(username__icontains=asked["q"]) | Q(name__icontains=asked["q"]))
    return rows.order_by("username"), asked


@edits
@require_safe
def user_list(request: HttpRequest) -> HttpResponse:
    """List the people who may sign in."""
    rows, asked = _users(request)
    after = request.GET.get("after", "")
    found = list((rows.filter(username__gt=after) if after else rows)[: PAGE + 1])
    shown = found[:PAGE]
    address = reverse("administration:users")
    query = request.GET.copy()
    if shown:
        query["after"] = shown[-1].username
    context = {
        "people": [{"user": user, "posts": posts} for user, posts in _with_posts(shown)],
        "asked": asked,
        "demo": settings.DEMO,
        "next_url": f"{address}?{query.urlencode()}" if len(found) > PAGE else "",
        "first_url": address if after else "",
        "page_actions": [
            *links(
                reverse("administration:users-export", args=["xlsx"]),
                reverse("administration:users-export", args=["csv"]),
            ),
            {"href": reverse("administration:user-add"), "icon": "user-plus",
             "label": _now("Add a person"), "primary": True},
        ],
    }  # fmt: skip
    return render(request, "administration/users.html", context)


def _with_posts(users: list[User]) -> list[tuple[User, list[Post]]]:
    today = clock.today()
    rows = Post.objects.filter(
        Q(since=None) | Q(since__lte=today), Q(until=None) | Q(until__gt=today), user__in=users
    )
    found: dict[int, list[Post]] = {}
    for post in rows.select_related("role", "unit").defer("unit__outline").order_by("pk"):
        found.setdefault(post.user_id, []).append(post)
    return [(user, found.get(user.pk, [])) for user in users]


@edits
@require_safe
def users_export(request: HttpRequest, form: str) -> HttpResponse:
    """Send the accounts with their posts as a spreadsheet."""
    rows, _asked = _users(request)
    titles = (
        _now("Name for signing in"), _now("Name"), _now("Posts"), _now("Last sign-in"),
        _now("Keys of programs"), _now("State"),
    )  # fmt: skip
    lines = (
        [
            user.username, user.name,
            "; ".join(f"{post.role.title} · {post.unit.title}" for post in posts),
            full_time(user.last_login) if user.last_login else "",
            getattr(user, "keys", 0),
            _now("account open") if user.is_active else _now("account closed"),
        ]
        for user, posts in _with_posts(list(rows))
    )  # fmt: skip
    sheet = Sheet("users", _now("Users"), [Column(title) for title in titles], lines)
    return send_sheet(request, sheet, form, back=reverse("administration:users"))  # type: ignore[return-value]


def _user(pk: int) -> User:
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise Http404
    return user


def _way(user: User | None = None) -> list[dict[str, str]]:
    way = crumbs((_now("Users"), reverse("administration:users")))
    if user is not None:
        way += crumbs((str(user), reverse("administration:user", args=[user.pk])))
    return way


@edits
@never_cache
@require_safe
def user_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account: posts, keys, last sign-in, history."""
    user = _user(pk)
    # a key is shown once: it waits in the session for this one page
    secret = request.session.pop(f"token-{pk}", "")
    posts = user.posts.select_related("role", "unit", "scope").defer(
        "unit__outline", "scope__outline"
    )
    context = {
        "person": user,
        "crumbs": _way(),
        "posts": with_ends(
            request, sorted(posts, key=lambda post: (post.until is not None, post.pk))
        ),
        "tokens": user.tokens.order_by("closed_at", "pk"),
        "secret": secret,
        "held": len(tasks_held(user)),
        "entries": history([subject_of(user)]),
        "is_self": user.pk == request.user.pk,
        "seen": history_length(subject_of(user)),
        "demo": settings.DEMO,
        "today": clock.today(),
        "may_appoint": may(request, Permission.UNITS_UNIT_EDIT),
        "holds_none": not posts_of(user, clock.today()),
    }
    return render(request, "administration/user.html", context)


@sensitive_post_parameters("password")
@edits
@require_http_methods(["GET", "HEAD", "POST"])
def user_add(request: HttpRequest) -> HttpResponse:
    """Add an account."""
    form = NewPerson(request.POST or None)

    def do() -> str:
        data = form.cleaned_data
        user = add_user(
            data["username"], name=data["name"], password=data["password"],
            language=data["language"], actor=person(request).username,
        )  # fmt: skip
        return reverse("administration:user", args=[user.pk])

    return form_page(
        request, form, title=_now("Add a person"), back=reverse("administration:users"), do=do,
        submit=_now("Add"), done=_now("The account was added. Appoint the person to a post next."),
        crumbs=_way(), note=_now("No e-mail address is needed. Give the first password in person."),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def user_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name and language."""
    user = _user(pk)
    seen = history_length(subject_of(user))
    initial = {"name": user.name, "language": user.language, "seen": seen}
    form = PersonForm(request.POST or None, initial=initial)

    def do() -> None:
        data = form.cleaned_data
        change_user(
            user, name=data["name"], language=data["language"], seen=form.seen_state,
            actor=person(request).username,
        )  # fmt: skip

    return form_page(
        request, form, title=_now("Edit %(name)s") % {"name": user}, do=do, crumbs=_way(user),
        back=reverse("administration:user", args=[pk]),
    )  # fmt: skip


@sensitive_post_parameters("password")
@edits
@require_http_methods(["GET", "HEAD", "POST"])
def user_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a new password."""
    user = _user(pk)
    form = PasswordForm(request.POST or None)

    def do() -> None:
        set_user_password(user, form.cleaned_data["password"], actor=person(request).username)

    return form_page(
        request, form, title=_now("New password for %(name)s") % {"name": user}, do=do,
        back=reverse("administration:user", args=[pk]), crumbs=_way(user),
        note=_now("It ends the person's sessions. Give it in person; they can change it."),
        done=_now("The password was set."), submit=_now("Set the password"),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def user_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account; it is never deleted."""
    user = _user(pk)
    form = ReasonForm(request.POST or None, initial={"seen": history_length(subject_of(user))})

    def do() -> str | None:
        close_user(
            user, actor=person(request), reason=form.cleaned_data["reason"], seen=form.seen_state
        )
        return reverse("administration:user-tasks", args=[pk]) if tasks_held(user) else None

    return form_page(
        request, form, title=_now("Close the account of %(name)s") % {"name": user}, do=do,
        back=reverse("administration:user", args=[pk]), crumbs=_way(user), danger=True,
        note=_now("Nobody can sign in with it any more and its keys are closed. What the person "
                  "did stays under their name; the account can be opened again."),
        done=_now("The account was closed."), submit=_now("Close the account"),
    )  # fmt: skip


@edits
@require_POST
def user_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    user = _user(pk)
    back = reverse("administration:user", args=[pk])
    form = AdminForm(request.POST)
    return form_page(
        request, form, title=_now("Open the account again"), back=back, crumbs=_way(user),
        do=lambda: reopen_user(user, actor=person(request).username, seen=form.seen_state),
        done=_now("The account is open again."), submit=_now("Open the account again"),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def token_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a key; its secret is shown once, on the next page."""
    user = _user(pk)
    form = TokenForm(request.POST or None)

    def do() -> None:
        secret = issue_token(user, form.cleaned_data["label"], actor=person(request).username)
        request.session[f"token-{pk}"] = secret

    return form_page(
        request, form, title=_now("A key for a program of %(name)s") % {"name": user}, do=do,
        back=reverse("administration:user", args=[pk]), crumbs=_way(user),
        note=_now("The program may do what this person may do. The key is shown once."),
        done=_now("The key was issued."), submit=_now("Issue the key"),
    )  # fmt: skip


@edits
@require_POST
def token_close(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Close a key."""
    token = Token.objects.select_related("user").filter(pk=number, user_id=pk).first()
    if token is None:
        raise Http404
    return form_page(
        request, AdminForm(request.POST), title=_now("Close the key"),
        back=reverse("administration:user", args=[pk]), done=_now("The key was closed."),
        do=lambda: close_token(token, actor=person(request).username),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def user_tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand over the open tasks that a person has in their own hands."""
    user = _user(pk)
    back = reverse("administration:user", args=[pk])
    tasks = tasks_held(user)
    if not tasks and request.method != "POST":
        return redirect(back)
    heirs = fitting_heirs(user)
    form = HandOverForm(request.POST or None, heirs=heirs)

    def do() -> None:
        to = next((heir for heir in heirs if str(heir.pk) == form.cleaned_data["to"]), None)
        hand_over_tasks(user, to=to, actor=person(request), reason=form.cleaned_data["reason"])

    return form_page(
        request, form, title=_now("Open tasks of %(name)s") % {"name": user}, do=do, back=back,
        crumbs=_way(user), tasks=tasks[:50], task_count=len(tasks), submit=_now("Hand over"),
        done=_now("The tasks were handed over; their clocks run on."),
        template="administration/user_tasks.html",
    )  # fmt: skip

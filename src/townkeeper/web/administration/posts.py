"""Who holds which role where: the list of posts, appointing, ending; what each role may do."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.leaving import tasks_held
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import Column
from townkeeper.units.models import Post, Role
from townkeeper.units.permissions import Permission
from townkeeper.units.posts import appoint, change_role, end_post
from townkeeper.web.access import may, needs
from townkeeper.web.administration.forms import (
    AdminForm,
    DayField,
    PersonField,
    UnitField,
    add_names,
    names_from,
)
from townkeeper.web.administration.pages import (
    crumbs,
    form_page,
    history,
    may_edit,
    person,
    place_after,
    tabs_of,
    with_ends,
)
from townkeeper.web.administration.permission_words import permission_groups, permission_words
from townkeeper.web.exports import Sheet, links, send_sheet

edits = needs(Permission.UNITS_UNIT_EDIT)
PAGE = 100


class AppointForm(AdminForm):
    """A person, a role, a unit, from when."""

    user = PersonField(label=_("Person"), help_text=_("The name for signing in."))
    role = forms.ChoiceField(label=_("Role"))
    unit = UnitField(label=_("Post in"))
    scope = UnitField(
        label=_("Looks over"), required=False,
        help_text=_("The unit whose whole area the post sees; empty: its own unit."),
    )  # fmt: skip
    since = DayField(label=_("First day"))
    until = DayField(label=_("First day without it"), required=False)
    title = forms.CharField(label=_("Title of the post"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        roles = sorted(Role.objects.all(), key=lambda role: role.title)
        self.fields["role"].choices = [("", "–"), *((r.key, r.title) for r in roles)]  # type: ignore[attr-defined]


class EndPostForm(AdminForm):
    """The day on which a post ends."""

    on = DayField(label=_("First day without it"))
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


def _posts(request: HttpRequest) -> tuple[QuerySet[Post], dict[str, str]]:
    """Return the posts that the address asks for, and its filters."""
    asked = {key: request.GET.get(key, "")[:60] for key in ("role", "q", "ended")}
    today = clock.today()
    rows = Post.objects.select_related("user", "role", "unit", "scope").defer(
        "unit__outline", "scope__outline"
    )
    if asked["ended"] != "1":
        rows = rows.filter(Q(until=None) | Q(until__gt=today))
    if asked["role"]:
        rows = rows.filter(role__key=asked["role"])
    if asked["q"]:
        words = Q()
        for name in ("user__username", "user__name", "unit__name", "unit__code"):
            words |= Q(**{f"{name}__icontains": asked["q"]})
        pinyin = Q(unit__sort_key__istartswith=asked["q"])
        rows = rows.filter(words | pinyin)
    return rows.order_by("unit__path", "role__key", "pk"), asked


@edits
@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """List the posts, by unit."""
    rows, asked = _posts(request)
    after = place_after(request)
    found = list(rows[after : after + PAGE + 1])
    query = request.GET.copy()
    query["after"] = str(after + PAGE)
    address = reverse("administration:posts")
    context = {
        "tabs": tabs_of(request, "administration:posts"),
        "posts": with_ends(request, found[:PAGE]),
        "may_accounts": may(request, Permission.ACCOUNTS_USER_EDIT),
        "asked": asked,
        "roles": sorted(Role.objects.all(), key=lambda role: role.title),
        "next_url": f"{address}?{query.urlencode()}" if len(found) > PAGE else "",
        "first_url": address if after else "",
        "today": clock.today(),
        "page_actions": [
            *links(
                reverse("administration:posts-export", args=["xlsx"]) + f"?{_plain(asked)}",
                reverse("administration:posts-export", args=["csv"]) + f"?{_plain(asked)}",
            ),
            {"href": reverse("administration:appoint"), "icon": "user-plus",
             "label": _now("Appoint"), "primary": True},
        ],
    }  # fmt: skip
    return render(request, "administration/posts.html", context)


def _plain(asked: dict[str, str]) -> str:
    from django.utils.http import urlencode  # noqa: PLC0415 - one use

    return urlencode({key: value for key, value in asked.items() if value})


@edits
@require_safe
def posts_export(request: HttpRequest, form: str) -> HttpResponse:
    """Send the posts as a spreadsheet."""
    rows, _asked = _posts(request)
    titles = (
        _now("Unit code"), _now("Unit"), _now("Role"), _now("Title"), _now("Person"),
        _now("Name for signing in"), _now("Looks over"), _now("From"), _now("Until"),
    )  # fmt: skip
    lines = (
        [
            post.unit.code, post.unit.title, post.role.title, post.title, post.user.name,
            post.user.username, post.area.title, f"{post.since:%F}" if post.since else "",
            f"{post.until:%F}" if post.until else "",
        ]
        for post in rows
    )  # fmt: skip
    sheet = Sheet("posts", _now("Posts"), [Column(title) for title in titles], lines)
    return send_sheet(request, sheet, form, back=reverse("administration:posts"))  # type: ignore[return-value]


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def post_add(request: HttpRequest) -> HttpResponse:
    """Appoint somebody to a post."""
    asked = {key: request.GET.get(key, "") for key in ("unit", "user", "role")}
    form = AppointForm(request.POST or None, initial={**asked, "since": clock.today()})

    def do() -> str | None:
        data = form.cleaned_data
        for name in ("unit", "scope"):
            if data[name] is not None and not may_edit(request, data[name]):
                raise Problem("not-there", _now("You may appoint nobody there."), where=name)
        post = appoint(
            data["user"], role=Role.objects.get(key=data["role"]), unit=data["unit"],
            scope=data["scope"], since=data["since"], until=data["until"], title=data["title"],
            actor=person(request),
        )  # fmt: skip
        return reverse("administration:unit", args=[post.unit.code])

    back = reverse("administration:posts")
    people = User.objects.filter(is_active=True).order_by("username")[:1000]
    return form_page(
        request, form, title=_now("Appoint"), back=back, do=do, submit=_now("Appoint"),
        done=_now("Appointed."), crumbs=crumbs((_now("Posts"), back)), people=people,
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post; open tasks that the person has are pointed at."""
    post = Post.objects.select_related("user", "role", "unit").filter(pk=pk).first()
    if post is None or not may_edit(request, post.unit):
        raise Http404
    form = EndPostForm(request.POST or None, initial={"on": clock.today()})
    held = len(tasks_held(post.user))

    def do() -> str | None:
        data = form.cleaned_data
        end_post(post, on=data["on"], reason=data["reason"], actor=person(request))
        if held and may(request, Permission.ACCOUNTS_USER_EDIT):
            messages.warning(
                request,
                _now("%(count)s open tasks are still in this person's hands.") % {"count": held},
            )
            return reverse("administration:user-tasks", args=[post.user.pk])
        return None

    words = {"who": str(post.user), "role": post.role.title, "unit": post.unit.title}
    return form_page(
        request, form, title=_now("End the post of %(who)s: %(role)s, %(unit)s") % words,
        back=reverse("administration:unit", args=[post.unit.code]), do=do,
        submit=_now("End the post"), done=_now("The post ends."),
        crumbs=crumbs((_now("Posts"), reverse("administration:posts"))),
        note=_now("What was done in it stays as it is, with the name of the person.")
        if not held
        else _now("%(count)s open tasks are still in this person's hands.") % {"count": held},
    )  # fmt: skip


@edits
@require_safe
def role_list(request: HttpRequest) -> HttpResponse:
    """List the roles with what each may do, in words."""
    today = clock.today()
    holders: dict[int, int] = {}
    living = Post.objects.filter(Q(until=None) | Q(until__gt=today), user__is_active=True)
    for role_id in living.values_list("role_id", flat=True):
        holders[role_id] = holders.get(role_id, 0) + 1
    roles = [
        {
            "role": role,
            "holders": holders.get(role.pk, 0),
            "may": [permission_words(each) for each in role.permissions],
        }
        for role in sorted(Role.objects.all(), key=lambda role: role.title)
    ]
    context = {"roles": roles, "tabs": tabs_of(request, "administration:roles")}
    return render(request, "administration/roles.html", context)


class RoleForm(AdminForm):
    """Names and permissions of a role."""

    permissions = forms.MultipleChoiceField(
        label=_("May"), required=False, choices=[(str(each), str(each)) for each in Permission],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, role: Role, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        add_names(self, role.names)
        self.order_fields(["zh_hant", "zh_hans", "en", "permissions"])


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def role_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Change what a role is called and may do."""
    role = Role.objects.filter(key=key).first()
    if role is None or not may_edit(request, None):
        raise Http404
    initial = {"permissions": role.permissions, "seen": history_length(f"role:{key}")}
    form = RoleForm(request.POST or None, role=role, initial=initial)
    chosen = set(form["permissions"].value() or ())

    def do() -> None:
        change_role(
            role, names=names_from(form), permissions=form.cleaned_data["permissions"],
            actor=person(request), seen=form.seen_state,
        )  # fmt: skip

    back = reverse("administration:roles")
    return form_page(
        request, form, title=_now("Role: %(name)s") % {"name": role.title}, back=back, do=do,
        crumbs=crumbs((_now("Roles"), back)), groups=permission_groups(chosen),
        template="administration/role.html", entries=history([f"role:{key}"]),
    )  # fmt: skip

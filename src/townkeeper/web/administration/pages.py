"""What every page of the administration is made of: tabs, a form, refusals, a history."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.accounts.models import User
from townkeeper.duties.models import Category
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Post, Role, Unit, permits
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, posts_for
from townkeeper.web.administration.forms import REFUSED, AdminForm
from townkeeper.web.journal_words import Names, Told, tell

HISTORY = 15
FAR = 8
"""Digits of a place in a list; no list of an office is longer."""


def person(request: HttpRequest) -> User:
    """Return who asks; the decorators let nobody else in."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def unit_or_404(code: str, request: HttpRequest) -> Unit:
    """Return a unit by code."""
    unit = Unit.objects.visible_to(request.user).filter(code=code).select_related("parent").first()
    if unit is None:
        raise Http404
    return unit


def unit_to_edit(code: str, request: HttpRequest) -> Unit:
    """Return a unit that lies where the person may change units; else there is no such page."""
    unit = unit_or_404(code, request)
    if not may_edit(request, unit):
        raise Http404
    return unit


def may_edit(request: HttpRequest, unit: Unit | None) -> bool:
    """Whether the person may change units there; the top belongs to whoever sees all of it."""
    posts = posts_for(request)
    if unit is None:
        edits = [post for post in posts if Permission.UNITS_UNIT_EDIT in post.role.permissions]
        return any(post.area.level == 0 for post in edits)
    return permits(posts, Permission.UNITS_UNIT_EDIT, unit)


def with_ends(request: HttpRequest, posts: Iterable[Post]) -> list[Post]:
    """Mark the posts that the person may end: those not over, where the person changes units."""
    rows, today = list(posts), clock.today()
    for post in rows:
        over = post.until is not None and post.until <= today
        post.may_end = not over and may_edit(request, post.unit)  # type: ignore[attr-defined]
    return rows


def place_after(request: HttpRequest) -> int:
    """Return the place in a list after which the page begins; nonsense begins at the top."""
    text = request.GET.get("after", "")
    return int(text) if text.isdecimal() and len(text) < FAR else 0


def crumbs(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way to a page: (label, address)."""
    return [{"label": label, "href": href} for label, href in pairs]


def form_page(
    request: HttpRequest,
    form: AdminForm,
    *,
    title: str,
    back: str,
    do: Callable[[], str | None] | None = None,
    done: str = "",
    submit: str = "",
    template: str = "administration/form.html",
    **context: Any,  # noqa: ANN401 - what the template shows
) -> HttpResponse:
    """Show a form, or do what it asks: `do` returns where to go next (`back` by default).

    What is refused answers 422 with everything typed kept; success leads on with `done` said.
    """
    status = 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid() and do is not None:
            try:
                there = do()
            except Problem as problem:
                form.refuse(problem)
            else:
                messages.success(request, done or _("Saved."))
                return HttpResponseRedirect(there or back)
    page = {"form": form, "page_title": title, "back": back, "submit": submit or _("Save")}
    return render(request, template, {**page, **context}, status=status)


def previewed_page(
    request: HttpRequest,
    form: AdminForm,
    *,
    look: Callable[[], Any],
    do: Callable[[], str | None],
    **page: Any,  # noqa: ANN401 - passed on
) -> HttpResponse:
    """Show a form with a preview: `do=preview` only looks, `do=save` saves.

    The preview is what the template shows as `preview`; nothing is written by it.
    """
    if request.method == "POST" and request.POST.get("do") != "save":
        preview, status = None, REFUSED
        if form.is_valid():
            try:
                preview = look()
                status = 200
            except Problem as problem:
                form.refuse(problem)
        context = {"form": form, "page_title": page.pop("title"), "preview": preview, **page}
        template = context.pop("template", "administration/form.html")
        return render(request, template, context, status=status)
    return form_page(request, form, do=do, **page)


def history(
    subjects: Sequence[str], *, units: Iterable[str] = (), most: int = HISTORY
) -> list[Told]:
    """Return the last entries of some subjects in words, the newest first."""
    entries = list(Entry.objects.filter(subject__in=subjects).order_by("-time", "-pk")[:most])
    if not entries:
        return []
    people = {entry.actor for entry in entries}
    names = Names(
        procedure=None,
        units={u.code: u.title for u in _units_in(entries, units)},
        categories={},
        people=dict(User.objects.filter(username__in=people).values_list("username", "name")),
        roles={role.key: role.title for role in Role.objects.all()},
    )
    return [tell(entry, names) for entry in entries]


def _units_in(entries: Iterable[Entry], more: Iterable[str]) -> list[Unit]:
    """Return the units whose codes stand in the entries."""
    from townkeeper.web.register_words import codes_of  # noqa: PLC0415 - it registers sentences

    codes = {code for entry in entries for code in codes_of(entry)} | set(more)
    return list(Unit.objects.filter(code__in=codes).defer("outline"))


def top_categories() -> list[Category]:
    """Return the classes, for a filter."""
    rows = Category.objects.filter(parent=None)
    return sorted(rows, key=lambda row: row.key)


def tabs_of(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """Return the tabs over units, posts, roles, planned changes."""
    pairs = (
        ("administration:units", _("Units")),
        ("administration:posts", _("Posts")),
        ("administration:roles", _("Roles")),
        ("administration:changes", _("Planned changes")),
    )
    shown = [(name, label) for name, label in pairs if may(request, Permission.UNITS_UNIT_EDIT)]
    return [
        {"href": reverse(name), "label": label, "current": name == current, "count": None}
        for name, label in shown
    ]

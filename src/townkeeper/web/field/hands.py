"""Signing for a task and handing it to a colleague."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from townkeeper.accounts.models import User
from townkeeper.cases.assigning import (
    NOTE_MAX,
    assign_task,
    colleagues_for,
    loads_of,
    sign_for_task,
)
from townkeeper.cases.models import Task
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.field.task import Opened, open_case

REFUSED = 422


@needs(Permission.CASES_CASE_ACT)
@require_POST
def sign(request: HttpRequest, number: str) -> HttpResponse:
    """Sign for one's own task, from the inbox or from the case."""
    opened = open_case(request, number)
    task = _wanted(opened, request.POST.get("task", ""))
    try:
        sign_for_task(task, actor=opened.user, seen_version=_version(request))
    except Problem as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, _("Signed for: %(title)s") % {"title": opened.case.title})
    if request.POST.get("back") == "list":
        return redirect("field:verifications" if opened.is_verifying else "field:tasks")
    return redirect("field:verification" if opened.is_verifying else "field:task", number)


def _wanted(opened: Opened, pk: str) -> Task:
    """Return the task that a form names; somebody else's is refused by the act itself, in words."""
    task = next((each for each in opened.tasks if str(each.pk) == pk), None) or opened.mine
    if task is None:
        raise Http404
    return task


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() else None


class HandForm(forms.Form):
    """To whom, and what they should know."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ChoiceField(label=gettext_lazy("To whom"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("What they should know"),
        max_length=NOTE_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@needs(Permission.CASES_CASE_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def hand(request: HttpRequest, number: str) -> HttpResponse:
    """Hand one's task to a colleague; each is shown with how much they have already."""
    opened = open_case(request, number)
    task = opened.mine
    if task is None:
        raise Http404
    people = colleagues_for(task, besides=opened.user)
    start = {"version": opened.case.version}
    form = HandForm(request.POST or None, initial=start)
    load = loads_of(people)
    form.fields["to"].choices = [  # type: ignore[attr-defined]
        (user.username, _("%(who)s · %(n)s open") % {"who": user, "n": load.get(user.pk, 0)})
        for user in people
    ]
    status = 200
    if request.method == "POST":
        if form.is_valid() and _handed(request, opened, task, form, people):
            return redirect("field:tasks")
        status = REFUSED
    context = {"case": opened.case, "form": form, "people": people}
    return render(request, "field/hand.html", context, status=status)


def _handed(
    request: HttpRequest, opened: Opened, task: Task, form: HandForm, people: list[User]
) -> bool:
    data = form.cleaned_data
    to = next(user for user in people if user.username == data["to"])
    try:
        assign_task(task, to, actor=opened.user, note=data["note"], seen_version=data["version"])
    except Problem as problem:
        form.add_error(None, ValidationError(f"{problem.message} {problem.hint}".strip()))
        return False
    said = {"who": to, "title": opened.case.title}
    messages.success(request, _("Handed to %(who)s: %(title)s") % said)
    return True

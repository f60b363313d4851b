"""Shows the reporter of a case in full: asked for with a reason, written down, never kept."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.cases.privacy import LONGEST, may_show, show_reporter
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs

REFUSED = 422


class ReasonForm(forms.Form):
    """Why somebody needs name and number."""

    reason = forms.CharField(
        label=_("What you need it for"),
        max_length=LONGEST,
        help_text=_("Your name, the time and this reason go into the history of the case."),
    )


@needs(Permission.CASES_REPORTER_VIEW)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reporter(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a reason; with one, show name and number, on this answer only."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None or not isinstance(request.user, User) or not may_show(case, request.user):
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    shown, status = None, 200
    if form.is_bound and form.is_valid():
        try:
            shown = show_reporter(case, actor=request.user, reason=form.cleaned_data["reason"])
        except Problem as problem:
            form.add_error(None, f"{problem.message} {problem.hint}".strip())
    if form.errors:
        status = REFUSED
    part = "_reporter" if "HX-Request" in request.headers else "reporter"
    context = {"case": case, "form": form, "shown": shown}
    return render(request, f"office/{part}.html", context, status=status)

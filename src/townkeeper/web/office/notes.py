"""Notes on a case page: for colleagues, or for whoever follows the case."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.cases.notes import LONGEST, add_note
from townkeeper.kit.errors import Problem
from townkeeper.web.access import signed_in
from townkeeper.web.office.casepage import show_case

REFUSED = 422


class NoteForm(forms.Form):
    """A text, and who may read it."""

    text = forms.CharField(label=gettext_lazy("Note"), max_length=LONGEST)
    reader = forms.ChoiceField(
        label=gettext_lazy("Who may read it"),
        choices=[
            ("internal", gettext_lazy("internal")),
            ("public", gettext_lazy("public: the reporter too")),
        ],
    )


@signed_in
@require_POST
def note(request: HttpRequest, number: str) -> HttpResponse:
    """Write a note into the history of a case."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    form = NoteForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        is_public = data["reader"] == "public"
        try:
            add_note(case, text=data["text"], actor=request.user, is_public=is_public)
        except Problem as problem:
            form.add_error(None, f"{problem.message} {problem.hint}".strip())
        else:
            messages.success(request, _("Your note is in the history of the case."))
            return redirect("office:case", number)
    return show_case(request, number, noted=form, status=REFUSED)

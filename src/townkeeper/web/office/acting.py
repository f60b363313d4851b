"""Acting on a case in the browser: one form, one act; what was typed is never lost."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from townkeeper.accounts.models import User
from townkeeper.cases.actions import advance_case
from townkeeper.cases.disputes import state_on
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.models import Case
from townkeeper.files.actions import store_photo
from townkeeper.kit.errors import Problem
from townkeeper.web.access import signed_in
from townkeeper.web.office.actforms import ActForm, DecisionForm, StatementForm
from townkeeper.web.office.casepage import show_case
from townkeeper.web.office.rows import procedure_of

REFUSED = 422


@signed_in
@require_POST
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Do an action of the present step."""
    case, user = _case(request, number)
    procedure = procedure_of(case)
    step = procedure.steps[case.step]
    wanted = step.actions.get(action)
    if wanted is None:
        return _too_late(request, number, action)
    form = ActForm(request.POST, request.FILES, action=wanted, procedure=procedure)
    if form.is_valid():
        try:
            _attach(form, case, user)
            seen = form.cleaned_data["version"]
            advance_case(case, action, actor=user, given=form.given(), seen_version=seen)
        except Problem as problem:
            _refuse(form, problem)
        else:
            messages.success(request, _("Done."))
            return redirect("office:case", number)
    return show_case(request, number, posted=form, status=REFUSED)


def _too_late(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Say that the case has moved on; what was written is shown, so that it can be used again."""
    parts = {"version", "ground"}
    typed = [
        str(value).strip()
        for name, value in request.POST.items()
        if name.startswith(f"{action}-") and name.partition("-")[2] not in parts
    ]
    if lost := [text for text in typed if text]:
        return show_case(request, number, lost=lost, status=REFUSED)
    messages.warning(request, _("The case has moved on; this is not possible any more."))
    return redirect("office:case", number)


@signed_in
@require_POST
def decide(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Grant or refuse something asked for."""
    case, user = _case(request, number)
    ask = case.asks.filter(pk=pk).first()
    if ask is None:
        raise Http404
    form = DecisionForm(request.POST, ask=ask, procedure=procedure_of(case))
    if form.is_valid():
        try:
            form.decide(granted=request.POST.get("decision") == "grant", actor=user)
        except Problem as problem:
            _refuse(form, problem)
        else:
            messages.success(request, _("Decided."))
            return redirect("office:case", number)
    return show_case(request, number, decided=form, status=REFUSED)


@signed_in
@require_POST
def state(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Put down what the unit named in a dispute says to it."""
    case, user = _case(request, number)
    ask = case.asks.filter(pk=pk).first()
    if ask is None:
        raise Http404
    form = StatementForm(request.POST, ask=ask)
    if form.is_valid():
        data = form.cleaned_data
        try:
            state_on(ask, actor=user, text=data["text"], seen_version=data["version"])
        except Problem as problem:
            _refuse(form, problem)
        else:
            messages.success(request, _("Your statement is with the case."))
            return redirect("office:case", number)
    return show_case(request, number, stated=form, status=REFUSED)


def _case(request: HttpRequest, number: str) -> tuple[Case, User]:
    """Return the case that the person may see; absent and forbidden answer alike."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    return case, request.user


def _uploads(form: ActForm) -> list[tuple[str, Any]]:
    found = [(kind, form.cleaned_data.get(f"file-{kind}")) for kind in form.needed]
    return [(kind, file) for kind, file in found if file]


def _attach(form: ActForm, case: Case, user: User) -> None:
    """Keep the photos first: if the act is refused afterwards, they need not be taken again."""
    for kind, file in _uploads(form):
        stored = store_photo(file.read(), name=file.name, actor=user.username)
        add_evidence(case, kind=kind, actor=user, file=stored)


def _refuse(form: Any, problem: Problem) -> None:  # noqa: ANN401 - any of the three forms
    hint = str(problem.hint)
    form.add_error(None, f"{problem.message} {hint}".strip())
